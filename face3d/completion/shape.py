"""Relief of the hidden side from the seen half of a turned head."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from face3d.completion.symmetry import Mirrored, in_head, mirrored_surface
from face3d.geometry.grid import pixel_points
from face3d.structures import DepthMap, DepthRepresentation

FEATHER_CELLS = 4.0
"""Standard deviation of the Gaussian over the trust, cells: the two reliefs pass into each other."""
LARGEST_STEP = 0.25
"""Largest difference from the network's hidden side, in head widths, at which a mirrored one is believed."""


def with_mirrored_back(depth: DepthMap, mirrored: Mirrored) -> DepthMap:
    """The depth map with the hidden side of the seen half's mirror image, where that faces away.

    The visible relief is left as it is. Maps without a hidden side, or not in image widths, are unchanged.
    """
    if depth.back_hw is None or depth.representation is not DepthRepresentation.RELIEF:
        return depth
    seen, plane, halves, face, _ = mirrored
    relief_hw, _, trust_hw = mirrored_surface(seen, plane, hidden=True)
    places_hw3 = pixel_points(relief_hw, seen.camera)
    agreement_hw = halves.of(places_hw3, plane)[1]
    height, width = depth.size_hw
    back_hw = cv2.resize(depth.back_hw, seen.size_hw[::-1], interpolation=cv2.INTER_AREA)
    step = LARGEST_STEP * face.width / width
    trust_hw = trust_hw * agreement_hw * in_head(seen, face) * seen.known_hw
    trust_hw = trust_hw * np.clip(2 - 2 * np.abs(relief_hw - back_hw) / step, 0, 1)
    feathered_hw = cv2.GaussianBlur(trust_hw.astype(np.float32), (0, 0), FEATHER_CELLS)
    trust_hw = np.minimum(trust_hw, feathered_hw)
    small_hw = (trust_hw * (relief_hw - back_hw)).astype(np.float32)
    if not small_hw.any():
        return depth
    change_hw = cv2.resize(small_hw, (width, height), interpolation=cv2.INTER_LINEAR)
    moved_hw = np.minimum(depth.back_hw + change_hw, depth.values_hw)
    return replace(depth, back_hw=np.where(depth.mask_hw, moved_hw, depth.back_hw).astype(np.float32))
