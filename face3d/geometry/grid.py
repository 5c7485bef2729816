"""Points and triangles of a grid laid over the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import filters, relief
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.meshes import decimate, drop_unused
from face3d.geometry.relief import _camera, _prepare, _unit
from face3d.geometry.settings import ModelSettings
from face3d.geometry.silhouette import smooth_rim
from face3d.geometry.texture import _texture, picture_uv
from face3d.structures import Array, DepthMap, Mesh, Photo

GRID_SHARES = (4.0, 2.0, 0.9, 0.4)
"""Triangles of the working grid over the face budget. Decimation keeps triangles where the surface bends;
should it ever tear a solid, the next share is tried."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Points on a grid over the picture, for a surface plot: x, y, z (h, w) float32 with NaN outside mask_hw.

    The grid is even but for a rim, where there is one: its points lie on the mask's smoothed outline.
    """

    x_hw: Array
    y_hw: Array
    z_hw: Array
    mask_hw: Array
    unit: str


def _pixel_points(front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected centres of the cells of a grid laid over the whole picture."""
    places_2hw = np.indices(front_hw.shape, dtype=np.float64)
    return _grid_points(places_2hw[0], places_2hw[1], front_hw, camera)


def _grid_points(rows_hw: Array, columns_hw: Array, front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected points of a grid laid over the whole picture, whose places are given in
    cells.
    """
    (height, width), (grid_height, grid_width) = camera.size_hw, front_hw.shape
    return unproject(
        (columns_hw + 0.5) * width / grid_width, (rows_hw + 0.5) * height / grid_height, front_hw, camera
    )


def _grid_size(size_hw: tuple[int, int], scale: float) -> tuple[int, int]:
    """Rows and columns of a working grid: the picture's times `scale`, at most the picture's, at least 2
    where the picture has them.
    """
    height, width = (max(min(2, side), min(side, round(side * scale))) for side in size_hw)
    return height, width


def grid(depth: DepthMap, photo: Photo, settings: ModelSettings, *, rim: bool = True) -> Grid:
    """The front surface on a grid of at most `grid_side` points a side, even or with a smooth rim (see
    `outline`).

    Raises: GeometryError when no pixel is left.
    """
    prepared = _prepare(depth, photo, settings)
    size_hw = _grid_size(depth.size_hw, settings.grid_side / max(depth.size_hw))
    front_hw, mask_hw = filters.resample(prepared.front_hw, prepared.known_hw, size_hw)
    points_hw3 = _pixel_points(front_hw, prepared.camera)
    if rim and mask_hw.any():
        nearest = prepared.camera.distance - float(front_hw[mask_hw].max())
        rows_hw, columns_hw, front_hw, mask_hw = smooth_rim(
            front_hw, mask_hw, settings.edge_tolerance * nearest or np.inf
        )
        points_hw3 = _grid_points(rows_hw, columns_hw, front_hw, prepared.camera)
    points_hw3[~mask_hw] = np.nan
    x_hw, y_hw, z_hw = np.moveaxis(points_hw3, -1, 0)
    return Grid(x_hw, y_hw, z_hw, mask_hw, _unit(depth))


def _triangles(mask_hw: Array) -> tuple[Array, Array]:
    """Indices of the grid's points that triangles use, and the triangles over these. Raises: GeometryError
    where there is none.
    """
    used, faces_m3 = drop_unused(triangulate(mask_hw), mask_hw.size)
    if not len(faces_m3):
        raise GeometryError(
            "No four neighbouring pixels are left after masking. Raise the edge tolerance or keep the background."
        )
    return used, faces_m3


def surface_mesh(depth: DepthMap, photo: Photo, settings: ModelSettings) -> Mesh:
    """A finer `grid`, rim and all, as a textured mesh of at most about `face_budget` triangles: for looking
    at. Raises as `grid`.
    """
    pixels = int(relief.valid_pixels(depth, settings.foreground_only).sum())
    scale = min(1.0, float(np.sqrt(GRID_SHARES[0] * settings.face_budget / (2 * pixels))))
    plane = grid(depth, photo, replace(settings, grid_side=max(2, round(scale * max(depth.size_hw)))))
    used, faces_m3 = _triangles(plane.mask_hw)
    points_n3 = np.stack([plane.x_hw, plane.y_hw, plane.z_hw], -1).reshape(-1, 3)[used]
    points_n3, faces_m3 = decimate(points_n3, faces_m3, settings.face_budget, closed=False)
    texture = _texture(depth, photo, settings, False, None)
    return Mesh(
        points_n3,
        faces_m3,
        picture_uv(points_n3, _camera(depth, photo, settings), 0).astype(np.float32),
        texture,
        unit=plane.unit,
    )


def triangulate(mask_hw: Array) -> Array:
    """Triangles (m, 3) int32 between neighbouring grid points that are all in the mask; point (r, c) has
    index r * w + c.

    a --- b     (a, c, b) and (b, c, d): counter-clockwise for a viewer in front of the picture, rows down
    |   / |
    c --- d
    """
    height, width = mask_hw.shape
    index_hw = np.arange(height * width, dtype=np.int32).reshape(height, width)
    a, b, c, d = index_hw[:-1, :-1], index_hw[:-1, 1:], index_hw[1:, :-1], index_hw[1:, 1:]
    upper, lower = (
        mask_hw[:-1, 1:] & mask_hw[1:, :-1] & mask_hw[:-1, :-1],
        mask_hw[:-1, 1:] & mask_hw[1:, :-1] & mask_hw[1:, 1:],
    )
    return np.concatenate([np.stack([a, c, b], -1)[upper], np.stack([b, c, d], -1)[lower]])
