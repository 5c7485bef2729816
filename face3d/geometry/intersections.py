"""Triangles of a mesh that pass through others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from face3d.geometry.rays import ray_hits
from face3d.structures import Array

SWEEP_AXIS, COLUMN_AXES = 0, (1, 2)
CANDIDATES_AT_ONCE = 300_000
"""Pairs of triangles are compared in batches of about so many, 20 MB."""


def self_touching(vertices_n3: Array, faces_m3: Array) -> int:
    """How many triangles another one, sharing no vertex with it, passes through."""
    return len(touching_triangles(vertices_n3, faces_m3))


def touching_triangles(vertices_n3: Array, faces_m3: Array) -> Array:
    """(k,) ascending indices of the triangles that another one, sharing no vertex with it, passes through."""
    corners_m33 = vertices_n3[faces_m3].astype(np.float64)
    normals_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])
    touching = []
    for pairs_k2 in near_pairs(vertices_n3, faces_m3):
        for one, other in ((0, 1), (1, 0)):
            across_k = _crosses_plane(corners_m33, normals_m3, pairs_k2[:, one], pairs_k2[:, other])
            pairs_k2 = pairs_k2[across_k]
        pierced_k = _pierce_each_other(corners_m33[pairs_k2[:, 0]], corners_m33[pairs_k2[:, 1]])
        touching.append(pairs_k2[pierced_k])
    return np.unique(np.concatenate(touching)) if touching else np.empty(0, int)


def near_pairs(vertices_n3: Array, faces_m3: Array) -> Iterator[Array]:
    """(k, 2) int32, in batches: pairs of triangles whose boxes overlap and that share no vertex, each pair
    once.

    The triangles are entered into columns along one axis, a little wider than the usual triangle, one in
    every column that its box touches. In a column they are sorted by their lower ends, so that those that
    overlap with one along the column follow it without a gap (sweep and prune).

    Source: Cohen et al., "I-COLLIDE", Symposium on Interactive 3D Graphics 1995, section 4.
    """
    low_m3, high_m3 = _boxes(vertices_n3, faces_m3)
    columns_k2, triangle_k, followers_k, first_m2 = _columns(low_m3, high_m3)
    layers = [  # per axis across the columns: ends of the box, its first column, this entry's column
        (low_m3[triangle_k, axis], high_m3[triangle_k, axis], first_m2[triangle_k, at], columns_k2[:, at])
        for at, axis in enumerate(COLUMN_AXES)
    ]
    total_k = np.cumsum(followers_k)
    starts = np.searchsorted(total_k, np.arange(0, total_k[-1], CANDIDATES_AT_ONCE))
    for start, stop in itertools.pairwise([*starts, len(total_k)]):
        count_k = followers_k[start:stop]
        one_p = np.repeat(np.arange(start, stop, dtype=np.int32), count_k)
        ahead_k = np.arange(start + 1, stop + 1) - (np.cumsum(count_k) - count_k)
        other_p = np.arange(len(one_p), dtype=np.int32) + np.repeat(ahead_k.astype(np.int32), count_k)
        # Axis by axis, because each leaves fewer pairs to the next.
        for low_k, high_k, first_k, column_k in layers:
            overlap_p = (low_k[one_p] <= high_k[other_p]) & (low_k[other_p] <= high_k[one_p])
            one_p, other_p = one_p[overlap_p], other_p[overlap_p]
            # Two boxes may share several columns: the pair counts in the first of them.
            counts_p = np.maximum(first_k[one_p], first_k[other_p]) == column_k[one_p]
            one_p, other_p = one_p[counts_p], other_p[counts_p]
        pairs_p2 = np.stack([triangle_k[one_p], triangle_k[other_p]], -1)
        yield pairs_p2[_share_no_vertex(faces_m3, pairs_p2)]


def _boxes(vertices_n3: Array, faces_m3: Array) -> tuple[Array, Array]:
    """Least and largest coordinates of each triangle, (m, 3) each."""
    a_m3, b_m3, c_m3 = (vertices_n3[faces_m3[:, corner]] for corner in range(3))
    return np.minimum(np.minimum(a_m3, b_m3), c_m3), np.maximum(np.maximum(a_m3, b_m3), c_m3)


def _columns(low_m3: Array, high_m3: Array) -> tuple[Array, Array, Array, Array]:
    """Entries of triangles in columns along SWEEP_AXIS, sorted by column and lower end.

    Returns: each entry's column (k, 2), its triangle (k,) and how many of the entries that follow it overlap
    with it along the column (k,); each triangle's first column (m, 2).
    """
    count = len(low_m3)
    width = max(
        1.2 * float(np.percentile((high_m3 - low_m3).max(axis=1), 90)),
        float((high_m3.max(axis=0) - low_m3.min(axis=0)).max()) / 400,
    )
    across = list(COLUMN_AXES)
    first_m2, last_m2 = (
        np.floor((ends_m3[:, across] - low_m3[:, across].min(axis=0)) / width).astype(np.int32)
        for ends_m3 in (low_m3, high_m3)
    )
    extent_m2 = last_m2 - first_m2 + 1
    entries_m = extent_m2.prod(axis=1)
    triangle_k = np.repeat(np.arange(count, dtype=np.int32), entries_m)
    within_k = np.arange(len(triangle_k)) - np.repeat(np.cumsum(entries_m) - entries_m, entries_m)
    columns_k2 = np.stack(np.divmod(within_k, extent_m2[triangle_k, 1]), -1).astype(np.int32)
    columns_k2 += first_m2[triangle_k]
    column_k = columns_k2[:, 0].astype(np.int64) * (int(last_m2[:, 1].max()) + 1) + columns_k2[:, 1]
    # Ends along the column become whole numbers: the place of the lower ends in their order.
    order_m = np.argsort(low_m3[:, SWEEP_AXIS], kind="stable")
    place_m = np.empty(count, np.int64)
    place_m[order_m] = np.arange(count)
    stop_m = np.searchsorted(low_m3[order_m, SWEEP_AXIS], high_m3[:, SWEEP_AXIS], side="right")
    key_k = column_k * (count + 1) + place_m[triangle_k]
    order_k = np.argsort(key_k)
    triangle_k, column_k = triangle_k[order_k], column_k[order_k]
    stop_k = np.searchsorted(key_k[order_k], column_k * (count + 1) + stop_m[triangle_k])
    return columns_k2[order_k], triangle_k, stop_k - np.arange(1, len(stop_k) + 1), first_m2


def _share_no_vertex(faces_m3: Array, pairs_k2: Array) -> Array:
    """(k,) bool."""
    one_3k, other_3k = (np.ascontiguousarray(faces_m3[pairs_k2[:, side]].T) for side in (0, 1))
    apart_k = np.ones(len(pairs_k2), bool)
    for one_k in one_3k:
        for other_k in other_3k:
            apart_k &= one_k != other_k
    return apart_k


def _crosses_plane(corners_m33: Array, normals_m3: Array, one_k: Array, other_k: Array) -> Array:
    """(k,) bool: triangles that do not lie on one side of the plane of another."""
    origin_k3, normal_k3 = corners_m33[other_k, 0], normals_m3[other_k]
    side_3k = [
        np.einsum("kd,kd->k", corners_m33[one_k, corner] - origin_k3, normal_k3) for corner in range(3)
    ]
    return (np.minimum.reduce(side_3k) <= 0) & (np.maximum.reduce(side_3k) >= 0)


def _pierce_each_other(one_k33: Array, other_k33: Array) -> Array:
    """(k,) bool: pairs of triangles of which an edge of either crosses the inside of the other."""
    pierced_k = np.zeros(len(one_k33), bool)
    for edges_k33, triangles_k33 in ((one_k33, other_k33), (other_k33, one_k33)):
        for corner in range(3):
            start_k3, end_k3 = edges_k33[:, corner], edges_k33[:, (corner + 1) % 3]
            distance_k, inside_k = ray_hits(start_k3, end_k3 - start_k3, triangles_k33)
            pierced_k |= inside_k & (distance_k > 0) & (distance_k < 1)
    return pierced_k
