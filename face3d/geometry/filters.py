"""Smooth continuation of known pixels into unknown ones: colours behind a silhouette, relief in a hole."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.structures import Array


def fill_by_diffusion(values_hwc: Array, known_hw: Array) -> Array:
    """`values_hwc` (h, w, c) float32 where known, elsewhere the mean of what is known nearby.

    Nearby is the finest scale of a pyramid at which anything is known.

    Source: Gortler et al., "The lumigraph", SIGGRAPH 1996, section 3.4.2 (pull-push), with the pyramid
    filters of OpenCV.
    """
    weights_hw: Array = known_hw.astype(np.float32)
    sums_hwc = _weighted(values_hwc.astype(np.float32, copy=False), weights_hw)
    pyramid = [(sums_hwc, weights_hw)]
    while max(weights_hw.shape) > 1:
        sums_hwc, weights_hw = (
            cv2.pyrDown(sums_hwc).reshape(*((s + 1) // 2 for s in weights_hw.shape), -1),
            cv2.pyrDown(weights_hw),
        )
        # A cell with enough known pixels counts fully; else a thin rim would weigh nothing a few levels up.
        full_hw = np.minimum(weights_hw * 4, 1)
        sums_hwc = _weighted(
            sums_hwc, np.where(weights_hw > 0, full_hw / np.maximum(weights_hw, np.float32(1e-20)), 0)
        )
        weights_hw = full_hw
        pyramid.append((sums_hwc, weights_hw))
    filled_hwc = pyramid[-1][0] / np.maximum(pyramid[-1][1], 1e-20)[..., None]
    for sums_hwc, weights_hw in reversed(pyramid[:-1]):
        size_wh = weights_hw.shape[::-1]
        above_hwc = cv2.resize(filled_hwc, size_wh, interpolation=cv2.INTER_LINEAR).reshape(sums_hwc.shape)
        filled_hwc = _weighted(above_hwc, 1 - weights_hw)
        filled_hwc += sums_hwc
    return filled_hwc


def _weighted(values_hwc: Array, weights_hw: Array) -> Array:
    """Each pixel's values times its weight, float32; by planes, since numpy's innermost loop would run over
    the few values of a pixel.
    """
    return cv2.multiply(values_hwc, cv2.merge([weights_hw] * values_hwc.shape[2])).reshape(values_hwc.shape)


def distance_inside(mask_hw: Array, *, frame_ends_it: bool = False) -> Array:
    """(h, w) float64: cells to the nearest that is not in the mask, 0 outside it.

    frame_ends_it: cells beyond the frame are not in the mask; else they are not counted.
    """
    padded_hw = np.pad(mask_hw, 1) if frame_ends_it else np.pad(mask_hw, 1, mode="edge")
    distance_hw: Array = ndimage.distance_transform_edt(padded_hw)[1:-1, 1:-1]
    return distance_hw


RANGE_LEVELS = 9
"""Levels at which the edge-aware filter is evaluated; values between two levels are interpolated."""


def smooth(values_hw: Array, mask_hw: Array, sigma_px: float) -> Array:
    """Gaussian smoothing normalised by the mask, so that nothing from outside the mask bleeds in; 0 outside.

    Args:
        values_hw: (h, w) float32. mask_hw: (h, w) bool. sigma_px: standard deviation in pixels of the map; 0
        leaves the values as they are.

    Source: Knutsson and Westin, "Normalized and differential convolution", CVPR 1993 (normalised averaging).
    """
    if sigma_px == 0 or not mask_hw.any():
        return np.where(mask_hw, values_hw, 0).astype(np.float32)
    centre = np.float32(
        values_hw[mask_hw].mean(dtype=np.float64)
    )  # keeps float32 accurate, and a constant map exactly constant
    sums_hw = _gaussian(np.where(mask_hw, values_hw - centre, 0).astype(np.float32), sigma_px)
    weights_hw = _gaussian(mask_hw.astype(np.float32), sigma_px)
    return np.where(mask_hw, sums_hw / np.where(mask_hw, weights_hw, 1) + centre, 0).astype(np.float32)


def _gaussian(values_hw: Array, sigma_px: float) -> Array:
    """Float32 values smoothed within three standard deviations; 0 beyond the frame."""
    reach = int(3 * sigma_px + 0.5)
    bell_k = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    bell_k /= bell_k.sum()
    return cv2.sepFilter2D(values_hw, -1, bell_k, bell_k, borderType=cv2.BORDER_CONSTANT)


def smooth_within_edges(values_hw: Array, mask_hw: Array, sigma_px: float, range_sigma: float) -> Array:
    """Bilateral smoothing normalised by the mask: values more than about `range_sigma` apart do not mix.

    Source: Durand and Dorsey, "Fast bilateral filtering for the display of high-dynamic-range images",
    SIGGRAPH 2002, section 5.1 (piecewise-linear in the values). We add the mask to the weights; `range_sigma`
    is at least the spacing of the `RANGE_LEVELS` levels.
    """
    if sigma_px == 0 or not mask_hw.any():
        return np.where(mask_hw, values_hw, 0).astype(np.float32)
    inside = values_hw[mask_hw]
    low, high = float(inside.min()), float(inside.max())
    if high - low < 1e-9:
        return np.where(mask_hw, values_hw, 0).astype(np.float32)
    levels = np.linspace(low, high, RANGE_LEVELS)
    spacing = levels[1] - levels[0]
    range_sigma = max(range_sigma, spacing)
    result_hw = np.zeros(values_hw.shape, np.float32)
    for level in levels:
        offset_hw = np.where(mask_hw, values_hw - np.float32(level), 0).astype(np.float32)
        weight_hw = (np.exp(-0.5 * (offset_hw / range_sigma) ** 2) * mask_hw).astype(np.float32)
        share_hw = np.clip(1 - np.abs(offset_hw) / np.float32(spacing), 0, 1) * mask_hw
        total_hw = np.maximum(_gaussian(weight_hw, sigma_px), 1e-12)
        result_hw += share_hw * (
            _gaussian(weight_hw * offset_hw, sigma_px) / total_hw + np.float32(level - low)
        )
    return np.where(mask_hw, result_hw + np.float32(low), 0).astype(np.float32)


def resample(values_hw: Array, mask_hw: Array, size_hw: tuple[int, int]) -> tuple[Array, Array]:
    """Mean of the masked pixels on each cell of a coarser grid; the cells (h, w) bool at least half masked.

    Args: values_hw (h, w) float32; mask_hw (h, w) bool; size_hw: rows and columns of the grid, each at most
    those of `values_hw`.
    """
    if size_hw == values_hw.shape:
        return values_hw, mask_hw
    size_wh = size_hw[::-1]
    weights_hw = cv2.resize(mask_hw.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    sums_hw = cv2.resize(
        np.where(mask_hw, values_hw, 0).astype(np.float32), size_wh, interpolation=cv2.INTER_AREA
    )
    kept_hw = weights_hw >= 0.5
    return np.where(kept_hw, sums_hw / np.where(kept_hw, weights_hw, 1), 0).astype(np.float32), kept_hw


def shrink_picture(rgb_hwc: Array, size_hw: tuple[int, int]) -> Array:
    """(h, w, 3) uint8 picture on a coarser grid, each cell the mean of its pixels."""
    return cv2.resize(rgb_hwc, size_hw[::-1], interpolation=cv2.INTER_AREA)
