"""A depth map and its photo made smaller for the screen: a figure draws a few hundred points a side, whatever
the photo has.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face3d.geometry.filters import resample, shrink_picture
from face3d.structures import Array, DepthMap, Face, Photo

PREVIEW_SIDE = 800
"""Twice the finest grid of a figure; with more, every change of a setting would take longer and look the
same."""


def preview(depth: DepthMap, photo: Photo) -> tuple[DepthMap, Photo]:
    """Both at most PREVIEW_SIDE pixels a side, each pixel the mean of those it replaces, foreground and
    background apart.

    Lengths in image widths keep their values; the photo keeps its digest and loses its alpha channel.
    Returned as they are where they are small enough.
    """
    scale = PREVIEW_SIDE / max(depth.size_hw)
    if scale >= 1:
        return depth, photo
    height, width = (max(1, round(side * scale)) for side in depth.size_hw)
    size_hw = height, width

    def means(layer_hw: Array) -> Array:
        inside_hw, kept_hw = resample(layer_hw, depth.mask_hw, size_hw)
        outside_hw, _ = resample(np.nan_to_num(layer_hw), ~depth.mask_hw, size_hw)
        return np.where(kept_hw, inside_hw, outside_hw)

    def means_if_any(layer_hw: Array | None) -> Array | None:
        return None if layer_hw is None else means(layer_hw)

    values_hw = means(depth.values_hw)
    smaller = replace(
        depth,
        values_hw=values_hw,
        mask_hw=resample(depth.values_hw, depth.mask_hw, size_hw)[1],
        back_hw=None if depth.back_hw is None else np.minimum(means(depth.back_hw), values_hw),
        uncertainty_hw=means_if_any(depth.uncertainty_hw),
        thickness_uncertainty_hw=means_if_any(depth.thickness_uncertainty_hw),
        matte_hw=None
        if depth.matte_hw is None
        else resample(depth.matte_hw, np.ones(depth.size_hw, bool), size_hw)[0],
        faces=tuple(
            _scaled(face, width / depth.size_hw[1], height / depth.size_hw[0]) for face in depth.faces
        ),
    )
    return smaller, replace(photo, rgb_hwc=shrink_picture(photo.rgb_hwc, size_hw), alpha_hw=None)


def _scaled(face: Face, across: float, down: float) -> Face:
    """The face in a picture stretched by these factors."""
    left, top, right, bottom = face.box_xyxy
    box_xyxy = left * across, top * down, right * across, bottom * down
    if face.eyes_xy is None:
        return Face(box_xyxy)
    (left_x, left_y), (right_x, right_y) = face.eyes_xy
    return Face(box_xyxy, ((left_x * across, left_y * down), (right_x * across, right_y * down)))
