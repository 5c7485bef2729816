"""A smaller depth map and photo for the screen: a figure has a few hundred points a side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face3d.geometry.filters import resample, shrink_picture
from face3d.structures import Array, DepthMap, Face, Photo

PREVIEW_SIDE = 800
"""Twice the side of the finest grid of a figure. More pixels take longer and make no visible difference."""


def preview(depth_map: DepthMap, photo: Photo) -> tuple[DepthMap, Photo]:
    """Both at most PREVIEW_SIDE pixels a side; unchanged where they are small enough.

    Each pixel is the mean of the pixels it replaces, foreground and background separate. Lengths in image
    widths keep their values. The photo keeps its digest and loses its alpha channel.
    """
    scale = PREVIEW_SIDE / max(depth_map.size_hw)
    if scale >= 1:
        return depth_map, photo
    height, width = (max(1, round(side * scale)) for side in depth_map.size_hw)
    size_hw = height, width

    def means(layer_hw: Array) -> Array:
        inside_hw, kept_hw = resample(layer_hw, depth_map.mask_hw, size_hw)
        outside_hw, _ = resample(np.nan_to_num(layer_hw), ~depth_map.mask_hw, size_hw)
        return np.where(kept_hw, inside_hw, outside_hw)

    def means_if_any(layer_hw: Array | None) -> Array | None:
        return None if layer_hw is None else means(layer_hw)

    values_hw = means(depth_map.values_hw)
    matte_hw = depth_map.matte_hw
    across, down = width / depth_map.size_hw[1], height / depth_map.size_hw[0]
    smaller = replace(
        depth_map,
        values_hw=values_hw,
        mask_hw=resample(depth_map.values_hw, depth_map.mask_hw, size_hw)[1],
        back_hw=None if depth_map.back_hw is None else np.minimum(means(depth_map.back_hw), values_hw),
        uncertainty_hw=means_if_any(depth_map.uncertainty_hw),
        thickness_uncertainty_hw=means_if_any(depth_map.thickness_uncertainty_hw),
        matte_hw=None
        if matte_hw is None
        else resample(matte_hw, np.ones_like(depth_map.mask_hw), size_hw)[0],
        person_hw=None if depth_map.person_hw is None else _nearest(depth_map.person_hw, size_hw),
        faces=tuple(_scaled(face, across, down) for face in depth_map.faces),
    )
    left, top, *frame_wh = photo.frame
    smaller_photo = replace(
        photo,
        rgb_hwc=shrink_picture(photo.rgb_hwc, size_hw),
        alpha_hw=None,
        frame_xywh=None
        if photo.frame_xywh is None
        else (
            round(left * across),
            round(top * down),
            round(frame_wh[0] * across),
            round(frame_wh[1] * down),
        ),
    )
    return smaller, smaller_photo


def _nearest(labels_hw: Array, size_hw: tuple[int, int]) -> Array:
    """Labels on a coarser grid, each cell that of the pixel at its centre."""
    rows, columns = (
        ((np.arange(count) + 0.5) * full / count).astype(int)
        for count, full in zip(size_hw, labels_hw.shape, strict=True)
    )
    return labels_hw[np.ix_(rows, columns)]


def _scaled(face: Face, across: float, down: float) -> Face:
    """The face in a picture scaled by these factors."""
    left, top, right, bottom = face.box_xyxy
    box_xyxy = left * across, top * down, right * across, bottom * down
    skin = face.skin
    if skin is not None:
        left, top, right, bottom = skin.box_xyxy
        skin = replace(skin, box_xyxy=(left * across, top * down, right * across, bottom * down))
    if face.eyes_xy is None:
        return replace(face, box_xyxy=box_xyxy, skin=skin)
    (left_x, left_y), (right_x, right_y) = face.eyes_xy
    eyes_xy = (left_x * across, left_y * down), (right_x * across, right_y * down)
    return replace(face, box_xyxy=box_xyxy, eyes_xy=eyes_xy, skin=skin)
