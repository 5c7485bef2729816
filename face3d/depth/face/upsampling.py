"""Joint bilateral upsampling: a small map to the size of a larger picture, guided by its colours."""

from __future__ import annotations

import cv2
import numpy as np

from face3d.structures import Array

TAPS = 3
"""Nearest values along each axis that count."""
COLOUR_SIGMA = 24.0
"""Standard deviation of the colour kernel, in 8-bit steps."""
STRIP_PX = 8192
"""Pixels that are computed at a time, in whole rows: their arrays stay in the processor's cache."""


def guided_upsample(
    values_hwc: Array, guide_rgb: Array, frame_xywh: tuple[float, float, float, float]
) -> Array:
    """A small map at the guide's size; each value is a weighted mean of the 3 x 3 nearest, without overshoot.

    values_hwc: (h, w, c) float32 over the rectangle `frame_xywh` of the guide, in guide pixels.
    guide_rgb: (H, W, 3) uint8.
    Returns (H, W, c) float32; outside the frame the nearest edge value.
    The weights are a quadratic B-spline in space times a Gaussian of the colour difference.
    Source: joint bilateral upsampling (Kopf et al. 2007). Our spatial kernel is a spline because it ends
    smoothly, so there are no stair-steps.
    """
    height, width = guide_rgb.shape[:2]
    rows, columns, channels = values_hwc.shape
    left, top, frame_width, frame_height = frame_xywh
    guide = guide_rgb.astype(np.float32)
    small_guide = _sample_guide(guide, frame_xywh, (rows, columns))
    # Channels first: numpy's innermost loop then runs along a row, not over the few channels of a pixel.
    source_chw = np.moveaxis(np.concatenate([values_hwc, small_guide], -1), -1, 0)
    guide_chw = np.ascontiguousarray(np.moveaxis(guide, -1, 0))
    x = (np.arange(width, dtype=np.float32) + 0.5 - left) * columns / frame_width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5 - top) * rows / frame_height - 0.5
    first_x, first_y = np.round(x).astype(int) - 1, np.round(y).astype(int) - 1
    shares_x = [_b_spline(x - first_x - tap) for tap in range(TAPS)]
    shares_y = [_b_spline(y - first_y - tap)[:, None] for tap in range(TAPS)]
    widened = [source_chw.take(np.clip(first_x + tap, 0, columns - 1), axis=2) for tap in range(TAPS)]
    upsampled_chw = np.empty((channels, height, width), np.float32)
    taps_y = [np.clip(first_y + tap, 0, rows - 1) for tap in range(TAPS)]
    strip_rows = max(1, STRIP_PX // width)
    for strip in (slice(start, start + strip_rows) for start in range(0, height, strip_rows)):
        total = np.zeros_like(upsampled_chw[:, strip])
        weights = np.zeros(total.shape[1:], np.float32)
        for across, down in np.ndindex(TAPS, TAPS):
            tap = widened[across].take(taps_y[down][strip], axis=1)
            values, difference = tap[:channels], tap[channels:]
            difference -= guide_chw[:, strip]
            difference *= difference
            weight = difference.sum(axis=0)
            weight *= np.float32(-1 / (2 * COLOUR_SIGMA**2))
            np.exp(weight, out=weight)
            weight += np.float32(0.02)  # where all colours differ, the spatial kernel alone remains
            weight *= shares_x[across]
            weight *= shares_y[down][strip]
            values *= weight
            total += values
            weights += weight
        np.divide(total, weights, out=upsampled_chw[:, strip])
    return np.moveaxis(upsampled_chw, 0, -1)


def _sample_guide(
    guide_hwc: Array, frame_xywh: tuple[float, float, float, float], size_hw: tuple[int, int]
) -> Array:
    """The guide's colour at the small map's pixel centres, averaged over about a pixel: (h, w, 3) float32."""
    left, top, width, height = frame_xywh
    x = (np.arange(size_hw[1], dtype=np.float32) + 0.5) * width / size_hw[1] + left - 0.5
    y = (np.arange(size_hw[0], dtype=np.float32) + 0.5) * height / size_hw[0] + top - 0.5
    grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    soft = cv2.GaussianBlur(guide_hwc, (0, 0), max(0.3, 0.4 * width / size_hw[1]))
    return cv2.remap(soft, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _b_spline(offset_n: Array) -> Array:
    """Uniform quadratic B-spline at `offset_n`, support (-1.5, 1.5), float32."""
    far = np.abs(offset_n)
    return np.where(far < 0.5, 0.75 - far**2, np.clip(1.5 - far, 0, None) ** 2 / 2).astype(np.float32)
