"""Random light, and the picture that a scene makes in it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.glass import look_through
from training.rendering.rasteriser import rasterise, vertex_normals
from training.rendering.shading import SHADOW_SIDE, shade, shadow_map
from training.scenes.primitives import GLASS, Part, only

CHANCE = {"hard light": 0.15, "back light": 0.1, "flash": 0.07, "coloured light": 0.1}


def random_light(rng: Generator) -> tuple[Array, Array, Array, set[str]]:
    """Ambient colour (3,), its slope (3, 3), one to five directional lights (k, 10) as `shading.shade` takes
    them, and names of CHANCE.
    """
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    ambient = rng.uniform(0.1, 0.7) * rng.uniform(0.85, 1.15, 3)
    harmonics = rng.normal(size=(3, 3)) * 0.25 * rng.uniform(0.3, 1)
    exponent, strength = rng.uniform(5, 60), rng.uniform(0, 0.25)
    lights = []
    for k in range(rng.integers(1, 4)):
        towards = rng.normal(size=3) * [1, 0.7, 1]
        towards[2] = abs(towards[2]) * rng.choice([1, 1, 1, -0.3])
        towards[1] += 0.4
        tint = rng.uniform(0.2, 1.2, 3) if "coloured light" in has else rng.uniform(0.75, 1.2, 3)
        lights.append(_light(towards, rng.uniform(0.2, 1.5) * tint / (0.7 * k + 1), rng, exponent, strength))
    if "hard light" in has:
        ambient *= 0.45
        lights[0][3:6] *= 1.8
        lights[0][6], lights[0][9] = 0.0, 0.0
    if "back light" in has:
        away = np.array([rng.normal(), rng.uniform(-0.2, 1), -rng.uniform(0.4, 1.5)])
        lights.append(_light(away, rng.uniform(0.8, 2.5) * rng.uniform(0.8, 1.1, 3), rng, exponent, strength))
    if "flash" in has:
        lights.append(
            _light(
                np.array([rng.normal() * 0.05, rng.uniform(0, 0.12), 1]),
                np.full(3, rng.uniform(0.6, 1.6)),
                rng,
                exponent,
                0.25,
            )
        )
    return ambient, harmonics, np.array(lights), has


def _light(towards: Array, colour: Array, rng: Generator, exponent: float, strength: float) -> Array:
    softness = rng.uniform(0, 3) if rng.random() < 0.7 else -1.0
    return np.array(
        [*(towards / np.linalg.norm(towards)), *colour, rng.uniform(0, 0.25), exponent, strength, softness]
    )


def photograph(
    mesh: Part,
    placed_v3: Array,
    screen_v3: Array,
    detail_68: Array,
    distance: float,
    light: tuple[Array, Array, Array],
    side: int,
    seed: int,
) -> tuple[Array, Array]:
    """Linear colour (side, side, 3) float32, 0 where nothing is hit nor glints, and the triangle that each
    pixel sees through glass, or -1.

    placed_v3: vertices in camera axes. screen_v3: the same projected, see `raster.rasterise`. distance: of
    the camera, on +Z.
    light: ambient, harmonics and lights, see `random_light`.
    """
    opaque = np.flatnonzero(mesh.material_m != GLASS)
    triangles = mesh.triangles_m3[opaque]
    index, weight, away = rasterise(screen_v3, triangles, side, side, False)
    ambient, harmonics, lights = light
    dark = np.zeros((SHADOW_SIDE, SHADOW_SIDE), np.float32), np.zeros((4, 3), np.float32)
    maps = [
        shadow_map(placed_v3, triangles, row[:3].astype(float)) if row[9] >= 0 else dark for row in lights
    ]
    colour = shade(
        index,
        weight,
        triangles,
        placed_v3,
        vertex_normals(placed_v3, triangles),
        mesh.albedo_v3,
        mesh.coordinates_v3,
        mesh.material_m[opaque],
        detail_68,
        np.array([0, 0, distance]),
        ambient,
        harmonics,
        lights,
        np.stack([m[0] for m in maps]),
        np.stack([m[1] for m in maps]),
        seed,
    )
    if len(opaque) < len(mesh.triangles_m3):
        clear = only(mesh, mesh.material_m == GLASS)
        colour = look_through(colour, away, clear, placed_v3, screen_v3, lights, np.random.default_rng(seed))
    return colour, np.where(index >= 0, opaque[index], -1)
