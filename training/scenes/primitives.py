"""Parts of a synthetic scene as coloured triangles, and simple solids for clothes and things. Centimetres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.rasteriser import fractal_noise

SKIN, HAIR, CLOTH, EYE, MOUTH, PLASTIC, GLASS = range(7)
"""GLASS is transparent, see `training.rendering.glass`; the others are opaque."""
LABEL_NOTHING, LABEL_BODY, LABEL_HEAD, LABEL_NARROW_FACE = range(4)


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh with its colours, labels and materials.

    vertices_v3 and triangles_m3; albedo_v3 linear in 0..1 (of glass: its transmittance); label_m and
    material_m uint8 per triangle; coordinates_v3 for procedural noise; canonical_v3: see
    `face_model.Regions`, NaN where the vertex is not of a head's skin. Strands and clear glass are labelled
    nothing: they are part of the photo, but no surface.
    """

    vertices_v3: Array
    triangles_m3: Array
    albedo_v3: Array
    label_m: Array
    material_m: Array
    coordinates_v3: Array
    canonical_v3: Array


def plain(points_v3: Array, triangles_m3: Array, colour: Array, label: int, material: int) -> Part:
    """A part of one label and material; colour is (3,) or per vertex (v, 3)."""
    count = len(triangles_m3)
    albedo = np.broadcast_to(np.clip(colour, 0.005, 1), (len(points_v3), 3)).astype(np.float32)
    points = np.ascontiguousarray(points_v3, np.float32)
    labels, materials = np.full(count, label, np.uint8), np.full(count, material, np.uint8)
    return Part(points, triangles_m3.astype(np.int32), albedo, labels, materials, points, nowhere(points))


def nowhere(vertices_v3: Array) -> Array:
    """Canonical coordinates of vertices that are not of a head's skin."""
    return np.full(vertices_v3.shape, np.nan, np.float32)


def compact(part: Part) -> Part:
    """Drops the vertices that no triangle uses."""
    used, triangles = np.unique(part.triangles_m3, return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype(np.int32)
    per_vertex = (
        part.albedo_v3[used],
        part.label_m,
        part.material_m,
        part.coordinates_v3[used],
        part.canonical_v3[used],
    )
    return Part(part.vertices_v3[used], triangles, *per_vertex)


def only(part: Part, chosen_m: Array) -> Part:
    """Some triangles of a part, on all its vertices."""
    triangles = np.ascontiguousarray(part.triangles_m3[chosen_m])
    return replace(
        part, triangles_m3=triangles, label_m=part.label_m[chosen_m], material_m=part.material_m[chosen_m]
    )


def join(parts: list[Part]) -> Part:
    """All parts in one, in order."""
    offsets = np.cumsum([0] + [len(p.vertices_v3) for p in parts[:-1]])
    return Part(
        np.concatenate([p.vertices_v3 for p in parts]),
        np.concatenate([p.triangles_m3 + offset for p, offset in zip(parts, offsets, strict=True)]).astype(
            np.int32
        ),
        np.concatenate([p.albedo_v3 for p in parts]),
        np.concatenate([p.label_m for p in parts]),
        np.concatenate([p.material_m for p in parts]),
        np.concatenate([p.coordinates_v3 for p in parts]).astype(np.float32),
        np.concatenate([p.canonical_v3 for p in parts]),
    )


def moved(part: Part, rotation_33: Array, shift_3: Array) -> Part:
    """The part turned about the origin, then shifted; the noise on it moves along."""
    return replace(
        part, vertices_v3=np.ascontiguousarray(part.vertices_v3 @ rotation_33.T + shift_3, np.float32)
    )


def euler(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation (3, 3) float32 from degrees: yaw about +Y first, then pitch about +X, then roll about +Z."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_z @ about_x @ about_y).astype(np.float32)


def grid_triangles(rows: int, columns: int, closed: bool) -> Array:
    """Two triangles per cell of a grid of points, (m, 3) int32; closed: the last column joins the first."""
    grid = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        grid = np.c_[grid, grid[:, :1]]
    a, b, c, d = (part.ravel() for part in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]))
    return np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)]).astype(np.int32)


def unit(vectors: Array) -> Array:
    """Vectors along the last axis, normalised; zeros stay zeros."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def open_edges(triangles_m3: Array) -> Array:
    """Directed edges (k, 2) that only one triangle has: the rim of a surface."""
    edges = np.concatenate([triangles_m3[:, [0, 1]], triangles_m3[:, [1, 2]], triangles_m3[:, [2, 0]]])
    _, number, count = np.unique(np.sort(edges, 1), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(edges[count[number.ravel()] == 1])


def walls(rim_k2: Array, below: int) -> Array:
    """Triangles (2 k, 3) from a rim to the vertices `below` numbers on; corner 0 is on the rim."""
    low = rim_k2 + below
    return np.concatenate([np.c_[rim_k2[:, 0], low[:, 0], rim_k2[:, 1]], np.c_[rim_k2[:, 1], low]])


def ellipsoid(
    centre: Any, radii: Any, rng: Generator, bumps: float = 0.06, size: int = 32
) -> tuple[Array, Array]:
    """A bumpy super-ellipsoid: vertices (size^2, 3), triangles (m, 3)."""
    turn, tilt = np.meshgrid(
        np.linspace(0, 2 * np.pi, size, endpoint=False), np.linspace(0.01, np.pi - 0.01, size)
    )
    unit = np.stack([np.cos(turn) * np.sin(tilt), np.cos(tilt), np.sin(turn) * np.sin(tilt)], -1).reshape(
        -1, 3
    )
    unit = np.sign(unit) * np.abs(unit) ** rng.uniform(0.65, 1)
    bumpy = unit * (
        1 + bumps * fractal_noise(unit.astype(np.float32), 2.0, 3, int(rng.integers(1 << 20)))[:, None]
    )
    return bumpy * np.asarray(radii) + np.asarray(centre), grid_triangles(size, size, True)


def limb(line_k3: Array, radii_k: Any, sides: int = 12) -> tuple[Array, Array]:
    """A tube of changing radius along a line, rounded at both ends: vertices and triangles."""
    line, radii = np.asarray(line_k3, np.float64), np.broadcast_to(radii_k, len(line_k3)).astype(np.float64)
    first, last = line[0] - line[1], line[-1] - line[-2]
    first, last = first / np.linalg.norm(first) * radii[0], last / np.linalg.norm(last) * radii[-1]
    line = np.concatenate(
        [[line[0] + first], [line[0] + 0.7 * first], line, [line[-1] + 0.7 * last], [line[-1] + last]]
    )
    radii = np.concatenate([[0.05 * radii[0], 0.7 * radii[0]], radii, [0.7 * radii[-1], 0.05 * radii[-1]]])
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    helper = np.where(np.abs(along[:, 1:2]) < 0.9, [[0, 1, 0]], [[1, 0, 0]])
    side = np.cross(along, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(turn)[None, :, None] * side[:, None] + np.sin(turn)[None, :, None] * other[:, None]
    return (line[:, None] + radii[:, None, None] * ring).reshape(-1, 3), grid_triangles(
        len(line), sides, True
    )
