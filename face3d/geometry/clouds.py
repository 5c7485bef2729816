"""Point clouds of a relief: of the files, and of the page."""

from __future__ import annotations

import numpy as np

from face3d.geometry.grid import grid, pixel_points, used_triangles
from face3d.geometry.inspection import even_samples, surface_area
from face3d.geometry.points import (
    apart,
    bounds,
    curvature,
    normals_of_grid,
    outliers,
    spacing,
    systematic_sample,
)
from face3d.geometry.relief import Relief
from face3d.geometry.texture import model_texture, picture_of, picture_uv, sample_texture
from face3d.structures import PointCloud

DARTS = 4
"""Random points from which `even_points` takes, over the point budget (see `points.PACKING`)."""


def point_cloud(relief: Relief) -> PointCloud:
    """Points of the front surface with colours and normals, at most `point_budget`.

    Over budget, points are taken in proportion to the curvature, so that edges of nose, eyes and mouth keep
    theirs.
    """
    settings = relief.settings
    box = bounds(relief.known_hw)
    known_hw = relief.known_hw[box]
    points_hw3 = pixel_points(relief.front_hw, relief.camera)[box]
    normals_hw3 = normals_of_grid(points_hw3, known_hw)
    kept = np.flatnonzero(known_hw)
    if len(kept) > settings.point_budget:
        kept = kept[systematic_sample(curvature(normals_hw3).ravel()[kept], settings.point_budget)]
    points_n3 = points_hw3.reshape(-1, 3)[kept]
    if settings.remove_outliers:
        inliers = ~outliers(points_n3, settings.outlier_ratio)
        kept, points_n3 = kept[inliers], points_n3[inliers]
    colours_n3 = picture_of(relief)[box].reshape(-1, 3)[kept]
    return PointCloud(points_n3, colours_n3, normals_hw3.reshape(-1, 3)[kept], relief.unit)


def even_points(relief: Relief) -> tuple[PointCloud, float]:
    """At most about `point_budget` points, blue noise on the front surface, and their least distance apart:
    for looking at, where the rows of pixels would show as stripes and steep sides as gaps.

    Raises: GeometryError when no pixel is left.
    """
    settings, rng = relief.settings, np.random.default_rng(0)
    plane = grid(relief, side=max(relief.camera.size_hw))
    used, faces_m3 = used_triangles(plane.mask_hw)
    points_hw3 = np.stack([plane.x_hw, plane.y_hw, plane.z_hw], -1)
    normals_n3 = normals_of_grid(np.nan_to_num(points_hw3), plane.mask_hw).reshape(-1, 3)[used]
    vertices_n3 = points_hw3.reshape(-1, 3)[used]
    distance = spacing(surface_area(vertices_n3, faces_m3), settings.point_budget)
    chosen_k, weights_k3 = even_samples(vertices_n3, faces_m3, DARTS * settings.point_budget, rng)
    points_k3 = np.einsum("kc,kcd->kd", weights_k3, vertices_n3[faces_m3[chosen_k]])
    kept = apart(points_k3, distance)[: settings.point_budget]
    if settings.remove_outliers:
        kept = kept[~outliers(points_k3[kept], settings.outlier_ratio, least_deviation=0.5)]
    points_k3, corners_k3, weights_k3 = points_k3[kept], faces_m3[chosen_k[kept]], weights_k3[kept]
    normals_k3 = np.einsum("kc,kcd->kd", weights_k3, normals_n3[corners_k3])
    normals_k3 /= np.maximum(np.linalg.norm(normals_k3, axis=1, keepdims=True), 1e-12)
    uv_k2 = picture_uv(points_k3, relief.camera, 0)
    colours_k3 = np.round(sample_texture(model_texture(relief, closed=False), uv_k2)).astype(np.uint8)
    cloud = PointCloud(points_k3.astype(np.float32), colours_k3, normals_k3.astype(np.float32), relief.unit)
    return cloud, distance


def above(cloud: PointCloud, height: float) -> PointCloud:
    """The points that do not lie below a height."""
    kept = cloud.points_n3[:, 1] >= height
    normals = None if cloud.normals_n3 is None else cloud.normals_n3[kept]
    return PointCloud(cloud.points_n3[kept], cloud.colours_n3[kept], normals, cloud.unit)
