"""Measurements of a mesh: closedness, volume, self-intersection, wall thickness, reprojection error."""

from __future__ import annotations

import numpy as np

from face3d.geometry.camera import Camera, project
from face3d.structures import Array, Mesh

WALL_SAMPLES = 1000

WALL_FACES = 0.87
"""Cosine of the largest angle between a ray through a wall and the normal where it leaves: 30 degrees."""
PIXEL_SAMPLES = 20_000
RAYS_TIMES_FACES = 6_000_000
"""Rays are followed in batches of so many pairs of ray and triangle, about 100 MB."""


def edge_report(faces_m3: Array) -> tuple[bool, bool, int]:
    """Whether every edge has two triangles, whether none is walked twice one way, and the number of edges."""
    start, end = faces_m3.astype(np.int64).ravel(), np.roll(faces_m3, -1, axis=1).astype(np.int64).ravel()
    count = int(faces_m3.max()) + 1
    _, uses = np.unique(np.minimum(start, end) * count + np.maximum(start, end), return_counts=True)
    _, walks = np.unique(start * count + end, return_counts=True)
    return bool((uses == 2).all()), bool((walks == 1).all()), len(uses)


def signed_volume(vertices_n3: Array, faces_m3: Array) -> float:
    """Volume enclosed, positive where triangles face outwards (divergence theorem, about the centroid)."""
    a, b, c = ((vertices_n3 - vertices_n3.mean(axis=0))[faces_m3[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _pierces(segments_k23: Array, triangles_k33: Array) -> Array:
    """(k,) bool: segments that cross the inside of their triangle."""
    origin_k3, along_k3 = segments_k23[:, 0], segments_k23[:, 1] - segments_k23[:, 0]
    distance_k, inside_k = _ray_hits(origin_k3, along_k3, triangles_k33)
    return inside_k & (distance_k > 0) & (distance_k < 1)


def _ray_hits(origin_k3: Array, along_k3: Array, triangles_k33: Array) -> tuple[Array, Array]:
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


def near_pairs(vertices_n3: Array, faces_m3: Array) -> Array:
    """(k, 2) int: pairs of triangles whose boxes overlap and that share no vertex, each pair once.

    Boxes are sorted into cells a little larger than the usual triangle; a triangle is entered in every cell
    that its box touches.
    """
    corners_m33 = vertices_n3[faces_m3]
    low_m3, high_m3 = corners_m33.min(axis=1), corners_m33.max(axis=1)
    cell = max(
        1.2 * float(np.percentile((high_m3 - low_m3).max(axis=1), 90)),
        float(np.ptp(vertices_n3, axis=0).max()) / 400,
    )
    first_m3, last_m3 = np.floor(low_m3 / cell).astype(np.int64), np.floor(high_m3 / cell).astype(np.int64)
    extent_m3 = last_m3 - first_m3 + 1
    entries_m = extent_m3.prod(axis=1)
    triangle_k = np.repeat(np.arange(len(faces_m3)), entries_m)
    within_k = np.arange(len(triangle_k)) - np.repeat(np.cumsum(entries_m) - entries_m, entries_m)
    within_k, x_k = np.divmod(within_k, extent_m3[triangle_k, 0])
    z_k, y_k = np.divmod(within_k, extent_m3[triangle_k, 1])
    cells_k3 = np.stack([x_k, y_k, z_k], -1) + first_m3[triangle_k] - first_m3.min(axis=0)
    size_3 = cells_k3.max(axis=0) + 1
    key_k = (cells_k3[:, 0] * size_3[1] + cells_k3[:, 1]) * size_3[2] + cells_k3[:, 2]
    order = np.argsort(key_k, kind="stable")
    key_k, triangle_k = key_k[order], triangle_k[order]
    pairs = []
    for step in range(
        1, len(key_k)
    ):  # entries of one cell lie together: compare each with the next, the one after, ...
        same = np.flatnonzero(key_k[step:] == key_k[:-step])
        if not len(same):
            break
        one, other = triangle_k[same], triangle_k[same + step]
        overlap = ((low_m3[one] <= high_m3[other]) & (low_m3[other] <= high_m3[one])).all(axis=1)
        one, other = one[overlap], other[overlap]
        apart = (faces_m3[one][:, :, None] != faces_m3[other][:, None, :]).all(axis=(1, 2))
        pairs.append(np.stack([one[apart], other[apart]], -1))
    if not pairs:
        return np.zeros((0, 2), np.int64)
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def self_touching(vertices_n3: Array, faces_m3: Array) -> int:
    """Triangles that another one, sharing no vertex with it, passes through."""
    pairs_k2 = near_pairs(vertices_n3, faces_m3)
    corners_m33 = vertices_n3[faces_m3]
    touching_k = np.zeros(len(pairs_k2), bool)
    for one, other in ((0, 1), (1, 0)):
        for corner in range(3):
            segments_k23 = corners_m33[pairs_k2[:, one]][:, [corner, (corner + 1) % 3]]
            touching_k |= _pierces(segments_k23, corners_m33[pairs_k2[:, other]])
    return len(np.unique(pairs_k2[touching_k]))


def walls(vertices_n3: Array, faces_m3: Array, rng: np.random.Generator) -> Array:
    """(WALL_SAMPLES,) wall thicknesses along the inward normal, at points even by area; in the vertices'
    unit.

    A ray counts where it leaves through a face that faces away (`WALL_FACES`); it is infinite elsewhere:
    every solid is thin towards a sharp edge, and that is no wall.
    """
    corners_m33 = vertices_n3[faces_m3]
    normals_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])
    areas_m = np.linalg.norm(normals_m3, axis=1)
    chosen_k = rng.choice(len(faces_m3), WALL_SAMPLES, p=areas_m / areas_m.sum())
    origins_k3 = np.einsum("kc,kcd->kd", _in_triangle(len(chosen_k), rng), corners_m33[chosen_k])
    normals_m3 /= np.maximum(areas_m, 1e-300)[:, None]
    inward_k3 = -normals_m3[chosen_k]
    middle_3 = vertices_n3.mean(axis=0)
    centres_m3 = (corners_m33.mean(axis=1) - middle_3).astype(
        np.float32
    )  # float32 will do to find the triangles near a ray
    radii_m = 1.001 * np.linalg.norm(corners_m33 - middle_3 - centres_m3[:, None], axis=2).max(axis=1).astype(
        np.float32
    )
    centres_m = (centres_m3**2).sum(axis=1)
    walls_k = np.full(len(chosen_k), np.inf)
    at_once = max(1, RAYS_TIMES_FACES // len(faces_m3))
    for first in range(0, len(chosen_k), at_once):
        part = slice(first, first + at_once)
        origin, inward = origins_k3[part], inward_k3[part]
        start, way = (origin - middle_3).astype(np.float32), inward.astype(np.float32)
        along_km = way @ centres_m3.T - np.einsum("kd,kd->k", start, way)[:, None]
        squared_km = centres_m - 2 * start @ centres_m3.T + (start**2).sum(axis=1)[:, None]
        ray, triangle = np.nonzero((squared_km - along_km**2 <= radii_m**2) & (along_km > -radii_m))
        distance, inside = _ray_hits(origin[ray], inward[ray], corners_m33[triangle])
        facing = np.einsum("kd,kd->k", inward[ray], normals_m3[triangle]) > WALL_FACES
        hits = inside & facing & (distance > 0) & (triangle != chosen_k[part][ray])
        np.minimum.at(walls_k, first + ray[hits], distance[hits])
    return walls_k


def _in_triangle(count: int, rng: np.random.Generator) -> Array:
    """(count, 3) barycentric coordinates, even over the triangle.

    Source: Osada et al., "Shape distributions", TOG 21(4), 2002.
    """
    root_k, share_k = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root_k, root_k * (1 - share_k), root_k * share_k], -1)


