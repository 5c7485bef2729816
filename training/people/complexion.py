"""Colours of skin, mouth and eyes of both families, and the rows of their materials. Centimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.people.model import Fields
from training.people.suits import material
from training.rendering.rasteriser import fractal_noise
from training.scenes.primitives import EYE, LABEL_NARROW_FACE, Part, grid_triangles, nowhere, plain

LIGHT, DARK = np.array([0.66, 0.43, 0.33]), np.array([0.075, 0.038, 0.024])
"""Linear colours of the lightest and the darkest skin."""
TONES = np.array([[0.5, 1.0], [0.1, 0.55], [0.0, 0.4]])
"""Ranges of tone (0 light to 1 dark) of the three kins of `shape.KIN`."""


def random_tone(kin_3: Array, rng: Generator) -> float:
    """Of the skin, 0 light to 1 dark; every fifth independent of kin."""
    if rng.random() < 0.2:
        return float(rng.random())
    low, high = kin_3 @ TONES
    return float(rng.uniform(low, high))


def skin_colour(tone: float, rng: Generator) -> Array:
    """Linear RGB, halfway between the mean and the geometric mean of light and dark."""
    mean = (1 - tone) * LIGHT + tone * DARK
    geometric = np.exp((1 - tone) * np.log(LIGHT) + tone * np.log(DARK))
    return np.asarray((mean + geometric) / 2 * rng.uniform(0.9, 1.1, 3))


@dataclass(frozen=True, eq=False)
class Complexion:
    """What is drawn of a person's skin, the same for head and body. seed: of the noise. Strengths 0 to 1."""

    skin_3: Array
    lips_3: Array
    brow_3: Array
    shadow_3: Array
    seed: int
    mottled: float
    blush: float
    red_nose: float
    freckles: float
    eye_shadow: float
    lid_line: float
    under_eye: float
    brows: float
    stubble: float
    stubble_3: Array


def random_complexion(tone: float, hair_3: Array, sex: float, rng: Generator, has: set[str]) -> Complexion:
    """has: "freckles", "make-up" and "beard" are drawn where named."""
    skin = skin_colour(tone, rng)
    lips = skin * [rng.uniform(0.75, 1.0), rng.uniform(0.45, 0.8), rng.uniform(0.5, 0.85)]
    made_up = "make-up" in has
    if made_up:
        paint = np.array([rng.uniform(0.12, 0.5), rng.uniform(0.01, 0.12), rng.uniform(0.02, 0.16)])
        lips = skin + rng.uniform(0.4, 1) * (paint - skin)
    return Complexion(
        skin,
        lips,
        hair_3,
        skin * rng.uniform(0.2, 0.7) + rng.uniform(0, 0.12, 3),
        int(rng.integers(1 << 20)),
        rng.uniform(0.02, 0.09),
        rng.uniform(0, 0.9) * (1 - 0.6 * tone),
        rng.uniform(0, 0.8) * (1 - 0.6 * tone),
        rng.uniform(0.4, 1.4) if "freckles" in has else 0.0,
        rng.uniform(0.2, 0.8) if made_up else 0.0,
        rng.uniform(0.2, 0.85) if made_up else rng.uniform(0.05, 0.4),
        rng.uniform(0, 0.45),
        rng.uniform(0.1, 0.4),
        rng.uniform(0.2, 0.75) if "beard" in has else rng.uniform(0, 0.3) * sex * (rng.random() < 0.5),
        hair_3 * 0.7 + 0.1 * skin,
    )


def painted(complexion: Complexion, fields: Fields, scalp_v: Array | float) -> Array:
    """Albedo (v, 3) float32 of skin. scalp_v: how densely hair grows, 0 to 1."""

    def noise(frequency: float, octaves: int, number: int) -> Array:
        return fractal_noise(fields.place_v3, frequency, octaves, complexion.seed + 17 * number)

    albedo = complexion.skin_3 * (1 + complexion.mottled * noise(0.3, 4, 0)[:, None])
    blush = complexion.blush * fields.cheek + complexion.red_nose * fields.nose
    albedo *= 1 - (blush * (0.7 + 0.5 * noise(0.9, 3, 1)))[:, None] * np.array([-0.04, 0.3, 0.26])
    if complexion.freckles:
        spots = np.clip(noise(3.2, 1, 2) - 0.25, 0, 1) * np.clip(fields.cheek + fields.nose + 0.3, 0, 1)
        albedo *= 1 - np.clip(spots * complexion.freckles, 0, 0.7)[:, None] * np.array([0.5, 0.8, 0.9])
    ring = np.clip(1 - fields.to_eyelid / 1.3, 0, 1)
    albedo *= 1 - complexion.under_eye * ring[:, None] * np.array([0.25, 0.4, 0.32])
    _blend(albedo, complexion.eye_shadow * ring, complexion.shadow_3)
    _blend(albedo, 0.85 * fields.lips, complexion.lips_3)
    _blend(albedo, complexion.brows * np.clip(1 - fields.to_brow / 0.6, 0, 1), complexion.brow_3)
    _blend(albedo, complexion.lid_line * np.clip(1 - fields.to_eyelid / 0.22, 0, 1), complexion.skin_3 * 0.1)
    stubble = fields.beard * np.clip(0.7 + 0.5 * noise(2.0, 3, 3), 0, 1) * (1 - fields.lips)
    _blend(albedo, complexion.stubble * stubble, complexion.stubble_3)
    _blend(
        albedo,
        0.75 * (0 * fields.inner + scalp_v) * np.clip(0.9 + 0.4 * noise(2.5, 2, 4), 0, 1),
        complexion.brow_3,
    )
    _blend(albedo, 0.9 * fields.inner, np.array([0.22, 0.06, 0.05]))
    return np.clip(albedo, 0.004, 0.95).astype(np.float32)


