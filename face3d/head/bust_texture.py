"""The texture of a printable bust: the photo for what it shows; for the rest, around the back, the colours of
the parts that it is made of, or those of an engine that was named to complete them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy import ndimage

from face3d.geometry.camera import project
from face3d.geometry.completed import engine_share
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.kinds import Shape
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.relief import Relief
from face3d.geometry.texture import (
    CLAY_RGB,
    FRONT_SHARE,
    foot_px,
    model_texture,
    picture_uv,
    sample_texture,
)
from face3d.head.base import above_body
from face3d.head.charts import chart_of
from face3d.head.part_colours import ColouredSurface, mixed_colours
from face3d.head.seams import FADE, membrane, seen_vertices, without_islands
from face3d.head.strands import with_strands
from face3d.head.whole import WholeHead
from face3d.structures import Array, Mesh

LEVELS = 48
"""Heights at which the middle of the solid is found."""
COLOURED_BELOW = 0.1
"""How far below its upper end the body's hidden colours are its own, not those of the head."""
HIDDEN_PX = 256
"""Width at which what is hidden is coloured, pixels around the head: about half as far apart as vertices."""
COLOURED_PARTS = "skin", "eyes", "hair"
THIN_FOOT = 0.15
"""A foot less high, head widths, wears the colours above it: a rim of clay would show as a light line."""
RADIUS = 0.5
"""Of the ball that the upper end of the outline is taken for, head widths."""
TURN, LENGTH = 0.92 / 1.04, 0.96
"""Shares of the picture of what is hidden that once around the solid takes, and its outline."""


def textured_bust(head: WholeHead, body: Shape, vertices_n3: Array, faces_m3: Array) -> Mesh:
    """The solid with the atlas of all solids: the photo on the left, what it does not show on the right.

    Vertices along the seams of the texture are doubled at the same place.
    body: the two-sided bust that the shoulders are taken of. vertices_n3, faces_m3: of the solid.
    """
    relief, photo = head.relief, head.photo
    below_px = foot_px(relief.camera.size_hw[0])
    texture = model_texture(relief, closed=True, photo_rows=body.photo_rows).copy()
    lowest, coloured = 0.0, _coloured_surfaces(head, body, texture)
    if _foot_height(body, vertices_n3, relief) < THIN_FOOT * head.unit:
        # Small hidden pieces take the photo, and so would take the clay below it.
        lowest = 1 - (body.photo_rows - 1) / (relief.camera.size_hw[0] + below_px)
        body = replace(body, photo_rows=math.inf)
    plain = np.asarray(_plain(body, vertices_n3, relief)[faces_m3].all(1))
    shown_n = seen_vertices(photo, vertices_n3, faces_m3)
    shown = without_islands(vertices_n3, faces_m3, np.asarray(shown_n[faces_m3].all(1))) & ~plain
    around = _around(head, vertices_n3, faces_m3)
    width = texture.shape[1] - round(texture.shape[1] * FRONT_SHARE)
    height = _photo_px(texture, relief, below_px)
    hidden = np.flatnonzero(~shown & ~plain)
    on_border = np.zeros(len(vertices_n3), bool)
    on_border[faces_m3[shown]] = True
    texture[:height, -width:] = _hidden_picture(
        Colours(coloured, relief, texture.copy(), photo.width),
        head,
        body,
        (vertices_n3, faces_m3[hidden], on_border),
        vertex_normals(vertices_n3.astype(np.float64), faces_m3),
        around[hidden],
        (height, width),
    )
    # A corner in one number: its vertex, and 2 + its place in the hidden picture, 1 of clay, 0 of the photo.
    places = np.round(around * 65535).astype(np.int64)
    keys = np.where((shown | plain)[:, None], plain[:, None], 2 + (places[..., 0] << 17) + places[..., 1])
    keys += faces_m3.astype(np.int64) << 35
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    source, side = faces_m3.ravel()[first], np.repeat(np.select([shown, plain], [0, 1], 2), 3)[first]
    front_uv = picture_uv(vertices_n3[source], relief.camera, 0, below_px)
    front_uv[:, 0] *= FRONT_SHARE
    # Well inside the rows of clay: at the texture's edge many programs mix in the opposite one.
    clay = 0.4 * (1 - height / texture.shape[0])
    front_uv[:, 1] = np.where(side == 1, clay, np.maximum(front_uv[:, 1], max(clay, lowest)))
    sides = np.array([width / texture.shape[1], height / texture.shape[0]])
    hidden_uv = 1 - sides * (1 - around.reshape(-1, 2)[first].astype(np.float64))
    return Mesh(
        vertices_n3[source],
        number.reshape(-1, 3).astype(np.int32),
        np.where((side == 2)[:, None], hidden_uv, front_uv).astype(np.float32),
        texture,
        unit=relief.unit,
    )


