"""Shading of a rasterised scene: procedural detail, ambient light, directional lights with shadow maps,
gloss.

Compiled with numba. Lights are values (`Lighting`, `DirectionalLight`); `pack_lights` turns them into arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from face3d.structures import Array
from training.rendering.rasteriser import rasterise, value_noise

LIGHT_DISTANCE = 600.0
"""From the head to a directional light, centimetres: far enough that its rays are nearly parallel."""
SHADOW_SIDE = 224
"""Side of a shadow map, pixels."""
SHADOW_REACH = 28.0
"""Centimetres from the head beyond which nothing casts a shadow."""
SHADOW_BIAS = 0.45
"""Centimetres by which an occluder must be nearer to the light, so that a surface does not shadow itself."""
BUMP_STEP = 0.35
"""Step of the finite difference that gives the slope of the noise, in cells of the noise."""


@dataclass(frozen=True, eq=False)
class DirectionalLight:
    """A distant lamp.

    towards_3: unit vector towards the light. colour_3: linear RGB. wrap: 0 for Lambert's law; more carries
    the light around the terminator. gloss_exponent, gloss_strength: of the Blinn-Phong highlight.
    shadow_softness: radius of the shadow's edge in shadow-map pixels; None: the light casts no shadow.
    """

    towards_3: Array
    colour_3: Array
    wrap: float
    gloss_exponent: float
    gloss_strength: float
    shadow_softness: float | None


@dataclass(frozen=True, eq=False)
class Lighting:
    """All light in a scene.

    ambient_3: linear RGB. slope_33: relative change of each colour (columns) along x, y and z of the normal
    (rows), the first-order spherical harmonics.
    """

    ambient_3: Array
    slope_33: Array
    lights: tuple[DirectionalLight, ...]


class PackedLights(NamedTuple):
    """`Lighting` as arrays for `shade`.

    light_k10: per light towards_3, colour_3, wrap, gloss_exponent, gloss_strength, shadow_softness (-1: no
    shadow). shadow_khw, frame_k43: see `shadow_map`; zeros where there is no shadow.
    """

    ambient_3: Array
    slope_33: Array
    light_k10: Array
    shadow_khw: Array
    frame_k43: Array


class Visible(NamedTuple):
    """Triangle and barycentric weights of each pixel, see `rasteriser.rasterise`."""

    index_hw: Array
    weight_hw3: Array


class Surface(NamedTuple):
    """Triangles, vertices and materials, see `primitives.Part`."""

    triangles_m3: Array
    vertices_v3: Array
    normals_v3: Array
    albedo_v3: Array
    coordinates_v3: Array
    material_m: Array


def pack_lights(lighting: Lighting, vertices_v3: Array, triangles_m3: Array) -> PackedLights:
    """The lights as arrays, with the shadow maps of a mesh."""
    no_shadow = np.zeros((SHADOW_SIDE, SHADOW_SIDE), np.float32), np.zeros((4, 3), np.float32)
    rows, maps = [], []
    for light in lighting.lights:
        casts = light.shadow_softness is not None
        maps.append(shadow_map(vertices_v3, triangles_m3, light.towards_3) if casts else no_shadow)
        softness = -1.0 if light.shadow_softness is None else light.shadow_softness
        gloss = light.gloss_exponent, light.gloss_strength
        rows.append([*light.towards_3, *light.colour_3, light.wrap, *gloss, softness])
    return PackedLights(
        np.asarray(lighting.ambient_3, np.float64),
        np.asarray(lighting.slope_33, np.float64),
        np.array(rows, np.float64),
        np.stack([shadow for shadow, _ in maps]),
        np.stack([frame for _, frame in maps]),
    )


def shadow_map(vertices_v3: Array, triangles_m3: Array, towards_light_3: Array) -> tuple[Array, Array]:
    """Distances from a light, (side, side) float32 (0 = nothing), and the rows (4, 3) of its projection.

    Rows: right, up and forward axes scaled to pixels at LIGHT_DISTANCE, then the light's position.
    """
    forward = -towards_light_3
    helper = np.array([0, 1, 0]) if abs(forward[1]) < 0.9 else np.array([1, 0, 0])
    right = np.cross(forward, helper)
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    centre = np.array([0, -2.0, 0])
    position = centre + towards_light_3 * LIGHT_DISTANCE
    scale = SHADOW_SIDE / (2 * SHADOW_REACH)  # pixels per centimetre
    frame = np.stack([right * scale, up * scale, forward, position]).astype(np.float32)
    relative = vertices_v3 - frame[3]
    distance = relative @ frame[2]
    shrink = LIGHT_DISTANCE / distance
    column = relative @ frame[0] * shrink + SHADOW_SIDE / 2
    row = SHADOW_SIDE / 2 - relative @ frame[1] * shrink
    screen = np.stack([column, row, distance], 1).astype(np.float32)
    return rasterise(screen, triangles_m3, SHADOW_SIDE, SHADOW_SIDE, False)[2], frame


@njit(cache=True)
def shade(
    visible: Visible, surface: Surface, detail_k8: Array, camera_3: Array, lights: PackedLights, seed: int
) -> Array:  # pragma: no cover - compiled
    """Linear colour (h, w, 3) float32, 0 where nothing was hit.

    detail_k8: see `scene.details`. camera_3: its position. seed: of the procedural noise.
    """
    height, width = visible.index_hw.shape
    out = np.zeros((height, width, 3), np.float32)
    for row in range(height):
        for column in range(width):
            t = visible.index_hw[row, column]
            if t < 0:
                continue
            point, normal, albedo, noise_place = interpolated(surface, t, visible.weight_hw3[row, column])
            to_camera = camera_3 - point
            to_camera /= math.sqrt((to_camera * to_camera).sum())
            normal /= max(math.sqrt((normal * normal).sum()), 1e-9)
            if (normal * to_camera).sum() < 0:
                normal = -normal
            detail = detail_k8[surface.material_m[t]]
            normal = _detailed(albedo, normal, noise_place, detail, seed)
            light, gloss = _ambient(normal, lights), np.zeros(3)
            for s in range(lights.light_k10.shape[0]):
                _add_light(light, gloss, s, lights, point, normal, to_camera, detail)
            for k in range(3):
                out[row, column, k] = albedo[k] * light[k] + gloss[k]
    return out


@njit(cache=True)
def interpolated(
    surface: Surface, t: int, weight_3: Array
) -> tuple[Array, Array, Array, Array]:  # pragma: no cover - compiled
    """Place, normal (of any length), albedo and noise coordinates within triangle `t`, each (3,) float64."""
    point, normal, albedo, noise_place = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    for corner in range(3):
        share, v = weight_3[corner], surface.triangles_m3[t, corner]
        for k in range(3):
            point[k] += share * surface.vertices_v3[v, k]
            normal[k] += share * surface.normals_v3[v, k]
            albedo[k] += share * surface.albedo_v3[v, k]
            noise_place[k] += share * surface.coordinates_v3[v, k]
    return point, normal, albedo, noise_place


@njit(cache=True)
def _detailed(
    albedo_3: Array, normal_3: Array, noise_place_3: Array, detail_8: Array, seed: int
) -> Array:  # pragma: no cover - compiled
    """The normal with the bumps of a material; its colour noise is multiplied into the albedo in place."""
    colour, bump = detail_8[3], detail_8[4]
    if colour <= 0 and bump <= 0:
        return normal_3
    x, y, z = noise_place_3[0] * detail_8[0], noise_place_3[1] * detail_8[1], noise_place_3[2] * detail_8[2]
    middle = value_noise(x, y, z, seed)
    fine = value_noise(2.3 * x, 2.3 * y, 2.3 * z, seed + 1)
    for k in range(3):
        albedo_3[k] *= max(0.05, 1 + colour * (middle + 0.6 * fine))
    if bump <= 0:
        return normal_3
    slope = np.zeros(3)
    slope[0] = value_noise(x + BUMP_STEP, y, z, seed) - middle
    slope[1] = value_noise(x, y + BUMP_STEP, z, seed) - middle
    slope[2] = value_noise(x, y, z + BUMP_STEP, seed) - middle
    slope *= bump * detail_8[0] / BUMP_STEP
    along = (slope * normal_3).sum()
    bent = normal_3 - (slope - along * normal_3)
    return bent / math.sqrt((bent * bent).sum())


@njit(cache=True)
def _ambient(normal_3: Array, lights: PackedLights) -> Array:  # pragma: no cover - compiled
    """Ambient light on a surface, (3,)."""
    light = np.zeros(3)
    harmonics = lights.slope_33
    for k in range(3):
        slope = harmonics[0, k] * normal_3[0] + harmonics[1, k] * normal_3[1] + harmonics[2, k] * normal_3[2]
        light[k] = lights.ambient_3[k] * (1 + min(max(slope, -0.8), 1.5))
    return light


@njit(cache=True)
def _add_light(
    light_3: Array,
    gloss_3: Array,
    s: int,
    lights: PackedLights,
    point_3: Array,
    normal_3: Array,
    to_camera_3: Array,
    detail_8: Array,
) -> None:  # pragma: no cover - compiled
    """Adds the diffuse light and the highlight of directional light `s` in place."""
    lamp = lights.light_k10[s]
    towards, wrap = lamp[:3], lamp[6]
    diffuse = max(0.0, ((normal_3 * towards).sum() + wrap) / (1 + wrap))
    if diffuse <= 0:
        return
    lit = 1.0
    if lamp[9] >= 0:
        lit = lit_share(lights.shadow_khw[s], lights.frame_k43[s], point_3, normal_3, lamp[9])
    half = towards + to_camera_3
    half /= math.sqrt((half * half).sum())
    strength = max(lamp[8] * detail_8[5], detail_8[6])
    shine = strength * max(0.0, (half * normal_3).sum()) ** (lamp[7] * detail_8[7])
    for k in range(3):
        light_3[k] += lamp[3 + k] * diffuse * lit
        gloss_3[k] += lamp[3 + k] * shine * lit


@njit(cache=True)
def lit_share(
    shadow_hw: Array, frame_43: Array, point_3: Array, normal_3: Array, softness: float
) -> float:  # pragma: no cover - compiled
    """Share of five taps around a point, lifted off its surface by a millimetre, that the light reaches."""
    px = point_3[0] + 0.1 * normal_3[0] - frame_43[3, 0]
    py = point_3[1] + 0.1 * normal_3[1] - frame_43[3, 1]
    pz = point_3[2] + 0.1 * normal_3[2] - frame_43[3, 2]
    distance = px * frame_43[2, 0] + py * frame_43[2, 1] + pz * frame_43[2, 2]
    shrink = LIGHT_DISTANCE / distance
    column = (px * frame_43[0, 0] + py * frame_43[0, 1] + pz * frame_43[0, 2]) * shrink + SHADOW_SIDE / 2
    row = SHADOW_SIDE / 2 - (px * frame_43[1, 0] + py * frame_43[1, 1] + pz * frame_43[1, 2]) * shrink
    lit = 0.0
    for tap in range(5):
        c = int(column + (softness if tap == 1 else -softness if tap == 2 else 0.0))
        r = int(row + (softness if tap == 3 else -softness if tap == 4 else 0.0))
        if 0 <= r < SHADOW_SIDE and 0 <= c < SHADOW_SIDE and 0 < shadow_hw[r, c] < distance - SHADOW_BIAS:
            continue
        lit += 0.2
    return lit
