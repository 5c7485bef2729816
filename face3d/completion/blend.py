"""Gradient-domain blending: what is put into a picture meets its surroundings without a seam."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from face3d.structures import Array

SOLVED_SIDE = 240
"""Longest side of the grid on which a correction is solved, cells: it is smooth, and then takes a tenth of a
second."""


def membrane(values_hwc: Array, fixed_hw: Array, inside_hw: Array, decay_px: float = np.inf) -> Array:
    """(h, w, c) float32: the smoothest layer with `values_hwc` where fixed, over `inside_hw`; 0 elsewhere.

    It minimises the sum of squared differences of neighbours and, with a finite decay, of
    (value / decay_px) squared: far from what is fixed it then fades to 0. A region without a fixed pixel
    is 0.

    Source: Perez, Gangnet and Blake, "Poisson image editing", SIGGRAPH 2003: an inserted picture plus the
    membrane of its differences along the border has the picture's gradients (section 2).
    """
    used_hw = fixed_hw | inside_hw
    number_hw = np.full(used_hw.shape, -1)
    number_hw[used_hw] = np.arange(used_hw.sum())
    result_hwc = np.zeros(values_hwc.shape, np.float32)
    if not (fixed_hw & used_hw).any() or not (inside_hw & ~fixed_hw).any():
        result_hwc[fixed_hw] = values_hwc[fixed_hw]
        return result_hwc
    starts, ends = [], []
    for first, second in (
        (number_hw[:, :-1], number_hw[:, 1:]),
        (number_hw[:-1], number_hw[1:]),
    ):
        both = (first >= 0) & (second >= 0)
        starts.append(first[both])
        ends.append(second[both])
    start, end = np.concatenate(starts), np.concatenate(ends)
    count = int(used_hw.sum())
    # A weak pull to 0 also keeps a region without a fixed pixel solvable.
    pull = max(1 / decay_px**2, 1e-9)
    diagonal = np.bincount(start, minlength=count) + np.bincount(end, minlength=count) + pull
    rows = np.concatenate([start, end, np.arange(count)])
    columns = np.concatenate([end, start, np.arange(count)])
    entries = np.concatenate([np.full(2 * len(start), -1.0), diagonal])
    matrix = coo_array((entries, (rows, columns)), shape=(count, count)).tocsc()
    fixed_n = fixed_hw[used_hw]
    known_nc = values_hwc[used_hw].astype(np.float64) * fixed_n[:, None]
    free = np.flatnonzero(~fixed_n)
    right_nc = -(matrix @ known_nc)[free]
    known_nc[free] = splu(matrix[free][:, free]).solve(right_nc)
    result_hwc[used_hw] = known_nc
    return result_hwc


def correction(difference_hwc: Array, fixed_hw: Array, inside_hw: Array, decay_px: float = np.inf) -> Array:
    """`membrane` of differences along a border, solved on a coarser grid where the picture is large."""
    height, width = fixed_hw.shape
    scale = SOLVED_SIDE / max(height, width)
    if scale >= 1:
        return membrane(difference_hwc, fixed_hw, inside_hw, decay_px)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))

    def shrunk(layer: Array) -> Array:
        small = cv2.resize(layer.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
        return small.reshape(size_wh[1], size_wh[0], *layer.shape[2:])

    weight_hw = shrunk(fixed_hw)
    sums_hwc = shrunk(difference_hwc * fixed_hw[..., None])
    small_hwc = sums_hwc / np.maximum(weight_hw, 1e-6)[..., None]
    solved_hwc = membrane(small_hwc, weight_hw > 0.05, shrunk(inside_hw) > 0, decay_px * scale)
    large_hwc = cv2.resize(solved_hwc, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where((inside_hw | fixed_hw)[..., None], large_hwc.reshape(difference_hwc.shape), 0)
