"""Shading of skin, eyes and cloth in the light of a room. Compiled with numba.

Light is a room's (second-order spherical harmonics for matt surfaces, a blurred panorama for reflections),
dimmed where a surface lies in a hollow, and that of lamps with shadow maps, see `shading`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from face3d.structures import Array
from training.rendering.rasteriser import value_noise
from training.rendering.shading import PackedLights, Surface, Visible, interpolated, lit_share

LIFT = 4.0
"""Millimetres by which a place is lifted off its surface before it is looked up in a shadow map."""
ROW = 24
"""Numbers in a row of a material, see `MATERIAL`."""
MATERIAL = (
    "frequency",
    "colour variation",
    "bump",
    "gloss",
    "exponent",
    "mirror",
    "pattern",
    "pattern frequency",
    "other red",
    "other green",
    "other blue",
    "fold depth",
    "fold frequency",
    "subsurface",
    "moles",
    "dirt",
    "weave",
    "eye",
    "iris radius",
    "pupil radius",
    "blotches",
    "turn",
)
"""Columns of a row. frequency: of fine noise per centimetre. mirror: share of the room that is reflected.
pattern: 0 plain, 1 stripes, 2 checks, 3 patches, 4 dots, 5 a print on the chest. subsurface: share of light
that spreads under the skin. moles: how dark they are. eye: 1 where coordinates are those of an eyeball in
radii, +Z along its gaze. turn: of the pattern, radians."""


class Room(NamedTuple):
    """Light from all around: harmonics_93, see `irradiance`; panorama_hwc: what is reflected, see `look_up`.
    Both in camera axes, linear.
    """

    harmonics_93: Array
    panorama_hwc: Array


@njit(cache=True, fastmath=True)
def irradiance(n: Array, h: Array) -> Array:  # pragma: no cover - compiled
    """Light on a matt surface of normal n, (3,): harmonics 1, y, z, x, xy, yz, 3zz-1, xz, xx-yy."""
    x, y, z = n[0], n[1], n[2]
    out = np.zeros(3)
    for k in range(3):
        out[k] = (
            h[0, k]
            + h[1, k] * y
            + h[2, k] * z
            + h[3, k] * x
            + h[4, k] * x * y
            + h[5, k] * y * z
            + h[6, k] * (3 * z * z - 1)
            + h[7, k] * x * z
            + h[8, k] * (x * x - y * y)
        )
        out[k] = max(out[k], 0.02 * h[0, k])
    return out


@njit(cache=True, fastmath=True)
def look_up(direction: Array, panorama: Array) -> Array:  # pragma: no cover - compiled
    """The panorama's colour in a direction, (3,): rows from +Y to -Y, the middle column along +Z."""
    height, width = panorama.shape[0], panorama.shape[1]
    row = math.acos(min(max(direction[1], -1.0), 1.0)) / math.pi * height
    column = (0.5 + math.atan2(direction[0], direction[2]) / (2 * math.pi)) * width
    r, c = min(int(row), height - 1), int(column) % width
    return panorama[r, c].astype(np.float64)


@njit(cache=True, fastmath=True)
def shade_portrait(
    visible: Visible,
    surface: Surface,
    rows_k24: Array,
    open_hw: Array,
    camera_3: Array,
    lights: PackedLights,
    room: Room,
    pixels_per_cm: float,
    seed: int,
) -> Array:  # pragma: no cover - compiled
    """Linear colour (h, w, 3) float32, 0 where nothing was hit.

    open_hw: share of the room's light that arrives, 0 in deep hollows to 1. pixels_per_cm: noise too fine for
    them is left out.
    """
    height, width = visible.index_hw.shape
    out = np.zeros((height, width, 3), np.float32)
    for r in range(height):
        for c in range(width):
            t = visible.index_hw[r, c]
            if t < 0:
                continue
            point, normal, albedo, place = interpolated(surface, t, visible.weight_hw3[r, c])
            to_camera = camera_3 - point
            to_camera /= math.sqrt((to_camera * to_camera).sum())
            normal /= max(math.sqrt((normal * normal).sum()), 1e-9)
            if (normal * to_camera).sum() < 0:
                normal = -normal
            row = rows_k24[surface.material_m[t]]
            if row[17] > 0:
                _paint_eye(albedo, place, row, seed)
            else:
                _paint(albedo, place, row, pixels_per_cm, seed)
                normal = _bumped(normal, place, row, pixels_per_cm, seed)
            out[r, c] = _lit(point, normal, albedo, to_camera, row, open_hw[r, c], lights, room)
    return out


