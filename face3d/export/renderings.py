"""Pictures of a model without a GPU or a display: shaded view, turntable, stereo pair, red-cyan anaglyph.

They are rendered with a z-buffer in numpy.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from face3d.errors import GeometryError
from face3d.export.images import picture_png
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.texture import CLAY_RGB, sample_texture
from face3d.structures import Array, Mesh

DISTANCE_IN_RADII = 4.0
"""Distance of the viewer, in radii of the bounding sphere of the model."""
FILL = 0.94
"""Share of the picture's side that the bounding sphere takes."""
STEREO_BASE_SHARE = 1 / 30
"""Stereo base over viewing distance, the rule of thumb of stereo photography (Ferwerda, The World of 3-D,
1987)."""
AMBIENT, DIFFUSE = 0.38, 0.70
LIGHT_XYZ = np.array([-0.35, 0.45, 0.82])
"""Direction to the light in the viewer's frame: from the upper left, behind the viewer."""
SUPERSAMPLING = 2
PIXELS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class View:
    """A viewpoint on the model, and the picture taken from there.

    size_px: side of the square picture. yaw_degrees: viewpoint around the model, positive towards its left
    (+X). pitch_degrees: viewpoint above the model. textured: the photo's colours, else clay. background_rgb:
    colour around the model. eye_offset: sideways shift of the viewer for stereo, share of the distance.
    """

    size_px: int = 512
    yaw_degrees: float = 0.0
    pitch_degrees: float = 0.0
    textured: bool = True
    background_rgb: tuple[int, int, int] = (255, 255, 255)
    eye_offset: float = 0.0


def _view_from_model(yaw_degrees: float, pitch_degrees: float) -> Array:
    """(3, 3) float64 rotation; positive yaw and pitch put the viewer to the model's left and above it."""
    yaw, pitch = np.radians([yaw_degrees, pitch_degrees])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return about_x @ about_y


def _fragments(corners_m32: Array, side: int) -> tuple[Array, Array]:
    """The pixel centres that each triangle covers.

    corners_m32: corners of the triangles in pixels. Returns (2, k) triangle and pixel index, and barycentric
    coordinates (k, 3).
    """
    low_m2 = np.clip(np.ceil(corners_m32.min(axis=1) - 0.5), 0, side - 1).astype(np.int64)
    high_m2 = np.clip(np.floor(corners_m32.max(axis=1) - 0.5), -1, side - 1).astype(np.int64)
    wide_m, tall_m = (np.maximum(high_m2 - low_m2 + 1, 0)).T
    count_m = wide_m * tall_m
    triangle_k = np.repeat(np.arange(len(count_m)), count_m)
    within_k = np.arange(len(triangle_k)) - np.repeat(np.cumsum(count_m) - count_m, count_m)
    row_k, column_k = np.divmod(within_k, np.maximum(wide_m, 1)[triangle_k])
    x_k, y_k = low_m2[triangle_k, 0] + column_k + 0.5, low_m2[triangle_k, 1] + row_k + 0.5
    a_m2, b_m2, c_m2 = corners_m32[:, 0], corners_m32[:, 1], corners_m32[:, 2]
    area_m = (b_m2[:, 0] - a_m2[:, 0]) * (c_m2[:, 1] - a_m2[:, 1]) - (b_m2[:, 1] - a_m2[:, 1]) * (
        c_m2[:, 0] - a_m2[:, 0]
    )

    def edge(p_m2: Array, q_m2: Array) -> Array:
        p_k2, q_k2 = p_m2[triangle_k], q_m2[triangle_k]
        return (q_k2[:, 0] - p_k2[:, 0]) * (y_k - p_k2[:, 1]) - (q_k2[:, 1] - p_k2[:, 1]) * (x_k - p_k2[:, 0])

    area_k = area_m[triangle_k]
    area_k = np.where(np.abs(area_k) < 1e-12, np.inf, area_k)
    weights_k3 = np.stack([edge(b_m2, c_m2), edge(c_m2, a_m2), edge(a_m2, b_m2)], -1) / area_k[:, None]
    covered = (weights_k3 >= -1e-9).all(axis=1) & np.isfinite(area_k)
    pixel_k = (y_k[covered] - 0.5).astype(np.int64) * side + (x_k[covered] - 0.5).astype(np.int64)
    return np.stack([triangle_k[covered], pixel_k]), weights_k3[covered]


