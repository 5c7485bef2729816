"""The rim of a surface on a grid, moved from the staircase of its cells onto a smooth outline.

A head falls away ever more steeply towards its outline, so the outermost cells of two rows, a part of a cell
nearer to it or farther, lie at quite different depths: drawn as they are, they stand out like the teeth of a
saw. The rim itself is a guess of half a cell.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from face3d.geometry.filters import distance_inside
from face3d.structures import Array

SIGMA_CELLS = 1.5
"""Standard deviation of the Gaussian over the distance to the outline, and of that about a point whose value
is sought, cells."""
LEVEL = 0.1
"""Keeps a plane level across directions in which there are no cells to tell its slope; square cells, small
beside SIGMA_CELLS squared."""
BLEND_CELLS = 4.0
"""Over so many cells inwards from the outline the smoothed values give way to the values as they are."""
RINGS = 2
"""Rings of cells around the mask. Both lie on the outline: the first ends the surface, the second gives it
neighbours, without which Plotly (7.1) draws the first unlit."""
STEPS = 3
"""Newton steps onto the outline; the distance is nearly linear, so few are needed."""


def smooth_rim(values_hw: Array, mask_hw: Array, largest_step: float) -> tuple[Array, Array, Array, Array]:
    """Rings of cells added around the mask, whose points lie on the mask's smoothed outline instead of at the
    middles of their cells.

    Args: values_hw (h, w) float32, read inside mask_hw (h, w) bool. largest_step: where values of the mask on
    the two sides of a gap differ by more, the gap is a cut between two surfaces and gets no ring. Nor is
    there one where the frame cuts the mask.

    Returns: rows_hw, columns_hw (h, w) float64, where each cell's point is, in cells; values_hw (h, w)
    float32, smoothed beside the rings and with them; mask_hw with the rings.
    """
    places_2hw = np.indices(mask_hw.shape, dtype=np.float64)
    ring_hw = _rings(values_hw, mask_hw, largest_step)
    if not ring_hw.any():
        return places_2hw[0], places_2hw[1], values_hw, mask_hw
    share_hw = np.clip((distance_inside(~ring_hw) - 1) / BLEND_CELLS, 0, 1)
    beside_hw = mask_hw & (share_hw < 1)
    smooth_n, share_n = _planes(values_hw, mask_hw, beside_hw)[:, 0], share_hw[beside_hw]
    level_n, down_n, across_n = _planes(values_hw, mask_hw, ring_hw).T
    move_2n = _onto_outline(places_2hw[:, ring_hw], mask_hw, distance_inside(~mask_hw)[ring_hw])
    places_2hw[:, ring_hw] += move_2n
    values_hw = np.where(mask_hw, values_hw, 0).astype(np.float32)
    values_hw[beside_hw] = smooth_n + share_n * (values_hw[beside_hw] - smooth_n)
    values_hw[ring_hw] = level_n + down_n * move_2n[0] + across_n * move_2n[1]
    return places_2hw[0], places_2hw[1], values_hw, mask_hw | ring_hw


def _rings(values_hw: Array, mask_hw: Array, largest_step: float) -> Array:
    """(h, w) bool: cells within `RINGS` of the mask, where its values near by differ by at most a step."""
    if not mask_hw.any() or min(mask_hw.shape) < 2:
        return np.zeros_like(mask_hw)
    window = np.ones((2 * RINGS + 1,) * 2, np.uint8)
    nearest = ndimage.distance_transform_edt(~mask_hw, return_distances=False, return_indices=True)
    continued_hw = values_hw.astype(np.float32)[tuple(nearest)]
    steps_hw = cv2.dilate(continued_hw, window) - cv2.erode(continued_hw, window)
    rings_hw: Array = (
        cv2.dilate(mask_hw.astype(np.uint8), window).astype(bool) & ~mask_hw & (steps_hw <= largest_step)
    )
    return rings_hw


def _planes(values_hw: Array, mask_hw: Array, at_hw: Array) -> Array:
    """(n, 3): level, slope down and slope across of the plane fitted to the mask's values around each cell of
    `at_hw`.

    Source: Knutsson and Westin, "Normalized and differential convolution", CVPR 1993 (a local basis of 1, x
    and y).
    """
    reach = round(3 * SIGMA_CELLS)
    down, across = (offset.ravel() for offset in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    basis_k3 = np.stack([np.ones(len(down)), down, across], -1)
    bell_k = np.exp(-0.5 * (down**2 + across**2) / SIGMA_CELLS**2)

    def about(layer_hw: Array) -> Array:
        return sliding_window_view(np.pad(layer_hw, reach), (2 * reach + 1,) * 2)[at_hw].reshape(
            -1, len(down)
        )

    centre = values_hw[mask_hw].mean(dtype=np.float64)
    weight_nk = about(mask_hw) * bell_k
    offset_nk = about(np.where(mask_hw, values_hw - centre, 0))
    products_k33 = basis_k3[:, :, None] * basis_k3[:, None, :] + np.diag([0, LEVEL, LEVEL])
    normal_n33 = (weight_nk @ products_k33.reshape(-1, 9)).reshape(-1, 3, 3)
    planes_n3 = np.linalg.solve(normal_n33, ((weight_nk * offset_nk) @ basis_k3)[..., None])[..., 0]
    planes_n3[:, 0] += centre
    return planes_n3


def _onto_outline(points_2n: Array, mask_hw: Array, farthest_n: Array) -> Array:
    """(2, n) moves of rows and columns along the smoothed distance's gradient to its zero, at most
    `farthest_n`.
    """
    distance_hw = np.where(mask_hw, distance_inside(mask_hw) - 0.5, 0.5 - distance_inside(~mask_hw))
    distance_hw = ndimage.gaussian_filter(distance_hw, SIGMA_CELLS, mode="nearest")
    layers = (distance_hw, *np.gradient(distance_hw))
    last_21 = np.array(mask_hw.shape)[:, None] - 1.0
    move_2n = np.zeros_like(points_2n)
    for _ in range(STEPS):
        distance_n, down_n, across_n = (
            ndimage.map_coordinates(layer, points_2n + move_2n, order=1, mode="nearest") for layer in layers
        )
        move_2n -= np.stack([down_n, across_n]) * distance_n / np.maximum(down_n**2 + across_n**2, 0.1)
        move_2n *= np.minimum(1, farthest_n / np.maximum(np.hypot(*move_2n), 1e-9))
    return np.clip(points_2n + move_2n, 0, last_21) - points_2n
