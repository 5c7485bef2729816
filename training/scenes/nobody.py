"""Scenes without a person: animals, things and rooms, of the parts that people are made of.

Pictures of them measure how often a head is found where there is none. Centimetres, as in `scene`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.rasteriser import fractal_noise
from training.scenes.primitives import (
    CLOTH,
    EYE,
    HAIR,
    LABEL_NOTHING,
    PLASTIC,
    Part,
    ellipsoid,
    euler,
    grid_triangles,
    join,
    limb,
    moved,
    plain,
)
from training.scenes.scene import Scene, details

MINIATURE = 0.25
"""Scale of rooms: the cameras frame a head, so a small room is seen as a whole."""


def random_animal(rng: Generator) -> Part:
    """Head with muzzle, ears and two eyes, furry and often patched, before a body."""
    scale, coat, patch = rng.uniform(0.7, 1.2), rng.uniform(0.01, 0.7, 3), rng.uniform(0.01, 0.9, 3)
    patches, wide = rng.uniform(-0.5, 0.7), rng.uniform(7, 10)

    def furry(centre: Any, radii: Any) -> Part:
        points, triangles = ellipsoid(centre, radii, rng, rng.uniform(0, 0.1))
        noise = fractal_noise(points.astype(np.float32), 0.12, 3, int(rng.integers(1 << 20)))
        share = (noise > patches)[:, None]
        return plain(points, triangles, np.where(share, coat, patch), LABEL_NOTHING, HAIR)

    muzzle = rng.uniform(2, 9)
    parts = [furry([0, 0, 0], [wide, rng.uniform(7, 10), rng.uniform(7, 10)])]
    parts.append(furry([0, -3, 7 + muzzle / 2], [rng.uniform(3, 5), rng.uniform(2.5, 4), muzzle]))
    parts.append(furry([0, -22, -14], [rng.uniform(10, 16), 18, rng.uniform(12, 25)]))
    nose = ellipsoid([0, -2, 7 + 1.4 * muzzle], [1.6, 1.1, 1], rng, 0.05)
    parts.append(plain(*nose, rng.uniform(0.01, 0.15, 3), LABEL_NOTHING, PLASTIC))
    apart, high, size = rng.uniform(2.5, 5.5), rng.uniform(0, 3.5), rng.uniform(0.8, 1.7)
    iris, ear = rng.uniform(0.02, 0.6, 3), [rng.uniform(2, 4), rng.uniform(3, 9), rng.uniform(0.8, 2)]
    for side in (-1, 1):
        parts.append(furry([side * wide * 0.75, 7 + ear[1] / 2, -1], ear))
        for radius, forward, colour in ((size, 0.0, iris), (size * 0.55, size * 0.7, np.full(3, 0.01))):
            eye = ellipsoid([side * apart, high, 7.2 + forward], [radius] * 3, rng, 0.0)
            parts.append(plain(*eye, colour, LABEL_NOTHING, EYE))
    turn = euler(rng.normal() * 25, rng.normal() * 10, rng.normal() * 12)
    return moved(join(parts), turn * np.float32(scale), np.array([0, rng.normal() * 4, 0]))


def random_thing(rng: Generator) -> Part:
    """One to five vessels and fruits, on a table or in the air."""
    parts = []
    for _ in range(rng.integers(1, 6)):
        colour, material = rng.uniform(0.01, 0.9, 3), int(rng.choice([CLOTH, PLASTIC, PLASTIC]))
        tall, steps = rng.uniform(5, 22), int(rng.integers(4, 9))
        if rng.random() < 0.5:
            line = np.linspace([0, -tall / 2, 0], [0, tall / 2, 0], steps)
            vessel = limb(line, rng.uniform(0.25, 0.7) * tall * rng.uniform(0.6, 1.1, steps), 32)
            things = [plain(*vessel, colour, LABEL_NOTHING, material)]
            if rng.random() < 0.5:
                angle = np.linspace(-1.3, 1.3, 9)
                bow = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1) * tall * 0.35
                handle = limb(bow + np.array([tall * 0.4, 0, 0]), rng.uniform(0.4, 1.2))
                things.append(plain(*handle, colour, LABEL_NOTHING, material))
        else:
            fruit = ellipsoid([0, 0, 0], tall / 2 * rng.uniform(0.7, 1.2, 3), rng, rng.uniform(0, 0.15))
            shade = 0.6 + 0.4 * fractal_noise(fruit[0].astype(np.float32), 0.3, 3, 7)
            things = [plain(*fruit, shade[:, None] * colour, LABEL_NOTHING, material)]
        turn = euler(rng.uniform(0, 360), rng.normal() * 15, rng.normal() * 15)
        shift = np.array([rng.normal() * 12, rng.normal() * 6, rng.normal() * 12])
        parts.append(moved(join(things), turn, shift))
    if rng.random() < 0.6:
        table = ellipsoid([0, -24, 0], [70, 3, 50], rng, 0.0)
        parts.append(plain(*table, rng.uniform(0.02, 0.8, 3), LABEL_NOTHING, CLOTH))
    return join(parts)


def random_room(rng: Generator) -> Part:
    """Floor, ceiling and three walls with furniture, pictures and lamps."""
    wide, high, deep = rng.uniform(120, 250), rng.uniform(90, 140), rng.uniform(150, 350)
    ends = {
        "floor": ([-wide, -high, 60], [2 * wide, 0, 0], [0, 0, -deep]),
        "ceiling": ([-wide, high, -deep + 60], [2 * wide, 0, 0], [0, 0, deep]),
        "back": ([-wide, -high, -deep + 60], [2 * wide, 0, 0], [0, 2 * high, 0]),
        "left": ([-wide, -high, 60], [0, 0, -deep], [0, 2 * high, 0]),
        "right": ([wide, -high, -deep + 60], [0, 0, deep], [0, 2 * high, 0]),
    }
    wall = rng.uniform(0.1, 0.9, 3)
    parts = []
    for name, (corner, across, up) in ends.items():
        colour = wall if name in ("back", "left", "right") else rng.uniform(0.05, 0.9, 3)
        parts.append(_panel(np.array(corner), np.array(across), np.array(up), colour, rng))
    for _ in range(rng.integers(3, 12)):
        size = rng.uniform([10, 10, 10], [70, 90, 50])
        centre = rng.uniform([-wide, -high, -deep + 60], [wide, -high / 3, -40])
        block = ellipsoid(centre, size / 2, rng, 0.0)
        bricks = np.sign(block[0] - centre) * np.abs((block[0] - centre) / (size / 2)) ** 0.2 * size / 2
        material = int(rng.choice([CLOTH, PLASTIC]))
        parts.append(plain(bricks + centre, block[1], rng.uniform(0.01, 0.8, 3), LABEL_NOTHING, material))
    for _ in range(rng.integers(0, 5)):
        low = rng.uniform(-wide, wide * 0.7), rng.uniform(-high / 2, high / 2), -deep + 61 + rng.random()
        right, top = (rng.uniform(10, 60), 0, 0), (0, rng.uniform(10, 50), 0)
        picture = np.array(low), np.array(right), np.array(top)
        parts.append(_panel(*picture, rng.uniform(0.02, 1, 3), rng))
    for _ in range(rng.integers(0, 4)):
        lamp = ellipsoid(rng.uniform([-wide, 0, -deep], [wide, high, -40]), rng.uniform(4, 16, 3), rng, 0.0)
        parts.append(plain(*lamp, rng.uniform(0.3, 1, 3), LABEL_NOTHING, PLASTIC))
    turn = euler(rng.normal() * 25, rng.normal() * 5, 0)
    return moved(join(parts), turn * np.float32(MINIATURE), np.zeros(3))


def _panel(corner_3: Array, across_3: Array, up_3: Array, colour: Array, rng: Generator) -> Part:
    """A flat board, plain, blotched or striped."""
    steps = 24
    u, v = np.meshgrid(np.linspace(0, 1, steps), np.linspace(0, 1, steps))
    points = corner_3 + u.reshape(-1, 1) * across_3 + v.reshape(-1, 1) * up_3
    pattern = np.ones(len(points))
    if (kind := rng.random()) < 0.4:
        pattern = 0.7 + 0.5 * fractal_noise(points.astype(np.float32), 0.05, 4, int(rng.integers(1 << 20)))
    elif kind < 0.6:
        pattern = np.where(np.sin(u.ravel() * rng.uniform(5, 60)) > 0, 1.0, rng.uniform(0.3, 1))
    return plain(points, grid_triangles(steps, steps, False), pattern[:, None] * colour, LABEL_NOTHING, CLOTH)


KINDS: dict[str, Callable[[Generator], Part]] = {
    "animal": random_animal,
    "thing": random_thing,
    "room": random_room,
}


def random_nobody(kind: str, rng: Generator) -> Scene:
    """A scene of one of `KINDS`. Fresh generators of the same seed give the same scene."""
    mesh = KINDS[kind](rng)
    none = np.zeros((0, 3))
    owner = np.zeros(len(mesh.triangles_m3), np.uint8)
    return Scene(mesh, none, none, owner, details(rng), 0.0, frozenset({"nobody", kind}))
