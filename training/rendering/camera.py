"""The virtual camera of a training scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.scenes.face_model import PIVOT
from training.scenes.primitives import euler, unit


@dataclass(frozen=True, eq=False)
class SceneCamera:
    """A pinhole on the +Z axis, pointing along -Z, with the head turned in front of it.

    rotation_33: turns the head. distance: centimetres to the pivot. scene_width: centimetres across the
    picture at the pivot. centre_xy: place of the pivot in the picture, 0..1. yaw: degrees.
    """

    rotation_33: Array
    distance: float
    scene_width: float
    centre_xy: tuple[float, float]
    yaw: float

    def place(self, points_n3: Array) -> Array:
        """Points of the upright head in camera axes, pivot at the origin."""
        return np.ascontiguousarray((points_n3 - PIVOT) @ self.rotation_33.T, np.float32)

    def rays(self, side: int) -> Array:
        """Unit vectors from the camera through the middle of each pixel, (side, side, 3)."""
        across = (np.arange(side) + 0.5) / side
        x, y = (
            (across - self.centre_xy[0]) * self.scene_width,
            (self.centre_xy[1] - across) * self.scene_width,
        )
        return unit(np.stack(np.broadcast_arrays(x[None, :], y[:, None], -self.distance), -1))

    def project(self, placed_n3: Array, side: int) -> Array:
        """(n, 3) float32: pixel x, pixel y, distance along the axis."""
        away = self.distance - placed_n3[:, 2]
        focal = side * self.distance / self.scene_width
        safe = np.where(away > 1e-3, away, 1e-3)
        x = self.centre_xy[0] * side + placed_n3[:, 0] / safe * focal
        y = self.centre_xy[1] * side - placed_n3[:, 1] / safe * focal
        return np.stack([x, y, away], 1).astype(np.float32)


def random_camera(rng: Generator) -> SceneCamera:
    """Mostly frontal portraits from selfie to tele distance; some profiles, some people far away."""
    yaw = np.clip(rng.normal() * 26, -75, 75) if rng.random() < 0.9 else rng.uniform(-90, 90)
    pitch, roll = (
        np.clip(rng.normal(size=2) * [11, 9], -45, 45) if rng.random() < 0.85 else rng.uniform(-45, 45, 2)
    )
    distance = np.exp(rng.uniform(np.log(32), np.log(220)))
    width = rng.uniform(18, 52) if rng.random() < 0.78 else rng.uniform(50, 120)
    width = min(width, 1.3 * distance)
    centre = 0.5 + rng.normal(size=2) * 0.08 * np.array([width, width]) / 30
    if width > 45:
        centre[1] -= rng.uniform(-0.05, 0.2)
    return SceneCamera(
        euler(yaw, pitch, roll),
        distance,
        width,
        (float(np.clip(centre[0], 0.1, 0.9)), float(np.clip(centre[1], 0.1, 0.9))),
        float(yaw),
    )
