"""The edge of a matte, computed anew from the photo's colours: hair, fur, and what is half transparent.

Source: A. Levin, D. Lischinski, Y. Weiss, "A closed-form solution to natural image matting", PAMI 30(2),
2008, as the package pymatting computes it.
"""

from __future__ import annotations

from importlib.util import find_spec

import cv2
import numpy as np

from face3d.errors import MatteError
from face3d.structures import Array

SIDE = 700
"""Longest side in pixels at which the edge is computed: a second of processor time, which grows faster than
the number of pixels."""
BAND = 0.025
"""Half of the width of the band about the edge in which alpha is open, of the longest side: a strand of hair
beside the head is about as wide."""
THRESHOLD = 0.5
"""Above it a pixel is foreground."""


def available() -> bool:
    """Whether pymatting is installed."""
    return find_spec("pymatting") is not None


def check_available() -> None:
    """Raises MatteError where pymatting is not installed."""
    if not available():
        raise MatteError(
            "Refining a matte needs the package pymatting. Install it with "
            "`pip install -r requirements-extra.txt`, or leave the matte as it is."
        )


def refined(matte_hw: Array, rgb_hwc: Array) -> Array:
    """The matte (h, w) float32 in 0..1 with alpha computed anew in a band about its edge.

    rgb_hwc: (h, w, 3) uint8, of the photo. Outside the band the matte stays. It is returned as it is where
    no foreground or no background lies outside the band.
    Raises: MatteError where pymatting is not installed.
    """
    check_available()
    height, width = matte_hw.shape
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small_rgb = cv2.resize(rgb_hwc, size, interpolation=cv2.INTER_AREA) if scale < 1 else rgb_hwc
    small_matte = cv2.resize(matte_hw, size, interpolation=cv2.INTER_AREA) if scale < 1 else matte_hw
    trimap = _trimap(small_matte)
    if not ((trimap == 1).any() and (trimap == 0).any()):
        return matte_hw
    from pymatting import estimate_alpha_cf  # compiles for seconds when it is imported first

    alpha = np.asarray(estimate_alpha_cf(small_rgb.astype(np.float64) / 255, trimap), np.float32)
    alpha_hw = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    open_hw = cv2.resize((trimap == 0.5).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.where(open_hw > 0, np.clip(alpha_hw, 0, 1), matte_hw), np.float32)


def _trimap(matte_hw: Array) -> Array:
    """(h, w) float64: 1 foreground, 0 background, 0.5 within BAND of the edge between them."""
    inside = (matte_hw > THRESHOLD).astype(np.uint8)
    reach = max(1, round(BAND * max(matte_hw.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    trimap = np.full(matte_hw.shape, 0.5)
    trimap[cv2.erode(inside, disc) > 0] = 1
    trimap[cv2.dilate(inside, disc) == 0] = 0
    return trimap
