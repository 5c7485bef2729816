"""Compression of a relief in the domain of its gradients: shallow, with the detail that it had.

Large slopes are attenuated, small ones kept, jumps at silhouettes taken out, and heights found whose slopes
come nearest to that (a Poisson equation).

Source: Weyrich et al., "Digital bas-relief from 3D scenes", SIGGRAPH 2007, section 4. As in Fattal et al.,
"Gradient domain high dynamic range compression", SIGGRAPH 2002, section 4, one factor that follows from the
slope of the surroundings attenuates all slopes at a place, so that detail on a steep side is kept as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from face3d.geometry.filters import resample
from face3d.structures import Array

SURROUNDINGS = 1 / 30
"""Standard deviation of the Gaussian over which the slope of the surroundings is measured, picture widths:
about an eye of a portrait."""
STRONGEST = 200.0
"""Largest strength of the attenuation; what is still too deep after it is scaled linearly."""
SEARCH_SIDE, SEARCH_STEPS = 96, 9
"""The strength is found on a grid of at most this side, in so many halvings of its logarithm's range."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Differences of height between neighbouring cells of a grid.

    across_hw: (h, w - 1), to the right. down_hw: (h - 1, w). Image widths per image width.
    """

    across_hw: Array
    down_hw: Array

    def times(self, factor_hw: Array) -> Slopes:
        """Each slope times the mean factor of its two cells."""
        return Slopes(
            self.across_hw * (factor_hw[:, 1:] + factor_hw[:, :-1]) / 2,
            self.down_hw * (factor_hw[1:] + factor_hw[:-1]) / 2,
        )

    def magnitude(self) -> Array:
        """(h, w) steepness at each cell, of the mean slope over its surroundings."""
        height, width = len(self.across_hw), self.down_hw.shape[1]
        sigma = max(0.5, SURROUNDINGS * width)
        padded = (
            (np.pad(self.across_hw, ((0, 0), (0, 1))) + np.pad(self.across_hw, ((0, 0), (1, 0)))) / 2,
            (np.pad(self.down_hw, ((0, 1), (0, 0))) + np.pad(self.down_hw, ((1, 0), (0, 0)))) / 2,
        )
        x_hw, y_hw = (cv2.GaussianBlur(part, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for part in padded)
        steep_hw: Array = np.hypot(x_hw, y_hw).reshape(height, width)
        return steep_hw


def slopes(height_hw: Array, known_hw: Array) -> Slopes:
    """Slopes between known cells; 0 to cells beside a jump, which are not known, and to the background."""
    width = height_hw.shape[1]
    height_hw = height_hw.astype(np.float64)
    return Slopes(
        np.where(known_hw[:, 1:] & known_hw[:, :-1], np.diff(height_hw, axis=1), 0) * width,
        np.where(known_hw[1:] & known_hw[:-1], np.diff(height_hw, axis=0), 0) * width,
    )


def attenuated(given: Slopes, strength: float) -> Slopes:
    """Slopes g brought to log(1 + a g) / a, a the strength: small ones stay, large ones shrink.

    Source: Weyrich et al. 2007, equation 2.
    """
    if strength == 0:
        return given
    steep_hw = np.maximum(strength * given.magnitude(), 1e-9)
    return given.times(np.log1p(steep_hw) / steep_hw)


def integrated(wanted: Slopes, subject_hw: Array) -> Array:
    """(h, w) float64 heights, 0 outside the subject, whose slopes are nearest to the wanted ones.

    Least squares: the Poisson equation, with height 0 at the background's cells and free ends at the frame;
    where there is no background, the lowest cell has height 0.
    """
    height, width = subject_hw.shape
    free_hw = subject_hw.copy()
    free_hw[0, 0] &= not subject_hw.all()  # else every height could be shifted
    index_hw = np.where(free_hw, np.cumsum(free_hw).reshape(height, width) - 1, -1)
    ends_k2 = np.concatenate(
        [
            np.stack([index_hw[:, :-1].ravel(), index_hw[:, 1:].ravel()], -1),
            np.stack([index_hw[:-1].ravel(), index_hw[1:].ravel()], -1),
        ]
    )
    rises_k = np.concatenate([wanted.across_hw.ravel(), wanted.down_hw.ravel()]) / width
    row, end = np.nonzero(ends_k2 >= 0)
    rises = sparse.csr_matrix(
        (np.where(end == 1, 1.0, -1.0), (row, ends_k2[row, end])), shape=(len(ends_k2), int(free_hw.sum()))
    )
    factors = splu((rises.T @ rises).tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    result_hw = np.zeros(subject_hw.shape)
    result_hw[free_hw] = factors.solve(rises.T @ rises_k)
    return result_hw if not subject_hw.all() else result_hw - result_hw.min()


def compressed(height_hw: Array, subject_hw: Array, known_hw: Array, depth: float) -> Array:
    """(h, w) float32 relief from 0, the background, to `depth` at its highest.

    The attenuation is as strong as the depth needs, so that gentle slopes stay as they were; what is not as
    deep by itself is stretched.

    Args:
        height_hw: (h, w) heights, read where known. subject_hw: (h, w) bool. known_hw: those cells of the
            subject that are not beside a jump in depth.
        depth: > 0. Heights and depth are in widths of the picture.
    """
    known_hw = known_hw & subject_hw
    strength = _strength(height_hw, subject_hw, known_hw, depth)
    raised_hw = np.maximum(integrated(attenuated(slopes(height_hw, known_hw), strength), subject_hw), 0)
    highest = raised_hw.max()
    result_hw: Array = (raised_hw * (depth / highest if highest > 0 else 0)).astype(np.float32)
    return result_hw


def _strength(height_hw: Array, subject_hw: Array, known_hw: Array, depth: float) -> float:
    """The least strength, up to `STRONGEST`, at which the relief is at most `depth` deep."""
    share = min(1.0, SEARCH_SIDE / max(subject_hw.shape))
    size_hw = round(subject_hw.shape[0] * share) or 1, round(subject_hw.shape[1] * share) or 1
    subject_hw = resample(height_hw, subject_hw, size_hw)[1]
    height_hw, known_hw = resample(height_hw, known_hw, size_hw)
    given = slopes(height_hw, known_hw & subject_hw)
    low, high = 0.0, np.log1p(STRONGEST)
    if not subject_hw.any() or integrated(given, subject_hw).max() <= depth:
        return 0.0
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        too_deep = integrated(attenuated(given, float(np.expm1(middle))), subject_hw).max() > depth
        low, high = (middle, high) if too_deep else (low, middle)
    return float(np.expm1(high))
