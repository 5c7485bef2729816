"""Jumps in depth, and those of them at which the surface of one person is cut: true occlusions only.

A network's jump from cheek to ear or from chin to neck is a steep ramp of a surface that hangs together. One
from a hand to the body behind it is not: between the two nothing is seen.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.structures import Array

LEAST_JUMP_HEADS = 0.65
"""Least jump of an occlusion, widths of the head: more than from a chin to the neck beneath it."""
WINDOW = 1 / 20
"""Side of the window in which a jump is measured, picture widths: a network's ramp is narrower."""
CUT_SIGMA, CUT_LEVEL = 1 / 200, 0.35
"""Standard deviation of the Gaussian over the cut, picture widths, and the level at which it ends: shreds of
a ramp go, and the edges of the cut are smooth."""
STRAY_SHARE, PARTED_SHARE = 0.1, 0.03
"""Smaller pieces go, shares of the largest one: of a matte, as where it takes a flag behind the person for a
part, and of what the cuts part."""


def depth_edges(relief_hw: Array, mask_hw: Array, distance: float, tolerance: float) -> Array:
    """(h, w) bool: pixels of `mask_hw` beside a jump in distance, where one object ends before another.

    A pixel counts when the distances from the camera within a window around it differ by more than
    `tolerance` times its own. The window grows with the picture (3 pixels up to 512 wide, then 1/170 of the
    width): a network's edges are as wide as its own pixels.
    """
    if tolerance <= 0:
        return np.zeros_like(mask_hw)
    width = max(3, 2 * round(relief_hw.shape[1] / 340) + 1)
    kernel = np.ones((width, width), np.uint8)
    relief_hw = relief_hw.astype(np.float32)
    high_hw = cv2.dilate(
        np.where(mask_hw, relief_hw, -np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE
    )
    low_hw = cv2.erode(np.where(mask_hw, relief_hw, np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE)
    return mask_hw & (high_hw - low_hw > tolerance * (distance - relief_hw))


def occlusions(relief_hw: Array, subject_hw: Array, steep_hw: Array, least_jump: float) -> Array:
    """(h, w) bool: pixels of the subject at which one part of it hides another.

    Args:
        relief_hw: (h, w) relief, image widths, read in subject_hw (h, w) bool.
        steep_hw: (h, w) bool, pixels beside a jump of any height (`depth_edges`).
        least_jump: image widths (see `LEAST_JUMP_HEADS`).
    """
    side = 2 * round(relief_hw.shape[1] * WINDOW / 2) + 1
    window = np.ones((side, side), np.uint8)
    relief_hw = relief_hw.astype(np.float32)
    high_hw = cv2.dilate(np.where(subject_hw, relief_hw, np.float32(-1e9)), window)
    low_hw = cv2.erode(np.where(subject_hw, relief_hw, np.float32(1e9)), window)
    cut_hw = subject_hw & steep_hw & (high_hw - low_hw > least_jump)
    sigma = CUT_SIGMA * relief_hw.shape[1]
    if sigma < 0.5 or not cut_hw.any():
        return cut_hw
    # Beyond its reach around the cut the Gaussian is 0.
    reach = int(4 * sigma) + 2
    rows, columns = (np.flatnonzero(cut_hw.any(axis=axis)) for axis in (1, 0))
    near = tuple(slice(max(0, used[0] - reach), used[-1] + reach + 1) for used in (rows, columns))
    spread_hw = cv2.GaussianBlur(
        cut_hw[near].astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE
    )
    result_hw = np.zeros_like(cut_hw)
    result_hw[near] = subject_hw[near] & (spread_hw > CUT_LEVEL)
    return result_hw


def hanging_together(subject_hw: Array, cut_hw: Array) -> Array:
    """(h, w) bool: the subject without the cut, without stray pieces and shreds that the cut parts."""
    return _pieces(_pieces(subject_hw, STRAY_SHARE) & ~cut_hw, PARTED_SHARE)


def _pieces(mask_hw: Array, share: float) -> Array:
    """(h, w) bool: the mask without pieces smaller than a share of its largest."""
    pieces_hw, _ = ndimage.label(mask_hw)
    sizes = np.bincount(pieces_hw.ravel())
    sizes[0] = 0
    kept_hw: Array = (sizes >= max(1, share * sizes.max()))[pieces_hw]
    return kept_hw
