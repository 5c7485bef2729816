"""What lens, sensor and file do to a picture: focus, motion, exposure, colour, noise, vignette, scaling, compression, grey prints."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]


def develop(linear_hwc: Array, rng: Generator) -> Array:
    """Linear float colour (s, s, 3) to sRGB-like uint8."""
    side = len(linear_hwc)
    exposure = rng.uniform(0.7, 1.8) if rng.random() < 0.85 else rng.choice([rng.uniform(0.15, 0.5), rng.uniform(2, 4)])
    image = np.clip(linear_hwc * exposure, 0, None) * rng.uniform(0.85, 1.15, 3)
    image = np.clip(image, 0, 1) ** (1 / rng.uniform(1.7, 2.6))
    if rng.random() < 0.5:
        image = (image - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.1, 0.1)
    if rng.random() < 0.2:
        off = (np.arange(side) + 0.5) / side - 0.5
        image = image * (1 - rng.uniform(0, 1.2) * (off[:, None] ** 2 + off**2))[..., None]
    image = _blurred(image.astype(np.float32), rng)
    image = image + rng.normal(size=image.shape) * rng.uniform(0, 0.04)
    pixels = _compressed(np.round(np.clip(image, 0, 1) * 255).astype(np.uint8), rng)
    tint = rng.random()
    if tint < 0.13:
        grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)[..., None]
        pixels = np.clip(grey * np.array([1.0, 1, 1] if tint < 0.1 else [1.05, 0.9, 0.7]), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels)


def _blurred(image: Array, rng: Generator) -> Array:
    """Defocus, motion, or a small picture that was enlarged; sharpened pictures too."""
    side, kind = len(image), rng.random()
    if kind < 0.35:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), side * rng.uniform(0.002, 0.011)))
    if kind < 0.42:
        length = int(rng.integers(3, max(4, side // 24)))
        line = np.zeros((length, length), np.float32)
        turn = rng.uniform(0, np.pi)
        reach = (length - 1) / 2
        ends = [(round(reach + sign * reach * np.cos(turn)), round(reach + sign * reach * np.sin(turn))) for sign in (-1, 1)]
        cv2.line(line, ends[0], ends[1], 1.0)
        return np.asarray(cv2.filter2D(image, -1, line / line.sum()))
    if kind < 0.5:
        small = max(24, int(side * rng.uniform(0.25, 0.7)))
        return np.asarray(
            cv2.resize(cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA), (side, side), interpolation=cv2.INTER_CUBIC)
        )
    if kind < 0.6:
        return np.asarray(image + rng.uniform(0.3, 1.2) * (image - cv2.GaussianBlur(image, (0, 0), 1.2)))
    return image


def _compressed(pixels: Array, rng: Generator) -> Array:
    kind, quality = rng.random(), int(rng.integers(30, 95))
    if kind > 0.55:
        return pixels
    name, flag = (".jpg", cv2.IMWRITE_JPEG_QUALITY) if kind < 0.45 else (".webp", cv2.IMWRITE_WEBP_QUALITY)
    packed = cv2.imencode(name, np.ascontiguousarray(pixels[..., ::-1]), [flag, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]