def reprojection_error(
    mesh_in_camera: Mesh, camera: Camera, front_share: float, margin_px: int, rng: np.random.Generator
) -> float | None:
    """Mean distance in pixels of the photo between a point's place in the texture and its projection.

    A texture is linear over a triangle and a photo is not: large triangles let it slide. None without a
    texture.
    """
    if mesh_in_camera.uv_n2 is None:
        return None
    vertices_n3 = mesh_in_camera.vertices_n3.astype(np.float64)
    seen = mesh_in_camera.faces_m3[
        mesh_in_camera.uv_n2[mesh_in_camera.faces_m3, 0].mean(axis=1) < front_share
    ]  # left part of the atlas
    if not len(seen):
        return None
    corners_k3 = seen[rng.integers(len(seen), size=PIXEL_SAMPLES)]
    weights_k3 = _in_triangle(PIXEL_SAMPLES, rng)
    uv_k2 = np.einsum("kc,kcd->kd", weights_k3, mesh_in_camera.uv_n2[corners_k3].astype(np.float64))
    height, width = camera.size_hw
    uv_columns = uv_k2[:, 0] / front_share * (width + 2 * margin_px) - margin_px
    uv_rows = (1 - uv_k2[:, 1]) * (height + 2 * margin_px) - margin_px
    columns, rows = project(np.einsum("kc,kcd->kd", weights_k3, vertices_n3[corners_k3]), camera)
    return float(np.hypot(columns - uv_columns, rows - uv_rows).mean())