@njit(cache=True, fastmath=True)
def _lit(
    point: Array,
    normal: Array,
    albedo: Array,
    to_camera: Array,
    row: Array,
    open_: float,
    lights: PackedLights,
    room: Room,
) -> Array:  # pragma: no cover - compiled
    """Colour of a surface in room and lamps."""
    soft = row[13]
    light = irradiance(normal, room.harmonics_93)
    for k in range(3):
        # Light that enters beside a crease of skin leaves it reddened.
        light[k] *= open_ ** (1 - 0.2 * soft * (1.0 if k == 0 else 0.25))
    facing = max((normal * to_camera).sum(), 0.0)
    fresnel = 0.04 + 0.5 * (1 - facing) ** 5
    mirrored = 2 * facing * normal - to_camera
    out = albedo * light + row[5] * fresnel * open_ * look_up(mirrored, room.panorama_hwc)
    for s in range(lights.light_k10.shape[0]):
        lamp = lights.light_k10[s]
        cosine = (normal * lamp[:3]).sum()
        lit = 1.0
        if lamp[9] >= 0 and cosine > -0.4:
            lit = lit_share(lights.shadow_khw[s], lights.frame_k43[s], point, normal * LIFT, lamp[9])
        half = lamp[:3] + to_camera
        half /= math.sqrt((half * half).sum())
        shine = row[3] * max(0.0, (half * normal).sum()) ** row[4] * max(0.0, min(1.0, 4 * cosine))
        for k in range(3):
            wrap = lamp[6] * 0.4 + soft * (0.24 if k == 0 else 0.11 if k == 1 else 0.06)
            diffuse = max(0.0, (cosine + wrap) / ((1 + wrap) * (1 + wrap)))
            shaded = lit + (1 - lit) * soft * (0.06 if k == 0 else 0.02)
            out[k] += lamp[3 + k] * (albedo[k] * diffuse * shaded + shine * lit)
    return out


@njit(cache=True, fastmath=True)
def _paint(
    albedo: Array, place: Array, row: Array, pixels_per_cm: float, seed: int
) -> None:  # pragma: no cover - compiled
    """Fine colour, pattern, dirt and blotches of a surface, in place."""
    x, y, z = place[0], place[1], place[2]
    if row[6] > 0:
        share = _pattern(place, row, seed)
        for k in range(3):
            albedo[k] += share * (row[8 + k] - albedo[k])
    f = row[0]
    factor = 1.0
    if f < pixels_per_cm:
        middle = value_noise(f * x, f * y, f * z, seed)
        fine = value_noise(2.3 * f * x, 2.3 * f * y, 2.3 * f * z, seed + 1)
        factor = max(0.05, 1 + row[1] * (middle + 0.6 * fine) * min(1.0, 2 * (pixels_per_cm / f - 1)))
    if row[16] > 0 and 2.5 * f < pixels_per_cm:
        factor *= 1 + row[16] * math.sin(6.5 * f * (x + z)) * math.sin(6.5 * f * y)
    dirt = 1.0
    if row[15] > 0:
        dirt = 1 - row[15] * max(0.0, value_noise(0.15 * x, 0.15 * y, 0.15 * z, seed + 5))
    if row[14] > 0:
        mole = value_noise(1.3 * x, 1.3 * y, 1.3 * z, seed + 9)
        dirt *= 1 - row[14] * min(max((mole - 0.87) / 0.06, 0.0), 1.0)
    blotch = 0.0
    if row[20] > 0:
        blotch = row[20] * (
            value_noise(0.7 * x, 0.7 * y, 0.7 * z, seed + 2)
            + 0.7 * value_noise(1.9 * x, 1.9 * y, 1.9 * z, seed + 3)
        )
    for k in range(3):
        albedo[k] *= factor * dirt * (1 + blotch * (0.35 if k == 0 else 1.0))
        albedo[k] = min(max(albedo[k], 0.003), 0.95)


