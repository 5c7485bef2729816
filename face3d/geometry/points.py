"""Points of a grid: outliers, normals, curvature, and sampling within a budget."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from face3d.structures import Array

NEIGHBOURS = 16
"""Nearest neighbours whose mean distance tells an outlier."""
PACKING = 0.41
"""Share of a plane that discs cover which are taken in random order from four times as many random points;
0.547 from points without end (Feder, "Random sequential adsorption", J. Theor. Biol. 87, 1980)."""


def outliers(points_n3: Array, ratio: float, least_deviation: float = 0.0) -> Array:
    """(n,) bool: points whose mean distance to their `NEIGHBOURS` nearest is `ratio` standard deviations
    above average.

    least_deviation: of the standard deviation, share of the average: where points are even, those at an edge
    are farther apart than the others by more than twice their small deviation, and no outliers.

    Source: Rusu et al., "Towards 3D point cloud based object maps for household environments", RAS 2008,
    section 4.1.
    """
    if len(points_n3) <= NEIGHBOURS:
        return np.zeros(len(points_n3), bool)
    tree = cKDTree(points_n3)
    # In the tree's own order, points that follow each other have their neighbours in common.
    distances_nk, _ = tree.query(tree.data[tree.indices], NEIGHBOURS + 1, workers=-1)
    mean_n = np.empty(len(points_n3))
    mean_n[tree.indices] = distances_nk[:, 1:].mean(axis=1)
    average = mean_n.mean()
    return mean_n > average + ratio * max(mean_n.std(), least_deviation * average) + 1e-12


def spacing(area: float, count: int) -> float:
    """Least distance at which `apart` keeps at most about `count` points of a surface of this area."""
    return float(np.sqrt(4 * PACKING * area / (np.pi * count)))


def apart(points_n3: Array, distance: float) -> Array:
    """Ascending indices of points of which no two are nearer than `distance`, and to one of which every other
    is: where the points are in random order, blue noise without a pattern or a hole.

    Source: Luby, "A simple parallel algorithm for the maximal independent set problem", SIAM J. Comput. 15,
    1986, with the order of the points for its random numbers. The earlier point of a pair stays, as in dart
    throwing (Cook, "Stochastic sampling in computer graphics", TOG 5(1), 1986).
    """
    pairs_k2 = cKDTree(points_n3).query_pairs(distance, output_type="ndarray")  # the lower index first
    kept_n, open_n = np.zeros(len(points_n3), bool), np.ones(len(points_n3), bool)
    while len(pairs_k2):
        first_n = open_n.copy()
        first_n[pairs_k2[:, 1]] = False
        kept_n |= first_n
        open_n &= ~first_n
        open_n[pairs_k2[first_n[pairs_k2[:, 0]], 1]] = False
        pairs_k2 = pairs_k2[open_n[pairs_k2].all(axis=1)]
    return np.flatnonzero(kept_n | open_n)


def bounds(mask_hw: Array) -> tuple[slice, slice]:
    """Rows and columns that hold all of a mask and a pixel around it; the whole picture where it is empty."""
    ends = [np.flatnonzero(mask_hw.any(axis=axis)) for axis in (1, 0)]
    rows, columns = (
        slice(max(0, int(at[0]) - 1), int(at[-1]) + 2) if len(at) else slice(None) for at in ends
    )
    return rows, columns


def normals_of_grid(points_hw3: Array, mask_hw: Array) -> Array:
    """(h, w, 3) float32 unit normals towards the camera, from central differences within the mask.

    +Z where a point has no neighbour.
    """

    across_3hw, down_3hw = ([_slope(points_hw3[..., k], mask_hw, axis) for k in range(3)] for axis in (1, 0))
    (ax, ay, az), (dx, dy, dz) = across_3hw, down_3hw
    normals_hw3 = np.stack([az * dy - ay * dz, ax * dz - az * dx, ay * dx - ax * dy], -1)
    lengths_hw = np.sqrt(np.einsum("hwk,hwk->hw", normals_hw3, normals_hw3))
    flat_hw = lengths_hw < 1e-15
    normals_hw3[flat_hw] = 0, 0, 1
    lengths_hw[flat_hw] = 1
    normals_hw3 /= lengths_hw[..., None]
    return normals_hw3.astype(np.float32, copy=False)


def _slope(values_hw: Array, mask_hw: Array, axis: int) -> Array:
    """(h, w): the differences to the two neighbours along an axis, summed; 0 for one outside the mask."""
    values_hw, mask_hw = np.moveaxis(values_hw, axis, 0), np.moveaxis(mask_hw, axis, 0)
    steps_hw = np.diff(values_hw, axis=0)
    slope_hw = np.zeros_like(values_hw)
    slope_hw[:-1] = np.where(mask_hw[1:], steps_hw, 0)
    slope_hw[1:] += np.where(mask_hw[:-1], steps_hw, 0)
    return np.moveaxis(slope_hw, 0, axis)


def curvature(normals_hw3: Array) -> Array:
    """(h, w) float: how far the normal turns to the next pixel, both ways."""
    curvature_hw = np.zeros(normals_hw3.shape[:2])
    for turn_hw3, at in (
        (np.diff(normals_hw3, axis=1), np.s_[:, 1:]),
        (np.diff(normals_hw3, axis=0), np.s_[1:]),
    ):
        curvature_hw[at] += np.sqrt(np.einsum("hwk,hwk->hw", turn_hw3, turn_hw3))
    return curvature_hw


def systematic_sample(weights_n: Array, count: int) -> Array:
    """`count` ascending indices, evenly spaced in the sum of weights, half of which is spread evenly.

    Deterministic, and close to even in space, since the pixels come row by row.
    Source: systematic sampling, Cochran, Sampling Techniques, 3rd ed. 1977, chapter 8.
    """
    density_n = 0.5 / len(weights_n) + 0.5 * weights_n / max(weights_n.sum(), 1e-30)
    density_n = np.minimum(density_n * count, 1.0)
    positions_n = np.cumsum(density_n)
    steps = np.floor(positions_n * (count / max(positions_n[-1], count)))
    return np.flatnonzero(np.diff(steps, prepend=0) > 0)[:count]
