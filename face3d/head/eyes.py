"""The eyes' picture: the photo where it shows them between the lids, else a drawn eye."""

from __future__ import annotations

import cv2
import numpy as np

from face3d.geometry.camera import project
from face3d.head.colours import PhotoColours
from face3d.head.model import HeadModel
from face3d.structures import Array

BALLS = (4, 5)
"""Surfaces of the eyeballs in `model.SURFACES`, the model's left one first."""
PX = 128
"""Side of the picture of one eye."""
LOOKS = {"Up": (1, 25.0), "Down": (1, -25.0), "In": (0, 30.0), "Out": (0, -30.0)}
"""Of the expressions eyeLook...: the axis along which the front of the left eye goes, -X or +Y, and how far
the eye turns, degrees; the right eye is its mirror image."""
IRIS, PUPIL = 0.39, 0.16
"""Radii of a drawn iris and pupil, in radii of the model's eyeball: 5.9 and 2.4 mm of 15.
Source: Gross et al., "Gray's Anatomy", 42nd ed., chapter "Eye" (white-to-white 11.7 mm; a true eyeball has
12 mm)."""
WHITE_RGB, IRIS_RGB, PUPIL_RGB = (205, 200, 196), (92, 70, 54), (22, 18, 17)
SOFT_PX = 1.5


def eye_places(model: HeadModel, surface: int) -> tuple[Array, Array, Array]:
    """Vertices of an eyeball, triangles that name them, and their places (n, 2) in the eye's picture, 0..1
    from the lower left: as seen from in front, the far half like the near one.
    """
    triangles = model.triangles_m3[model.material_m == surface]
    used, number = np.unique(triangles, return_inverse=True)
    middle, radius = _ball(model, used)
    uv = 0.5 + (model.neutral_v3[used, :2] - middle[:2]) / (2 * radius)
    return used, number.reshape(-1, 3).astype(np.int32), np.clip(uv, 0, 1).astype(np.float32)


def eye_picture(model: HeadModel, surface: int, photo: PhotoColours, vertices_v3: Array) -> Array:
    """(PX, PX, 3) uint8, the eye as seen from in front, +X to the right."""
    used = np.unique(model.triangles_m3[model.material_m == surface])
    middle, radius = _ball(model, used)
    across = (np.arange(PX) + 0.5) / PX * 2 - 1
    x, y = np.meshgrid(across, -across)
    off = np.hypot(x, y)
    picture: Array = np.broadcast_to(np.array(WHITE_RGB, np.float32), (PX, PX, 3))
    for size, colour in ((IRIS, IRIS_RGB), (PUPIL, PUPIL_RGB)):
        share = np.clip((size - off) * PX / 2 / SOFT_PX + 0.5, 0, 1)[..., None]
        picture = share * np.array(colour, np.float32) + (1 - share) * picture
    # The wrapped eyeball is an affine image of the mean head's.
    around = np.c_[model.neutral_v3[used] - middle, np.ones(len(used))].astype(np.float64)
    affine = np.linalg.lstsq(around, vertices_v3[used].astype(np.float64), rcond=None)[0]
    ball = np.stack([x, y, np.sqrt(np.clip(1 - off**2, 0, 1))], -1).reshape(-1, 3) * radius
    points = np.c_[ball, np.ones(len(ball))] @ affine
    rgb, seen = photo.at(points, (points - affine[3]) / np.linalg.norm(points - affine[3], axis=1)[:, None])
    between = _between_the_lids(model, middle, photo, vertices_v3, points)
    shown = (seen.reshape(PX, PX) * between)[..., None]
    mixed: Array = shown * rgb.reshape(PX, PX, 3) + (1 - shown) * picture
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def eye_turns(model: HeadModel, surface: int) -> Array:
    """(e, n, 3) float32: how far the expressions turn the vertices of `eye_places`, head widths; the model's
    own expressions move the lids only.
    """
    used = np.unique(model.triangles_m3[model.material_m == surface])
    around = model.neutral_v3[used] - _ball(model, used)[0]
    side, sign = ("L", 1.0) if surface == BALLS[0] else ("R", -1.0)
    offsets = np.zeros((len(model.expression_names), len(used), 3), np.float32)
    for look, (axis, degrees) in LOOKS.items():
        angle = np.radians(degrees if axis else -sign * degrees)
        x, y, z = around.T
        cosine, sine = np.cos(angle), np.sin(angle)
        along = y if axis else x
        turned = [x, y, cosine * z - sine * along]
        turned[axis] = cosine * along + sine * z
        number = model.expression_names.index(f"eyeLook{look}_{side}")
        offsets[number] = np.stack(turned, -1) - around
    return offsets


def _ball(model: HeadModel, used: Array) -> tuple[Array, float]:
    """Middle and radius of an eyeball on the mean head."""
    low, high = model.neutral_v3[used].min(0), model.neutral_v3[used].max(0)
    return (low + high) / 2, float((high - low)[0] / 2)


def _between_the_lids(
    model: HeadModel, middle: Array, photo: PhotoColours, vertices_v3: Array, points_n3: Array
) -> Array:
    """(PX, PX) in 0..1: whether points of the eyeball lie inside the outline of the opening, in the photo."""
    loop = model.opening_around(middle)
    camera = photo.relief.camera
    outline = np.stack(project(vertices_v3[loop], camera), -1)
    low, size = outline.min(0), max(float(np.ptp(outline, axis=0).max()), 1e-6)
    scale = 4 * PX / size
    mask = np.zeros((4 * PX + 8, 4 * PX + 8), np.uint8)
    cv2.fillPoly(mask, [np.round((outline - low) * scale + 4).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(cv2.erode(mask, np.ones((9, 9), np.uint8)), (0, 0), 6).astype(np.float32) / 255
    at = ((np.stack(project(points_n3, camera), -1) - low) * scale + 4).astype(np.float32).reshape(PX, PX, 2)
    return np.asarray(cv2.remap(soft, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=0))
