"""The part of a photo in a box."""

from __future__ import annotations

import hashlib
import math

from face3d.structures import Photo

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
PixelBox = tuple[int, int, int, int]
"""The same in whole pixels."""
CROP_MARGIN = 0.6
"""Margin around the head in a crop, in head sizes."""


def with_margin(box_xyxy: Box, margin: float = CROP_MARGIN) -> Box:
    """The box with a margin on all sides, in shares of its longer one."""
    left, top, right, bottom = box_xyxy
    around = margin * max(right - left, bottom - top)
    return left - around, top - around, right + around, bottom + around


def pixel_box(size_hw: tuple[int, int], box_xyxy: Box) -> PixelBox:
    """First column, first row, and the columns and rows after the last, of a box inside a photo."""
    left, top, right, bottom = box_xyxy
    height, width = size_hw
    return max(0, int(left)), max(0, int(top)), min(width, math.ceil(right)), min(height, math.ceil(bottom))


def cropped(photo: Photo, box_xyxy: Box) -> Photo:
    """The part of a photo in a box: left, top, right, bottom in pixels, which may lie outside.

    The field of view is that of the crop's width, and the digest differs from the photo's.
    """
    left, top, right, bottom = pixel_box(photo.size_hw, box_xyxy)
    rows, columns = slice(top, bottom), slice(left, right)
    width = photo.size_hw[1]
    rgb_hwc = photo.rgb_hwc[rows, columns]
    fov = photo.fov_degrees
    if fov is not None:
        fov = math.degrees(2 * math.atan(math.tan(math.radians(fov) / 2) * rgb_hwc.shape[1] / width))
    return Photo(
        rgb_hwc=rgb_hwc,
        alpha_hw=None if photo.alpha_hw is None else photo.alpha_hw[rows, columns],
        fov_degrees=fov,
        sha256=hashlib.sha256(f"{photo.sha256} {rows} {columns}".encode()).hexdigest(),
    )
