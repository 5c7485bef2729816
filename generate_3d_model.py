"""From a depth map to a model: points, meshes and their report. Neither torch nor Streamlit.

The way is the same for all: masks and smoothing (`relief`), unprojection (`camera`), then the geometry of the
kind (`kinds`), decimation (`meshes`), colours (`texture`), millimetres (`scale`) and measurements (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from face3d.errors import GeometryError, memory_errors_explained
from face3d.geometry.grid import GRID_SHARES, pixel_points
from face3d.geometry.kinds import KINDS, plaque_margin_px, settings_of
from face3d.geometry.meshes import decimate, is_closed, weld
from face3d.geometry.points import curvature, normals_of_grid, outliers, systematic_sample
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.report import MeshReport, mesh_report
from face3d.geometry.scale import Placement, to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import model_texture, picture_of, picture_uv, split_at_seam
from face3d.structures import Array, DepthMap, Mesh, Photo, PointCloud

__all__ = ["KINDS", "Model", "ModelSettings", "build_mesh", "generate_model", "make_relief", "point_cloud"]

EVEN_SHARES = (0.9, 0.8, 0.7, 0.55, 0.4)
"""`GRID_SHARES` without decimation: walls and foot come on top of the two layers, so small budgets take a
smaller share."""


@dataclass(frozen=True, eq=False)
class Model:
    """A finished model. mesh: in millimetres. placement: of mesh and points in the camera's frame."""

    kind: str
    relief: Relief
    mesh: Mesh
    placement: Placement
    report: MeshReport

    def points(self) -> PointCloud:
        """The point cloud of the same relief, in millimetres, at its place on the mesh."""
        return self.placement.place(point_cloud(self.relief))


@memory_errors_explained()
def generate_model(
    depth: DepthMap, photo: Photo, kind: str = "bust", settings: ModelSettings | None = None
) -> Model:
    """A model of one of `KINDS` at its metric scale, with its report.

    Decimation may push triangles of a closed kind through each other; the mesh is then built again on an even
    grid, without decimation.
    Raises: GeometryError for an unknown kind, or where the depth map gives no such model; OutOfMemoryError.
    """
    relief = make_relief(depth, photo, settings_of(kind, settings or ModelSettings()))
    for decimated in (True, False):
        mesh, placement = to_metric_scale(build_mesh(relief, kind, decimated=decimated), relief)
        report = mesh_report(mesh, placement, kind, relief)
        if report.printable or not KINDS[kind].closed:
            break
    return Model(kind, relief, mesh, placement, report)


def point_cloud(relief: Relief) -> PointCloud:
    """Points of the front surface with colours and normals, at most `point_budget`.

    Over budget, points are taken in proportion to the curvature, so that edges of nose, eyes and mouth keep
    theirs.
    """
    settings = relief.settings
    points_hw3 = pixel_points(relief.front_hw, relief.camera)
    normals_hw3 = normals_of_grid(points_hw3, relief.known_hw)
    kept = np.flatnonzero(relief.known_hw)
    if len(kept) > settings.point_budget:
        kept = kept[systematic_sample(curvature(normals_hw3).ravel()[kept], settings.point_budget)]
    points_n3 = points_hw3.reshape(-1, 3)[kept]
    if settings.remove_outliers:
        inliers = ~outliers(points_n3, settings.outlier_ratio)
        kept, points_n3 = kept[inliers], points_n3[inliers]
    colours_n3 = picture_of(relief).reshape(-1, 3)[kept]
    return PointCloud(points_n3, colours_n3, normals_hw3.reshape(-1, 3)[kept], relief.unit)


def build_mesh(relief: Relief, kind: str, *, decimated: bool = True) -> Mesh:
    """A textured mesh of at most about `face_budget` triangles, in the relief's unit and its camera's frame.

    The closed kinds are watertight, consistently wound and in one piece; vertices along the texture's seam
    are doubled at the same place.

    Args:
        relief: made with the settings of the kind (`kinds.settings_of`).
        kind: one of `KINDS`.
        decimated: fine where the surface is curved and coarse elsewhere; else on an even grid where one fits
            into the budget, and then no triangle of bust and plaque passes through another.

    Raises: GeometryError for an unknown kind, when no pixel is left, or when the surface is not closed.
    """
    if relief.settings != settings_of(kind, relief.settings):
        raise GeometryError(
            f"A {kind} is raised by parallel rays. Make its relief with settings_of({kind!r})."
        )
    row = KINDS[kind]
    vertices_n3, faces_m3 = _within_budget(relief, kind, decimated)
    plaque_px = plaque_margin_px(relief) if row.plaque else None
    if row.closed:
        vertices_n3, faces_m3, uv_n2 = split_at_seam(vertices_n3, faces_m3, relief.camera, plaque_px or 0)
    else:
        uv_n2 = picture_uv(vertices_n3, relief.camera, 0).astype(np.float32)
    texture_hwc = model_texture(relief, closed=row.closed, plaque_px=plaque_px)
    return Mesh(vertices_n3, faces_m3, uv_n2, texture_hwc, unit=relief.unit)


def _within_budget(relief: Relief, kind: str, decimated: bool) -> tuple[Array, Array]:
    """Vertices and triangles of the kind on the first working grid that gives a sound mesh.

    Raises: GeometryError where none does.
    """
    row, budget = KINDS[kind], relief.settings.face_budget
    shares = GRID_SHARES if decimated else EVEN_SHARES
    for share in shares:
        vertices_n3, faces_m3 = row.build(relief, share * budget)
        if decimated or not row.even or share == shares[-1]:
            vertices_n3, faces_m3 = decimate(vertices_n3, faces_m3, budget, closed=row.closed)
        elif len(faces_m3) > budget:
            continue
        if not row.closed or is_closed(weld(vertices_n3, faces_m3)[2]):
            return vertices_n3, faces_m3
    raise GeometryError(f"The {kind} could not be closed. Choose another kind or a larger face budget.")
