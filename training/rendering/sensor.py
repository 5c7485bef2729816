"""Effects of lens, sensor and file: focus, motion, exposure, colour, noise, scaling, compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from face3d.structures import Array

CHANCE = {
    "under-exposed": 0.075,
    "over-exposed": 0.075,
    "vignette": 0.2,
    "defocus": 0.35,
    "motion blur": 0.07,
    "enlarged": 0.08,
    "sharpened": 0.1,
    "JPEG": 0.45,
    "WebP": 0.1,
    "grey": 0.1,
    "sepia": 0.03,
}
"""At most one of "defocus" to "sharpened" occurs, and of the exposures, kinds of file and prints. Noise is
always added."""


def develop(linear_hwc: Array, rng: Generator) -> tuple[Array, set[str]]:
    """Linear float colour (s, s, 3) to sRGB-like uint8, and the names in CHANCE of the effects."""
    side, has = len(linear_hwc), set()
    exposure = rng.uniform(0.7, 1.8)
    if (exposed := _one_of(("under-exposed", "over-exposed"), rng)) is not None:
        has.add(exposed)
        exposure = rng.uniform(0.15, 0.5) if exposed == "under-exposed" else rng.uniform(2, 4)
    image = np.clip(linear_hwc * exposure, 0, None) * rng.uniform(0.85, 1.15, 3)
    image = np.clip(image, 0, 1) ** (1 / rng.uniform(1.7, 2.6))
    if rng.random() < 0.5:
        image = (image - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.1, 0.1)
    if rng.random() < CHANCE["vignette"]:
        has.add("vignette")
        off = (np.arange(side) + 0.5) / side - 0.5
        image = image * (1 - rng.uniform(0, 1.2) * (off[:, None] ** 2 + off**2))[..., None]
    blur, file, tint = (_one_of(names, rng) for names in (tuple(BLURS), tuple(FILES), ("grey", "sepia")))
    image = image.astype(np.float32)
    if blur is not None:
        image = BLURS[blur](image, rng)
    image = image + rng.normal(size=image.shape) * rng.uniform(0, 0.04)
    pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if file is not None:
        pixels = compressed(pixels, *FILES[file], int(rng.integers(30, 95)))
    if tint is not None:
        grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)[..., None]
        pixels = np.clip(grey * np.array([1.0, 1, 1] if tint == "grey" else [1.05, 0.9, 0.7]), 0, 255).astype(
            np.uint8
        )
    return np.ascontiguousarray(pixels), has | {name for name in (blur, file, tint) if name is not None}


def _one_of(names: tuple[str, ...], rng: Generator) -> str | None:
    """One of the names with the chance of each, or None."""
    drawn = rng.random()
    for name in names:
        drawn -= CHANCE[name]
        if drawn < 0:
            return name
    return None


def _defocused(image: Array, rng: Generator) -> Array:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), len(image) * rng.uniform(0.002, 0.011)))


def _moved(image: Array, rng: Generator) -> Array:
    """Smeared along a line."""
    length = int(rng.integers(3, max(4, len(image) // 24)))
    line = np.zeros((length, length), np.float32)
    turn, reach = rng.uniform(0, np.pi), (length - 1) / 2
    ends = [
        (round(reach + sign * reach * np.cos(turn)), round(reach + sign * reach * np.sin(turn)))
        for sign in (-1, 1)
    ]
    cv2.line(line, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(image, -1, line / line.sum()))


def _enlarged(image: Array, rng: Generator) -> Array:
    """Shrunk and enlarged again."""
    side = len(image)
    small = max(24, int(side * rng.uniform(0.25, 0.7)))
    shrunk = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, (side, side), interpolation=cv2.INTER_CUBIC))


def _sharpened(image: Array, rng: Generator) -> Array:
    return np.asarray(image + rng.uniform(0.3, 1.2) * (image - cv2.GaussianBlur(image, (0, 0), 1.2)))


def compressed(pixels: Array, ending: str, flag: int, quality: int) -> Array:
    """The picture after a round trip through a compressed file."""
    packed = cv2.imencode(ending, np.ascontiguousarray(pixels[..., ::-1]), [flag, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]


BLURS = {"defocus": _defocused, "motion blur": _moved, "enlarged": _enlarged, "sharpened": _sharpened}
FILES = {"JPEG": (".jpg", cv2.IMWRITE_JPEG_QUALITY), "WebP": (".webp", cv2.IMWRITE_WEBP_QUALITY)}
