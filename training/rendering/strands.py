"""Cards of strands with soft alpha: the nearest fragments of each pixel, sorted.

Compiled with numba. A card's alpha is procedural: ridges of noise that run along the strands, ragged at
edges and tips.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from face3d.structures import Array
from training.rendering.rasteriser import value_noise

LAYERS = 7
"""Most fragments of a pixel; of more the farthest are dropped."""
CLEAR, DENSE = 0.04, 0.97
"""Alpha below which a fragment is dropped, and opacity at which what lies behind it is."""


class Strands(NamedTuple):
    """Cards of strands.

    vertices_v3: camera axes. triangles_m3. place_v3: across the strands (two coordinates, which close around
    the head) and along them, centimetres. along_v: 0 root to 1 tip. edge_v: 0 at the rim of the card to 1
    inside. tangent_v3: unit vectors along the strands. normal_v3: of the smooth volume. kind_m: row of
    `kinds_k16` of each triangle. kinds_k16: see `KIND`.
    """

    vertices_v3: Array
    triangles_m3: Array
    place_v3: Array
    along_v: Array
    edge_v: Array
    tangent_v3: Array
    normal_v3: Array
    kind_m: Array
    kinds_k16: Array


KIND = (
    "coarse frequency",
    "fine frequency",
    "density",
    "raggedness",
    "root red",
    "root green",
    "root blue",
    "tip red",
    "tip green",
    "tip blue",
    "grey",
    "gloss",
    "exponent",
    "streaks",
    "waves",
    "seed",
)
"""Columns of a row: frequencies of locks and strands per centimetre, how full a card is, the share of its
length over which strands end, colours, the share of grey strands, strength and exponent of the highlight,
contrast between strands, sideways waves in centimetres, seed."""


class Fragments(NamedTuple):
    """Per pixel the nearest LAYERS fragments, nearest first: triangle (-1: none), weights of its first two
    corners, alpha, distance.
    """

    triangle_hwk: Array
    weight_hwk2: Array
    alpha_hwk: Array
    distance_hwk: Array


@njit(cache=True)
def _pattern(
    strands: Strands, t: int, wa: float, wb: float, wc: float
) -> float:  # pragma: no cover - compiled
    """Alpha of a place of a card."""
    a, b, c = strands.triangles_m3[t, 0], strands.triangles_m3[t, 1], strands.triangles_m3[t, 2]
    kind = strands.kinds_k16[strands.kind_m[t]]
    p, place = strands.place_v3, np.zeros(3)
    for k in range(3):
        place[k] = wa * p[a, k] + wb * p[b, k] + wc * p[c, k]
    along = wa * strands.along_v[a] + wb * strands.along_v[b] + wc * strands.along_v[c]
    edge = wa * strands.edge_v[a] + wb * strands.edge_v[b] + wc * strands.edge_v[c]
    seed = int(kind[15])
    bend = kind[14] * value_noise(0.35 * place[0], 0.35 * place[1], 0.5 * place[2], seed + 7)
    x, y, z = place[0] + bend, place[1] + bend, place[2]
    coarse = value_noise(kind[0] * x, kind[0] * y, 0.12 * kind[0] * z, seed)
    fine = value_noise(kind[1] * x, kind[1] * y, 0.05 * kind[1] * z, seed + 1)
    strand = 0.5 + 0.32 * coarse + 0.28 * fine
    threshold = 1.02 - 1.45 * kind[2] * math.sqrt(max(edge, 0.0))
    alpha = min(max((strand - threshold) / 0.22, 0.0), 1.0)
    end = 1 - kind[3] * (0.5 + 0.5 * value_noise(1.7 * kind[0] * x, 1.7 * kind[0] * y, 3.5, seed + 2))
    if along > end:
        alpha *= max(0.0, 1 - (along - end) / 0.06)
    return alpha


@njit(cache=True)
def strand_fragments(
    screen_v3: Array, strands: Strands, opaque_hw: Array
) -> Fragments:  # pragma: no cover - compiled
    """The nearest fragments before opaque surfaces.

    screen_v3: see `rasteriser.rasterise`. opaque_hw: distance of the opaque surfaces, 0 where there is none.
    """
    height, width = opaque_hw.shape
    triangle = np.full((height, width, LAYERS), -1, np.int32)
    weight = np.zeros((height, width, LAYERS, 2), np.float32)
    alphas = np.zeros((height, width, LAYERS), np.float32)
    distance = np.full((height, width, LAYERS), np.inf, np.float32)
    fragments = Fragments(triangle, weight, alphas, distance)
    for t in range(strands.triangles_m3.shape[0]):
        a, b, c = strands.triangles_m3[t, 0], strands.triangles_m3[t, 1], strands.triangles_m3[t, 2]
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
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                x, y = column + 0.5, row + 0.5
                wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                wc = 1 - wa - wb
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                away = 1 / (wa / za + wb / zb + wc / zc)
                if opaque_hw[row, column] > 0 and away > opaque_hw[row, column] + 0.05:
                    continue
                if away >= distance[row, column, LAYERS - 1]:
                    continue
                wa, wb = wa / za * away, wb / zb * away
                alpha = _pattern(strands, t, wa, wb, 1 - wa - wb)
                if alpha < CLEAR:
                    continue
                k = _room_for(away, row, column, fragments)
                distance[row, column, k], triangle[row, column, k] = away, t
                alphas[row, column, k] = alpha
                weight[row, column, k, 0], weight[row, column, k, 1] = wa, wb
    return fragments


@njit(cache=True)
def _room_for(away: float, row: int, column: int, fragments: Fragments) -> int:  # pragma: no cover - compiled
    """The layer of a new fragment; farther ones move back by one, and the last is dropped."""
    k = LAYERS - 1
    while k > 0 and fragments.distance_hwk[row, column, k - 1] > away:
        fragments.distance_hwk[row, column, k] = fragments.distance_hwk[row, column, k - 1]
        fragments.triangle_hwk[row, column, k] = fragments.triangle_hwk[row, column, k - 1]
        fragments.alpha_hwk[row, column, k] = fragments.alpha_hwk[row, column, k - 1]
        fragments.weight_hwk2[row, column, k] = fragments.weight_hwk2[row, column, k - 1]
        k -= 1
    return k


@njit(cache=True)
def opacity(fragments: Fragments, counted_m: Array) -> Array:  # pragma: no cover - compiled
    """Of the strands of a pixel together, (h, w) float32. counted_m: triangles that count."""
    height, width, _ = fragments.alpha_hwk.shape
    out = np.zeros((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            clear = 1.0
            for k in range(LAYERS):
                if fragments.triangle_hwk[row, column, k] < 0:
                    break
                if counted_m[fragments.triangle_hwk[row, column, k]]:
                    clear *= 1 - fragments.alpha_hwk[row, column, k]
            out[row, column] = 1 - clear
    return out
