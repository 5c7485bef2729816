"""Shoulders, trunk, arms and collars in cloth of many patterns. Lengths in centimetres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.rasteriser import fractal_noise
from training.scenes.primitives import (
    CLOTH,
    LABEL_BODY,
    SKIN,
    Part,
    ellipsoid,
    euler,
    join,
    limb,
    moved,
    plain,
    unit,
)

NECK = np.array([0, -13.0, -3.0])
"""Pivot of the body under the head."""


def clothes(skin: Array, rng: Generator, arms: bool) -> Part:
    """The body below the neck, turned under the head; with upper arms and forearms where `arms`."""
    colour = rng.uniform(0.01, 1, 3) * rng.uniform(0.08, 0.9)
    shoulder_width, shoulder_height, depth = rng.uniform(17, 26), rng.uniform(12, 16), rng.uniform(8, 12)
    shoulder_y = rng.uniform(-17.5, -13.5) - shoulder_height
    solids = [
        ellipsoid(
            [0, shoulder_y, rng.uniform(-6, -2)], [shoulder_width, shoulder_height, depth], rng, size=56
        ),
        ellipsoid(
            [0, -68, -4],
            [rng.uniform(0.75, 1) * shoulder_width, 42, depth * rng.uniform(0.9, 1.2)],
            rng,
            size=56,
        ),
    ]
    bare = rng.random() < 0.3
    bare_arms: list[tuple[Array, Array]] = []
    if arms:
        for sign in (-1, 1):
            shoulder = np.array([sign * 0.86 * shoulder_width, shoulder_y + 3, -4])
            elbow = shoulder + np.array(
                [sign * rng.uniform(0, 14), -rng.uniform(20, 30), rng.uniform(-8, 12)]
            )
            wrist = elbow + rng.uniform(20, 27) * unit(
                np.array([-sign * rng.uniform(-0.3, 1.2), rng.uniform(-1, 0.8), rng.uniform(0, 1)])
            )
            solids.append(limb(np.stack([shoulder, (shoulder + elbow) / 2, elbow]), [6.5, 5.5, 4.8], 20))
            forearm = limb(np.stack([elbow, (elbow + wrist) / 2, wrist]), [4.8, 4.2, 3.0], 20)
            (bare_arms if bare else solids).append(forearm)
    pattern = _pattern(colour, rng)
    pieces = [plain(points, triangles, pattern(points), LABEL_BODY, CLOTH) for points, triangles in solids]
    neck = limb(np.array([[0, -9, -1.5], [0, -17, -3], [0, -26, -4]]), [4.8, 5.6, 8], 20)
    pieces += [plain(*arm, skin, LABEL_BODY, SKIN) for arm in [neck, *bare_arms]]
    if rng.random() < 0.5:
        collar = ellipsoid(
            [0, rng.uniform(-17.5, -14.5), rng.uniform(-3, -1)],
            [rng.uniform(7, 10), rng.uniform(1.5, 4), rng.uniform(7, 10)],
            rng,
        )
        shade = colour * rng.uniform(0.5, 1.5) if rng.random() < 0.6 else rng.uniform(0.05, 0.9, 3)
        pieces.append(plain(*collar, shade, LABEL_BODY, CLOTH))
    turn = euler(np.clip(rng.normal() * 18, -45, 45), rng.normal() * 6, rng.normal() * 5)
    return moved(join(pieces), turn, NECK - turn @ NECK)


def neck_scarf(rng: Generator) -> Part:
    """A scarf wound around the neck once or twice, half of the time with an end that hangs down in front."""
    turns, start, thick = rng.uniform(1.1, 2.2), rng.uniform(0, 2 * np.pi), rng.uniform(1.6, 3.0)
    way = np.linspace(0, 1, 56)
    angle, wide = start + 2 * np.pi * turns * way, rng.uniform(8, 10) + rng.uniform(0, 1.5) * way
    lowest = -10.5 - thick - rng.uniform(0, 3) * way
    loops = limb(
        np.stack([wide * np.sin(angle), lowest, wide * np.cos(angle) - 1.5], 1),
        thick * (1 + 0.15 * np.sin(9 * angle)),
        16,
    )
    solids = [loops]
    if rng.random() < 0.5:
        x, length = rng.uniform(-5, 5), rng.uniform(12, 30)
        hanging = np.stack(
            [
                x + rng.normal(0, 0.6, 6).cumsum(),
                lowest[-1] - np.linspace(0, length, 6),
                np.full(6, wide[-1] - 1),
            ],
            1,
        )
        solids.append(limb(hanging, np.linspace(thick, 1.3 * thick, 6), 16))
    pattern = _pattern(rng.uniform(0.02, 0.95, 3) * rng.uniform(0.1, 1), rng)
    frequency, depth, seed = rng.uniform(0.15, 0.5), rng.uniform(0, 0.7), int(rng.integers(1 << 20))
    pieces = []
    for points, triangles in solids:
        folds = fractal_noise(points.astype(np.float32) * np.array([1, 3, 1], np.float32), frequency, 2, seed)
        outward = unit(points * [1, 0, 1] - [0, 0, -1.5])
        pieces.append(
            plain(points + depth * folds[:, None] * outward, triangles, pattern(points), LABEL_BODY, CLOTH)
        )
    return join(pieces)


def _pattern(colour: Array, rng: Generator) -> Any:
    """A function from points (v, 3) to linear colours (v, 3), of one of six kinds of pattern."""
    other = rng.uniform(0.01, 0.95, 3)
    kind = rng.choice(
        ["plain", "stripes", "checks", "patches", "jacket", "print"], p=[0.34, 0.14, 0.1, 0.14, 0.18, 0.1]
    )
    width, seed, opening = rng.uniform(0.5, 3), int(rng.integers(1 << 20)), rng.uniform(2, 7)
    badge = np.array([rng.uniform(-14, 14), rng.uniform(-50, -28)])

    def colours(points: Array) -> Array:
        x, y, z = points.T
        share = np.zeros(len(points))
        if kind == "stripes":
            share = (np.sin(y / width * 2) > 0).astype(float)
        elif kind == "checks":
            share = 0.5 * ((np.sin(y / width * 2) > 0.4).astype(float) + (np.sin(x / width * 2) > 0.4))
        elif kind == "patches":
            share = (fractal_noise(points.astype(np.float32), 0.5 / width / 2, 2, seed) > 0.1).astype(float)
        elif kind == "jacket":
            share = (np.abs(x) < opening * np.clip((y + 60) / 40, 0.1, 1)) & (z > 0)
        elif kind == "print":
            share = (np.hypot(x - badge[0], y - badge[1]) < 2 * width) & (z > 0)
        return colour + share[:, None] * (other - colour)

    return colours
