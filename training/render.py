"""One training sample from a seed: photo, relief, thickness, matte, labels, eye positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.backdrop import random_backdrop
from training.face_model import FaceModel, Regions
from training.lighting import photograph, random_light
from training.parts import LABEL_NOTHING, Part, euler
from training.raster import rasterise
from training.scene import random_scene
from training.sensor import develop

Array = NDArray[Any]
CHANCE_OF_NOBODY = 0.03
OVERSAMPLING = 1.4
MOST_EYES = 4


@dataclass(frozen=True, eq=False)
class Sample:
    """One render and its truth. Side s; relief and thickness in image widths.

    rgb_hwc: (s, s, 3) uint8 sRGB. relief_hw, thickness_hw: float32, 0 outside. matte_hw: uint8 coverage 0..255.
    label_hw: uint8, nothing / body / head / narrow face.
    eyes_43: float32, x, y in pixels, and 1 where the eye is in view, else 0; left and right in an upright, frontal picture, for two people.
    yaw: degrees. tone: of the skin, 0 light to 1 dark. has: what was drawn.
    """

    rgb_hwc: Array
    relief_hw: Array
    thickness_hw: Array
    matte_hw: Array
    label_hw: Array
    eyes_43: Array
    yaw: float
    tone: float
    has: frozenset[str]


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole on the +Z axis, looking along -Z, with the head turned in front of it.

    rotation_33 turns the head; distance: centimetres to the pivot; scene_width: centimetres seen at the pivot; centre_xy: where the pivot
    falls in the picture, in 0..1; yaw: degrees.
    """

    rotation_33: Array
    distance: float
    scene_width: float
    centre_xy: tuple[float, float]
    yaw: float

    def place(self, points_n3: Array) -> Array:
        """Points of the upright head in camera axes, pivot at the origin."""
        return np.ascontiguousarray((points_n3 - np.array([0, 0, 2], np.float32)) @ self.rotation_33.T, np.float32)

    def project(self, placed_n3: Array, side: int) -> Array:
        """(n, 3) float32: pixel x, pixel y, distance along the axis."""
        away = self.distance - placed_n3[:, 2]
        focal = side * self.distance / self.scene_width
        safe = np.where(away > 1e-3, away, 1e-3)
        x = self.centre_xy[0] * side + placed_n3[:, 0] / safe * focal
        y = self.centre_xy[1] * side - placed_n3[:, 1] / safe * focal
        return np.stack([x, y, away], 1).astype(np.float32)


def random_camera(rng: Generator) -> Camera:
    """Mostly frontal portraits from selfie to tele distance; some profiles, some people far away."""
    yaw = np.clip(rng.normal() * 26, -75, 75) if rng.random() < 0.9 else rng.uniform(-85, 85)
    pitch, roll = np.clip(rng.normal(size=2) * [11, 9], -40, 40)
    distance = np.exp(rng.uniform(np.log(32), np.log(220)))
    width = rng.uniform(18, 52) if rng.random() < 0.78 else rng.uniform(50, 120)
    width = min(width, 1.3 * distance)
    centre = 0.5 + rng.normal(size=2) * 0.08 * np.array([width, width]) / 30
    if width > 45:
        centre[1] -= rng.uniform(-0.05, 0.2)
    return Camera(
        euler(yaw, pitch, roll), distance, width, (float(np.clip(centre[0], 0.1, 0.9)), float(np.clip(centre[1], 0.1, 0.9))), float(yaw)
    )


def render(model: FaceModel, regions: Regions, seed: int, side: int) -> Sample:
    """Draws the sample of a seed. The same seed and side give the same sample."""
    rng = np.random.default_rng(seed)
    if rng.random() < CHANCE_OF_NOBODY:
        empty = np.zeros((side, side), np.float32)
        rgb = develop(random_backdrop(side, rng), rng)
        zero = empty.astype(np.uint8)
        return Sample(rgb, empty, empty, zero, zero, np.zeros((MOST_EYES, 3), np.float32), 0.0, 0.0, frozenset({"nobody"}))
    scene = random_scene(model, regions, rng)
    camera = random_camera(rng)
    placed = camera.place(scene.mesh.vertices_v3)
    relief, thickness, label, distance = truth(scene.mesh, scene.owner_m, camera, placed, side)
    fine = int(side * OVERSAMPLING)
    *light, light_names = random_light(rng)
    screen = camera.project(placed, fine)
    colour, index = photograph(scene.mesh, placed, screen, scene.detail_6k, camera.distance, tuple(light), fine, int(rng.integers(1 << 20)))  # type: ignore[arg-type]
    seen = np.where(index >= 0, scene.owner_m[index] + 1, 0)
    covers = np.stack([seen > 0, seen > 1], -1).astype(np.float32)
    colour, (anything, person) = (
        cv2.resize(colour, (side, side), interpolation=cv2.INTER_AREA),
        np.moveaxis(cv2.resize(covers, (side, side), interpolation=cv2.INTER_AREA), -1, 0),
    )
    rgb = develop(colour + random_backdrop(side, rng) * (1 - anything[..., None]), rng)
    eyes = np.zeros((MOST_EYES, 3), np.float32)
    eyes[: len(scene.eyes_k3)] = _eyes_in_view(camera.project(camera.place(scene.eyes_k3), side), distance)
    matte = np.round(person * 255).astype(np.uint8)
    return Sample(rgb, relief, thickness, matte, label, eyes, camera.yaw, scene.tone, scene.has | light_names)


def camera_of(model: FaceModel, regions: Regions, seed: int) -> Camera:
    """The camera of the sample that `render` draws from a seed with a person in it."""
    rng = np.random.default_rng(seed)
    rng.random()
    random_scene(model, regions, rng)
    return random_camera(rng)


def truth(mesh: Part, owner_m: Array, camera: Camera, placed_v3: Array, side: int) -> tuple[Array, Array, Array, Array]:
    """Relief, thickness (float32, image widths), label (uint8) and distance (float32, centimetres) per pixel, (side, side) each.

    Thickness reaches to the last surface of the same person; owner_m: per triangle, 0 where it is of no person.
    """
    screen = camera.project(placed_v3, side)
    index, _, near = rasterise(screen, mesh.triangles_m3, side, side, False)
    label = np.where(index >= 0, mesh.label_m[index], LABEL_NOTHING).astype(np.uint8)
    owner = np.where(index >= 0, owner_m[index], 0)
    far = near.copy()
    for person in range(1, int(owner_m.max()) + 1):
        last = rasterise(screen, np.ascontiguousarray(mesh.triangles_m3[owner_m == person]), side, side, True)[2]
        far = np.where(owner == person, last, far)
    hit = label != LABEL_NOTHING
    relief = np.where(hit, np.clip((camera.distance - near) / camera.scene_width, -1, 1), 0).astype(np.float32)
    thickness = np.where(hit, np.clip((far - near) / camera.scene_width, 0, 2), 0).astype(np.float32)
    return relief, thickness, label, near


def _eyes_in_view(eyes_k3: Array, distance_hw: Array) -> Array:
    """x, y of the eyeball centres and whether the eyelid, not the nose or the hair, is what the camera sees there."""
    side = len(distance_hw)
    found = eyes_k3.copy()
    for eye in found:
        column, row = int(eye[0]), int(eye[1])
        inside = 0 <= column < side and 0 <= row < side
        eye[2] = float(inside and distance_hw[row, column] > 0 and eye[2] - distance_hw[row, column] < 3.5)
    return found
