"""The camera that took the photo: from pixels and relief to points in space, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from face3d.errors import GeometryError
from face3d.structures import Array

DEFAULT_FOV_DEGREES = 30.0
"""Horizontal field of view where none is given: a head-and-shoulders portrait from about 0.75 m."""
NEAREST_SHARE = 0.4
"""No point may be nearer to the camera than this share of the reference distance."""


@dataclass(frozen=True)
class Camera:
    """A pinhole that looks along -Z at the centre of the picture, or (`perspective` False) parallel rays.

    size_hw: picture size in pixels. distance: from the pinhole to the plane Z = 0, image widths.
    perspective: True for a pinhole, False for weak perspective (X and Y do not depend on relief).
    unit_per_width: length of one image width in the unit of the points: 1 ("image width") or metres.
    centre_xy: where the line of sight meets the picture, pixels; None: in its middle.
    """

    size_hw: tuple[int, int]
    distance: float
    perspective: bool = True
    unit_per_width: float = 1.0
    centre_xy: tuple[float, float] | None = None

    @property
    def centre(self) -> tuple[float, float]:
        """Column and row at which the line of sight meets the picture, pixels."""
        height, width = self.size_hw
        return self.centre_xy or (width / 2, height / 2)

    @property
    def fov_degrees(self) -> float:
        """Horizontal field of view, whole angle."""
        return float(np.degrees(2 * np.arctan(0.5 / self.distance)))


def choose_fov(fov_of_photo: float | None, fov_of_user: float | None, largest_relief: float) -> float:
    """Field of view in degrees: the user's, else the file's, else `DEFAULT_FOV_DEGREES`.

    A file's field of view is lowered where its picture, cropped since, would put the nearest point behind the
    camera.
    Raises: GeometryError where the user's does.
    """
    limit = (
        float(np.degrees(2 * np.arctan(0.5 * (1 - NEAREST_SHARE) / largest_relief)))
        if largest_relief > 0
        else 179.0
    )
    if fov_of_user is not None:
        if not 0 < fov_of_user <= limit:
            raise GeometryError(
                f"A field of view of {fov_of_user:g} degrees puts the camera into the face. "
                f"Choose 1 to {limit:.0f} degrees."
            )
        return fov_of_user
    return min(fov_of_photo or DEFAULT_FOV_DEGREES, limit)


def unproject(columns: ArrayLike, rows: ArrayLike, relief: ArrayLike, camera: Camera) -> Array:
    """Points (..., 3) float32 at picture positions `columns`, `rows` in pixels, and a relief.

    The centre of pixel (r, c) is (c + 0.5, r + 0.5).

    With u = (column - centre) / w, v = (row - centre) / w and the pinhole at Z = D: X = u (D - r) / D, Y = -v
    (D - r) / D, Z = r. The only place where rows become +Y.
    Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., section 6.1, in image widths and with -Z
    as the viewing direction.
    """
    width, (x_0, y_0) = camera.size_hw[1], camera.centre
    columns_px, rows_px, z = (np.asarray(values, np.float64) for values in (columns, rows, relief))
    spread = (camera.distance - z) / camera.distance if camera.perspective else np.ones_like(z)
    points = np.empty((*np.broadcast_shapes(columns_px.shape, rows_px.shape, z.shape), 3), np.float32)
    points[..., 0] = (columns_px - x_0) / width * spread * camera.unit_per_width
    points[..., 1] = -(rows_px - y_0) / width * spread * camera.unit_per_width
    points[..., 2] = z * camera.unit_per_width
    return points


def project(points: Array, camera: Camera) -> tuple[Array, Array]:
    """Columns and rows in pixels, float64, of points (..., 3): the inverse of `unproject`."""
    width, (x_0, y_0) = camera.size_hw[1], camera.centre
    x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0) / camera.unit_per_width
    spread = (camera.distance - z) / camera.distance if camera.perspective else np.ones_like(z)
    return x / spread * width + x_0, y_0 - y / spread * width
