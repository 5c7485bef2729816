"""A wire frame of a fitted head over the photo: lines of equal angles on its skin, and its outlines."""

from __future__ import annotations

import numpy as np

from face3d.geometry.camera import project
from face3d.head.fit import HeadFit
from face3d.head.model import HeadModel
from face3d.structures import Array

MIDDLE = np.array([0, 0.1, 0])
"""Where the angles are measured from: the middle of the skull, canonical coordinates."""
STEP_DEGREES = 7.5
DOWN_TO = -0.45
"""Canonical height down to which lines are drawn: the neck."""
CELLS = 48
"""Cells across the head in which a nearer part of it hides a farther one."""
HIDDEN_BEHIND = 0.2
"""Distance behind the nearest part from which a triangle is hidden, head widths."""


def wire_frame(model: HeadModel, fit: HeadFit) -> Array:
    """Segments (n, 2, 2) float32, columns and rows in pixels of the depth map, of the visible skin."""
    skin = slice(0, model.skin_vertices)
    points = fit.vertices(model)[skin]
    pixels = np.stack(project(points, fit.camera), -1)
    faces = model.skin_triangles_m3
    facing = _facing(pixels, faces)
    shown = _free(pixels, points[:, 2] / fit.scale, faces) & facing
    shown &= model.neutral_v3[faces, 1].min(1) > DOWN_TO
    x, y, z = (model.neutral_v3[skin] - MIDDLE).T
    fields = np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(y, np.hypot(x, z)))
    lines = [level_lines(pixels, field / STEP_DEGREES, faces[shown]) for field in fields]
    rim = pixels[outline_edges(faces[facing], shown[facing])]
    return np.concatenate([*lines, rim]).astype(np.float32)


def outline_edges(triangles_m3: Array, shown_m: Array) -> Array:
    """Edges (n, 2) of one triangle alone that is shown, as numbers of vertices: outlines and openings."""
    edges = np.sort(triangles_m3[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, first, count = np.unique(edges, axis=0, return_index=True, return_counts=True)
    alone = first[count == 1]
    return edges[alone[shown_m[alone // 3]]]


def level_lines(places_v2: Array, field_v: Array, triangles_m3: Array) -> Array:
    """Segments (n, 2, 2) along which a field is a whole number, in triangles it spans less than half a turn
    of; a field that is linear on each triangle.
    """
    corners = field_v[triangles_m3]
    # Where an angle jumps from one end of its range to the other there is no line.
    kept = np.ptp(corners, axis=1) < 180 / STEP_DEGREES
    corners, triangles = corners[kept], triangles_m3[kept]
    first, last = np.ceil(corners.min(1)), corners.max(1)
    found = [np.empty((0, 2, 2))]
    for more in range(int(np.ceil(np.ptp(corners, axis=1).max(initial=0))) + 1):
        level = first + more
        crossed = level < last
        there, at = corners[crossed], level[crossed, None]
        ends = np.roll(there, -1, axis=1)
        crosses = (there < at) != (ends < at)
        twice = crosses.sum(1) == 2
        share = np.where(crosses, (at - there) / np.where(crosses, ends - there, 1), 0)[..., None]
        place = places_v2[triangles[crossed]]
        points = place + share * (np.roll(place, -1, axis=1) - place)
        found.append(points[twice][crosses[twice]].reshape(-1, 2, 2))
    return np.concatenate(found)


def _facing(pixels_v2: Array, triangles_m3: Array) -> Array:
    """(m,) bool: counter-clockwise seen from the camera; rows run down."""
    a, b, c = np.moveaxis(pixels_v2[triangles_m3], 1, 0)
    (p, q), (r, s) = (b - a).T, (c - a).T
    return np.asarray(p * s - q * r < 0)


def _free(pixels_v2: Array, nearness_v: Array, triangles_m3: Array) -> Array:
    """(m,) bool: no much nearer triangle lies in the same cell of the picture."""
    middle = pixels_v2[triangles_m3].mean(1)
    low, size = middle.min(0), np.ptp(middle, axis=0).max()
    column, row = np.minimum((middle - low) / size * CELLS, CELLS - 1).astype(int).T
    near = nearness_v[triangles_m3].mean(1)
    nearest = np.full((CELLS, CELLS), -np.inf)
    np.maximum.at(nearest, (row, column), near)
    return np.asarray(near > nearest[row, column] - HIDDEN_BEHIND)
