"""From a depth map to a model: points, a grid for plotting, and meshes. Neither torch nor Streamlit.

The way is the same for all: masks, smoothing, unprojection (`relief`, `camera`), then what the kind asks for
(`surfaces`, `texture`).
"""

from __future__ import annotations

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry.grid import GRID_SHARES, _pixel_points
from face3d.geometry.kinds import KINDS, plaque_margin_px, settings_of
from face3d.geometry.meshes import decimate, is_closed, weld
from face3d.geometry.points import curvature, normals_of_grid, outliers, systematic_sample
from face3d.geometry.relief import _prepare, _unit
from face3d.geometry.report import Certificate, certify
from face3d.geometry.scale import Placement, life_size
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import _picture, _texture, picture_uv, split_at_seam
from face3d.structures import DepthMap, Mesh, Photo, PointCloud

EVEN_SHARES = (0.9, 0.8, 0.7, 0.55, 0.4)
"""The same without decimation: walls and foot come on top of the two layers, so small budgets take a smaller
share."""


def point_cloud(depth: DepthMap, photo: Photo, settings: ModelSettings) -> PointCloud:
    """Points of the front surface with colours and normals, at most `point_budget`.

    Over budget, points are taken in proportion to how much the surface bends there, so that edges of nose,
    eyes and mouth keep theirs.
    Raises: GeometryError when no pixel is left.
    """
    prepared = _prepare(depth, photo, settings)
    points_hw3 = _pixel_points(prepared.front_hw, prepared.camera)
    normals_hw3 = normals_of_grid(points_hw3, prepared.known_hw)
    kept = np.flatnonzero(prepared.known_hw)
    if len(kept) > settings.point_budget:
        kept = kept[systematic_sample(curvature(normals_hw3).ravel()[kept], settings.point_budget)]
    points_n3 = points_hw3.reshape(-1, 3)[kept]
    if settings.remove_outliers:
        inliers = ~outliers(points_n3, settings.outlier_ratio)
        kept, points_n3 = kept[inliers], points_n3[inliers]
    colours_n3 = _picture(depth, photo, settings).reshape(-1, 3)[kept]
    return PointCloud(points_n3, colours_n3, normals_hw3.reshape(-1, 3)[kept], _unit(depth))


def build_mesh(
    depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings, *, decimated: bool = True
) -> Mesh:
    """A textured mesh of one of `KINDS`, at most about `face_budget` triangles, in image widths (METRIC:
    metres), in the camera's frame.

    The closed kinds are watertight, consistently wound and in one piece; vertices along the texture's seam
    are doubled at the same place.
    decimated: fine where the surface bends and coarse where it does not; else on an even grid, where one fits
    into the budget, and then no triangle of bust and relief passes through another.
    Raises: GeometryError for an unknown kind, when no pixel is left, or when the surface is not closed after
    all.
    """
    settings, row = settings_of(kind, settings), KINDS[kind]
    prepared = _prepare(depth, photo, settings)
    shares = GRID_SHARES if decimated else EVEN_SHARES
    for share in shares:
        vertices_n3, faces_m3 = row.build(prepared, settings, share * settings.face_budget)
        if decimated or not row.even or share == shares[-1]:
            vertices_n3, faces_m3 = decimate(vertices_n3, faces_m3, settings.face_budget, closed=row.closed)
        elif len(faces_m3) > settings.face_budget:
            continue
        if not row.closed or is_closed(weld(vertices_n3, faces_m3)[2]):
            break
    else:
        raise GeometryError(f"The {kind} could not be closed. Choose another kind or a larger face budget.")
    margin_px = plaque_margin_px(settings, prepared.camera) if row.plaque else None
    texture = _texture(depth, photo, settings, row.closed, margin_px)
    if row.closed:
        vertices_n3, faces_m3, uv_n2 = split_at_seam(vertices_n3, faces_m3, prepared.camera, margin_px or 0)
    else:
        uv_n2 = picture_uv(vertices_n3, prepared.camera, 0).astype(np.float32)
    return Mesh(vertices_n3, faces_m3, uv_n2, texture, unit=_unit(depth))


def certified_model(
    depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings
) -> tuple[Mesh, Placement, Certificate]:
    """The model at life size, its place in the camera's frame, and its certificate.

    Decimation may leave triangles of a closed kind in each other's way; the model is then built coarser,
    without it.
    Raises: GeometryError as `build_mesh` and `life_size`.
    """
    settings = settings_of(kind, settings)
    for decimated in (True, False):
        mesh, placement = life_size(
            build_mesh(depth, photo, kind, settings, decimated=decimated), depth, photo, settings
        )
        proof = certify(mesh, placement, kind, depth, photo, settings)
        if proof.printable or not KINDS[kind].closed:
            break
    return mesh, placement, proof
