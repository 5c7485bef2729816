"""Random light, and the picture of a scene in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.rendering.glass import apply_glass
from training.rendering.rasteriser import rasterise
from training.rendering.shading import DirectionalLight, Lighting, Surface, Visible, pack_lights, shade
from training.scenes.primitives import GLASS, Part, only

CHANCE = {"hard light": 0.15, "back light": 0.1, "flash": 0.07, "coloured light": 0.1}


def random_light(rng: Generator) -> tuple[Lighting, set[str]]:
    """Ambient light and one to five directional lights, and the names of CHANCE among them."""
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    ambient = rng.uniform(0.1, 0.7) * rng.uniform(0.85, 1.15, 3)
    slope = rng.normal(size=(3, 3)) * 0.25 * rng.uniform(0.3, 1)
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
        lights[0] = replace(lights[0], colour_3=lights[0].colour_3 * 1.8, wrap=0.0, shadow_softness=0.0)
    if "back light" in has:
        away = np.array([rng.normal(), rng.uniform(-0.2, 1), -rng.uniform(0.4, 1.5)])
        lights.append(_light(away, rng.uniform(0.8, 2.5) * rng.uniform(0.8, 1.1, 3), rng, exponent, strength))
    if "flash" in has:
        beside_lens = np.array([rng.normal() * 0.05, rng.uniform(0, 0.12), 1])
        lights.append(_light(beside_lens, np.full(3, rng.uniform(0.6, 1.6)), rng, exponent, 0.25))
    return Lighting(ambient, slope, tuple(lights)), has


def _light(
    towards_3: Array, colour_3: Array, rng: Generator, exponent: float, strength: float
) -> DirectionalLight:
    softness = rng.uniform(0, 3) if rng.random() < 0.7 else None
    direction = towards_3 / np.linalg.norm(towards_3)
    return DirectionalLight(direction, colour_3, rng.uniform(0, 0.25), exponent, strength, softness)


def photograph(
    mesh: Part,
    placed_v3: Array,
    screen_v3: Array,
    detail_68: Array,
    distance: float,
    lighting: Lighting,
    side: int,
    seed: int,
) -> tuple[Array, Array]:
    """Linear colour (side, side, 3) float32, 0 where there is neither a surface nor a reflection, and the
    first opaque triangle of each pixel, or -1.

    placed_v3: vertices in camera axes. screen_v3: the same projected, see `rasteriser.rasterise`. detail_68:
    see `scene.details`. distance: of the camera, on +Z. seed: of the noise and of reflections on glass.
    """
    opaque = np.flatnonzero(mesh.material_m != GLASS)
    triangles = mesh.triangles_m3[opaque]
    index, weight, away = rasterise(screen_v3, triangles, side, side, False)
    surface = Surface(
        triangles,
        placed_v3,
        vertex_normals(placed_v3, triangles).astype(np.float32),
        mesh.albedo_v3,
        mesh.coordinates_v3,
        mesh.material_m[opaque],
    )
    packed = pack_lights(lighting, placed_v3, triangles)
    colour = shade(Visible(index, weight), surface, detail_68, np.array([0, 0, distance]), packed, seed)
    if len(opaque) < len(mesh.triangles_m3):
        clear = only(mesh, mesh.material_m == GLASS)
        lights, rng = lighting.lights, np.random.default_rng(seed)
        colour = apply_glass(colour, away, clear, placed_v3, screen_v3, lights, rng)
    return colour, np.where(index >= 0, opaque[index], -1)
