"""The fitted head moved onto the relief where that is sure: there the surface is the network's, elsewhere the
model's.

Each vertex moves along its line of sight only. So where the camera sees the head, no triangle can turn over:
its picture stays the same. What no pixel tells follows its neighbours and, farther away, stays in place.
Source: Sorkine et al., "Laplacian surface editing", SGP 2004, section 2 (weighted positions and Laplacian).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from face3d.geometry.camera import project
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.relief import Relief
from face3d.head.fit import HeadFit
from face3d.head.model import HeadModel
from face3d.head.seen import SkinGrid
from face3d.head.solving import solve_symmetric
from face3d.structures import Array

FACING = 0.35
"""Least cosine between a vertex' normal and the line of sight at which the relief moves it."""
FARTHEST = 0.08
"""Largest distance, head widths, from the fitted head to a relief that is taken to be its skin."""
SAME_PLACE = 0.15
"""Largest distance, head widths, between a vertex' place and the canonical coordinates of its pixel."""
BENDING, STRETCHING, STAYING = 1.0, 0.08, 2e-3
"""Weights of second and first differences of the movement, and of no movement, against a sure vertex of usual
area at 1. Away from sure ones a movement falls to a third within sqrt(STRETCHING / STAYING), about six edges.
Where vertices lie close, as on the wings of the nose, each counts less: there the relief is smoother than the
model."""
HIDDEN_BEHIND = 0.06
"""Distance behind the nearest vertex of the same cell from which one is hidden, head widths."""
CELLS = 64
"""Cells across the head in which nearer vertices hide farther ones."""


def wrapped(model: HeadModel, fit: HeadFit, relief: Relief) -> Array:
    """Vertices (v, 3) float32 of the head in the space of the relief's camera.

    Skin goes to the relief; eyes, and gums with teeth, go with the skin around them.
    """
    vertices = fit.vertices(model, relief.camera).astype(np.float64)
    skin = vertices[: model.moving_vertices]
    sight = lines_of_sight(skin, relief)
    moves = _smoothest(model, *_asked(model, fit, relief, skin, sight))
    shift = moves[:, None] * sight
    vertices[: model.moving_vertices] += shift
    for part, beside in model.followers:
        vertices[part] += shift[beside].mean(0)
    return vertices.astype(np.float32)


def lines_of_sight(points_n3: Array, relief: Relief) -> Array:
    """(n, 3) float64 steps along the lines of sight that come one unit nearer to the camera plane."""
    camera = relief.camera
    if not camera.perspective:
        return np.broadcast_to([0.0, 0.0, 1.0], points_n3.shape)
    toward = np.array([0, 0, camera.distance * camera.unit_per_width]) - points_n3
    return np.asarray(toward / toward[:, 2:])


def _asked(
    model: HeadModel, fit: HeadFit, relief: Relief, skin_n3: Array, sight_n3: Array
) -> tuple[Array, Array]:
    """By how much the relief lies in front of each vertex, and how sure that is, 0..1 (n,)."""
    camera = relief.camera
    normals = vertex_normals(skin_n3, model.moving_triangles_m3)
    facing = (normals * sight_n3).sum(1) / np.linalg.norm(sight_n3, axis=1)
    columns, rows = (np.floor(value).astype(int) for value in project(skin_n3, camera))
    height, width = relief.front_hw.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    inside &= (facing > FACING) & _free(np.stack([columns, rows], -1), skin_n3[:, 2] / fit.scale)
    at = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    move = relief.front_hw[at].astype(np.float64) * camera.unit_per_width - skin_n3[:, 2]
    scale = fit.scale * camera.unit_per_width / fit.camera.unit_per_width
    off = np.abs(move) / scale
    inside &= relief.known_hw[at] & (off < FARTHEST)
    places = SkinGrid.of(relief).places(*at) - model.neutral_v3[: model.moving_vertices]
    inside &= np.linalg.norm(np.nan_to_num(places, nan=np.inf), axis=1) < SAME_PLACE
    return move, np.where(inside, np.clip((facing - FACING) / (1 - FACING), 0, 1), 0)


def _free(pixels_n2: Array, nearness_n: Array) -> Array:
    """(n,) bool: no much nearer vertex lies in the same cell of the picture."""
    low, size = pixels_n2.min(0), max(int(np.ptp(pixels_n2, axis=0).max()), 1)
    column, row = np.minimum((pixels_n2 - low) * CELLS // size, CELLS - 1).T
    nearest = np.full((CELLS, CELLS), -np.inf)
    np.maximum.at(nearest, (row, column), nearness_n)
    return np.asarray(nearness_n > nearest[row, column] - HIDDEN_BEHIND)


def _smoothest(model: HeadModel, asked_n: Array, weight_n: Array) -> Array:
    """Movements (n,) near those that are asked for, by their weights, and smooth over the surface."""
    laplacian, weight_n = model.moving_laplacian, weight_n * model.moving_areas
    system = (
        sparse.diags_array(weight_n + STAYING) + STRETCHING * laplacian + BENDING * (laplacian.T @ laplacian)
    )
    return solve_symmetric(system, weight_n * np.where(weight_n > 0, asked_n, 0))