def _visible(corners_m32: Array, inverse_depth_m3: Array, side: int) -> tuple[Array, Array]:
    """Nearest triangle of each pixel (side, side), -1 for none; perspective-correct barycentric coordinates
    (side, side, 3).
    """
    nearest_p = np.zeros(side * side)
    triangle_p = np.full(side * side, -1)
    weights_p3 = np.zeros((side * side, 3))
    boxes_m = np.prod(np.clip(np.ptp(corners_m32, axis=1) + 1, 1, side), axis=1)
    starts = np.searchsorted(np.cumsum(boxes_m), np.arange(0, boxes_m.sum(), PIXELS_AT_ONCE))
    for first, last in zip(starts, [*starts[1:], len(boxes_m)], strict=True):
        (triangle_k, pixel_k), weights_k3 = _fragments(corners_m32[first:last], side)
        inverse_k3 = weights_k3 * inverse_depth_m3[first:last][triangle_k]
        inverse_k = inverse_k3.sum(axis=1)
        order = np.argsort(inverse_k)  # later writes win: the nearest comes last
        order = order[inverse_k[order] > nearest_p[pixel_k[order]]]
        pixels = pixel_k[order]
        nearest_p[pixels] = inverse_k[order]
        triangle_p[pixels] = triangle_k[order] + first
        weights_p3[pixels] = inverse_k3[order] / inverse_k[order, None]
    return triangle_p.reshape(side, side), weights_p3.reshape(side, side, 3)


def render(mesh: Mesh, view: View) -> Array:
    """(size, size, 3) uint8 shaded picture in perspective; the whole model is in the frame.

    Raises: GeometryError for a mesh without triangles.
    """
    if not len(mesh.faces_m3):
        raise GeometryError("The model has no surface to draw. Use a photo in which the person is larger.")
    side = view.size_px * SUPERSAMPLING
    points_n3 = mesh.vertices_n3.astype(np.float64)
    centre_3 = (points_n3.min(axis=0) + points_n3.max(axis=0)) / 2
    radius = np.linalg.norm(points_n3 - centre_3, axis=1).max() or 1.0
    in_view_n3 = (points_n3 - centre_3) / radius @ _view_from_model(view.yaw_degrees, view.pitch_degrees).T
    depth_n = DISTANCE_IN_RADII - in_view_n3[:, 2]
    focal = FILL * side / 2 * np.sqrt(DISTANCE_IN_RADII**2 - 1)
    shift = view.eye_offset * DISTANCE_IN_RADII
    # The viewer moves sideways with a parallel axis. The picture is shifted back: no parallax at the centre.
    x_n = side / 2 + focal * ((in_view_n3[:, 0] - shift) / depth_n + shift / DISTANCE_IN_RADII)
    y_n = side / 2 - focal * in_view_n3[:, 1] / depth_n
    corners_m32 = np.stack([x_n, y_n], -1)[mesh.faces_m3]
    triangle_hw, weights_hw3 = _visible(corners_m32, 1 / depth_n[mesh.faces_m3], side)

    hit_hw = triangle_hw >= 0
    corners_k3, weights_k3 = mesh.faces_m3[triangle_hw[hit_hw]], weights_hw3[hit_hw]
    kept, new_n, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    normals_n3 = vertex_normals(in_view_n3[kept], faces_m3)[new_n]
    normals_k3 = np.einsum("kc,kcd->kd", weights_k3, normals_n3[corners_k3])
    normals_k3 /= np.maximum(np.linalg.norm(normals_k3, axis=1, keepdims=True), 1e-12)
    light_3 = LIGHT_XYZ / np.linalg.norm(LIGHT_XYZ)
    # The back of an open shell is visible too: its normal is flipped to the viewer's side.
    facing_k3 = normals_k3 * np.where(normals_k3[:, 2:] < -0.2, -1, 1)
    brightness_k = AMBIENT + DIFFUSE * np.clip(facing_k3 @ light_3, 0, 1)
    colours_k3 = _colours(mesh, corners_k3, weights_k3) if view.textured else np.array(CLAY_RGB, np.float64)
    picture_hw3: Array = np.empty((side, side, 3), np.float32)
    picture_hw3[:] = view.background_rgb
    picture_hw3[hit_hw] = np.minimum(colours_k3 * brightness_k[:, None], 255)
    picture_hw3 = cv2.resize(picture_hw3, (view.size_px, view.size_px), interpolation=cv2.INTER_AREA)
    return np.round(picture_hw3).astype(np.uint8)


