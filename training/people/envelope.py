"""The outer surface of a head of hair: what a printer could make of its strands. Centimetres.

Hair and head are drawn into a grid of cells, gaps narrower than GAP are closed, and a smooth level of the
distance to the cells is the envelope. It ends in the skin, because the head is part of the solid.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    distance_transform_edt,
    gaussian_filter,
)
from scipy.sparse import coo_matrix
from skimage.measure import marching_cubes

from face3d.structures import Array

CELL = 0.65
"""Side of a cell."""
GAP = 1.6
"""Radius of the ball with which hair and skin are closed."""
SUNK = 0.45
"""How far the surface lies within the outer faces of the cells: it passes through their middles."""
THIN = 0.16
"""How far the surface lies outside the middles of the cells of hair."""
SHEET, HALF_SHEET = 1.1, 0.4
"""Hair that is nowhere this deep inside the solid hangs free; and half of the thickness that it then has."""
ROUNDS = 8
"""Of smoothing of the mesh."""
MARGIN = 2.6
"""Around the hair, to the edge of the grid."""
SAMPLES = 9.0
"""Points per square centimetre with which surfaces are drawn into the grid."""


def hair_envelope(
    hair_v3: Array, hair_m3: Array, skin_v3: Array, skin_m3: Array, rng: Generator
) -> tuple[Array, Array]:
    """Vertices (v, 3) float32 and triangles (m, 3) int32 of a closed surface around hair and head."""
    low, high = hair_v3.min(0) - MARGIN, hair_v3.max(0) + MARGIN
    low[1] = min(low[1], -4.0)
    size = np.ceil((high - low) / CELL).astype(int)
    hair = _drawn(hair_v3, hair_m3, low, size, rng)
    near = ((skin_v3[skin_m3] > low) & (skin_v3[skin_m3] < high)).all((1, 2))
    head = _drawn(skin_v3, skin_m3[near], low, size, rng)
    for level in range(size[1]):
        filled = binary_fill_holes(binary_dilation(head[:, level]))
        head[:, level] = binary_erosion(filled) | head[:, level]
    solid = hair | head
    closed = distance_transform_edt(~solid, sampling=CELL) < GAP
    closed = distance_transform_edt(closed, sampling=CELL) > GAP + CELL / 2
    closed |= solid
    inside = distance_transform_edt(closed, sampling=CELL)
    within = distance_transform_edt(~closed, sampling=CELL) - inside
    solid_hair = distance_transform_edt(inside < SHEET, sampling=CELL) < 2 * SHEET
    beside = distance_transform_edt(~hair, sampling=CELL) - THIN
    sheets = distance_transform_edt(~(hair & ~solid_hair), sampling=CELL) - HALF_SHEET
    outside = np.minimum(gaussian_filter(within, 0.8) + SUNK, beside)
    outside = np.minimum(gaussian_filter(outside, 0.5), sheets).astype(np.float32)
    outside[[0, -1]], outside[:, [0, -1]], outside[:, :, [0, -1]] = 1, 1, 1
    points, triangles, _, _ = marching_cubes(outside, 0.0)
    smooth = _without_steps(points.astype(np.float64), triangles)
    return (low + (smooth + 0.5) * CELL).astype(np.float32), triangles.astype(np.int32)


def _without_steps(points_v3: Array, triangles_m3: Array) -> Array:
    """The steps of the cells smoothed away without shrinking (Taubin, 1995)."""
    one, other = np.concatenate([triangles_m3, np.roll(triangles_m3, 1, 1)]).reshape(-1, 3)[:, :2].T
    ones = np.ones(len(one))
    links = coo_matrix((ones, (one, other)), (len(points_v3),) * 2).tocsr()
    links = links + links.T
    degree = np.maximum(np.asarray(links.sum(1)), 1)
    for _ in range(ROUNDS):
        for step in (0.6, -0.62):
            points_v3 = points_v3 + step * (links @ points_v3 / degree - points_v3)
    return np.asarray(points_v3)


def _drawn(points_v3: Array, triangles_m3: Array, low_3: Array, size_3: Array, rng: Generator) -> Array:
    """Cells (x, y, z) bool that triangles pass through, from points spread over them."""
    corners = points_v3[triangles_m3]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    chosen = np.repeat(np.arange(len(corners)), np.ceil(area * SAMPLES).astype(int))
    weight = rng.random((len(chosen), 2))
    weight = np.where(weight.sum(1, keepdims=True) > 1, 1 - weight, weight)
    points = corners[chosen, 0] * (1 - weight.sum(1))[:, None]
    points += corners[chosen, 1] * weight[:, :1] + corners[chosen, 2] * weight[:, 1:]
    cell = np.floor((points - low_3) / CELL).astype(int)
    cell = cell[((cell >= 0) & (cell < size_3)).all(1)]
    cells = np.zeros(size_3, bool)
    cells[tuple(cell.T)] = True
    return cells
