"""One training sample from a seed: photo, relief, thickness, normals, matte, labels, heads, eyes and landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.backdrop import random_backdrop
from training.face_model import FaceModel, Regions
from training.lighting import photograph, random_light
from training.parts import LABEL_HEAD, LABEL_NOTHING, Part, euler, only, unit
from training.raster import rasterise, vertex_normals
from training.scene import random_scene
from training.sensor import develop

Array = NDArray[Any]
CHANCE_OF_NOBODY = 0.03
OVERSAMPLING = 1.4
MOST_PEOPLE = 2
MOST_EYES = 2 * MOST_PEOPLE
LANDMARKS = 68


@dataclass(frozen=True, eq=False)
class Sample:
    """One render and its truth. Side s; relief and thickness in image widths.

    rgb_hwc: (s, s, 3) uint8 sRGB. relief_hw, thickness_hw: float32, 0 outside. normal_hwc: int8, 127 times the unit normal in camera axes
    (x to the right, y up, z to the camera), 0 outside. matte_hw: uint8 coverage 0..255, above half only where the pixel's centre sees
    somebody. label_hw: uint8, nothing / body / head / narrow face.
    heads_23: float32, x and y of the middle and the width of what is in view of each person's head, in pixels, 0 where nothing is.
    eyes_43: float32, x, y in pixels, and 1 where the eye is in view, else 0; left and right in an upright, frontal picture, for two people.
    landmarks_683: the same for the first person's landmarks, in the order of `face_model.LANDMARKS_68`.
    yaw: degrees. tone: of the skin, 0 light to 1 dark. has: what was drawn.
    """

    rgb_hwc: Array
    relief_hw: Array
    thickness_hw: Array
    normal_hwc: Array
    matte_hw: Array
    label_hw: Array
    heads_23: Array
    eyes_43: Array
    landmarks_683: Array
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

    def rays(self, side: int) -> Array:
        """Unit vectors from the camera through the middle of each pixel, (side, side, 3)."""
        across = (np.arange(side) + 0.5) / side
        x, y = (across - self.centre_xy[0]) * self.scene_width, (self.centre_xy[1] - across) * self.scene_width
        return unit(np.stack(np.broadcast_arrays(x[None, :], y[:, None], -self.distance), -1))

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
    yaw = np.clip(rng.normal() * 26, -75, 75) if rng.random() < 0.9 else rng.uniform(-90, 90)
    pitch, roll = np.clip(rng.normal(size=2) * [11, 9], -45, 45) if rng.random() < 0.85 else rng.uniform(-45, 45, 2)
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
        return _nobody(*develop(random_backdrop(side, rng), rng))
    scene = random_scene(model, regions, rng)
    camera = random_camera(rng)
    placed = camera.place(scene.mesh.vertices_v3)
    true = truth(scene.mesh, scene.owner_m, camera, placed, side)
    fine = int(side * OVERSAMPLING)
    ambient, slope, lights, light_names = random_light(rng)
    screen = camera.project(placed, fine)
    seed = int(rng.integers(1 << 20))
    colour, index = photograph(scene.mesh, placed, screen, scene.detail_68, camera.distance, (ambient, slope, lights), fine, seed)
    seen = np.where(index >= 0, scene.owner_m[index] + 1, 0)
    covers = np.stack([seen > 0, seen > 1], -1).astype(np.float32)
    colour, (anything, person) = (
        cv2.resize(colour, (side, side), interpolation=cv2.INTER_AREA),
        np.moveaxis(cv2.resize(covers, (side, side), interpolation=cv2.INTER_AREA), -1, 0),
    )
    rgb, sensor_names = develop(colour + random_backdrop(side, rng) * (1 - anything[..., None]), rng)
    eyes = np.zeros((MOST_EYES, 3), np.float32)
    eyes[: len(scene.eyes_k3)] = _in_view(camera.project(camera.place(scene.eyes_k3), side), true.distance_hw, EYE_DEPTH)
    landmarks = _in_view(camera.project(camera.place(scene.landmarks_683), side), true.distance_hw, LANDMARK_DEPTH)
    matte = np.round(person * 255).astype(np.uint8)
    matte[true.label_hw == LABEL_NOTHING] = np.minimum(matte[true.label_hw == LABEL_NOTHING], 127)
    return Sample(
        rgb,
        true.relief_hw,
        true.thickness_hw,
        np.round(true.normal_hwc * 127).astype(np.int8),
        matte,
        true.label_hw,
        _heads(true),
        eyes,
        landmarks,
        camera.yaw,
        scene.tone,
        scene.has | light_names | sensor_names,
    )


def _nobody(rgb_hwc: Array, has: set[str]) -> Sample:
    size = rgb_hwc.shape[:2]
    lengths, bytes_ = np.zeros(size, np.float32), np.zeros(size, np.uint8)
    heads, eyes, landmarks = (np.zeros((count, 3), np.float32) for count in (MOST_PEOPLE, MOST_EYES, LANDMARKS))
    normals = np.zeros(rgb_hwc.shape, np.int8)
    return Sample(rgb_hwc, lengths, lengths, normals, bytes_, bytes_, heads, eyes, landmarks, 0.0, 0.0, frozenset({"nobody", *has}))


def camera_of(model: FaceModel, regions: Regions, seed: int) -> Camera:
    """The camera of the sample that `render` draws from a seed with a person in it."""
    rng = np.random.default_rng(seed)
    rng.random()
    random_scene(model, regions, rng)
    return random_camera(rng)


class Truth(NamedTuple):
    """What each pixel's centre sees, 0 where that is no person; (s, s) or, of normals, (s, s, 3).

    relief_hw, thickness_hw: float32, image widths. label_hw: uint8. distance_hw: float32, centimetres along the axis, of things too.
    normal_hwc: float32, unit length, camera axes. owner_hw: uint8, number of the person.
    """

    relief_hw: Array
    thickness_hw: Array
    label_hw: Array
    distance_hw: Array
    normal_hwc: Array
    owner_hw: Array


def truth(mesh: Part, owner_m: Array, camera: Camera, placed_v3: Array, side: int) -> Truth:
    """The surfaces in view. Loose strands and clear glass are none; thickness reaches to the last surface of the same person.

    owner_m: per triangle, the number of the person, 0 where it is of none. placed_v3: the mesh's vertices in camera axes.
    Raises ValueError where their numbers differ.
    """
    if len(placed_v3) != len(mesh.vertices_v3):
        raise ValueError(f"{len(placed_v3)} placed points for a mesh of {len(mesh.vertices_v3)} vertices: place the mesh's own.")
    surfaces = (mesh.label_m != LABEL_NOTHING) | (owner_m == 0)
    mesh, owner_m = only(mesh, surfaces), owner_m[surfaces]
    screen = camera.project(placed_v3, side)
    index, weight, near = rasterise(screen, mesh.triangles_m3, side, side, False)
    label = np.where(index >= 0, mesh.label_m[index], LABEL_NOTHING).astype(np.uint8)
    owner = np.where(index >= 0, owner_m[index], 0).astype(np.uint8)
    far = near.copy()
    for person in range(1, int(owner_m.max()) + 1):
        last = rasterise(screen, np.ascontiguousarray(mesh.triangles_m3[owner_m == person]), side, side, True)[2]
        far = np.where(owner == person, last, far)
    hit = label != LABEL_NOTHING
    relief = np.where(hit, np.clip((camera.distance - near) / camera.scene_width, -1, 1), 0).astype(np.float32)
    thickness = np.where(hit, np.clip((far - near) / camera.scene_width, 0, 2), 0).astype(np.float32)
    seen = mesh.triangles_m3[index]
    smooth = np.einsum("hwk,hwkc->hwc", weight, vertex_normals(placed_v3, mesh.triangles_m3)[seen])
    corners = placed_v3[seen]
    flat = np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :])
    normal = _towards_camera(smooth, flat, camera.rays(side)) * hit[..., None]
    return Truth(relief, thickness, label, near, normal.astype(np.float32), owner)


def _towards_camera(smooth_hwc: Array, flat_hwc: Array, ray_hwc: Array) -> Array:
    """Unit normals of the side that is seen: sheets have two. The triangle's own normal says which; a smooth one that leans away at the
    outline is brought back to the outline.
    """
    normal = smooth_hwc * np.where((flat_hwc * ray_hwc).sum(-1, keepdims=True) > 0, -1, 1)
    normal = normal - np.maximum((normal * ray_hwc).sum(-1, keepdims=True), 0) * ray_hwc
    return unit(normal)


def _heads(true: Truth) -> Array:
    """See `Sample.heads_23`."""
    heads = np.zeros((MOST_PEOPLE, 3), np.float32)
    for person in range(MOST_PEOPLE):
        rows, columns = np.nonzero((true.owner_hw == person + 1) & (true.label_hw >= LABEL_HEAD))
        if len(rows):
            left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
            heads[person] = (left + right) / 2, (top + bottom) / 2, right - left
    return heads


EYE_DEPTH, LANDMARK_DEPTH = 3.5, 1.0
"""How far from what the camera sees there, in centimetres, the middle of an eyeball and a point of the skin still count as in view."""


def _in_view(points_k3: Array, distance_hw: Array, depth: float) -> Array:
    """x, y of the points and whether what the camera sees there is less than `depth` before or behind them: skin, lid or a close mask,
    neither the nose or thick hair before them nor the wall behind the head.
    """
    side = len(distance_hw)
    found = points_k3.copy()
    for point in found:
        column, row = int(np.floor(point[0])), int(np.floor(point[1]))
        inside = 0 <= column < side and 0 <= row < side
        point[2] = float(inside and distance_hw[row, column] > 0 and abs(point[2] - distance_hw[row, column]) < depth)
    return found
