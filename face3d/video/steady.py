"""Depth maps of consecutive frames on one scale, and without flicker where the picture stands still."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.structures import Array, DepthMap, DepthRepresentation, Photo

STILL, MOVES = 3.0, 12.0
"""Differences of grey from the frame before, smoothed, up to which a pixel stands still, and from which on it
moves: 0..255."""
GREY_SIGMA = 1 / 200
"""Standard deviation of the Gaussian over that difference, picture widths: noise is no motion."""
SHARE = 0.15
"""Share of a new depth in what is shown, where the picture stands still; where it moves, all of it."""
LEAST_PIXELS = 100
"""Pixels in common below which two frames are not compared."""
SCALES = (0.8, 1.25)
"""Scales from a frame to the one before that are believed."""
LARGEST_JUMP = 0.1
"""Mean difference after aligning, as a share of the depth's own spread, above which a new scene begins."""


@dataclass(frozen=True, eq=False)
class SteadyFrame:
    """depth: of the frame, steady. own_change, change: mean absolute difference from the frame before, over
    what stands still in both, of the network's own values on one scale and of the steady ones, as shares of
    the depth's spread; None where nothing is compared.
    """

    depth: DepthMap
    own_change: float | None
    change: float | None


class Steady:
    """Takes the frames of a film one after the other.

    The values of each frame are brought to the scale and shift of the one before, over the pixels that stand
    still: the scale where the network's own is free, else the shift alone. Where the picture stands still,
    values and matte then pass slowly into the new ones.
    """

    def __init__(self) -> None:
        self._grey_hw: Array | None = None
        self._shown: DepthMap | None = None
        self._own_hw: Array | None = None

    def add(self, photo: Photo, depth: DepthMap) -> SteadyFrame:
        """The depth map of the next frame, all frames of one size."""
        grey_hw = cv2.cvtColor(photo.rgb_hwc, cv2.COLOR_RGB2GRAY).astype(np.float32)
        before, was_hw, own_hw = self._shown, self._grey_hw, self._own_hw
        self._grey_hw, self._shown, self._own_hw = grey_hw, depth, depth.values_hw
        if before is None or was_hw is None or own_hw is None:
            return SteadyFrame(depth, None, None)
        sigma = max(0.5, GREY_SIGMA * depth.size_hw[1])
        moved_hw = cv2.GaussianBlur(np.abs(grey_hw - was_hw), (0, 0), sigma)
        still_hw = (moved_hw < STILL) & depth.mask_hw & before.mask_hw
        if still_hw.sum() < LEAST_PIXELS:
            return SteadyFrame(depth, None, None)
        free = depth.representation is DepthRepresentation.RELATIVE_INVERSE
        scale, shift = _aligned(depth.values_hw[still_hw], before.values_hw[still_hw], free)
        spread = max(float(np.ptp(np.percentile(before.values_hw[before.mask_hw], (5, 95)))), 1e-9)
        values_hw = (scale * depth.values_hw + shift).astype(np.float32)
        if np.abs(values_hw - before.values_hw)[still_hw].mean() > LARGEST_JUMP * spread:
            return SteadyFrame(depth, None, None)
        share_hw = SHARE + (1 - SHARE) * np.clip((moved_hw - STILL) / (MOVES - STILL), 0, 1)
        both_hw = before.mask_hw & depth.mask_hw  # beside them values need not be finite
        share_hw = np.where(both_hw, share_hw, 1).astype(np.float32)
        mixed_hw = before.values_hw + share_hw * (values_hw - before.values_hw)
        steady_hw = np.where(both_hw, mixed_hw, values_hw)
        shown = replace(
            _on_scale(depth, scale, shift, steady_hw),
            matte_hw=_mixed(before.matte_hw, depth.matte_hw, share_hw),
        )
        self._shown, self._own_hw = shown, values_hw
        return SteadyFrame(
            shown,
            float(np.abs(values_hw - own_hw)[still_hw].mean()) / spread,
            float(np.abs(steady_hw - before.values_hw)[still_hw].mean()) / spread,
        )


def _aligned(values_n: Array, wanted_n: Array, free: bool) -> tuple[float, float]:
    """Scale and shift that bring values to wanted ones; the scale is 1 unless it is free."""
    values_n, wanted_n = values_n.astype(np.float64), wanted_n.astype(np.float64)
    scale = 1.0
    if free and (spread := np.ptp(np.percentile(values_n, (25, 75)))) > 0:
        scale = float(np.clip(np.ptp(np.percentile(wanted_n, (25, 75))) / spread, *SCALES))
    return scale, float(np.median(wanted_n - scale * values_n))


def _on_scale(depth: DepthMap, scale: float, shift: float, values_hw: Array) -> DepthMap:
    """The map with steady values, its hidden side and stated errors on the same scale."""

    def scaled(layer_hw: Array | None) -> Array | None:
        return None if layer_hw is None else (scale * layer_hw).astype(np.float32)

    back_hw = depth.back_hw
    if back_hw is not None:
        back_hw = values_hw - scale * np.maximum(depth.values_hw - back_hw, 0)
    return replace(
        depth,
        values_hw=values_hw.astype(np.float32),
        back_hw=None if back_hw is None else np.minimum(back_hw, values_hw).astype(np.float32),
        uncertainty_hw=scaled(depth.uncertainty_hw),
        thickness_uncertainty_hw=scaled(depth.thickness_uncertainty_hw),
    )


def _mixed(before_hw: Array | None, matte_hw: Array | None, share_hw: Array) -> Array | None:
    """A matte that passes into the next one; the foreground stays that of the frame."""
    if before_hw is None or matte_hw is None:
        return matte_hw
    mixed_hw = before_hw + share_hw * (matte_hw - before_hw)
    return np.where(matte_hw > 0.5, np.maximum(mixed_hw, 0.501), np.minimum(mixed_hw, 0.5)).astype(np.float32)
