"""The smooth outline of the cells of a solid, and their border's corners moved onto it from the staircase.

A body falls away steeply towards its outline: where the border stays on the staircase, each step of it
becomes a groove from the front to the back.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.geometry.filters import distance_inside
from face3d.structures import Array

SIGMA_CELLS = 2.0
"""Standard deviation of the Gaussian over the distance to the outline, cells."""
LARGEST_SHIFT = 0.75
"""Largest move of a corner along each axis, cells."""
SURE_SHIFT = 0.24
"""Moves so small turn no triangle over: its doubled area stays above (1 - 2 s)^2 - (2 s)^2 = 1 - 4 s > 0."""
LEAST_AREA = 0.15
"""Least doubled area of a triangle of the grid whose corners have moved, cells."""
FOLLOW_CELLS = 4.0
"""Inner corners so near to the outline follow its moves, the less the farther away they are."""
STEPS = 4
"""Newton steps onto the outline; the distance is nearly linear, so few are needed."""


def corner_distance(cells_hw: Array) -> Array:
    """(h + 1, w + 1) float64: distance of each corner of a grid to the smoothed outline, positive inside.

    In cells. Where the frame cuts the cells there is no outline.
    """
    padded_hw = np.pad(cells_hw, 1, mode="edge")
    inner_hw = padded_hw[:-1, :-1] & padded_hw[:-1, 1:] & padded_hw[1:, :-1] & padded_hw[1:, 1:]
    # The border's corners, not half a cell beside them, have distance 0.
    distance_hw = np.where(inner_hw, distance_inside(inner_hw), 1 - distance_inside(~inner_hw))
    if inner_hw.all() or not inner_hw.any():
        return distance_hw
    return cv2.GaussianBlur(distance_hw, (0, 0), SIGMA_CELLS, borderType=cv2.BORDER_REPLICATE)


def on_outline(corners_n2: Array, cells_hw: Array, free_n: Array, faces_m3: Array) -> Array:
    """(n, 2) columns and rows of the corners, those of `free_n` moved onto the outline of the cells.

    No triangle turns over: where one would become smaller than `LEAST_AREA`, its corners move less.

    Args:
        corners_n2: (n, 2) float64, the corners (h + 1, w + 1) of the cells (h, w), in rows.
        free_n: (n,) bool. faces_m3: (m, 3) triangles of the whole grid, so that not even two parts of the
            border on both sides of a gap can cross.
    """
    places_n2 = corners_n2[free_n]
    distance_hw = corner_distance(cells_hw)
    layers = (distance_hw, *np.gradient(distance_hw))
    move_n2 = np.zeros_like(places_n2)
    for _ in range(STEPS):
        distance_n, down_n, across_n = (
            ndimage.map_coordinates(layer, (places_n2 + move_n2)[:, ::-1].T, order=1, mode="nearest")
            for layer in layers
        )
        step_n = distance_n / np.maximum(down_n**2 + across_n**2, 0.1)
        move_n2 -= np.stack([across_n, down_n], -1) * step_n[:, None]
        move_n2 = np.clip(move_n2, -LARGEST_SHIFT, LARGEST_SHIFT)
    shift_n2 = _spread(move_n2, free_n, distance_hw)
    near_m3 = faces_m3[(shift_n2 != 0).any(axis=1)[faces_m3].any(axis=1)]
    while True:
        small_m = _doubled_areas(corners_n2 + shift_n2, near_m3) < LEAST_AREA
        large = np.unique(near_m3[small_m])
        large = large[np.abs(shift_n2[large]).max(axis=1) > SURE_SHIFT]
        if not len(large):
            return corners_n2 + shift_n2
        shift_n2[large] *= 0.7


def _spread(move_n2: Array, free_n: Array, distance_hw: Array) -> Array:
    """(n, 2) moves of all corners: those of the border's free ones, which inner corners near by follow."""
    shape = distance_hw.shape
    weight_hw = cv2.GaussianBlur(free_n.reshape(shape).astype(np.float64), (0, 0), FOLLOW_CELLS / 2)
    share_hw = np.clip(1 - distance_hw / FOLLOW_CELLS, 0, 1) * (distance_hw > 0.5)
    shift_n2 = np.zeros((free_n.size, 2))
    for axis in (0, 1):
        shift_n2[free_n, axis] = move_n2[:, axis]
        blurred_hw = cv2.GaussianBlur(shift_n2[:, axis].reshape(shape), (0, 0), FOLLOW_CELLS / 2)
        followed_hw = share_hw * blurred_hw / np.maximum(weight_hw, 1e-3)
        shift_n2[:, axis] = np.where(free_n, shift_n2[:, axis], followed_hw.ravel())
    return shift_n2


def sampled_at(layer_hw: Array, used_hw: Array, corners_n2: Array) -> Array:
    """(n,) float64: a layer of corners, continued from the used ones, at these columns and rows."""
    nearest = ndimage.distance_transform_edt(~used_hw, return_distances=False, return_indices=True)
    sampled_n: Array = ndimage.map_coordinates(
        layer_hw[tuple(nearest)], corners_n2[:, ::-1].T, order=1, mode="nearest"
    )
    return sampled_n


def _doubled_areas(points_n2: Array, faces_m3: Array) -> Array:
    """Of triangles that are counter-clockwise with rows downwards: positive."""
    a_m2, b_m2, c_m2 = (points_n2[faces_m3[:, corner]] for corner in range(3))
    (first_x, first_y), (second_x, second_y) = (b_m2 - a_m2).T, (c_m2 - a_m2).T
    return first_y * second_x - first_x * second_y