def _blend(albedo_v3: Array, share_v: Array, colour: Array) -> None:
    albedo_v3 += share_v[:, None] * (colour - albedo_v3)


def skin_row(age: float, rng: Generator) -> Array:
    """Pores, blotches, oil and the light under the skin."""
    return material(
        frequency=rng.uniform(8, 14),
        colour_variation=rng.uniform(0.02, 0.07),
        bump=rng.uniform(0.001, 0.005) * (1 + 0.6 * max(age - 1, 0)),
        gloss=rng.uniform(0.02, 0.16),
        exponent=np.exp(rng.uniform(np.log(8), np.log(45))),
        mirror=rng.uniform(0.05, 0.4),
        subsurface=rng.uniform(0.6, 1.0),
        moles=rng.uniform(0.2, 0.8) if rng.random() < 0.3 else 0.0,
        blotches=rng.uniform(0.02, 0.1),
    )


def lip_row(skin_24: Array, rng: Generator) -> Array:
    """Skin with creases, moist or painted."""
    row = skin_24 + material(gloss=rng.uniform(0.02, 0.2), fold_depth=rng.uniform(0.003, 0.02))
    return np.asarray(row + material(fold_frequency=rng.uniform(3, 5)))


def mouth_row() -> Array:
    """Wet gums and teeth."""
    return material(frequency=3, colour_variation=0.05, gloss=0.3, exponent=60, mirror=0.8, subsurface=0.4)


def eye_row(tone: float, rng: Generator) -> Array:
    """Brown to blue, with dark skin brown; wet."""
    blue = rng.random() ** 1.8 * np.clip(1.4 - 2 * tone, 0, 1)
    hue = np.array([0.1, 0.045, 0.018]) * (1 - blue) + np.array([0.1, 0.18, 0.27]) * blue
    iris = hue * rng.uniform(0.4, 1.5)
    return material(
        other_red=iris[0],
        other_green=iris[1],
        other_blue=iris[2],
        gloss=2.5,
        exponent=400,
        mirror=1.0,
        subsurface=0.3,
        eye=1,
        iris_radius=rng.uniform(0.46, 0.52),
        pupil_radius=rng.uniform(0.14, 0.26),
    )


SIDES = 26


def eyeball(centre_3: Array, radius: float, gaze_3: Array) -> Part:
    """A ball whose coordinates are in radii, +Z along the gaze, with the cornea's bulge before the iris."""
    turn, tilt = np.meshgrid(np.linspace(0, 2 * np.pi, SIDES, endpoint=False), np.linspace(0.001, 3.1, SIDES))
    local = np.stack([np.cos(turn) * np.sin(tilt), np.sin(turn) * np.sin(tilt), np.cos(tilt)], -1).reshape(
        -1, 3
    )
    across = np.cross([0, 1.0, 0], gaze_3)
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(gaze_3, across), gaze_3], 1)
    bulge = 1 + 0.06 * np.clip(1 - (np.hypot(*local[:, :2].T) / 0.5) ** 2, 0, 1) * (local[:, 2] > 0)
    points = centre_3 + radius * (local * bulge[:, None]) @ frame.T
    ball = plain(
        points, grid_triangles(SIDES, SIDES, True), np.array([0.52, 0.5, 0.48]), LABEL_NARROW_FACE, EYE
    )
    coordinates = np.ascontiguousarray(local, np.float32)
    return Part(
        ball.vertices_v3,
        ball.triangles_m3,
        ball.albedo_v3,
        ball.label_m,
        ball.material_m,
        coordinates,
        nowhere(coordinates),
    )
