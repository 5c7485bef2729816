"""One training sample from a seed: the photo, its ground truth per pixel, and places of features."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.rendering.backdrop import random_backdrop
from training.rendering.camera import SceneCamera, random_camera
from training.rendering.lighting import photograph, random_light
from training.rendering.sensor import develop
from training.rendering.truth import MOST_PEOPLE, heads_in_view, truth
from training.scenes.face_model import FaceModel, Regions
from training.scenes.nobody import KINDS, random_nobody
from training.scenes.primitives import LABEL_NOTHING
from training.scenes.scene import Scene, random_scene

CHANCE_OF_NOBODY = 0.03
OVERSAMPLING = 1.4

MOST_EYES = 2 * MOST_PEOPLE
LANDMARKS = 68


@dataclass(frozen=True, eq=False)
class Sample:
    """One rendered photo of side s and its ground truth. Relief and thickness in image widths.

    rgb_hwc: (s, s, 3) uint8 sRGB. relief_hw, thickness_hw: float32, 0 outside. normal_hwc: int8, 127 times
    the unit normal in camera axes (x to the right, y up, z to the camera), 0 outside. matte_hw: uint8
    coverage 0..255, above half only where a person covers the pixel's centre. label_hw: uint8, nothing / body
    / head / narrow face. canonical_hwc: float32, place on the neutral head, see `face_model.Regions`, NaN
    where the pixel's centre shows no skin of a head.
    heads_23: float32, x and y of the middle and the width of the visible part of each person's head, pixels;
    0 where nothing is visible.
    eyes_43: float32, x, y in pixels, and 1 where the eye is in view, else 0; left and right in an upright,
    frontal picture, for two people.
    landmarks_683: the same for the first person's landmarks, in the order of `face_model.LANDMARKS_68`.
    yaw: degrees. tone: of the skin, 0 light to 1 dark. has: what was drawn.
    """

    rgb_hwc: Array
    relief_hw: Array
    thickness_hw: Array
    normal_hwc: Array
    matte_hw: Array
    label_hw: Array
    canonical_hwc: Array
    heads_23: Array
    eyes_43: Array
    landmarks_683: Array
    yaw: float
    tone: float
    has: frozenset[str]


def render(model: FaceModel, regions: Regions, seed: int, side: int) -> Sample:
    """Draws the sample of a seed. The same seed and side give the same sample."""
    rng = np.random.default_rng(seed)
    if rng.random() < CHANCE_OF_NOBODY:
        return nobody(*develop(random_backdrop(side, rng), rng))
    scene = random_scene(model, regions, rng)
    camera = random_camera(rng)
    placed = camera.place(scene.mesh.vertices_v3)
    true = truth(scene.mesh, scene.owner_m, camera, placed, side)
    rgb, coverage, names = photo_of_scene(scene, camera, placed, side, rng)
    matte = np.round(coverage * 255).astype(np.uint8)
    matte[true.label_hw == LABEL_NOTHING] = np.minimum(matte[true.label_hw == LABEL_NOTHING], 127)

    def located(points_k3: Array, depth: float) -> Array:
        return in_view(camera.project(camera.place(points_k3), side), true.distance_hw, depth)

    eyes = np.zeros((MOST_EYES, 3), np.float32)
    eyes[: len(scene.eyes_k3)] = located(scene.eyes_k3, EYE_DEPTH)
    landmarks = located(scene.landmarks_683, LANDMARK_DEPTH)
    return Sample(
        rgb,
        true.relief_hw,
        true.thickness_hw,
        np.round(true.normal_hwc * 127).astype(np.int8),
        matte,
        true.label_hw,
        true.canonical_hwc,
        heads_in_view(true),
        eyes,
        landmarks,
        camera.yaw,
        scene.tone,
        scene.has | names,
    )


def photo_of_scene(
    scene: Scene, camera: SceneCamera, placed_v3: Array, side: int, rng: Generator
) -> tuple[Array, Array, set[str]]:
    """The photo (s, s, 3) uint8 in a random light, before a random backdrop; the share of each pixel that
    people cover, (s, s) float32; and what light, lens, sensor and file did, by name.
    """
    fine = int(side * OVERSAMPLING)
    lighting, light_names = random_light(rng)
    screen = camera.project(placed_v3, fine)
    seed = int(rng.integers(1 << 20))
    colour, index = photograph(
        scene.mesh, placed_v3, screen, scene.detail_68, camera.distance, lighting, fine, seed
    )
    owner = np.where(index >= 0, scene.owner_m[index] + 1, 0)
    covers = np.stack([owner > 0, owner > 1], -1).astype(np.float32)
    colour, (anything, person) = (
        cv2.resize(colour, (side, side), interpolation=cv2.INTER_AREA),
        np.moveaxis(cv2.resize(covers, (side, side), interpolation=cv2.INTER_AREA), -1, 0),
    )
    rgb, sensor_names = develop(colour + random_backdrop(side, rng) * (1 - anything[..., None]), rng)
    return rgb, person, light_names | sensor_names


def nobody(rgb_hwc: Array, has: set[str]) -> Sample:
    """A sample without people from its photo and what was drawn."""
    size = rgb_hwc.shape[:2]
    lengths, bytes_ = np.zeros(size, np.float32), np.zeros(size, np.uint8)
    heads, eyes, landmarks = (
        np.zeros((count, 3), np.float32) for count in (MOST_PEOPLE, MOST_EYES, LANDMARKS)
    )
    normals, canonical = np.zeros(rgb_hwc.shape, np.int8), np.full(rgb_hwc.shape, np.nan, np.float32)
    maps = lengths, lengths, normals, bytes_, bytes_, canonical
    return Sample(rgb_hwc, *maps, heads, eyes, landmarks, 0.0, 0.0, frozenset({"nobody", *has}))


def render_nobody(seed: int, side: int) -> Sample:
    """Draws the sample of a seed without people: a backdrop, or an animal, things or a room before one."""
    rng = np.random.default_rng(seed)
    kinds = ("backdrop", *KINDS)
    return nobody(*photo_of_nobody(kinds[rng.integers(len(kinds))], rng, side))


def photo_of_nobody(kind: str, rng: Generator, side: int) -> tuple[Array, set[str]]:
    """A photo (s, s, 3) uint8 of one of `nobody.KINDS` or of a "backdrop"; what was done to it, by name."""
    if kind == "backdrop":
        return develop(random_backdrop(side, rng), rng)
    scene, camera = random_nobody(kind, rng), random_camera(rng)
    rgb, _, names = photo_of_scene(scene, camera, camera.place(scene.mesh.vertices_v3), side, rng)
    return rgb, names


def camera_of(model: FaceModel, regions: Regions, seed: int) -> SceneCamera:
    """The camera of the sample that `render` draws from a seed with a person in it."""
    rng = np.random.default_rng(seed)
    rng.random()
    random_scene(model, regions, rng)
    return random_camera(rng)


EYE_DEPTH, LANDMARK_DEPTH = 3.5, 1.0
"""Largest distance in centimetres from the visible surface at which the middle of an eyeball and a point of
the skin count as in view."""


def in_view(points_k3: Array, distance_hw: Array, depth: float) -> Array:
    """x, y of the points, and 1 where the visible surface there lies less than `depth` before or behind them:
    skin, a lid or a close mask, but not the nose, thick hair or a wall.
    """
    side = len(distance_hw)
    found = points_k3.copy()
    for point in found:
        column, row = int(np.floor(point[0])), int(np.floor(point[1]))
        inside = 0 <= column < side and 0 <= row < side
        point[2] = float(
            inside and distance_hw[row, column] > 0 and abs(point[2] - distance_hw[row, column]) < depth
        )
    return found
