"""Clear lenses: what is seen through them is displaced and tinted, and windows and lamps glint on them. Lengths in centimetres."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.parts import Part
from training.raster import rasterise, vertex_normals

Array = NDArray[Any]
LAMP_EXPONENT = 180.0


def look_through(
    colour_hwc: Array, distance_hw: Array, glass: Part, placed_v3: Array, screen_v3: Array, light_k10: Array, rng: Generator
) -> Array:
    """The picture with clear lenses before it, (h, w, 3) float32.

    colour_hwc, distance_hw: the scene without them. glass: the triangles of the lenses. placed_v3, screen_v3, light_k10: as in
    `lighting.photograph`. A lens moves what is behind it by `power` centimetres times its own slope, less than nothing for the
    near-sighted, whose glasses make the face look smaller.
    """
    triangles = np.ascontiguousarray(glass.triangles_m3)
    height, width = distance_hw.shape
    index, weight, near = rasterise(screen_v3, triangles, height, width, False)
    rows, columns = np.nonzero((index >= 0) & ((distance_hw <= 0) | (near < distance_hw)))
    if not len(rows):
        return colour_hwc
    corners = triangles[index[rows, columns]]
    share = weight[rows, columns][..., None]
    normal = _unit((vertex_normals(placed_v3, triangles)[corners] * share).sum(1))
    normal *= np.where(normal[:, 2:] < 0, -1, 1)
    power = rng.uniform(-1.6, 0.8) * _pixels_per_centimetre(triangles, placed_v3, screen_v3)
    x = (columns + power * normal[:, 0]).astype(np.float32)
    y = (rows - power * normal[:, 1]).astype(np.float32)
    behind = cv2.remap(colour_hwc, x[:, None], y[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
    passes = (glass.albedo_v3[corners] * share).sum(1)
    out = colour_hwc.copy()
    out[rows, columns] = behind * passes + _glint(normal, light_k10, rng)
    return out


def _glint(normal_n3: Array, light_k10: Array, rng: Generator) -> Array:
    """Light thrown back to the camera, (n, 3): a faint sheen of the room, up to two bright windows, and the lamps."""
    mirrored = 2 * normal_n3[:, 2:] * normal_n3 - np.array([0, 0, 1.0])
    glint = np.full(normal_n3.shape, rng.uniform(0, 0.06))
    for _ in range(rng.integers(0, 3)):
        towards = _unit(np.array([rng.normal() * 0.5, rng.normal() * 0.4, 1.0]))
        right = _unit(np.cross([0, 1.0, 0], towards))
        off = np.abs(mirrored @ np.stack([right, np.cross(towards, right)], 1)) / rng.uniform(0.03, 0.35, 2)
        edge = np.clip((1.1 - off.max(1)) / 0.2, 0, 1) * (mirrored @ towards > 0)
        glint += edge[:, None] * rng.uniform(0.1, 1.5) * rng.uniform(0.8, 1.1, 3)
    for light in light_k10:
        half = _unit(light[:3] + np.array([0, 0, 1.0]))
        glint += np.clip(normal_n3 @ half, 0, 1)[:, None] ** LAMP_EXPONENT * light[3:6]
    return glint


def _pixels_per_centimetre(triangles_m3: Array, placed_v3: Array, screen_v3: Array) -> float:
    """How large the lenses appear."""
    first, second = triangles_m3[:, 0], triangles_m3[:, 1]
    shown = np.linalg.norm(screen_v3[first, :2] - screen_v3[second, :2], axis=1).sum()
    true = np.linalg.norm(placed_v3[first, :2] - placed_v3[second, :2], axis=1).sum()
    return float(shown / max(true, 1e-9))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
