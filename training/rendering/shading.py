"""Light on a rasterised scene: procedural detail, ambient light, directional lights with shadow maps, gloss.
Compiled with numba.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from face3d.structures import Array
from training.rendering.rasteriser import rasterise, value_noise

LIGHT_DISTANCE = 600.0
SHADOW_SIDE = 224


def shadow_map(vertices_v3: Array, triangles_m3: Array, towards_light_3: Array) -> tuple[Array, Array]:
    """Distances seen from a light, (side, side) float32 (0 = nothing), and the rows (4, 3) of its projection.

    Rows: right, up and forward axes scaled to pixels at LIGHT_DISTANCE, then the light's position.
    """
    forward = -towards_light_3
    helper = np.array([0, 1, 0]) if abs(forward[1]) < 0.9 else np.array([1, 0, 0])
    right = np.cross(forward, helper)
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    centre = np.array([0, -2.0, 0])
    position = centre + towards_light_3 * LIGHT_DISTANCE
    scale = SHADOW_SIDE / 56.0  # pixels per centimetre: what lies outside 28 cm of the head casts no shadow
    frame = np.stack([right * scale, up * scale, forward, position]).astype(np.float32)
    relative = vertices_v3 - frame[3]
    distance = relative @ frame[2]
    shrink = LIGHT_DISTANCE / distance
    screen = np.stack(
        [
            relative @ frame[0] * shrink + SHADOW_SIDE / 2,
            SHADOW_SIDE / 2 - relative @ frame[1] * shrink,
            distance,
        ],
        1,
    )
    return rasterise(screen.astype(np.float32), triangles_m3, SHADOW_SIDE, SHADOW_SIDE, False)[2], frame


@njit(cache=True)
def _lit_share(
    shadow_hw: Array, frame_43: Array, x: float, y: float, z: float, softness: float
) -> float:  # pragma: no cover - compiled
    """Share of five taps around a point that the light reaches."""
    px, py, pz = x - frame_43[3, 0], y - frame_43[3, 1], z - frame_43[3, 2]
    distance = px * frame_43[2, 0] + py * frame_43[2, 1] + pz * frame_43[2, 2]
    shrink = LIGHT_DISTANCE / distance
    column = (px * frame_43[0, 0] + py * frame_43[0, 1] + pz * frame_43[0, 2]) * shrink + SHADOW_SIDE / 2
    row = SHADOW_SIDE / 2 - (px * frame_43[1, 0] + py * frame_43[1, 1] + pz * frame_43[1, 2]) * shrink
    lit = 0.0
    for tap in range(5):
        c = int(column + (softness if tap == 1 else -softness if tap == 2 else 0.0))
        r = int(row + (softness if tap == 3 else -softness if tap == 4 else 0.0))
        if 0 <= r < SHADOW_SIDE and 0 <= c < SHADOW_SIDE and 0 < shadow_hw[r, c] < distance - 0.45:
            continue
        lit += 0.2
    return lit


@njit(cache=True)
def shade(
    index_hw: Array,
    weight_hw3: Array,
    triangles_m3: Array,
    vertices_v3: Array,
    normals_v3: Array,
    albedo_v3: Array,
    coordinates_v3: Array,
    material_m: Array,
    detail_k8: Array,
    camera_3: Array,
    ambient_3: Array,
    harmonics_33: Array,
    light_k10: Array,
    shadows_khw: Array,
    frames_k43: Array,
    seed: int,
) -> Array:  # pragma: no cover - compiled
    """Linear colour (h, w, 3) float32, 0 where nothing was hit.

    light_k10: direction towards the light (3), colour (3), wrap, gloss exponent, gloss strength, shadow
    softness in shadow-map pixels (< 0: no shadow).
    """
    height, width = index_hw.shape
    out = np.zeros((height, width, 3), np.float32)
    bent = np.zeros(3)
    for row in range(height):
        for column in range(width):
            t = index_hw[row, column]
            if t < 0:
                continue
            p, n, a, q = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
            for corner in range(3):
                share, v = weight_hw3[row, column, corner], triangles_m3[t, corner]
                for k in range(3):
                    p[k] += share * vertices_v3[v, k]
                    n[k] += share * normals_v3[v, k]
                    a[k] += share * albedo_v3[v, k]
                    q[k] += share * coordinates_v3[v, k]
            view = camera_3 - p
            view /= math.sqrt((view * view).sum())
            n /= max(math.sqrt((n * n).sum()), 1e-9)
            if (n * view).sum() < 0:
                n = -n
            m = material_m[t]
            fx, fy, fz, colour, bump = (
                detail_k8[m, 0],
                detail_k8[m, 1],
                detail_k8[m, 2],
                detail_k8[m, 3],
                detail_k8[m, 4],
            )
            if colour > 0 or bump > 0:
                x, y, z = q[0] * fx, q[1] * fy, q[2] * fz
                middle = value_noise(x, y, z, seed)
                fine = value_noise(2.3 * x, 2.3 * y, 2.3 * z, seed + 1)
                for k in range(3):
                    a[k] *= max(0.05, 1 + colour * (middle + 0.6 * fine))
                if bump > 0:
                    step = 0.35
                    bent[0] = value_noise(x + step, y, z, seed) - middle
                    bent[1] = value_noise(x, y + step, z, seed) - middle
                    bent[2] = value_noise(x, y, z + step, seed) - middle
                    bent *= bump * fx / step
                    along = (bent * n).sum()
                    n = n - (bent - along * n)
                    n /= math.sqrt((n * n).sum())
            light = np.zeros(3)
            gloss = np.zeros(3)
            for k in range(3):
                slope = harmonics_33[0, k] * n[0] + harmonics_33[1, k] * n[1] + harmonics_33[2, k] * n[2]
                light[k] = ambient_3[k] * (1 + min(max(slope, -0.8), 1.5))
            for s in range(light_k10.shape[0]):
                towards = light_k10[s, :3].astype(np.float64)
                facing = (n * towards).sum()
                diffuse = max(0.0, (facing + light_k10[s, 6]) / (1 + light_k10[s, 6]))
                if diffuse <= 0:
                    continue
                lit = 1.0
                if light_k10[s, 9] >= 0:
                    lit = _lit_share(
                        shadows_khw[s],
                        frames_k43[s],
                        p[0] + 0.1 * n[0],
                        p[1] + 0.1 * n[1],
                        p[2] + 0.1 * n[2],
                        light_k10[s, 9],
                    )
                half = towards + view
                half /= math.sqrt((half * half).sum())
                strength = max(light_k10[s, 8] * detail_k8[m, 5], detail_k8[m, 6])
                shine = strength * max(0.0, (half * n).sum()) ** (light_k10[s, 7] * detail_k8[m, 7])
                for k in range(3):
                    light[k] += light_k10[s, 3 + k] * diffuse * lit
                    gloss[k] += light_k10[s, 3 + k] * shine * lit
            for k in range(3):
                out[row, column, k] = a[k] * light[k] + gloss[k]
    return out
