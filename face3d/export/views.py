"""Shaded pictures of a model from any side, without a GPU or a display, by OpenCV's rasteriser.

`prepare` does once what all pictures of a model share; `draw` takes one picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import atan2, degrees, hypot, isfinite

import cv2
import numpy as np

from face3d.errors import GeometryError
from face3d.geometry.inspection import signed_volume
from face3d.geometry.meshes import is_closed, vertex_normals, weld
from face3d.geometry.texture import CLAY_RGB
from face3d.structures import Array, Mesh

DISTANCE_IN_RADII = 4.0
"""Distance of the viewer, in radii of the bounding sphere of the model."""
FILL = 0.9
"""Share of the picture's side that the model takes, in its longer direction."""
AMBIENT, DIFFUSE = 0.38, 0.70
BRIGHTEST = AMBIENT + DIFFUSE
LIGHT_XYZ = np.array([-0.35, 0.45, 0.82])
"""Direction to the light in the viewer's frame: from the upper left, behind the viewer."""
SUPERSAMPLING = 2
STRIP_ROWS = 32
"""Rows of a picture that are coloured at once: their finer pixels stay in the processor's cache."""
BOTH_SIDES = cv2.TriangleRasterizeSettings()
BOTH_SIDES.setCullingMode(cv2.RASTERIZE_CULLING_NONE)  # the inside of an open shell is seen too
BOTH_SIDES.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Framing:
    """The part of the scene in the picture: its centre, and half its side. All are tangents of angles at the
    viewer, from the direction to the model's centre.
    """

    x: float
    y: float
    half: float


