"""Strands on the hair that no photo shows: brightness that changes across them as much as on the hair that
it shows. Without them the back of a head is a cap of one colour.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.structures import Array

WIDTHS, SHARES = (1 / 500, 1 / 120), (0.6, 0.8)
"""Standard deviations across strands and across locks, turns around the head; and how much of the brightness
each is. Their squares add up to one."""
LENGTH = 0.13
"""Standard deviation along both, head widths."""
WAVE, WAVE_LENGTH = 1 / 130, 0.5
"""How far strands swing to the side, turns; and over which length, head widths."""
COARSE = 1 / 60
"""Standard deviation of the mean from which the brightness of strands is told, share of the width."""
MOST = 0.22
"""Largest contrast: more is a parting or a shadow."""
LEAST_SHARE = 0.003
"""Of the picture, which must be known."""
USUAL = 0.08
"""Contrast where it is not: that of most heads of the training scenes is 0.05 to 0.1."""
TO_DEVIATION = 1.4826
"""From the median of normal values' distances to their standard deviation."""
SHADOW = 12.0
"""Added to grey values, 0..255, before their logarithm, so that noise of dark hair is no contrast."""


def strand_grain(size_hw: tuple[int, int], turn_px: int, px_per_width: float) -> Array:
    """(h, w) float32, mean 0 and standard deviation 1: strands that run along the columns of a picture.

    turn_px: columns around the head, after which the strands come again. px_per_width: rows of a head width.
    """
    rng = np.random.default_rng(0)
    length, wave_length = LENGTH * px_per_width, WAVE_LENGTH * px_per_width
    size = size_hw[0], turn_px
    grain: Array = np.zeros(size, np.float32)
    for across, share in zip(WIDTHS, SHARES, strict=True):
        noise = rng.standard_normal((max(2, round(size[0] / length)), turn_px)).astype(np.float32)
        noise = ndimage.gaussian_filter1d(noise, across * turn_px, axis=1, mode="wrap")
        grain = grain + share * _stretched(noise / max(float(noise.std()), 1e-6), size)
    swing = rng.standard_normal((max(2, round(size[0] / wave_length)), 9)).astype(np.float32)
    swing[:, -1] = swing[:, 0]
    columns = np.arange(turn_px) + WAVE * turn_px * _stretched(swing, size)
    left = np.floor(columns).astype(np.int64)
    part = (columns - left).astype(np.float32)
    before, after = (np.take_along_axis(grain, at % turn_px, axis=1) for at in (left, left + 1))
    grain = (1 - part) * before + part * after
    grain = (grain - grain.mean()) / max(float(grain.std()), 1e-6)
    return grain[:, np.arange(size_hw[1]) % turn_px]


def _stretched(values_hw: Array, size_hw: tuple[int, int]) -> Array:
    """(h, w) float32."""
    return np.asarray(cv2.resize(values_hw, size_hw[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def strand_contrast(rgb_hwc: Array, known_hw: Array) -> float:
    """Standard deviation of the logarithm of brightness about its mean nearby, where it is known; at most
    MOST, and USUAL where too little is known.

    rgb_hwc: 0..255. known_hw: (h, w) bool.
    """
    sigma = COARSE * rgb_hwc.shape[1]
    # Along its outline the hair is mixed with what lies beside it.
    reach = 2 * round(1.5 * sigma) + 1
    known = cv2.erode(known_hw.astype(np.float32), np.ones((reach, reach), np.uint8))
    if np.count_nonzero(known) < LEAST_SHARE * known.size:
        return USUAL
    log = np.log(rgb_hwc.mean(-1, dtype=np.float32) + np.float32(SHADOW))
    near = cv2.GaussianBlur(log * known, (0, 0), sigma) / np.maximum(
        cv2.GaussianBlur(known, (0, 0), sigma), 1e-6
    )
    off = np.abs(log - near)[known > 0]
    return min(MOST, TO_DEVIATION * float(np.median(off)))


def with_strands(rgb_hwc: Array, contrast_hw: Array, turn_px: int, px_per_width: float) -> Array:
    """(h, w, 3) float32: a picture with strands of a contrast (h, w) each; see `strand_grain`."""
    grain = np.clip(strand_grain(rgb_hwc.shape[:2], turn_px, px_per_width), -2.5, 2.5)
    return np.asarray(rgb_hwc * np.exp(grain * contrast_hw)[..., None], np.float32)
