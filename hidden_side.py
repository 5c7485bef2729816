"""The side that the camera did not see: the network's second layer where it is sure, a rounded continuation elsewhere."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from diffusion import fill_by_diffusion
from stages import Array

LARGEST_DEPTH_TO_WIDTH = 1.6
"""A section of the body is at most this many times as deep as it is wide; limits the thickness near the silhouette.
Head length over head breadth is 1.27 on average (Farkas, Anthropometry of the Head and Face, 2nd ed. 1994: 196 mm and 154 mm)."""
HEAD_DEPTH_TO_WIDTH = 1.27


def half_chord(mask_hw: Array) -> Array:
    """(h, w) float32 in image widths: half the thickness of a round body with this silhouette, sqrt(d (2 R - d)).

    d is the distance to the silhouette and R the largest one. Where the frame cuts the body there is no silhouette.
    """
    if mask_hw.all():
        return np.full(mask_hw.shape, 0.25, np.float32)
    distance_hw = ndimage.distance_transform_edt(np.pad(mask_hw, 1, mode="edge"))[1:-1, 1:-1] / mask_hw.shape[1]
    largest = distance_hw.max()
    return np.sqrt(np.clip(distance_hw * (2 * largest - distance_hw), 0, None)).astype(np.float32)


def complete_front(front_hw: Array, known_hw: Array) -> Array:
    """Front relief with the pixels that are not known continued from those that are."""
    if known_hw.all():
        return front_hw
    return np.where(known_hw, front_hw, fill_by_diffusion(front_hw[..., None], known_hw)[..., 0]).astype(np.float32)


def complete_back(front_hw: Array, back_hw: Array | None, cells_hw: Array, sure_hw: Array) -> Array:
    """(h, w) float32: relief of the hidden side over `cells_hw`.

    Args:
        front_hw: (h, w) front relief, finite everywhere. back_hw: the network's hidden relief or None.
        cells_hw: (h, w) bool, what will be closed. sure_hw: (h, w) bool, pixels at which `back_hw` may be trusted.

    Where nothing is known the body is taken to be as round behind as its silhouette, its rim as far away as the visible rim.
    """
    bulge_hw = half_chord(cells_hw)
    sure_hw = sure_hw & cells_hw
    if back_hw is None or not sure_hw.any():
        rim_hw = cells_hw & ~ndimage.binary_erosion(cells_hw, border_value=1)
        base_hw = fill_by_diffusion(front_hw[..., None], rim_hw)[..., 0] if rim_hw.any() else np.full_like(front_hw, front_hw.min())
        return np.minimum(base_hw, front_hw) - HEAD_DEPTH_TO_WIDTH * bulge_hw
    thickness_hw = np.maximum(front_hw - back_hw, 0)
    if not sure_hw.all():
        thickness_hw = np.where(sure_hw, thickness_hw, fill_by_diffusion(thickness_hw[..., None], sure_hw)[..., 0])
    return front_hw - np.minimum(thickness_hw, 2 * LARGEST_DEPTH_TO_WIDTH * bulge_hw)
