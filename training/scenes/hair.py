"""Hair, hats and head scarves. Lengths in centimetres, the head upright and facing +Z."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.rasteriser import fractal_noise
from training.scenes import face_model
from training.scenes.face_model import FaceModel, Regions
from training.scenes.primitives import (
    CLOTH,
    HAIR,
    LABEL_BODY,
    LABEL_HEAD,
    LABEL_NOTHING,
    Part,
    compact,
    grid_triangles,
    nowhere,
    open_edges,
    plain,
    unit,
    walls,
)


def hair_colour(rng: Generator) -> Array:
    """Melanin from black over brown to blond, sometimes grey, red or dyed; linear RGB."""
    kind = rng.random()
    if kind < 0.75:
        return np.array([0.02, 0.015, 0.012]) + rng.random() ** 2 * np.array([0.5, 0.33, 0.16])
    if kind < 0.9:
        return np.full(3, rng.uniform(0.1, 0.75))
    return rng.uniform(0.03, 0.6, 3) if kind > 0.97 else np.array([0.35, 0.1, 0.03]) * rng.uniform(0.4, 1.4)


EDGE_AZIMUTHS = (0, 40, 65, 85, 110, 180)
"""Degrees from the front at which the edge of a shell is given."""


def _hair_edge(rng: Generator, fringe: bool) -> Array:
    """Lowest elevation (y of the unit direction from the skull's centre) with hair, (6,) at EDGE_AZIMUTHS."""
    front = rng.uniform(0.12, 0.42) if fringe else rng.uniform(0.5, 0.75)
    receding = rng.uniform(0, 0.2) if rng.random() < 0.3 else 0.0
    temple, ear = rng.uniform(0.3, 0.5), rng.uniform(-0.25, 0.2)
    return np.array(
        [
            front,
            front - 0.08 + receding,
            min(temple, front),
            ear,
            min(ear, 0) - 0.15,
            rng.uniform(-0.75, -0.3),
        ]
    )


def _scarf_edge(rng: Generator) -> Array:
    front = rng.uniform(0.35, 0.6)
    return np.array([front, front - 0.15, rng.uniform(-0.3, 0.1), -1.0, -1.0, -1.0])


def _shell(
    model: FaceModel,
    regions: Regions,
    vertices: Array,
    edge_6: Array,
    thickness: float,
    colour: Array,
    material: int,
    rng: Generator,
) -> Part:
    """The skin of the head pushed outwards where it lies above an edge: hair, scarf or hat."""
    direction = regions.direction_v3
    cover = _cover(direction, edge_6, thickness, rng)
    bulk = fractal_noise(direction, 2.5, 2, int(rng.integers(1 << 20)))
    grown = _growth(direction, cover, bulk, thickness, rng)
    droop = rng.uniform(0, 0.6) * grown * np.clip(1 - direction[:, 1], 0, 1)  # hair at the sides hangs
    lifted = vertices + direction * grown[:, None] - droop[:, None] * np.array([0, 1, 0])
    used = (cover[model.triangles_m3] > 0.02).all(1)
    triangles = model.triangles_m3[used]
    shade = 1 + 0.25 * bulk[:, None]
    albedo = np.clip(colour * shade, 0.005, 1).astype(np.float32)
    # Noise coordinates stretched along the strands: fine across, coarse along.
    strands = np.ascontiguousarray(
        direction * 10 * (np.array([1, 0.12, 1]) if material == HAIR else 1), np.float32
    )
    # A wall from the rim down to the skin: without it rays pass under the shell.
    closed = np.concatenate([triangles, walls(open_edges(triangles), len(lifted))])
    whole = Part(
        np.concatenate([lifted, vertices - 0.1 * direction]).astype(np.float32),
        closed.astype(np.int32),
        np.tile(albedo, (2, 1)),
        np.where(regions.above_chin[closed[:, 0]] > 0.5, LABEL_HEAD, LABEL_BODY).astype(np.uint8),
        np.full(len(closed), material, np.uint8),
        np.tile(strands, (2, 1)),
        nowhere(np.tile(strands, (2, 1))),
    )
    return compact(whole)


def _cover(direction_v3: Array, edge_6: Array, thickness: float, rng: Generator) -> Array:
    """How fully the shell covers each vertex, (v,) in 0..1: a ragged band above the edge, then all of it."""
    azimuth = np.degrees(np.arctan2(np.abs(direction_v3[:, 0]), direction_v3[:, 2]))
    edge = np.interp(azimuth, EDGE_AZIMUTHS, edge_6)
    ragged = fractal_noise(direction_v3, 4.0, 3, int(rng.integers(1 << 20)))
    parting = rng.uniform(-0.15, 0.15) * direction_v3[:, 0]
    # Thick hair rises over a wider band at the sides; a narrow one would overhang the temples.
    band = 0.14 + 0.06 * thickness * np.clip(azimuth / 60 - 0.5, 0, 1)
    cover = np.clip((direction_v3[:, 1] - edge + 0.06 * ragged + parting) / band, 0, 1)
    cover[face_model.HEAD.stop :] = 0
    return np.asarray(cover)


def _growth(direction_v3: Array, cover_v: Array, bulk_v: Array, thickness: float, rng: Generator) -> Array:
    """Height of the shell above the skin, (v,) centimetres."""
    stretched = np.array([1, 0.4, 1], np.float32)
    locks = fractal_noise(direction_v3 * stretched, rng.uniform(6, 14), 2, int(rng.integers(1 << 20)))
    upward = 1 + rng.uniform(-0.3, 0.6) * np.clip(direction_v3[:, 1], 0, 1)
    height = thickness * upward * (1 + 0.35 * bulk_v) + rng.uniform(0, 0.35) * locks
    return np.asarray(np.sqrt(cover_v) * np.maximum(height, 0.05))


def hair(
    model: FaceModel, regions: Regions, vertices: Array, colour: Array, rng: Generator, fringe: bool
) -> Part:
    """Hair on the scalp, from cropped to bushy."""
    return _shell(
        model,
        regions,
        vertices,
        _hair_edge(rng, fringe),
        rng.uniform(0.15, 1) ** 1.5 * 4.5,
        colour,
        HAIR,
        rng,
    )


def curtain(vertices: Array, colour: Array, rng: Generator) -> Part:
    """Long hair around the back and sides of the head, open in front: two layers, joined into a solid."""
    columns, rows = 64, 32
    opening = rng.uniform(40, 95)
    angle = np.radians(np.linspace(opening, 360 - opening, columns))
    top, bottom = rng.uniform(6, 11), rng.uniform(-30, -3)
    height = np.linspace(top, bottom, rows)[:, None]
    down = (top - height) / (top - bottom)
    half_width = np.abs(vertices[face_model.HEAD, 0][vertices[face_model.HEAD, 1] > 0]).max()
    flare, volume = rng.uniform(-2.5, 2.5), rng.uniform(0.1, 2.5)
    wave = _waves(angle, height, rng)
    cap = np.sqrt(np.clip(1 - (1 - down * 3).clip(0, 1) ** 2, 0.05, 1))  # rounded over the crown
    outer = (half_width + volume + flare * down + wave) * cap
    # The inner layer lies within the head above the jaw and near the neck below it: no gap behind the hair.
    inner = np.minimum(outer - 0.6, rng.uniform(4.5, 6.5) + 0 * outer) * np.clip(1.15 - 0.15 * down, 0, 1)
    from_edge = np.minimum(angle - angle[0], angle[-1] - angle) / np.radians(25)
    rounded = np.sqrt(1 - np.clip(1 - from_edge, 0, 0.98) ** 2)  # towards the face, not cut off
    outer = inner + (outer - inner) * rounded
    layers = [_around(outer, angle, height), _around(inner, angle, height - 0.3)]
    points, triangles = np.concatenate(layers).astype(np.float32), _two_layers(rows, columns)
    label = np.where(points[triangles[:, 0], 1] > -6, LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    across = np.tile(np.broadcast_to(angle, (rows, columns)).ravel(), 2) * 10
    strands = np.stack([across, points[:, 1] * 0.12, np.zeros(len(points))], 1)
    shade = 1 + 0.25 * np.tile(wave.reshape(-1, 1), (2, 1))
    albedo = np.clip(colour * shade * rng.uniform(0.8, 1.2), 0.005, 1).astype(np.float32)
    material = np.full(len(triangles), HAIR, np.uint8)
    return Part(points, triangles, albedo, label, material, strands.astype(np.float32), nowhere(points))


def _waves(angle_c: Array, height_r1: Array, rng: Generator) -> Array:
    """Variation of the curtain's radius, (r, c) centimetres: straight to curly hair."""
    curl = rng.uniform(0, 1) ** 2
    wave = rng.uniform(0, 0.5) * np.sin(angle_c * rng.integers(5, 16) + rng.uniform(0, 6)) + rng.uniform(
        0, 0.4
    ) * np.sin(height_r1 * 0.6)
    cylinder = np.stack(np.broadcast_arrays(9 * np.sin(angle_c), height_r1, 9 * np.cos(angle_c)), -1).reshape(
        -1, 3
    )
    noise = fractal_noise(cylinder.astype(np.float32), rng.uniform(0.25, 0.8), 2, int(rng.integers(1 << 20)))
    return np.asarray(wave + curl * noise.reshape(wave.shape))


def _around(radius_rc: Array, angle_c: Array, height_r1: Array) -> Array:
    """Points of one layer of the curtain, (r c, 3)."""
    x, z = radius_rc * np.sin(angle_c), radius_rc * np.cos(angle_c) * 1.1 - 1.5
    return np.stack(np.broadcast_arrays(x, height_r1, z), -1).reshape(-1, 3)


def _two_layers(rows: int, columns: int) -> Array:
    """Triangles (m, 3) int32 of an outer and then an inner grid of points, with a wall between their rims."""
    count = rows * columns
    grid = np.arange(count).reshape(rows, columns)
    outward = grid_triangles(rows, columns, False)[:, ::-1]
    inward = outward[:, ::-1] + count
    rim = np.concatenate([grid[:, 0], grid[-1], grid[::-1, -1], grid[0, ::-1]])
    ring = np.stack([rim, np.roll(rim, -1)], 1)
    wall = [np.c_[ring[:, :1], ring[:, :1] + count, ring[:, 1:]], np.c_[ring[:, 1:], ring + count]]
    return np.concatenate([outward, inward, *wall]).astype(np.int32)


def loose_strands(shells: list[Part], colour: Array, rng: Generator) -> Part:
    """Thin locks that leave the hair and soften its outline: in photo and matte, no surface."""
    steps, count = 6, int(np.exp(rng.uniform(np.log(80), np.log(1500))))
    corners = np.concatenate([shell.vertices_v3[shell.triangles_m3] for shell in shells])
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = corners[rng.choice(len(corners), count, p=area / area.sum())]
    root = np.einsum("nk,nkc->nc", rng.dirichlet(np.ones(3), count), chosen)
    outward = unit(root - np.array([0, 2.0, -1.0]))
    upright = rng.uniform(0.1, 0.8)
    along = unit(
        upright * outward + (1 - upright) * np.array([0, -1.0, 0]) + 0.4 * rng.normal(size=(count, 3))
    )
    across = unit(np.cross(along, rng.normal(size=(count, 3))))
    length = rng.uniform(0.5, rng.uniform(1.5, 7), count)[:, None, None]
    way = np.linspace(0, 1, steps)[None, :, None]
    curl = rng.uniform(0, 0.25) * np.sin(
        way * length * rng.uniform(0.5, 3) + rng.uniform(0, 6, (count, 1, 1))
    )
    line = (
        root[:, None]
        + length * (way * along[:, None] + way**2 * np.array([0, -rng.uniform(0, 0.5), 0]))
        + curl * across[:, None]
    )
    half = rng.uniform(0.01, rng.uniform(0.03, 0.1), (count, 1, 1)) * (1.05 - way) * across[:, None]
    return ribbons(line, half, colour * rng.uniform(0.7, 1.5, count)[:, None])


def lashes(vertices: Array, eyes_23: Array, rng: Generator) -> Part:
    """Dark hairs on the rims of the four lids, bent away from the eye: in photo and matte, no surface."""
    steps, marks = 5, vertices[face_model.LANDMARKS_68]
    longest, bend, half = rng.uniform(0.4, 1.1), rng.uniform(0.1, 0.6), rng.uniform(0.015, 0.04)
    way = np.linspace(0, 1, steps)[None, :, None]
    lines = []
    for first, eye in ((36, eyes_23[0]), (42, eyes_23[1])):
        for lid, up, count, share in (((0, 1, 2, 3), 1.0, 42, 1.0), ((3, 4, 5, 0), -1.0, 26, 0.5)):
            along_rim = np.sort(rng.uniform(0.2, 2.8, count))
            rim = np.polynomial.polynomial.polyfit(np.arange(4), marks[[first + corner for corner in lid]], 3)
            root = np.polynomial.polynomial.polyval(along_rim, rim).T
            away = unit(unit(root - eye) + np.array([0, 0.4 * up, 0.3]) + 0.12 * rng.normal(size=(count, 3)))
            length = longest * share * rng.uniform(0.6, 1, count)[:, None, None]
            lines.append(
                root[:, None] + length * (way * away[:, None] + way**2 * np.array([0, bend * up, 0]))
            )
    line = np.concatenate(lines)
    across = unit(np.cross(line[:, -1] - line[:, 0], [0, 0.3, 1]))[:, None]
    return ribbons(line, half * (1.1 - way) * across, np.full((len(line), 3), rng.uniform(0.005, 0.08)))


def ribbons(line_nk3: Array, half_nk3: Array, colour_n3: Array) -> Part:
    """Flat hairs: lines of k points each, and half their breadth to one side."""
    count, steps = line_nk3.shape[:2]
    points = np.stack([line_nk3 - half_nk3, line_nk3 + half_nk3], 2).reshape(-1, 3)
    ladder = grid_triangles(steps, 2, False)
    triangles = (ladder[None] + (np.arange(count) * steps * 2)[:, None, None]).reshape(-1, 3)
    return plain(points, triangles, np.repeat(colour_n3, steps * 2, 0), LABEL_NOTHING, HAIR)


def head_scarf(model: FaceModel, regions: Regions, vertices: Array, rng: Generator) -> Part:
    """A cloth over hair, ears and neck that leaves the face free."""
    return _shell(
        model,
        regions,
        vertices,
        _scarf_edge(rng),
        rng.uniform(0.3, 1.5),
        rng.uniform(0.05, 0.9, 3),
        CLOTH,
        rng,
    )


def hat(model: FaceModel, regions: Regions, vertices: Array, rng: Generator) -> list[Part]:
    """A cap or beanie: a smooth shell above an edge, with a brim all round, in front only, or none."""
    low = rng.uniform(0.25, 0.55)
    colour = rng.uniform(0.02, 0.9, 3) * rng.uniform(0.2, 1)
    cap = _shell(
        model,
        regions,
        vertices,
        low - np.array([0, 0, 0.05, 0.1, 0.1, 0.1]),
        rng.uniform(1, 3.5),
        colour,
        CLOTH,
        rng,
    )
    parts = [cap]
    kind = rng.choice(["none", "front", "round"])
    if kind != "none":
        reach = np.radians(60 if kind == "front" else 180)
        angle = np.linspace(-reach, reach, 60)
        inner = cap.vertices_v3[cap.vertices_v3[:, 1] < np.quantile(cap.vertices_v3[:, 1], 0.35)]
        half_width, half_depth = np.abs(inner[:, 0]).max(), np.ptp(inner[:, 2]) / 2
        ring = np.stack([half_width * np.sin(angle), np.zeros(60), half_depth * np.cos(angle)], 1)
        centre = np.array([0, np.quantile(inner[:, 1], 0.5), inner[:, 2].mean()])
        outer = ring * (1 + rng.uniform(3, 8) / half_width) + [0, rng.uniform(-1.5, 0.5), 0]
        points = np.concatenate([ring, outer, ring - [0, 0.3, 0], outer - [0, 0.3, 0]]) + centre
        i = np.arange(59)
        up = np.concatenate([np.stack([i, i + 60, i + 1], 1), np.stack([i + 1, i + 60, i + 61], 1)])
        triangles = np.concatenate([up, up[:, ::-1] + 120]).astype(np.int32)
        parts.append(plain(points, triangles, colour, LABEL_HEAD, CLOTH))
    return parts