def _foot_height(body: Shape, vertices_n3: Array, relief: Relief) -> float:
    """How far what lies below the photo reaches above the floor."""
    height = vertices_n3[_plain(body, vertices_n3, relief), 1]
    return float(np.ptp(height)) if len(height) else 0.0


def _plain(body: Shape, points_n3: Array, relief: Relief) -> Array:
    """(n,) bool: points on the foot or the plinth, which wear nothing of the photo."""
    below = project(points_n3, relief.camera)[1] > body.photo_rows
    return np.asarray(below | (points_n3[:, 1] <= body.plain_below))


def _photo_px(texture_hwc: Array, relief: Relief, below_px: int) -> int:
    """Rows of the texture that the photo takes, above the rows of clay."""
    height = relief.camera.size_hw[0]
    return round(texture_hwc.shape[0] * height / (height + below_px))


def _around(head: WholeHead, vertices_n3: Array, faces_m3: Array) -> Array:
    """(m, 3, 2) places of the triangles' corners in the picture of what is hidden, 0..1 from the lower left:
    the angle around the solid's middle line, and the length along its outline from the floor to the top.
    """
    x_0, z_0 = middle_line(vertices_n3)
    y_0 = float(head.vertices_v3[:, 1].mean())
    x, y, z = vertices_n3[:, 0] - x_0, vertices_n3[:, 1] - y_0, vertices_n3[:, 2] - z_0
    along = np.where(y > 0, RADIUS * head.unit * np.arctan2(y, np.hypot(x, z)), y)
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    angle = np.arctan2(x, z)[faces_m3] / (2 * np.pi) + 0.5
    # A triangle across the seam behind continues beyond the end; the picture has room for it.
    wraps = np.ptp(angle, axis=1) > 0.5
    angle[wraps] += angle[wraps] < 0.5
    return np.stack([0.04 + TURN * np.clip(angle, 0, 1.04), 0.02 + LENGTH * along[faces_m3]], -1)


def middle_line(vertices_n3: Array) -> tuple[Array, Array]:
    """x and z (n,) of the middle of a solid at the height of each vertex: a head may lie far before the
    shoulders' middle.
    """
    height = vertices_n3[:, 1].astype(np.float64)
    place = (height - height.min()) / max(float(np.ptp(height)), 1e-9) * (LEVELS - 1)
    level = np.round(place).astype(int)
    count = ndimage.gaussian_filter1d(np.bincount(level, minlength=LEVELS).astype(np.float64), LEVELS / 24)
    x, z = (
        ndimage.gaussian_filter1d(np.bincount(level, vertices_n3[:, axis], LEVELS), LEVELS / 24) / count
        for axis in (0, 2)
    )
    steps = np.arange(LEVELS)
    return np.interp(place, steps, x), np.interp(place, steps, z)


