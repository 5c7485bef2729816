"""Clear lenses: they displace and tint what lies behind them, and reflect windows and lamps. Centimetres."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.rendering.rasteriser import rasterise
from training.rendering.shading import DirectionalLight
from training.scenes.primitives import Part, unit

LAMP_EXPONENT = 180.0
"""Of the highlight of a lamp on glass."""
MOST_PLACES = 30_000
"""Places that OpenCV's remap takes at once; its limit is 32,766."""


def apply_glass(
    colour_hwc: Array,
    distance_hw: Array,
    glass: Part,
    placed_v3: Array,
    screen_v3: Array,
    lights: tuple[DirectionalLight, ...],
    rng: Generator,
) -> Array:
    """The picture with clear lenses before it, (h, w, 3) float32.

    colour_hwc, distance_hw: the scene without them, distance 0 where there is none. glass: the triangles of
    the lenses. placed_v3, screen_v3: as in `lighting.photograph`. A lens scales what lies behind it about its
    own middle: mostly down, as glasses against short sight do. The backdrop is neither moved nor tinted,
    because it is added later.
    """
    triangles = np.ascontiguousarray(glass.triangles_m3)
    height, width = distance_hw.shape
    index, weight, near = rasterise(screen_v3, triangles, height, width, False)
    rows, columns = np.nonzero((index >= 0) & ((distance_hw <= 0) | (near < distance_hw)))
    if not len(rows):
        return colour_hwc
    seen = index[rows, columns]
    share = weight[rows, columns][..., None]
    middle = _middles(triangles, screen_v3)[seen]
    power = rng.uniform(-0.08, 0.16)
    x = (columns + power * (columns + 0.5 - middle[:, 0])).astype(np.float32)
    y = (rows + power * (rows + 0.5 - middle[:, 1])).astype(np.float32)
    behind = _sampled(colour_hwc, x, y)
    covered = (distance_hw > 0).astype(np.float32)
    there = _sampled(covered, x, y)
    # Beside the outline the scene ends: there a pixel keeps its own colour.
    alike = np.abs(there - covered[rows, columns]) < 1e-3
    passed = np.where(alike[:, None], behind, colour_hwc[rows, columns]) * (
        glass.albedo_v3[triangles[seen]] * share
    ).sum(1)
    normal = unit((vertex_normals(placed_v3, triangles)[triangles[seen]] * share).sum(1))
    normal *= np.where(normal[:, 2:] < 0, -1, 1)
    out = colour_hwc.copy()
    out[rows, columns] = passed + lens_reflection(normal, lights, rng)
    return out


def _sampled(picture: Array, x_n: Array, y_n: Array) -> Array:
    """Values of a picture (h, w, ...) between its pixels, (n, ...); beyond its edge those of the edge."""
    places = zip(
        *(np.array_split(values, len(values) // MOST_PLACES + 1) for values in (x_n, y_n)), strict=True
    )
    return np.concatenate(
        [
            cv2.remap(picture, x[:, None], y[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[
                :, 0
            ]
            for x, y in places
        ]
    )


def _middles(triangles_m3: Array, screen_v3: Array) -> Array:
    """The middle on the screen of the lens that each triangle belongs to, (m, 2) pixels."""
    used, corner = np.unique(triangles_m3, return_inverse=True)
    one, other, third = corner.reshape(-1, 3).T
    links = coo_matrix(
        (np.ones(2 * len(one)), (np.r_[one, other], np.r_[other, third])), (len(used), len(used))
    )
    _, lens = connected_components(links, directed=False)
    count = np.bincount(lens)
    middle = np.stack([np.bincount(lens, screen_v3[used, axis]) / count for axis in (0, 1)], 1)
    return np.asarray(middle[lens[one]])


def lens_reflection(normal_n3: Array, lights: tuple[DirectionalLight, ...], rng: Generator) -> Array:
    """Light reflected to the camera, (n, 3): a sheen of the room, up to two bright windows, the lamps."""
    mirrored = 2 * normal_n3[:, 2:] * normal_n3 - np.array([0, 0, 1.0])
    glint = np.full(normal_n3.shape, rng.uniform(0, 0.06))
    for _ in range(rng.integers(0, 3)):
        towards = unit(np.array([rng.normal() * 0.5, rng.normal() * 0.4, 1.0]))
        right = unit(np.cross([0, 1.0, 0], towards))
        off = np.abs(mirrored @ np.stack([right, np.cross(towards, right)], 1)) / rng.uniform(0.03, 0.35, 2)
        edge = np.clip((1.1 - off.max(1)) / 0.2, 0, 1) * (mirrored @ towards > 0)
        glint += edge[:, None] * rng.uniform(0.1, 1.5) * rng.uniform(0.8, 1.1, 3)
    for light in lights:
        half = unit(light.towards_3 + np.array([0, 0, 1.0]))
        glint += np.clip(normal_n3 @ half, 0, 1)[:, None] ** LAMP_EXPONENT * light.colour_3
    return glint
