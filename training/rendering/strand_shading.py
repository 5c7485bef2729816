"""Shading of strands, and their composition over a picture. Compiled with numba."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from face3d.structures import Array
from training.rendering.portrait_shading import Room, irradiance
from training.rendering.rasteriser import value_noise
from training.rendering.shading import PackedLights, lit_share
from training.rendering.strands import DENSE, LAYERS, Fragments, Strands

LIFT = 8.0
"""Millimetres by which a place is lifted off the hair before it is looked up in a shadow map."""


@njit(cache=True, fastmath=True)
def composite(
    behind: Array,
    fragments: Fragments,
    strands: Strands,
    camera_3: Array,
    lights: PackedLights,
    room: Room,
    open_hw: Array,
) -> Array:  # pragma: no cover - compiled
    """Strands over a picture, (h, w, 3) float32; where nothing lies behind they are premultiplied."""
    height, width, _ = behind.shape
    out = behind.copy()
    for r in range(height):
        for c in range(width):
            clear, total = 1.0, np.zeros(3)
            for k in range(LAYERS):
                if fragments.triangle_hwk[r, c, k] < 0 or clear < 1 - DENSE:
                    break
                alpha = fragments.alpha_hwk[r, c, k]
                colour = _strand_colour(fragments, strands, r, c, k, camera_3, lights, room, open_hw[r, c])
                total += clear * alpha * colour
                clear *= 1 - alpha
            for k in range(3):
                out[r, c, k] = total[k] + clear * behind[r, c, k]
    return out


@njit(cache=True, fastmath=True)
def _strand_colour(
    fragments: Fragments,
    strands: Strands,
    r: int,
    c: int,
    layer: int,
    camera_3: Array,
    lights: PackedLights,
    room: Room,
    open_: float,
) -> Array:  # pragma: no cover - compiled
    """Colour of one fragment, after Kajiya and Kay (1989): highlights lie across the strands."""
    t = fragments.triangle_hwk[r, c, layer]
    wa, wb = fragments.weight_hwk2[r, c, layer, 0], fragments.weight_hwk2[r, c, layer, 1]
    point, tangent, normal, place = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    along, edge = 0.0, 0.0
    for corner in range(3):
        share = wa if corner == 0 else wb if corner == 1 else 1 - wa - wb
        v = strands.triangles_m3[t, corner]
        along += share * strands.along_v[v]
        edge += share * strands.edge_v[v]
        for k in range(3):
            point[k] += share * strands.vertices_v3[v, k]
            tangent[k] += share * strands.tangent_v3[v, k]
            normal[k] += share * strands.normal_v3[v, k]
            place[k] += share * strands.place_v3[v, k]
    kind = strands.kinds_k16[strands.kind_m[t]]
    seed = int(kind[15])
    lock = value_noise(kind[0] * place[0], kind[0] * place[1], 0.12 * kind[0] * place[2], seed)
    fine = value_noise(kind[1] * place[0], kind[1] * place[1], 0.05 * kind[1] * place[2], seed + 1)
    tangent += 0.18 * fine * normal
    # Locks are round: their normals turn across the strands.
    side = np.cross(tangent, normal)
    normal += (0.6 * lock + 0.35 * fine) * side
    tangent /= max(math.sqrt((tangent * tangent).sum()), 1e-9)
    normal /= max(math.sqrt((normal * normal).sum()), 1e-9)
    to_camera = camera_3 - point
    to_camera /= math.sqrt((to_camera * to_camera).sum())
    albedo = _strand_albedo(kind, place, along, lock, fine)
    deep = (0.8**layer) * (0.55 + 0.45 * min(1.0, 1.6 * along + 0.5))
    out = albedo * irradiance(normal, room.harmonics_93) * open_ * deep
    for s in range(lights.light_k10.shape[0]):
        lit = 1.0
        if lights.light_k10[s, 9] >= 0:
            shadow, frame = lights.shadow_khw[s], lights.frame_k43[s]
            lit = 0.15 + 0.85 * lit_share(shadow, frame, point, normal * LIFT, lights.light_k10[s, 9])
        out += _lamp_on_strand(
            lights.light_k10[s], kind, albedo, tangent, normal, to_camera, lit * deep, 1 - edge
        )
    return out


@njit(cache=True, fastmath=True)
def _strand_albedo(
    kind: Array, place: Array, along: float, lock: float, fine: float
) -> Array:  # pragma: no cover - compiled
    """From root to tip, with lighter and darker locks, and grey strands among them."""
    tint = 1 + kind[13] * (1 - 0.6 * kind[10]) * (0.45 * lock + 0.35 * fine)
    mix = min(max(along + 0.15 * lock, 0.0), 1.0)
    strand = value_noise(2 * kind[1] * place[0], 2 * kind[1] * place[1], 0.3, int(kind[15]) + 4)
    silver = kind[10] - 0.5 - 0.5 * strand
    grey = min(max(1.1 * silver + 0.5, 0.0), 0.8) if kind[10] > 0 else 0.0
    albedo = np.zeros(3)
    for k in range(3):
        albedo[k] = (kind[4 + k] + mix * (kind[7 + k] - kind[4 + k])) * max(tint, 0.15)
        albedo[k] += grey * (0.36 * max(tint, 0.3) - albedo[k])
    return albedo


@njit(cache=True, fastmath=True)
def _lamp_on_strand(
    lamp: Array,
    kind: Array,
    albedo: Array,
    tangent: Array,
    normal: Array,
    to_camera: Array,
    reached: float,
    thin: float,
) -> Array:  # pragma: no cover - compiled
    """Light of a lamp that a strand sends to the camera. reached: share of it that is not shadowed; thin: how
    near to the rim of the hair, where light passes through from behind.
    """
    across = math.sqrt(max(0.0, 1 - (tangent * lamp[:3]).sum() ** 2))
    lit = min(max(0.5 + 0.9 * (normal * lamp[:3]).sum(), 0.0), 1.0) * reached
    half = lamp[:3] + to_camera
    half /= math.sqrt((half * half).sum())
    shine = kind[11] * max(0.0, 1 - (tangent * half).sum() ** 2) ** (0.5 * kind[12])
    through = 0.35 * max(0.0, -(lamp[:3] * to_camera).sum()) ** 4 * thin
    out = np.zeros(3)
    for k in range(3):
        direct = (albedo[k] * across * 0.8 + shine * (0.35 + 0.65 * albedo[k])) * lit
        out[k] = lamp[3 + k] * (direct + through * math.sqrt(albedo[k]))
    return out
