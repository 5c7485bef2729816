"""What the camera saw of a person, on one working grid: points, their direction and their colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from face3d.geometry.camera import Camera, project
from face3d.geometry.filters import resample
from face3d.geometry.grid import grid_size, pixel_points
from face3d.geometry.points import normals_of_grid
from face3d.geometry.relief import Relief
from face3d.geometry.texture import foreground_colours, picture_of, rim_matte
from face3d.structures import Array

GRID_SIDE = 360
"""Longest side of the working grid, cells."""
LINE = 4096
"""Places that are looked up in one line."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The visible surface on a grid over the picture.

    points_hw3: float32, unit of the relief's points, 0 outside `known_hw`. normals_hw3: float32 unit vectors
    towards the camera's side. facing_hw: float32 cosine between normal and line of sight, 0 outside.
    rgb_hwc: float32 0..255, the person's colours, not mixed with the background.
    """

    camera: Camera
    known_hw: Array
    points_hw3: Array
    normals_hw3: Array
    facing_hw: Array
    rgb_hwc: Array

    @property
    def size_hw(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.known_hw.shape[0], self.known_hw.shape[1]

    def places(self, points_n3: Array) -> Array:
        """(n, 2) float64: columns and rows of points in cells of the grid, whose middles are at +0.5."""
        columns, rows = project(points_n3, self.camera)
        height, width = self.camera.size_hw
        grid_height, grid_width = self.size_hw
        return np.stack([columns * grid_width / width, rows * grid_height / height], -1)

    def towards_camera(self, points_n3: Array) -> Array:
        """(n, 3) float64 unit vectors from points to the camera."""
        return towards_camera(points_n3, self.camera)


def towards_camera(points: Array, camera: Camera) -> Array:
    """(..., 3) float64 unit vectors from points (..., 3) to the camera."""
    if not camera.perspective:
        return np.broadcast_to([0.0, 0.0, 1.0], points.shape)
    away = np.array([0, 0, camera.distance * camera.unit_per_width]) - points
    return np.asarray(away / np.linalg.norm(away, axis=-1, keepdims=True))


def sampled(layer_hwc: Array, places_n2: Array) -> Array:
    """(n, c) float32 or (n,): a layer at columns and rows in cells, bilinear; 0 beyond the frame."""
    count = len(places_n2)
    lines = -(-count // LINE)  # OpenCV's pictures have at most 32766 columns
    places = np.zeros((lines * LINE, 2), np.float32)
    places[:count] = places_n2 - 0.5
    columns, rows = (np.ascontiguousarray(places[:, axis].reshape(lines, LINE)) for axis in (0, 1))
    values = cv2.remap(
        layer_hwc.astype(np.float32, copy=False),
        columns,
        rows,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(values.reshape(lines * LINE, *layer_hwc.shape[2:])[:count])


def see(relief: Relief, hidden_hw: Array | None = None) -> Seen:
    """What the camera saw of a relief's subject, without the pixels (h, w) bool that are marked as hidden."""
    camera = relief.camera
    size_hw = grid_size(camera.size_hw, min(1.0, GRID_SIDE / max(camera.size_hw)))
    trusted_hw = relief.known_hw if hidden_hw is None else relief.known_hw & ~hidden_hw
    front_hw, known_hw = resample(relief.front_hw, trusted_hw, size_hw)
    points_hw3 = pixel_points(front_hw, camera)
    normals_hw3 = normals_of_grid(points_hw3, known_hw).astype(np.float32)
    facing_hw = (normals_hw3 * towards_camera(points_hw3, camera)).sum(-1)
    return Seen(
        camera,
        known_hw,
        np.where(known_hw[..., None], points_hw3, 0).astype(np.float32),
        normals_hw3,
        np.where(known_hw, np.clip(facing_hw, 0, 1), 0).astype(np.float32),
        person_colours(relief, size_hw).astype(np.float32),
    )


def person_colours(relief: Relief, size_hw: tuple[int, int]) -> Array:
    """(h, w, 3) uint8: the photo at another size, its rim freed of the background."""
    width_height = size_hw[::-1]
    matte_hw = cv2.resize(rim_matte(relief.depth), width_height, interpolation=cv2.INTER_AREA)
    return foreground_colours(
        cv2.resize(picture_of(relief), width_height, interpolation=cv2.INTER_AREA), matte_hw
    )
