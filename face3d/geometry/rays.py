"""Rays and triangles: where they meet, and which are near each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from face3d.structures import Array

GROUPS_ACROSS = 24
"""Triangles are tested against rays in groups, the cubes of so many to the longest side of the model."""
RAYS_AT_ONCE = 100


def ray_hits(origin_k3: Array, along_k3: Array, triangles_k33: Array) -> tuple[Array, Array]:
    """Distance along each ray (in lengths of `along`) to its triangle's plane; whether it hits the triangle.

    Source: Möller and Trumbore, "Fast, minimum storage ray/triangle intersection", Journal of Graphics Tools
    2(1), 1997.
    """
    first_k3, second_k3 = triangles_k33[:, 1] - triangles_k33[:, 0], triangles_k33[:, 2] - triangles_k33[:, 0]
    p_k3 = np.cross(along_k3, second_k3)
    determinant_k = np.einsum("ij,ij->i", first_k3, p_k3)
    parallel = np.abs(determinant_k) < 1e-30
    inverse_k = 1 / np.where(parallel, 1, determinant_k)
    t_k3 = origin_k3 - triangles_k33[:, 0]
    u_k = np.einsum("ij,ij->i", t_k3, p_k3) * inverse_k
    q_k3 = np.cross(t_k3, first_k3)
    v_k = np.einsum("ij,ij->i", along_k3, q_k3) * inverse_k
    return np.einsum("ij,ij->i", second_k3, q_k3) * inverse_k, ~parallel & (u_k >= 0) & (v_k >= 0) & (
        u_k + v_k <= 1
    )


def near_rays(origins_k3: Array, along_k3: Array, triangles_m33: Array) -> Iterator[tuple[Array, Array]]:
    """Indices of rays and of triangles, in batches of pairs: each pair once, with all that meet.

    along_k3: unit length. A pair is near where the ray meets the ball around the triangle; whole groups of
    triangles are tested first, for a ray passes most of them far off.
    """
    low_m3, high_m3 = triangles_m33.min(axis=1), triangles_m33.max(axis=1)
    side = float(np.ptp(triangles_m33.reshape(-1, 3), axis=0).max()) / GROUPS_ACROSS
    place_m3 = ((low_m3 - low_m3.min(axis=0)) / (side or 1)).astype(np.int64)
    group_m = np.ravel_multi_index(tuple(place_m3.T), (GROUPS_ACROSS + 1,) * 3)
    order = np.argsort(group_m, kind="stable")
    first_g = np.flatnonzero(np.diff(group_m[order], prepend=-1))
    count_g = np.diff(first_g, append=len(order))
    group_centres_g3, group_radii_g = _balls(
        np.minimum.reduceat(low_m3[order], first_g), np.maximum.reduceat(high_m3[order], first_g)
    )
    centres_m3, radii_m = _balls(low_m3, high_m3)
    for start in range(0, len(origins_k3), RAYS_AT_ONCE):
        rays = np.arange(start, min(start + RAYS_AT_ONCE, len(origins_k3)))
        ray_p, group_p = np.nonzero(
            _near_each(origins_k3[rays], along_k3[rays], group_centres_g3, group_radii_g)
        )
        ray_q, count_q = np.repeat(rays[ray_p], count_g[group_p]), count_g[group_p]
        within_q = np.arange(len(ray_q)) - np.repeat(np.cumsum(count_q) - count_q, count_q)
        triangle_q = order[np.repeat(first_g[group_p], count_q) + within_q]
        near_q = _near(origins_k3[ray_q], along_k3[ray_q], centres_m3[triangle_q], radii_m[triangle_q])
        yield ray_q[near_q], triangle_q[near_q]


def _balls(low_k3: Array, high_k3: Array) -> tuple[Array, Array]:
    """Centres (k, 3) and radii (k,) of balls around boxes, a little larger than they need be."""
    return (low_k3 + high_k3) / 2, 0.5001 * np.linalg.norm(high_k3 - low_k3, axis=1)


def _near(origins_k3: Array, along_k3: Array, centres_k3: Array, radii_k: Array) -> Array:
    """(k,) bool: whether rays meet balls, pair by pair."""
    offset_k3 = centres_k3 - origins_k3
    ahead_k = np.einsum("kd,kd->k", offset_k3, along_k3)
    aside_k = np.einsum("kd,kd->k", offset_k3, offset_k3) - ahead_k**2  # square of the distance to the line
    near_k: Array = (aside_k <= radii_k**2) & (ahead_k > -radii_k)
    return near_k


def _near_each(origins_k3: Array, along_k3: Array, centres_g3: Array, radii_g: Array) -> Array:
    """(k, g) bool: `_near` of each ray and each ball, by products of matrices."""
    middle_3 = centres_g3.mean(axis=0)  # near 0, differences of squares lose nothing that counts
    centres_g3, origins_k3 = centres_g3 - middle_3, origins_k3 - middle_3
    ahead_kg = along_k3 @ centres_g3.T - np.einsum("kd,kd->k", along_k3, origins_k3)[:, None]
    reach_g = np.einsum("gd,gd->g", centres_g3, centres_g3) - radii_g**2
    aside_kg = -2 * origins_k3 @ centres_g3.T - ahead_kg**2
    aside_kg += reach_g + np.einsum("kd,kd->k", origins_k3, origins_k3)[:, None]
    near_kg: Array = (aside_kg <= 0) & (ahead_kg > -radii_g)
    return near_kg
