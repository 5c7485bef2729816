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
from training.raster import rasterise, vertex_normals
from training.scene import LABEL_NOTHING, Part, Person, random_person
from training.shading import SHADOW_SIDE, shade, shadow_map

Array = NDArray[Any]
CHANCE_OF_NOBODY = 0.03
OVERSAMPLING = 1.4


@dataclass(frozen=True, eq=False)
class Sample:
    """One render and its truth. Side s; relief and thickness in image widths.

    rgb_hwc: (s, s, 3) uint8 sRGB. relief_hw, thickness_hw: float32, 0 outside. matte_hw: uint8 coverage 0..255.
    label_hw: uint8, nothing / body / head / narrow face. eyes_23: float32, x, y in pixels, and 1 where the eye is in view, else 0.
    yaw: degrees. has: what was drawn.
    """

    rgb_hwc: Array
    relief_hw: Array
    thickness_hw: Array
    matte_hw: Array
    label_hw: Array
    eyes_23: Array
    yaw: float
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


def euler(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation (3, 3) float32 from degrees: yaw about +Y first, then pitch about +X, then roll about +Z."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (about_z @ about_x @ about_y).astype(np.float32)


def render(model: FaceModel, regions: Regions, seed: int, side: int) -> Sample:
    """Draws the sample of a seed. The same seed and side give the same sample."""
    rng = np.random.default_rng(seed)
    if rng.random() < CHANCE_OF_NOBODY:
        empty = np.zeros((side, side), np.float32)
        rgb = _sensor(random_backdrop(side, rng), rng)
        zero = empty.astype(np.uint8)
        return Sample(rgb, empty, empty, zero, zero, np.zeros((2, 3), np.float32), 0.0, frozenset({"nobody"}))
    person = random_person(model, regions, rng)
    camera = random_camera(rng)
    placed = camera.place(person.mesh.vertices_v3)
    relief, thickness, label, distance = truth(person.mesh, camera, placed, side)
    colour, coverage = _photograph(person, camera, placed, int(side * OVERSAMPLING), rng)
    colour, coverage = (cv2.resize(a, (side, side), interpolation=cv2.INTER_AREA) for a in (colour, coverage))
    rgb = _sensor(colour + random_backdrop(side, rng) * (1 - coverage[..., None]), rng)
    eyes = _eyes_in_view(camera.project(camera.place(person.eyes_23), side), distance)
    return Sample(rgb, relief, thickness, np.round(coverage * 255).astype(np.uint8), label, eyes, camera.yaw, person.has)


def truth(mesh: Part, camera: Camera, placed_v3: Array, side: int) -> tuple[Array, Array, Array, Array]:
    """Relief, thickness (float32, image widths), label (uint8) and distance (float32, centimetres) per pixel, (side, side) each."""
    screen = camera.project(placed_v3, side)
    index, _, near = rasterise(screen, mesh.triangles_m3, side, side, False)
    far = rasterise(screen, mesh.triangles_m3, side, side, True)[2]
    hit = index >= 0
    relief = np.where(hit, np.clip((camera.distance - near) / camera.scene_width, -1, 1), 0).astype(np.float32)
    thickness = np.where(hit, np.clip((far - near) / camera.scene_width, 0, 2), 0).astype(np.float32)
    label = np.where(hit, mesh.label_m[np.maximum(index, 0)], LABEL_NOTHING).astype(np.uint8)
    return relief, thickness, label, near


def _eyes_in_view(eyes_23: Array, distance_hw: Array) -> Array:
    """x, y of the two eyeball centres and whether the eyelid, not the nose or the hair, is what the camera sees there."""
    side = len(distance_hw)
    found = eyes_23.copy()
    for eye in found:
        column, row = int(eye[0]), int(eye[1])
        inside = 0 <= column < side and 0 <= row < side
        eye[2] = float(inside and distance_hw[row, column] > 0 and eye[2] - distance_hw[row, column] < 3.5)
    return found


def _photograph(person: Person, camera: Camera, placed_v3: Array, side: int, rng: Generator) -> tuple[Array, Array]:
    """Linear colour times coverage (side, side, 3) and coverage (side, side), float32."""
    mesh = person.mesh
    index, weight, _ = rasterise(camera.project(placed_v3, side), mesh.triangles_m3, side, side, False)
    ambient, harmonics, lights = random_light(rng)
    maps = [
        shadow_map(placed_v3, mesh.triangles_m3, light[:3].astype(float))
        if light[9] >= 0
        else (np.zeros((SHADOW_SIDE, SHADOW_SIDE), np.float32), np.zeros((4, 3), np.float32))
        for light in lights
    ]
    colour = shade(
        index,
        weight,
        mesh.triangles_m3,
        placed_v3,
        vertex_normals(placed_v3, mesh.triangles_m3),
        mesh.albedo_v3,
        mesh.coordinates_v3,
        mesh.material_m,
        person.detail_6k,
        np.array([0, 0, camera.distance]),
        ambient,
        harmonics,
        lights,
        np.stack([m[0] for m in maps]),
        np.stack([m[1] for m in maps]),
        int(rng.integers(1 << 20)),
    )
    return colour, (index >= 0).astype(np.float32)


def random_light(rng: Generator) -> tuple[Array, Array, Array]:
    """Ambient colour (3,), its slope (3, 3), and one to three directional lights (k, 10) as `shading.shade` takes them."""
    ambient = rng.uniform(0.1, 0.7) * rng.uniform(0.85, 1.15, 3)
    harmonics = rng.normal(size=(3, 3)) * 0.25 * rng.uniform(0.3, 1)
    exponent, strength = rng.uniform(5, 60), rng.uniform(0, 0.25)
    lights = []
    for k in range(rng.integers(1, 4)):
        towards = rng.normal(size=3) * [1, 0.7, 1]
        towards[2] = abs(towards[2]) * rng.choice([1, 1, 1, -0.3])
        towards[1] += 0.4
        towards /= np.linalg.norm(towards)
        colour = rng.uniform(0.2, 1.5) * rng.uniform(0.75, 1.2, 3) / (0.7 * k + 1)
        softness = rng.uniform(0, 3) if rng.random() < 0.7 else -1.0
        lights.append([*towards, *colour, rng.uniform(0, 0.25), exponent, strength, softness])
    return ambient, harmonics, np.array(lights)


def _sensor(linear_hwc: Array, rng: Generator) -> Array:
    """Exposure, white balance, response curve, blur, noise, vignette, compression, sometimes grey or sepia: linear float to uint8."""
    side = len(linear_hwc)
    image = np.clip(linear_hwc * rng.uniform(0.7, 1.8), 0, None) * rng.uniform(0.85, 1.15, 3)
    image = np.clip(image, 0, 1) ** (1 / rng.uniform(1.7, 2.6))
    if rng.random() < 0.5:
        image = (image - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.1, 0.1)
    if rng.random() < 0.2:
        off = (np.arange(side) + 0.5) / side - 0.5
        image = image * (1 - rng.uniform(0, 1.2) * (off[:, None] ** 2 + off**2))[..., None]
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), side * rng.uniform(0.002, 0.011)))
    image = image + rng.normal(size=image.shape) * rng.uniform(0, 0.04)
    pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.integers(30, 95))
        packed = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]
    tint = rng.random()
    if tint < 0.13:
        grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)[..., None]
        pixels = np.clip(grey * np.array([1.0, 1, 1] if tint < 0.1 else [1.05, 0.9, 0.7]), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels)