@dataclass(frozen=True)
class View:
    """A viewpoint on the model, and the picture taken from there.

    size_px: side of the square picture. yaw_degrees: viewpoint around the model, positive towards its left
    (+X). pitch_degrees: viewpoint above the model. textured: the photo's colours, else clay. background_rgb:
    colour around the model, None for transparent. eye_offset: sideways shift of the viewer for stereo, share
    of the distance. framing: None to fit the model as it is seen from here.
    """

    size_px: int = 512
    yaw_degrees: float = 0.0
    pitch_degrees: float = 0.0
    textured: bool = True
    background_rgb: tuple[int, int, int] | None = WHITE
    eye_offset: float = 0.0
    framing: Framing | None = None

    def from_direction(self, direction_xyz: tuple[float, float, float]) -> View:
        """This view from another direction, which leads from the model's centre to the viewer.

        Raises: GeometryError for a direction without a length.
        """
        x, y, z = direction_xyz
        if not (isfinite(x + y + z) and hypot(x, y, z) > 0):
            raise GeometryError(f"({x}, {y}, {z}) is no direction. Give one that is not zero.")
        yaw, pitch = degrees(atan2(x, z)), degrees(atan2(y, hypot(x, z)))
        return replace(self, yaw_degrees=yaw, pitch_degrees=pitch)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A mesh ready to be drawn.

    points_n3: float64, centre of the bounding box at 0, farthest at distance 1. normals_n3: float64, shared
    across the texture's seam. closed: a solid, whose triangles that face away are never seen. mesh: what it
    was made from.
    """

    mesh: Mesh
    points_n3: Array
    normals_n3: Array
    closed: bool


def prepare(mesh: Mesh) -> Prepared:
    """What all pictures of a mesh share. Raises: GeometryError for a mesh without triangles."""
    if not len(mesh.faces_m3):
        raise GeometryError("The model has no surface to draw. Use a photo in which the person is larger.")
    points_n3 = mesh.vertices_n3.astype(np.float64)
    points_n3 -= (points_n3.min(axis=0) + points_n3.max(axis=0)) / 2
    points_n3 /= np.linalg.norm(points_n3, axis=1).max() or 1.0
    kept, new_n, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    closed = is_closed(faces_m3) and signed_volume(points_n3[kept], faces_m3) > 0
    return Prepared(mesh, points_n3, vertex_normals(points_n3[kept], faces_m3)[new_n], closed)


def render(mesh: Mesh, view: View) -> Array:
    """One picture of a mesh: see `draw`. Raises: GeometryError for a mesh without triangles."""
    return draw(prepare(mesh), view)


def draw(model: Prepared, view: View) -> Array:
    """(size, size, 3) uint8 shaded picture in perspective, or (size, size, 4) with straight alpha where the
    view has no background.
    """
    turn_33 = _view_from_model(view.yaw_degrees, view.pitch_degrees)
    points_n3, normals_n3 = model.points_n3 @ turn_33.T, model.normals_n3 @ turn_33.T
    depth_n = DISTANCE_IN_RADII - points_n3[:, 2]
    framing = view.framing or _framing_of(points_n3[:, :2] / depth_n[:, None], FILL)
    # The viewer moves sideways with a parallel axis. The picture is shifted back: no parallax at the centre.
    x_n = points_n3[:, 0] + view.eye_offset * (depth_n - DISTANCE_IN_RADII) - framing.x * depth_n
    y_n = points_n3[:, 1] - framing.y * depth_n
    placed_n3 = np.stack([x_n, y_n, -depth_n], axis=-1)
    left, top, right, bottom = _window(placed_n3, framing.half, view.size_px)
    values_hw3, covered_hw = _rasterised(
        model, view, placed_n3, _brightness(normals_n3), framing.half, (left, top, right, bottom)
    )
    around = view.background_rgb or (0, 0, 0)
    picture_hwc = np.empty((view.size_px, view.size_px, 3 if view.background_rgb else 4), np.uint8)
    picture_hwc[:] = around if view.background_rgb else (*around, 0)
    ground_hwc = np.empty((STRIP_ROWS * SUPERSAMPLING, values_hw3.shape[1], 3), np.uint8)
    ground_hwc[:] = around
    for first in range(top, bottom, STRIP_ROWS):
        last = min(first + STRIP_ROWS, bottom)
        fine = slice((first - top) * SUPERSAMPLING, (last - top) * SUPERSAMPLING)
        picture_hwc[first:last, left:right] = _pixels(
            _coloured(model.mesh, view.textured, values_hw3[fine]),
            covered_hw[fine],
            ground_hwc if view.background_rgb else None,
        )
    return picture_hwc


def _window(placed_n3: Array, half: float, size: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture that the model may cover, at least a pixel."""
    across_n, up_n = placed_n3[:, :2].T / -placed_n3[:, 2] / half
    edges = []
    for least, most in ((across_n.min(), across_n.max()), (-up_n.max(), -up_n.min())):
        first = int(np.clip(np.floor((least + 1) * size / 2), 0, size - 1))
        edges.append((first, int(np.clip(np.ceil((most + 1) * size / 2), first + 1, size))))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def _pixels(rgb_hwc: Array, covered_hw: Array, ground_hwc: Array | None) -> Array:
    """uint8 pixels of the picture, RGB over the background or RGBA, from finer ones, black outside the model.

    ground_hwc: the background, at least as many of the finer rows.
    Averages of colour times coverage: a pixel at the rim takes no colour from beyond it.
    """
    size_wh = rgb_hwc.shape[1] // SUPERSAMPLING, rgb_hwc.shape[0] // SUPERSAMPLING
    if ground_hwc is not None:
        over_hwc = ground_hwc[: len(rgb_hwc)].copy()
        cv2.copyTo(rgb_hwc, covered_hw, over_hwc)
        return cv2.resize(over_hwc, size_wh, interpolation=cv2.INTER_AREA)
    rgb_hw3 = cv2.resize(rgb_hwc.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    cover_hw1 = cv2.resize(covered_hw.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)[..., None]
    straight_hw3 = rgb_hw3 * 255 / np.maximum(cover_hw1, 1e-3)
    return np.round(np.dstack([np.minimum(straight_hw3, 255), cover_hw1])).astype(np.uint8)


def turn_framing(model: Prepared, fill: float) -> Framing:
    """One framing for all views of a turn around the vertical axis; the model takes `fill` of the side.

    Of a point at distance r from the axis and height y, |x| / depth is largest where the line of sight
    touches its circle, and |y| / depth where it is nearest.
    """
    around_n = np.hypot(model.points_n3[:, 0], model.points_n3[:, 2])
    wide = (around_n / np.sqrt(DISTANCE_IN_RADII**2 - around_n**2)).max()
    tall_n = model.points_n3[:, 1] / (DISTANCE_IN_RADII - around_n)
    return _framing_of(np.array([[-wide, tall_n.min()], [wide, tall_n.max()]]), fill)


def _framing_of(tangents_n2: Array, fill: float) -> Framing:
    """The square around points of the picture, of whose side they take `fill`."""
    low_2, high_2 = tangents_n2.min(axis=0), tangents_n2.max(axis=0)
    x, y = (low_2 + high_2) / 2
    return Framing(float(x), float(y), float((high_2 - low_2).max() / 2 / fill) or 1.0)


def _view_from_model(yaw_degrees: float, pitch_degrees: float) -> Array:
    """(3, 3) float64 rotation; positive yaw and pitch put the viewer to the model's left and above it."""
    yaw, pitch = np.radians([yaw_degrees, pitch_degrees])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return about_x @ about_y


def _brightness(normals_n3: Array) -> Array:
    """(n,) light on vertices with these normals in the viewer's frame, AMBIENT to BRIGHTEST."""
    light_3 = LIGHT_XYZ / np.linalg.norm(LIGHT_XYZ)
    # The back of an open shell is visible too: its normal is flipped to the viewer's side.
    facing_n3 = normals_n3 * np.where(normals_n3[:, 2:] < -0.2, -1, 1)
    return AMBIENT + DIFFUSE * np.clip(facing_n3 @ light_3, 0, 1)


def _rasterised(
    model: Prepared,
    view: View,
    placed_n3: Array,
    brightness_n: Array,
    half: float,
    window: tuple[int, int, int, int],
) -> tuple[Array, Array]:
    """(h, w, 3) float32 values over a window of the picture, `SUPERSAMPLING` times as fine, 0 outside the
    model, and (h, w) uint8 coverage, 0 or 255.

    The values are colours 0..1, or where the model wears its texture: column and row of its pixels, and light
    over BRIGHTEST.
    """
    left, top, right, bottom = window
    depth_n = -placed_n3[:, 2]
    x_n = placed_n3[:, 0] - half * ((left + right) / view.size_px - 1) * depth_n
    y_n = placed_n3[:, 1] + half * ((top + bottom) / view.size_px - 1) * depth_n
    placed_n3 = np.stack([x_n, y_n, -depth_n], axis=-1).astype(np.float32)
    faces_m3 = model.mesh.faces_m3
    if model.closed:
        faces_m3 = faces_m3[_facing(placed_n3, faces_m3)]
    uv_n2, texture_hwc = model.mesh.uv_n2, model.mesh.texture_hwc
    if view.textured and uv_n2 is not None and texture_hwc is not None:
        down, across = texture_hwc.shape[:2]
        places_n2 = [uv_n2[:, 0] * across - 0.5, (1 - uv_n2[:, 1]) * down - 0.5]
        values_n3 = np.stack([*places_n2, brightness_n / BRIGHTEST], axis=-1)
    else:
        own_n3 = model.mesh.colours_n3
        colours_n3 = own_n3 if view.textured and own_n3 is not None else np.array([CLAY_RGB])
        values_n3 = np.minimum(colours_n3 * brightness_n[:, None] / 255, 1)
    height, width = (bottom - top) * SUPERSAMPLING, (right - left) * SUPERSAMPLING
    values_hw3, depth_hw = cv2.triangleRasterize(
        placed_n3,
        faces_m3,
        values_n3.astype(np.float32),
        np.zeros((height, width, 3), np.float32),
        np.full((height, width), DISTANCE_IN_RADII + 2, np.float32),
        np.eye(4, dtype=np.float32),
        2 * np.arctan(half * (bottom - top) / view.size_px),
        DISTANCE_IN_RADII - 2,
        DISTANCE_IN_RADII + 2,
        BOTH_SIDES,
    )
    return values_hw3, cv2.inRange(depth_hw, 0.0, DISTANCE_IN_RADII + 1.5)


def _facing(placed_n3: Array, faces_m3: Array) -> Array:
    """(m,) bool: triangles whose outside the viewer at the origin sees."""
    a_m3, b_m3, c_m3 = (placed_n3[faces_m3[:, corner]] for corner in range(3))
    return np.einsum("ij,ij->i", np.cross(b_m3 - a_m3, c_m3 - a_m3), a_m3) < 0


def _coloured(mesh: Mesh, textured: bool, values_hw3: Array) -> Array:
    """(h, w, 3) uint8 colours, black outside the model, from `_rasterised` values."""
    if not textured or mesh.uv_n2 is None or mesh.texture_hwc is None:
        return cv2.convertScaleAbs(values_hw3, alpha=255)
    columns_hw, rows_hw, light_hw = cv2.split(values_hw3)
    colours_hwc = cv2.remap(
        mesh.texture_hwc, columns_hw, rows_hw, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.multiply(colours_hwc, cv2.merge([light_hw] * 3), scale=BRIGHTEST, dtype=cv2.CV_8U)
