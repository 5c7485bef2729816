"""From a depth map to a clean relief: one sense for all networks, masks that compose, smoothing that does not bleed.

Relief is height towards the camera in image widths (docs/conventions.md). Plain arrays, at the depth map's own size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from scipy import ndimage

from errors import GeometryError
from stages import Array, DepthMap, Sense

RANGE_LEVELS = 9
"""Levels at which the edge-aware filter is evaluated; values between two levels are interpolated."""
BACKDROP_PERCENTILE = 2.0
"""The backdrop of a person lies at this percentile of the person's relief, behind all of it but stray pixels."""


def camera_distance(fov_degrees: float) -> float:
    """Image widths from the camera to the plane at relief 0, where the picture is one image width wide: 0.5 / tan(F / 2)."""
    return 0.5 / np.tan(np.radians(fov_degrees) / 2)


def _from_relief(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """The bundled network's values are relief already."""
    return values_hw


def _from_inverse(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """1 / (a d + b), with a and b from the ratio of the farthest to the nearest distance; the median pixel comes to lie at relief 0.

    Source: Ranftl et al., "Towards robust monocular depth estimation", TPAMI 2022, section 5: inverse depth up to scale and shift.
    """
    inside = depth.values_hw[depth.mask_hw].astype(np.float64)
    low, high = inside.min(), inside.max()
    span = high - low if high > low else 1.0
    slope, offset = (1 - 1 / near_far_ratio) / span, 1 / near_far_ratio
    middle = 1 / (slope * (np.median(inside) - low) + offset)
    # Values of a hidden layer, or outside the mask, may lie below the smallest one inside: they stay behind it, at most ten times as far.
    inverse_hw = np.maximum(slope * (values_hw.astype(np.float64) - low) + offset, offset / 10)
    return distance * (1 - 1 / (middle * inverse_hw))


def _from_metres(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """Metres from the camera plane; the median pixel comes to lie at relief 0."""
    return distance * (1 - values_hw.astype(np.float64) / np.median(depth.values_hw[depth.mask_hw]))


TO_RELIEF: dict[Sense, Callable[[Array, DepthMap, float, float], Array]] = {
    Sense.RELIEF: _from_relief,
    Sense.RELATIVE_INVERSE: _from_inverse,
    Sense.METRIC: _from_metres,
}


def valid_pixels(depth: DepthMap, foreground_only: bool) -> Array:
    """(h, w) bool: pixels with a usable value, of the foreground or of the whole picture.

    Raises: GeometryError when nothing is left.
    """
    mask_hw = depth.mask_hw if foreground_only else np.isfinite(depth.values_hw)
    if depth.sense is Sense.METRIC:
        mask_hw = mask_hw & (depth.values_hw > 0)
    if not (mask_hw.any() and depth.mask_hw.any()):
        raise GeometryError("The depth map has no usable pixel. Use a photo in which the person is larger, or another network.")
    return mask_hw


def to_relief(depth: DepthMap, mask_hw: Array, distance: float, near_far_ratio: float) -> tuple[Array, Array | None]:
    """Front and hidden relief of a depth map of any sense.

    Args:
        depth: the depth map.
        mask_hw: (h, w) bool, pixels to convert; the result is 0 elsewhere.
        distance: camera distance of the reference plane, image widths (see `camera_distance`).
        near_far_ratio: farthest over nearest distance, > 1; read for RELATIVE_INVERSE only.

    Returns: (h, w) float32 front relief and, where the map has one, hidden relief.
    """
    convert = TO_RELIEF[depth.sense]
    if (mask_hw & ~depth.mask_hw).any():
        depth = _before_backdrop(depth)

    def layer(values_hw: Array) -> Array:
        return convert(np.where(mask_hw, values_hw, np.float32(1)), depth, distance, near_far_ratio).astype(np.float32) * mask_hw

    return layer(depth.values_hw), None if depth.back_hw is None else layer(np.where(depth.mask_hw, depth.back_hw, depth.values_hw))


def _before_backdrop(depth: DepthMap) -> DepthMap:
    """The map with a flat backdrop where a relief network saw no person; maps of other senses, or without a matte, as they are.

    Outside its matte nothing was ever asked of such a network: what it says there may reach nearer than the nose.
    """
    if not _only_person(depth):
        return depth
    backdrop = np.float32(np.percentile(depth.values_hw[depth.mask_hw], BACKDROP_PERCENTILE))
    return replace(depth, values_hw=np.where(depth.mask_hw, depth.values_hw, backdrop))


def _only_person(depth: DepthMap) -> bool:
    return depth.sense is Sense.RELIEF and depth.matte_hw is not None


def nearest_relief(depth: DepthMap, mask_hw: Array) -> float:
    """Relief of the nearest pixel of `mask_hw`, image widths; 0 for senses whose relief follows from the camera."""
    if depth.sense is not Sense.RELIEF:
        return 0.0
    return float(depth.values_hw[mask_hw & depth.mask_hw if _only_person(depth) else mask_hw].max())


def metres_per_width(depth: DepthMap, distance: float) -> float | None:
    """Metres that one image width stands for at relief 0; None where the sense has no absolute scale."""
    if depth.sense is not Sense.METRIC:
        return None
    return float(np.median(depth.values_hw[depth.mask_hw])) / distance


def depth_edges(relief_hw: Array, mask_hw: Array, distance: float, tolerance: float) -> Array:
    """(h, w) bool: pixels of `mask_hw` beside a jump in distance, where a surface would be stretched from one object to the next.

    A pixel counts when the distances from the camera within a window around it differ by more than `tolerance` times its own.
    The window grows with the picture (3 pixels up to 512 wide, then 1/170 of the width): a network's edges are as wide as its own pixels.
    """
    if tolerance <= 0:
        return np.zeros_like(mask_hw)
    width = max(3, 2 * round(relief_hw.shape[1] / 340) + 1)
    kernel = np.ones((width, width), np.uint8)
    relief_hw = relief_hw.astype(np.float32)
    high_hw = cv2.dilate(np.where(mask_hw, relief_hw, -np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE)
    low_hw = cv2.erode(np.where(mask_hw, relief_hw, np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE)
    return mask_hw & (high_hw - low_hw > tolerance * (distance - relief_hw))


def smooth(values_hw: Array, mask_hw: Array, sigma_px: float) -> Array:
    """Gaussian smoothing normalised by the mask, so that nothing from outside the mask bleeds in; 0 outside.

    Args:
        values_hw: (h, w) float32. mask_hw: (h, w) bool. sigma_px: standard deviation in pixels of the map; 0 leaves the values as they are.

    Source: Knutsson and Westin, "Normalized and differential convolution", CVPR 1993 (normalised averaging).
    """
    if sigma_px == 0 or not mask_hw.any():
        return np.where(mask_hw, values_hw, 0).astype(np.float32)
    centre = np.float32(values_hw[mask_hw].mean(dtype=np.float64))  # keeps float32 accurate, and a constant map exactly constant
    sums_hw = _gaussian(np.where(mask_hw, values_hw - centre, 0).astype(np.float32), sigma_px)
    weights_hw = _gaussian(mask_hw.astype(np.float32), sigma_px)
    return np.where(mask_hw, sums_hw / np.where(mask_hw, weights_hw, 1) + centre, 0).astype(np.float32)


def _gaussian(values_hw: Array, sigma_px: float) -> Array:
    return ndimage.gaussian_filter(values_hw, sigma_px, mode="constant", truncate=3.0)


def smooth_within_edges(values_hw: Array, mask_hw: Array, sigma_px: float, range_sigma: float) -> Array:
    """Bilateral smoothing normalised by the mask: values that differ by more than about `range_sigma` do not mix.

    Source: Durand and Dorsey, "Fast bilateral filtering for the display of high-dynamic-range images", SIGGRAPH 2002, section 5.1
    (piecewise-linear in the values). We add the mask to the weights; `range_sigma` is at least the spacing of the `RANGE_LEVELS` levels.
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
        result_hw += share_hw * (_gaussian(weight_hw * offset_hw, sigma_px) / total_hw + np.float32(level - low))
    return np.where(mask_hw, result_hw + np.float32(low), 0).astype(np.float32)


def resample(values_hw: Array, mask_hw: Array, size_hw: tuple[int, int]) -> tuple[Array, Array]:
    """Mean of the masked pixels that fall on each cell of a coarser grid, and the cells of which at least half is masked.

    Args: values_hw (h, w) float32; mask_hw (h, w) bool; size_hw: rows and columns of the grid, each at most those of `values_hw`.
    """
    if size_hw == values_hw.shape:
        return values_hw, mask_hw
    size_wh = size_hw[::-1]
    weights_hw = cv2.resize(mask_hw.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    sums_hw = cv2.resize(np.where(mask_hw, values_hw, 0).astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    kept_hw = weights_hw >= 0.5
    return np.where(kept_hw, sums_hw / np.where(kept_hw, weights_hw, 1), 0).astype(np.float32), kept_hw


def shrink_picture(rgb_hwc: Array, size_hw: tuple[int, int]) -> Array:
    """(h, w, 3) uint8 picture on a coarser grid, each cell the mean of its pixels."""
    return cv2.resize(rgb_hwc, size_hw[::-1], interpolation=cv2.INTER_AREA)
