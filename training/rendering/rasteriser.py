"""A software rasteriser compiled with numba: the first or last triangle of each pixel, and the place in it.

Perspective-correct: 1/distance is linear on the screen. Single-threaded: run one process per core.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from face3d.structures import Array

NOTHING = -1


@njit(cache=True)
def rasterise(
    screen_v3: Array, triangles_m3: Array, height: int, width: int, farthest: bool
) -> tuple[Array, Array, Array]:  # pragma: no cover - compiled
    """The first or last triangle of every pixel.

    screen_v3: (v, 3) float32, x and y in pixels (pixel centres at +0.5), z = distance along the optical axis,
    > 0 before the camera.
    farthest: keep the last surface along the ray instead of the first.
    Returns triangle index (h, w) int32 (-1 where nothing), perspective-correct barycentric weights (h, w, 3)
    float32, and distance (h, w) float32.
    """
    index = np.full((height, width), NOTHING, np.int32)
    weight = np.zeros((height, width, 3), np.float32)
    best = np.zeros((height, width), np.float32)  # 1 / distance of the surface so far
    for t in range(triangles_m3.shape[0]):
        a, b, c = triangles_m3[t, 0], triangles_m3[t, 1], triangles_m3[t, 2]
        za, zb, zc = screen_v3[a, 2], screen_v3[b, 2], screen_v3[c, 2]
        if za <= 1e-3 or zb <= 1e-3 or zc <= 1e-3:
            continue
        ax, ay = screen_v3[a, 0], screen_v3[a, 1]
        bx, by = screen_v3[b, 0], screen_v3[b, 1]
        cx, cy = screen_v3[c, 0], screen_v3[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        left = max(0, math.ceil(min(ax, bx, cx) - 0.5))
        right = min(width - 1, math.floor(max(ax, bx, cx) - 0.5))
        top = max(0, math.ceil(min(ay, by, cy) - 0.5))
        bottom = min(height - 1, math.floor(max(ay, by, cy) - 0.5))
        ia, ib, ic = 1 / za, 1 / zb, 1 / zc
        for row in range(top, bottom + 1):
            y = row + 0.5
            for column in range(left, right + 1):
                x = column + 0.5
                wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                wc = 1 - wa - wb
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                inverse = wa * ia + wb * ib + wc * ic
                if index[row, column] == NOTHING or (inverse < best[row, column]) == farthest:
                    index[row, column] = t
                    best[row, column] = inverse
                    weight[row, column, 0] = wa * ia / inverse
                    weight[row, column, 1] = wb * ib / inverse
                    weight[row, column, 2] = wc * ic / inverse
    distance = np.zeros((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            if index[row, column] != NOTHING:
                distance[row, column] = 1 / best[row, column]
    return index, weight, distance


@njit(cache=True)
def _hash(x: int, y: int, z: int, seed: int) -> float:  # pragma: no cover - compiled
    h = (
        np.uint32(x * 73856093)
        ^ np.uint32(y * 19349663)
        ^ np.uint32(z * 83492791)
        ^ np.uint32(seed * 2654435761)
    )
    h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(2246822519))
    h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(3266489917))
    h ^= h >> np.uint32(16)
    return float(h) / 2147483648.0 - 1.0


@njit(cache=True)
def value_noise(x: float, y: float, z: float, seed: int) -> float:  # pragma: no cover - compiled
    """Smooth noise in -1..1 with a cell of 1: trilinear, faded, from a hashed lattice."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    ix, iy, iz = int(fx), int(fy), int(fz)
    tx, ty, tz = x - fx, y - fy, z - fz
    tx, ty, tz = tx * tx * (3 - 2 * tx), ty * ty * (3 - 2 * ty), tz * tz * (3 - 2 * tz)
    total = 0.0
    for dx in range(2):
        for dy in range(2):
            for dz in range(2):
                share = (tx if dx else 1 - tx) * (ty if dy else 1 - ty) * (tz if dz else 1 - tz)
                total += share * _hash(ix + dx, iy + dy, iz + dz, seed)
    return total


@njit(cache=True)
def fractal_noise(
    points_n3: Array, frequency: float, octaves: int, seed: int
) -> Array:  # pragma: no cover - compiled
    """(n,) float32, about -1..1: octaves of value noise, each twice as fine and half as strong."""
    out = np.zeros(points_n3.shape[0], np.float32)
    for n in range(points_n3.shape[0]):
        scale, strength = frequency, 1.0
        for octave in range(octaves):
            out[n] += strength * value_noise(
                points_n3[n, 0] * scale, points_n3[n, 1] * scale, points_n3[n, 2] * scale, seed + octave
            )
            scale *= 2.03
            strength *= 0.5
    return out
