"""Points and triangles of a grid laid over the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import filters
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.meshes import drop_unused
from face3d.geometry.relief import Relief
from face3d.geometry.silhouette import smooth_rim
from face3d.structures import Array

GRID_SHARES = (4.0, 2.0, 0.9, 0.4)
"""Triangles of the working grid over the face budget. Decimation keeps triangles where the curvature is high;
where it tears a solid, the next share is tried."""


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


def pixel_points(front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected centres of the cells of a grid laid over the whole picture."""
    height, width = front_hw.shape
    return grid_points(np.arange(height)[:, None], np.arange(width)[None], front_hw, camera)


def grid_points(rows_hw: Array, columns_hw: Array, front_hw: Array, camera: Camera) -> Array:
    """(h, w, 3) float32: unprojected points of a grid over the picture, at rows and columns in cells, which
    broadcast to (h, w).
    """
    (height, width), (grid_height, grid_width) = camera.size_hw, front_hw.shape
    return unproject(
        (columns_hw + 0.5) * width / grid_width, (rows_hw + 0.5) * height / grid_height, front_hw, camera
    )


def grid_size(size_hw: tuple[int, int], scale: float) -> tuple[int, int]:
    """Rows and columns of a working grid: the picture's times `scale`, at least 2, at most the picture's."""
    height, width = (max(min(2, side), min(side, round(side * scale))) for side in size_hw)
    return height, width


def grid(relief: Relief, *, side: int | None = None, rim: bool = True) -> Grid:
    """The front surface on a grid of at most `side` points a side; default: `settings.grid_side`.

    rim: with a smooth rim (see `silhouette`); else even.
    Raises: GeometryError when no pixel is left.
    """
    settings, camera = relief.settings, relief.camera
    size_hw = grid_size(camera.size_hw, (side or settings.grid_side) / max(camera.size_hw))
    front_hw, mask_hw = filters.resample(relief.front_hw, relief.joined_hw, size_hw)
    points_hw3 = pixel_points(front_hw, camera)
    if rim and mask_hw.any():
        nearest = camera.distance - float(front_hw[mask_hw].max())
        largest_step = max(settings.edge_tolerance * nearest, relief.least_occlusion) or np.inf
        rows_hw, columns_hw, front_hw, mask_hw = smooth_rim(front_hw, mask_hw, largest_step)
        points_hw3 = grid_points(rows_hw, columns_hw, front_hw, camera)
    points_hw3[~mask_hw] = np.nan
    x_hw, y_hw, z_hw = np.moveaxis(points_hw3, -1, 0)
    return Grid(x_hw, y_hw, z_hw, mask_hw, relief.unit)


def used_triangles(mask_hw: Array) -> tuple[Array, Array]:
    """Indices of the grid's points that triangles use, and the triangles over these.

    Raises: GeometryError where there is none.
    """
    used, faces_m3 = drop_unused(triangulate(mask_hw), mask_hw.size)
    if not len(faces_m3):
        raise GeometryError(
            "No four neighbouring pixels are left after masking. "
            "Raise the edge tolerance or keep the background."
        )
    return used, faces_m3


def surface(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """Vertices (n, 3) float32 and triangles (m, 3) int32 of a `grid`, rim and all, with about so many
    triangles over the subject.

    Raises as `grid`, and as `used_triangles`.
    """
    scale = min(1.0, float(np.sqrt(triangles / (2 * int(relief.subject_hw.sum())))))
    plane = grid(relief, side=max(2, round(scale * max(relief.camera.size_hw))))
    used, faces_m3 = used_triangles(plane.mask_hw)
    return np.stack([plane.x_hw, plane.y_hw, plane.z_hw], -1).reshape(-1, 3)[used], faces_m3


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
