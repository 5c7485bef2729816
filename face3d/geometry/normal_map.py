"""Normals of a depth map's relief, one per pixel."""

from __future__ import annotations

import numpy as np

from face3d.geometry import filters
from face3d.geometry.camera import DEFAULT_FOV_DEGREES
from face3d.geometry.relief import camera_distance, to_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import Array, DepthMap


def relief_normals(depth: DepthMap) -> Array:
    """(h, w, 3) float32 unit normals, +X right, +Y up, +Z to the viewer; (0, 0, 1) outside the mask.

    The relief is that of the models with default settings: its smoothing, and where the map is no relief, the
    default field of view and near-far ratio. Rays are parallel, as of a flat picture that the normals shade.
    At the rim of the mask the slope is one-sided; nothing outside counts.
    """
    mask_hw, defaults = depth.mask_hw, ModelSettings()
    if not mask_hw.any():
        return np.tile(np.array([0, 0, 1], np.float32), (*mask_hw.shape, 1))
    distance = camera_distance(DEFAULT_FOV_DEGREES)
    front_hw, _ = to_relief(depth, mask_hw, distance, defaults.near_far_ratio)
    front_hw *= mask_hw.shape[1]  # in pixels, as the steps from one to the next are
    slopes = _slope(front_hw, mask_hw), _slope(front_hw[::-1].T, mask_hw[::-1].T).T[::-1]
    # Slopes are smoothed, not the relief: at the rim, relief smoothed from one side only would be flatter.
    to_right_hw, to_top_hw = (
        filters.smooth(np.ascontiguousarray(slope_hw), mask_hw, defaults.smoothing_px) for slope_hw in slopes
    )
    normals_hw3 = np.dstack([-to_right_hw, -to_top_hw, np.ones_like(front_hw)])
    return normals_hw3 / np.linalg.norm(normals_hw3, axis=2, keepdims=True)


def _slope(values_hw: Array, mask_hw: Array) -> Array:
    """(h, w) float32: mean difference to the left and to the right neighbour, of those in the mask."""
    both_hw = mask_hw[:, 1:] & mask_hw[:, :-1]
    steps_hw = np.where(both_hw, np.diff(values_hw, axis=1), np.float32(0))
    sums_hw, counts_hw = np.zeros_like(values_hw), np.zeros_like(values_hw)
    for side in (np.s_[:, 1:], np.s_[:, :-1]):
        sums_hw[side] += steps_hw
        counts_hw[side] += both_hw
    return sums_hw / np.maximum(counts_hw, 1)