def _hidden_picture(
    colours: Colours,
    head: WholeHead,
    body: Shape,
    surface: tuple[Array, Array, Array],
    normals_n3: Array,
    places_m32: Array,
    size_hw: tuple[int, int],
) -> Array:
    """(h, w, 3) uint8: the colours of the parts by place around the head; along the border with what the
    photo shows they meet its colours.

    surface: vertices, hidden triangles, and which vertices are those of shown triangles. normals_n3: of the
    vertices.
    """
    vertices_n3, faces_m3, on_border = surface
    photo = head.photo
    of_foot = _plain(body, vertices_n3, photo.relief)
    shrunk = max(1, round(size_hw[1] / HIDDEN_PX))
    small = size_hw[0] // shrunk, size_hw[1] // shrunk
    chart = chart_of(places_m32, faces_m3, small)
    border = np.flatnonzero(on_border & ~of_foot)
    border = border[np.isin(border, faces_m3)]
    at = chart.of_vertices(vertices_n3)
    normals = np.concatenate([chart.of_vertices(normals_n3), normals_n3[border]])
    mean = colours.at(np.concatenate([at, vertices_n3[border]]), normals)
    mean, of_border = np.split(mean, [len(at)])
    lacking = np.zeros((len(vertices_n3), 4))
    lacking[border, :3] = photo.colours_at(vertices_n3[border]) - of_border[:, :3]
    known = of_foot | on_border
    mean += chart.of_vertices(membrane(vertices_n3, faces_m3, known, lacking, FADE * photo.width))
    mean[_plain(body, at, photo.relief)] = *CLAY_RGB, 0
    ground = np.zeros((*small, 4), np.float32)
    picture = chart.picture(mean.astype(np.float32), ground)
    known_hw = chart.picture(np.ones((len(mean), 1), np.float32), ground[..., :1])[..., 0] > 0
    filled = fill_by_diffusion(picture, known_hw) if known_hw.any() else picture
    filled[known_hw] = picture[known_hw]
    large = cv2.resize(np.asarray(filled, np.float32), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
    length = RADIUS * np.pi / 2 + (head.vertices_v3[:, 1].mean() - vertices_n3[:, 1].min()) / head.unit
    contrast = head.strands * np.clip(large[..., 3], 0, 1)
    rgb = with_strands(
        large[..., :3], contrast, round(TURN * size_hw[1]), LENGTH * size_hw[0] / float(length)
    )
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Colours:
    """Colours of hidden places: of the parts, and of an engine where one was named.

    surfaces: see `_coloured_surfaces`. texture_hwc: the atlas of the two-sided bust, whose right part is what
    the engine gave. width: of the head, in the unit of the places.
    """

    surfaces: list[ColouredSurface]
    relief: Relief
    texture_hwc: Array
    width: float

    def at(self, points_k3: Array, normals_k3: Array) -> Array:
        """(k, 4) float64 of places on the solid with these normals; last how far strands are drawn there."""
        mean = mixed_colours(self.surfaces, points_k3, self.width)
        share = engine_share(self.relief, points_k3, normals_k3)[:, None]
        if not share.any():
            return mean
        given = sample_texture(self.texture_hwc, _hidden_uv(points_k3, self.relief))
        return np.asarray(mean + share * (np.pad(given, ((0, 0), (0, 1))) - mean))


def _hidden_uv(points_k3: Array, relief: Relief) -> Array:
    """(k, 2): places in the hidden part of the atlas of the two-sided bust."""
    uv = picture_uv(points_k3, relief.camera, 0, foot_px(relief.camera.size_hw[0]))
    uv[:, 0] = FRONT_SHARE + uv[:, 0] * (1 - FRONT_SHARE)
    return uv


def _coloured_surfaces(head: WholeHead, body: Shape, texture_hwc: Array) -> list[ColouredSurface]:
    """The head's skin, eyes and hair, and the body's hidden side; a fourth channel tells what is hair."""
    found = [
        ColouredSurface.of(part.mesh, part.mesh.texture_hwc, part.mesh.uv_n2, part.name == "hair")
        for part in head.animated.parts
        if part.name in COLOURED_PARTS and part.mesh.texture_hwc is not None and part.mesh.uv_n2 is not None
    ]
    relief, vertices = head.relief, body.vertices_n3
    own = above_body(head, vertices) < -COLOURED_BELOW
    own &= ~_plain(body, vertices, relief)
    below = body.faces_m3[own[body.faces_m3].all(1)]
    if not len(below):
        return found
    return [*found, ColouredSurface.of(Mesh(vertices, below), texture_hwc, _hidden_uv(vertices, relief))]
