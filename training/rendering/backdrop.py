"""Backdrops without people: gradients, clutter, stripes, lit balls, sky and ground, blur. Linear colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from face3d.structures import Array


def random_backdrop(side: int, rng: Generator) -> Array:
    """(side, side, 3) float32, about 0..1."""
    kind = rng.random()
    if kind < 0.2:
        ground = rng.uniform(0, 1, 3) * (0.7 + 0.3 * cloud(side, rng, 2))[..., None]
    elif kind < 0.4:
        ground = np.stack([cloud(side, rng, int(rng.integers(2, 7))) for _ in range(3)], -1) * rng.uniform(
            0.2, 1
        )
    elif kind < 0.55:
        ground = outdoor_backdrop(side, rng)
    else:
        ground = _clutter(side, rng)
    return np.asarray(ground, np.float32)


def cloud(side: int, rng: Generator, octaves: int) -> Array:
    """(side, side) float32 in 0..1: smooth noise."""
    total = np.zeros((side, side), np.float32)
    strength = 1.0
    for octave in range(octaves):
        cells = 2 ** (octave + 1) + 1
        coarse = rng.normal(size=(cells, cells)).astype(np.float32)
        total += strength * cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
        strength *= rng.uniform(0.4, 0.9)
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def outdoor_backdrop(side: int, rng: Generator) -> Array:
    """A sky that pales towards the horizon, a skyline of trees or houses, and ground, mostly out of focus."""
    height = np.arange(side, dtype=np.float32)[:, None] / side
    horizon = rng.uniform(0.2, 0.9)
    up = np.clip((horizon - height) / horizon, 0, 1)[..., None]
    pale, deep = (
        rng.uniform(0.5, 1.2) * np.array([1.0, 0.98, 0.95]),
        rng.uniform(0.2, 0.9, 3) * np.array([0.6, 0.8, 1.0]),
    )
    sky = pale + up * (deep - pale) + 0.4 * rng.random() * cloud(side, rng, 5)[..., None]
    leaves = (
        rng.uniform(0.02, 0.35, 3) * np.array([0.7, 1.0, 0.4]) * (0.3 + 1.4 * cloud(side, rng, 6))[..., None]
    )
    rough = cv2.resize(
        rng.normal(size=(1, int(rng.integers(4, 40)))).astype(np.float32),
        (side, 1),
        interpolation=int(rng.integers(0, 3)),
    )
    skyline = horizon - np.abs(rough) * rng.uniform(0, 0.3)
    earth = rng.uniform(0.03, 0.5, 3) * (0.6 + 0.6 * cloud(side, rng, 6))[..., None]
    scene = np.where(
        (height > horizon)[..., None], earth, np.where((height > skyline)[..., None], leaves, sky)
    ).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), side * rng.uniform(0.002, 0.03)))


def _clutter(side: int, rng: Generator) -> Array:
    ground = np.tile(rng.uniform(0, 1, 3).astype(np.float32), (side, side, 1))
    for _ in range(rng.integers(2, 22)):
        SHAPES[rng.integers(len(SHAPES))](ground, rng)
    ground *= (0.55 + 0.45 * cloud(side, rng, 5))[..., None]
    if rng.random() < 0.7:
        return np.asarray(cv2.GaussianBlur(ground, (0, 0), side * rng.uniform(0.003, 0.04)))
    return ground


def _colour(rng: Generator) -> tuple[float, ...]:
    return tuple(float(x) for x in rng.uniform(0, 1, 3))


def _box(ground: Array, rng: Generator) -> None:
    side = len(ground)
    corner, far = rng.integers(-side // 4, side, 2), rng.integers(0, side * 5 // 4, 2)
    cv2.rectangle(ground, tuple(map(int, corner)), tuple(map(int, far)), _colour(rng), -1)


def _ball(ground: Array, rng: Generator) -> None:
    """A lit ellipse of the size and tone of a head: a negative example for a round, skin-coloured thing."""
    side = len(ground)
    centre, radii = rng.uniform(0, side, 2), rng.uniform(0.03, 0.35, 2) * side
    rows, columns = np.mgrid[:side, :side]
    u, v = (columns - centre[0]) / radii[0], (rows - centre[1]) / radii[1]
    inside = u * u + v * v < 1
    lit = (
        0.5
        + 0.5 * (rng.uniform(-0.7, 0.7) * u + rng.uniform(-0.7, 0.7) * v)
        - 0.3 * rng.random() * (u * u + v * v)
    )
    ground[inside] = (np.array(_colour(rng)) * np.clip(lit, 0.05, 1.5)[..., None])[inside]


def _bar(ground: Array, rng: Generator) -> None:
    side = len(ground)
    ends = rng.integers(0, side, 4)
    cv2.line(
        ground,
        tuple(map(int, ends[:2])),
        tuple(map(int, ends[2:])),
        _colour(rng),
        int(rng.integers(1, max(2, side // 12))),
    )


def _stripes(ground: Array, rng: Generator) -> None:
    """Flags, blinds, shelves, brickwork: a patch with a periodic pattern."""
    side = len(ground)
    left, top = rng.integers(0, side * 3 // 4, 2)
    right, bottom = left + rng.integers(side // 8, side), top + rng.integers(side // 8, side)
    rows, columns = np.mgrid[:side, :side][:, top:bottom, left:right]
    turn = rng.uniform(0, np.pi)
    wave = np.sin((columns * np.cos(turn) + rows * np.sin(turn)) * rng.uniform(10, 90) / side) > rng.uniform(
        -0.5, 0.5
    )
    ground[top:bottom, left:right] = np.where(wave[..., None], _colour(rng), _colour(rng))


SHAPES = (_box, _ball, _bar, _stripes)
