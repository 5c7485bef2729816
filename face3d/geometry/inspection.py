"""Measurements of a mesh: closedness, volume, wall thickness, reprojection error."""

from __future__ import annotations

import numpy as np

from face3d.geometry.camera import Camera, project
from face3d.geometry.rays import near_rays, ray_hits
from face3d.structures import Array, Mesh

WALL_SAMPLES = 1000

WALL_FACES = 0.87
"""Cosine of the largest angle between a ray through a wall and the normal where it leaves: 30 degrees."""
PIXEL_SAMPLES = 20_000


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
    walls_k = np.full(len(chosen_k), np.inf)
    for ray, triangle in near_rays(origins_k3, inward_k3, corners_m33):
        distance, inside = ray_hits(origins_k3[ray], inward_k3[ray], corners_m33[triangle])
        facing = np.einsum("kd,kd->k", inward_k3[ray], normals_m3[triangle]) > WALL_FACES
        hits = inside & facing & (distance > 0) & (triangle != chosen_k[ray])
        np.minimum.at(walls_k, ray[hits], distance[hits])
    return walls_k


def points_on(vertices_n3: Array, faces_m3: Array, count: int, rng: np.random.Generator) -> Array:
    """(count, 3) float64 points on a mesh, even by area."""
    chosen_k, weights_k3 = even_samples(vertices_n3, faces_m3, count, rng)
    points_k3: Array = np.einsum("kc,kcd->kd", weights_k3, vertices_n3[faces_m3[chosen_k]].astype(np.float64))
    return points_k3


def surface_area(vertices_n3: Array, faces_m3: Array) -> float:
    """Sum of the areas of the triangles, square of the vertices' unit."""
    a_m3, b_m3, c_m3 = (vertices_n3[faces_m3[:, corner]].astype(np.float64) for corner in range(3))
    return float(np.linalg.norm(np.cross(b_m3 - a_m3, c_m3 - a_m3), axis=1).sum() / 2)


def even_samples(
    vertices_n3: Array, faces_m3: Array, count: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Triangles (count,) of samples that are even by area, and the samples' barycentric coordinates
    (count, 3).
    """
    corners_m33 = vertices_n3[faces_m3].astype(np.float64)
    first_m3, second_m3 = corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]
    areas_m = np.linalg.norm(np.cross(first_m3, second_m3), axis=1)
    return rng.choice(len(faces_m3), count, p=areas_m / areas_m.sum()), _in_triangle(count, rng)


def _in_triangle(count: int, rng: np.random.Generator) -> Array:
    """(count, 3) barycentric coordinates, even over the triangle.

    Source: Osada et al., "Shape distributions", TOG 21(4), 2002.
    """
    root_k, share_k = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root_k, root_k * (1 - share_k), root_k * share_k], -1)


def reprojection_error(
    mesh_in_camera: Mesh,
    camera: Camera,
    front_share: float,
    border_px: tuple[int, int],
    rng: np.random.Generator,
) -> float | None:
    """Mean distance in pixels of the photo between a point's place in the texture and its projection.

    A texture is linear over a triangle and a photo is not: large triangles let it slide. None without a
    texture. border_px: of the texture around the photo, and below that.
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
    (height, width), (margin_px, below_px) = camera.size_hw, border_px
    uv_columns = uv_k2[:, 0] / front_share * (width + 2 * margin_px) - margin_px
    uv_rows = (1 - uv_k2[:, 1]) * (height + 2 * margin_px + below_px) - margin_px
    columns, rows = project(np.einsum("kc,kcd->kd", weights_k3, vertices_n3[corners_k3]), camera)
    return float(np.hypot(columns - uv_columns, rows - uv_rows).mean())
