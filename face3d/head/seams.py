"""What of a solid the photo shows, and colours that meet along the border of that."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import sparse

from face3d.geometry.camera import project
from face3d.geometry.meshes import pieces_of, vertex_normals
from face3d.head.charts import covered_pixels
from face3d.head.colours import PhotoColours
from face3d.head.solving import solve_symmetric
from face3d.head.wrap import lines_of_sight
from face3d.structures import Array

STEEPEST = 0.25
"""Least cosine between normal and line of sight of a vertex that takes the photo: a pixel is drawn out to
four."""
VIEW_PX = 384
"""Longest side of the picture by which it is told what hides what."""
BEHIND = 0.03
"""How far behind the surface that hides it a vertex counts as seen, head widths: rounding of that picture."""
ISLAND = 2e-3
"""Share of the surface below which a hidden piece is drawn with the photo around it."""
FADE = 0.15
"""Distance over which a difference of colour along the border fades, head widths."""


def seen_vertices(photo: PhotoColours, vertices_n3: Array, faces_m3: Array) -> Array:
    """(n,) bool: vertices of a closed surface that the photo shows: no part of the surface hides them, they
    are not seen at a grazing angle, and the photo shows the person there.
    """
    points, camera = vertices_n3.astype(np.float64), photo.relief.camera
    sight = lines_of_sight(points, photo.relief)
    cosine = (vertex_normals(points, faces_m3) * sight).sum(1) / np.linalg.norm(sight, axis=1)
    columns, rows = project(points, camera)
    height, width = camera.size_hw
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    known = photo.relief.known_hw[
        np.clip(rows.astype(int), 0, height - 1), np.clip(columns.astype(int), 0, width - 1)
    ]
    scale = VIEW_PX / max(height, width)
    nearest = _nearest(np.stack([columns, rows], -1) * scale, points[:, 2], faces_m3)
    return np.asarray(inside & known & (cosine > STEEPEST) & (points[:, 2] > nearest - BEHIND * photo.width))


def _nearest(at_n2: Array, near_n: Array, faces_m3: Array) -> Array:
    """(n,): how near the nearest surface comes in the pixel of each vertex and in the eight around it; the
    least near of these.
    """
    low = np.floor(at_n2.min(0)).astype(int) - 1
    width, height = np.ceil(at_n2.max(0)).astype(int) - low + 2
    column, row, triangle, weights = covered_pixels((at_n2 - low)[faces_m3])
    near = (weights * near_n[faces_m3[triangle]]).sum(1)
    order = np.argsort(near)
    picture = np.full((height, width), -np.inf, np.float32)
    picture[row[order], column[order]] = near[order]
    picture = cv2.erode(picture, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    column, row = np.round(at_n2 - low).astype(int).T
    return picture[row, column]


def without_islands(vertices_n3: Array, faces_m3: Array, shown_m: Array) -> Array:
    """(m,) bool: the triangles that take the photo, with small pieces among them that it hardly shows, such
    as nostrils.
    """
    hidden = np.flatnonzero(~shown_m)
    piece = pieces_of(faces_m3[hidden], len(vertices_n3))
    a, b, c = (vertices_n3[faces_m3[:, corner]].astype(np.float64) for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    small = np.bincount(piece, area[hidden]) < ISLAND * area.sum()
    shown_m = shown_m.copy()
    shown_m[hidden[small[piece]]] = True
    return shown_m


def membrane(vertices_n3: Array, faces_m3: Array, known_n: Array, values_nc: Array, fade: float) -> Array:
    """(n, c) float64: values of some vertices spread over a surface, fading with the distance.

    known_n: (n,) bool, vertices that have their value. fade: the distance over which it falls to 1 / e.
    The screened Laplace equation on the graph of the edges. Source: Bhat et al., "Fourier analysis of the 2D
    screened Poisson equation for gradient domain problems", ECCV 2008.
    """
    used = np.unique(faces_m3)
    free = used[~known_n[used]]
    spread = np.where(known_n[:, None], values_nc, 0).astype(np.float64)
    if not len(free) or not known_n[used].any():
        return spread
    edges = np.concatenate([faces_m3[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    lengths = np.linalg.norm(np.subtract(*np.moveaxis(vertices_n3[edges].astype(np.float64), 1, 0)), axis=1)
    screen = (float(lengths.mean()) / (2 * fade)) ** 2
    count = len(vertices_n3)
    one_way = sparse.coo_array((np.ones(len(edges)), edges.T), shape=(count, count))
    near = sparse.csr_array(one_way + one_way.T)
    degree = np.asarray(near.sum(1))
    among = near[free]
    system = sparse.diags_array((1 + screen) * degree[free]) - among[:, free]
    spread[free] = solve_symmetric(system, among @ spread)
    return spread
