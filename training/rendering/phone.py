"""The usual faults of phone photos: portrait mode, beauty filter, night, halos, compression; and pictures
of pictures: screenshots, prints at an angle, mirrored borders.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.backdrop import cloud
from training.rendering.sample import Sample
from training.rendering.sensor import compressed
from training.scenes.primitives import LABEL_NOTHING

CHANCE = {
    "portrait mode": 0.06,
    "beauty filter": 0.04,
    "night": 0.04,
    "halos": 0.05,
    "strong JPEG": 0.07,
    "picture of a picture": 0.08,
}
"""Probabilities, each on its own; a picture of a picture is a screenshot, a print or has mirrored borders."""


def with_faults(sample: Sample, rng: Generator) -> Sample:
    """The sample with random faults, named in `has`. Its truth follows where the picture moves."""
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    image = sample.rgb_hwc.astype(np.float32) / 255
    for name, fault in FAULTS.items():
        if name in has:
            image = fault(image, sample.matte_hw / np.float32(255), rng)
    pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    changed = replace(sample, rgb_hwc=pixels, has=sample.has | has)
    if "picture of a picture" in has:
        changed = _pictured(changed, rng)
    if "strong JPEG" in has:
        coarse = compressed(changed.rgb_hwc, ".jpg", cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(6, 30)))
        changed = replace(changed, rgb_hwc=np.ascontiguousarray(coarse))
    return changed


def _portrait_mode(image: Array, person_hw: Array, rng: Generator) -> Array:
    """Blur around a wrong outline: too wide, too narrow, hair cut off, patches missed."""
    side = len(image)
    rough = cv2.GaussianBlur(person_hw, (0, 0), side * rng.uniform(0.005, 0.03))
    wrong = rough + rng.uniform(0.1, 0.5) * (cloud(side, rng, 5) - 0.5)
    mask = np.clip((wrong - rng.uniform(0.25, 0.7)) / rng.uniform(0.05, 0.3) + 0.5, 0, 1)[..., None]
    behind = cv2.GaussianBlur(image, (0, 0), side * rng.uniform(0.01, 0.04))
    return np.asarray(behind + mask * (image - behind))


def _beauty(image: Array, person_hw: Array, rng: Generator) -> Array:
    """Skin without texture."""
    width = len(image) * rng.uniform(0.01, 0.03)
    smooth = cv2.bilateralFilter(image.astype(np.float32), -1, rng.uniform(0.08, 0.25), width)
    return np.asarray(image + rng.uniform(0.5, 1) * person_hw[..., None] * (smooth - image))


def _night(image: Array, person_hw: Array, rng: Generator) -> Array:
    """Dark, with coloured noise in coarse and fine grains, half of the time smeared by a filter."""
    dark: Array = image * rng.uniform(0.25, 0.7)
    side = len(image)
    for grain in (1, 2, 5):
        small = max(side // grain, 4)
        noise = rng.normal(size=(small, small, 3)).astype(np.float32) * rng.uniform(0.01, 0.05)
        dark = dark + cv2.resize(noise, (side, side), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        dark = cv2.medianBlur(np.clip(dark, 0, 1).astype(np.float32), 3)
    return np.asarray(dark)


def _halos(image: Array, person_hw: Array, rng: Generator) -> Array:
    """Sharpened too much over too wide a radius."""
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(1, 4))
    return np.asarray(image + rng.uniform(0.8, 2.5) * (image - soft))


FAULTS = {"beauty filter": _beauty, "portrait mode": _portrait_mode, "night": _night, "halos": _halos}


def _pictured(sample: Sample, rng: Generator) -> Sample:
    """The photo as part of another picture, smaller; around it there is nobody."""
    side = len(sample.rgb_hwc)
    kind = rng.choice(["mirrored", "screenshot", "print"])
    small = rng.uniform(0.7, 0.94) * side
    left, top = rng.uniform(0, side - small, 2)
    corners = np.array([left, top]) + small * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    if kind == "print":
        corners = np.clip(corners + rng.uniform(-0.06, 0.06, (4, 2)) * side, 0, side)
    whole = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    there = cv2.getPerspectiveTransform(whole, corners.astype(np.float32))
    if kind == "mirrored":
        flags, border = cv2.INTER_AREA, cv2.BORDER_REFLECT
        rgb = cv2.warpPerspective(sample.rgb_hwc, there, (side, side), flags=flags, borderMode=border)
    else:
        ground = _screen(side, rng) if kind == "screenshot" else _table(side, corners, rng)
        covered = cv2.warpPerspective(np.ones((side, side), np.float32), there, (side, side))[..., None]
        inside = cv2.warpPerspective(sample.rgb_hwc, there, (side, side), flags=cv2.INTER_AREA)
        if kind == "print":
            inside = (inside * rng.uniform(0.6, 1) + rng.uniform(0, 60)).clip(0, 255)
        rgb = np.round(inside * covered + ground * (1 - covered)).astype(np.uint8)
    return moved_truth(sample, np.ascontiguousarray(rgb), there)


def _screen(side: int, rng: Generator) -> Array:
    """Bars in one colour with lines of text and round buttons."""
    dark = rng.random() < 0.6
    ground = np.full((side, side, 3), rng.uniform(0, 40) if dark else rng.uniform(225, 255), np.float32)
    for _ in range(int(rng.integers(3, 14))):
        x, y = (int(v) for v in rng.uniform(0, side, 2))
        level = float(rng.uniform(120, 255) if dark else rng.uniform(0, 150))
        if rng.random() < 0.6:
            cv2.rectangle(ground, (x, y), (x + int(rng.uniform(4, side / 3)), y + 3), (level,) * 3, -1)
        else:
            cv2.circle(ground, (x, y), int(side * rng.uniform(0.01, 0.045)) + 1, (level,) * 3, -1)
    return ground


def _table(side: int, corners_42: Array, rng: Generator) -> Array:
    """A table with the white border of a print on it."""
    colour = rng.uniform(20, 230) * np.array([1, rng.uniform(0.6, 1), rng.uniform(0.4, 1)])
    grain = 0.7 + 0.5 * cloud(side, rng, 6)[..., None]
    ground = np.ascontiguousarray(np.clip(colour * grain, 0, 255), np.float32)
    middle = corners_42.mean(0)
    paper = middle + (corners_42 - middle) * rng.uniform(1.0, 1.12)
    cv2.fillConvexPoly(ground, np.round(paper).astype(np.int32), (float(rng.uniform(190, 250)),) * 3)
    return ground


def moved_truth(sample: Sample, rgb_hwc: Array, there_33: Array) -> Sample:
    """The truth of a sample under a homography of its picture that keeps all of it in view; lengths shrink
    with it. rgb_hwc: the new picture.
    """
    size = rgb_hwc.shape[1::-1]
    side = size[0]
    whole = np.array([[[0, 0]], [[side, 0]], [[side, side]], [[0, side]]], np.float32)
    edge = np.asarray(cv2.perspectiveTransform(whole, there_33), np.float32)
    scale = np.sqrt(cv2.contourArea(edge)) / side

    def nearest(field: Array, outside: float = 0) -> Array:
        # cv2 puts the middle of the first pixel at 0, the homography at 0.5.
        shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        matrix, border = np.linalg.inv(shift) @ there_33 @ shift, (outside,) * 4
        flags, mode = cv2.INTER_NEAREST, cv2.BORDER_CONSTANT
        return np.asarray(
            cv2.warpPerspective(field, matrix, size, flags=flags, borderMode=mode, borderValue=border)
        )

    def points(places_k3: Array, factor: float) -> Array:
        moved = places_k3.copy()
        flat = places_k3[:, None, :2].astype(np.float32)
        moved[:, :2] = cv2.perspectiveTransform(flat, there_33)[:, 0] * (places_k3[:, 2:] != 0)
        moved[:, 2] *= factor
        return np.asarray(moved, np.float32)

    label = nearest(sample.label_hw)
    matte = nearest(sample.matte_hw)
    matte[label == LABEL_NOTHING] = np.minimum(matte[label == LABEL_NOTHING], 127)
    return replace(
        sample,
        rgb_hwc=rgb_hwc,
        relief_hw=nearest(sample.relief_hw) * np.float32(scale),
        thickness_hw=nearest(sample.thickness_hw) * np.float32(scale),
        normal_hwc=nearest(sample.normal_hwc.view(np.uint8)).view(np.int8),
        matte_hw=matte,
        label_hw=label,
        canonical_hwc=nearest(sample.canonical_hwc, np.nan),
        heads_23=points(sample.heads_23, float(scale)),
        eyes_43=points(sample.eyes_43, 1),
        landmarks_683=points(sample.landmarks_683, 1),
    )