@njit(cache=True, fastmath=True)
def _pattern(place: Array, row: Array, seed: int) -> float:  # pragma: no cover - compiled
    """Share of the other colour."""
    cos, sin = math.cos(row[21]), math.sin(row[21])
    x, y = cos * place[0] - sin * place[1], sin * place[0] + cos * place[1]
    f, kind = row[7], int(row[6])
    if kind == 1:
        return 1.0 if math.sin(f * y) > 0.2 else 0.0
    if kind == 2:
        return 0.5 * ((1.0 if math.sin(f * y) > 0.3 else 0.0) + (1.0 if math.sin(f * x) > 0.3 else 0.0))
    if kind == 3:
        noise = value_noise(0.3 * f * x, 0.3 * f * y, 0.3 * f * place[2], seed + 4)
        noise += 0.5 * value_noise(0.8 * f * x, 0.8 * f * y, 0.8 * f * place[2], seed + 6)
        return 1.0 if noise > 0.15 else 0.0
    if kind == 4:
        return 1.0 if math.sin(f * x) * math.sin(f * y) > 0.6 else 0.0
    inside = abs(place[0]) < 9 and abs(place[1] + 33) < 6 and place[2] > 0
    letters = value_noise(0.9 * place[0], 0.35 * place[1], 1.5, seed + 4) > 0.05
    return 1.0 if inside and letters else 0.0


@njit(cache=True, fastmath=True)
def _bumped(
    normal: Array, place: Array, row: Array, pixels_per_cm: float, seed: int
) -> Array:  # pragma: no cover - compiled
    """The normal with folds and pores."""
    slope = np.zeros(3)
    for level in range(2):
        depth, f = (row[11], row[12]) if level == 0 else (row[2], row[0])
        if depth <= 0 or f > pixels_per_cm:
            continue
        step = 0.3 / f
        # Folds are long: stretched along a slanted axis.
        x, y, z = place[0], place[1], place[2]
        if level == 0:
            x, y = x + 0.6 * y, 0.45 * y
        middle = value_noise(f * x, f * y, f * z, seed + 11 * level)
        for k in range(3):
            dx, dy, dz = (step if k == 0 else 0.0), (step if k == 1 else 0.0), (step if k == 2 else 0.0)
            there = value_noise(f * (x + dx), f * (y + dy), f * (z + dz), seed + 11 * level)
            slope[k] += depth * (there - middle) / step
    along = (slope * normal).sum()
    bent = normal - (slope - along * normal)
    return bent / max(math.sqrt((bent * bent).sum()), 1e-9)


@njit(cache=True, fastmath=True)
def _paint_eye(albedo: Array, place: Array, row: Array, seed: int) -> None:  # pragma: no cover - compiled
    """White with veins, iris with fibres and a dark rim, pupil; the upper lid's shade. In place."""
    radius = math.sqrt(place[0] ** 2 + place[1] ** 2)
    iris, pupil = row[18], row[19]
    if place[2] < 0 or radius > 1.06 * iris:
        vein = value_noise(9 * place[0], 9 * place[1], 9 * place[2], seed)
        pink = 0.25 * max(0.0, radius - iris) + 0.25 * max(0.0, 0.12 - abs(vein)) / 0.12 * radius
        albedo[1] *= 1 - pink
        albedo[2] *= 1 - pink
    else:
        angle = math.atan2(place[1], place[0])
        fibre = value_noise(9 * math.cos(angle), 9 * math.sin(angle), 2 * radius, seed + 3)
        ring = min(max((1.06 * iris - radius) / (0.16 * iris), 0.12), 1.0)
        core = 1 + 0.5 * max(0.0, 1 - abs(radius - 1.3 * pupil) / (0.5 * pupil))
        for k in range(3):
            albedo[k] = row[8 + k] * (1 + 0.45 * fibre) * ring * core
            if radius < pupil:
                albedo[k] = 0.006
    lid = min(max((0.5 - place[1]) / 0.55, 0.35), 1.0)
    for k in range(3):
        albedo[k] *= lid