def _colours(mesh: Mesh, corners_k3: Array, weights_k3: Array) -> Array:
    """(k, 3) float64 colours of points inside triangles: the texture, else the vertices' own, else clay."""
    if mesh.texture_hwc is not None and mesh.uv_n2 is not None:
        return sample_texture(mesh.texture_hwc, np.einsum("kc,kcd->kd", weights_k3, mesh.uv_n2[corners_k3]))
    if mesh.colours_n3 is not None:
        return np.einsum("kc,kcd->kd", weights_k3, mesh.colours_n3[corners_k3].astype(np.float64))
    return np.tile(np.array(CLAY_RGB, np.float64), (len(corners_k3), 1))


def turntable_gif(mesh: Mesh, size_px: int = 320, frames: int = 24, seconds: float = 3.0) -> bytes:
    """An endless GIF of one turn around the model, starting in front of it."""
    pictures = [
        Image.fromarray(render(mesh, View(size_px, yaw_degrees=360 * i / frames))) for i in range(frames)
    ]
    packed = io.BytesIO()
    duration_ms = round(1000 * seconds / frames)
    pictures[0].save(packed, "GIF", save_all=True, append_images=pictures[1:], duration=duration_ms, loop=0)
    return packed.getvalue()


def stereo_views(mesh: Mesh, size_px: int = 512) -> tuple[Array, Array]:
    """Views of the left and the right eye, (size, size, 3) uint8 each; no parallax at the model's centre."""
    half = STEREO_BASE_SHARE / 2
    return render(mesh, View(size_px, eye_offset=-half)), render(mesh, View(size_px, eye_offset=half))


def stereo_pair(mesh: Mesh, size_px: int = 512) -> Array:
    """(size, 2 size, 3) uint8: the left eye's picture on the left, for parallel viewing."""
    return np.hstack(stereo_views(mesh, size_px))


def anaglyph(mesh: Mesh, size_px: int = 512) -> Array:
    """(size, size, 3) uint8 for red-cyan glasses, red on the left eye.

    Red is the left picture's grey, green and blue are the right picture's own.

    Source: the "half-colour" anaglyph of Dubois, "A projection method to generate anaglyph stereo images",
    ICASSP 2001, section 1.
    """
    left_hwc, right_hwc = stereo_views(mesh, size_px)
    return np.dstack([cv2.cvtColor(left_hwc, cv2.COLOR_RGB2GRAY), right_hwc[..., 1:]])


@dataclass(frozen=True)
class Picture:
    """A picture file of a model. suffix: ending of the file name. make: mesh -> bytes of the file."""

    format: str
    title: str
    suffix: str
    make: Callable[[Mesh], bytes]


PICTURES = (
    Picture("png", "Picture, PNG", "_view.png", lambda mesh: picture_png(render(mesh, View(1024)))),
    Picture("gif", "Turntable, GIF", "_turntable.gif", turntable_gif),
    Picture("anaglyph", "Red-cyan, PNG", "_anaglyph.png", lambda mesh: picture_png(anaglyph(mesh))),
    Picture("stereo", "Stereo pair, PNG", "_stereo.png", lambda mesh: picture_png(stereo_pair(mesh))),
)
