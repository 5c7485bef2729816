"""The printable bust: a whole head on the shoulders that the photo shows, one solid with one texture.

The head, with hair and eyes, is that of `whole`; what lies below the chin is the two-sided bust, with its
flat foot or plinth. Both become one solid by `solid`. What the photo shows takes it; the rest, around the
back, takes the colours of the parts that it is made of.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.geometry.camera import project
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.inspection import surface_area
from face3d.geometry.kinds import KINDS, Shape
from face3d.geometry.meshes import decimate, is_closed, largest_piece, weld
from face3d.geometry.relief import Relief
from face3d.geometry.texture import CLAY_RGB, FRONT_SHARE, foot_px, model_texture, picture_uv
from face3d.head.charts import chart_of
from face3d.head.colours import PhotoColours
from face3d.head.face_front import fill_behind_face
from face3d.head.model import load_head_model
from face3d.head.part_colours import ColouredSurface, mixed_colours
from face3d.head.seams import FADE, membrane, seen_vertices, without_islands
from face3d.head.solid import Grid, inside_share, surface_of
from face3d.head.whole import WholeHead, cut_straight
from face3d.structures import Array, Mesh

BODY = "two-sided"
"""The kind that shoulders and foot are taken of."""
BODY_BELOW, LOWER_BEHIND, BEHIND = -0.5, 0.3, 0.2
"""Canonical height below which the body counts: just under the chin, and lower by a share of how far a place
lies behind BEHIND, for there the neck is the model's."""
BELOW_LONG_HAIR = -0.36
"""The same height, everywhere, under long hair: below the jaw that is the body's."""
SHOULDERS_BELOW, NECK_ENDS = 0.35, -0.7
"""Where the body reaches so far below its upper end, canonical, it has shoulders: the model's end there."""
COLOURED_BELOW = 0.1
"""How far below its upper end the body's hidden colours are its own, not those of the head."""
BODY_TRIANGLES = 2.0
"""Triangles of the body before decimation, over those of the bust: coarser ones would show as ridges."""
LEVELS = 48
"""Heights at which the middle of the solid is found."""
COLOURED_PARTS = "skin", "eyes", "hair"
SOLID_PARTS = "eyes", "hair"
TRIANGLES_PER_CELL = 2.6
"""Of the level surface, per square of a cell's side, measured on busts."""
OVERSAMPLING = 3.5
"""How many triangles the level surface has for each that is kept."""
MOST_CELLS = 12_000_000
ON_FLOOR = 0.3
"""How near to the floor a vertex lies that is put on it, cells; less than half of one, where the next lie."""


def bust_mesh(head: WholeHead, budget: int, *, decimated: bool = True) -> Mesh:
    """The bust in the unit and the space of the relief's camera, at most about `budget` triangles.

    Vertices along the seams of the texture are doubled at the same place.
    decimated: fine where the surface is curved; else on even cells.
    """
    relief = head.relief
    body = KINDS[BODY].build(relief, BODY_TRIANGLES * budget)
    vertices, faces = _solid(head, body, budget, OVERSAMPLING if decimated else 0.9)
    if decimated:
        fewer = decimate(vertices, faces, budget, closed=True)
        if is_closed(fewer[1]):
            vertices, faces = fewer
        else:
            vertices, faces = _solid(head, body, budget, 0.9)
    photo = PhotoColours.of(relief, head.unit)
    return _textured(head, body, photo, vertices, faces)


def _solid(head: WholeHead, body: Shape, budget: int, oversampling: float) -> tuple[Array, Array]:
    """Vertices and triangles of the level surface, about `oversampling` times the budget."""
    head_vertices, head_faces = _enclosed(head)
    floor = float(body.vertices_n3[:, 1].min())
    below = body.vertices_n3[_above_body(head, body.vertices_n3) < 0]
    both = np.concatenate([head_vertices, below])
    low, high = both.min(0).astype(np.float64), both.max(0).astype(np.float64)
    low[1] = floor
    area = surface_area(head_vertices, head_faces) + 0.5 * surface_area(body.vertices_n3, body.faces_m3)
    cell = float(np.sqrt(TRIANGLES_PER_CELL * area / (oversampling * budget)))
    cell = max(cell, float((np.prod(high - low) / MOST_CELLS) ** (1 / 3)))
    grid = Grid.around(low, high, cell)
    share = inside_share(grid, head_vertices, head_faces)
    fill_behind_face(head, grid, share)
    share[:, :2] = 0  # below the floor
    of_body = inside_share(grid, body.vertices_n3, body.faces_m3)
    height, forward = _heights(head, grid)
    of_body *= _within(-_above(head, height, forward), head, grid)
    shoulders = (of_body > 0) & (height < BODY_BELOW - SHOULDERS_BELOW)
    if shoulders.any():
        share *= _within(height - NECK_ENDS, head, grid)
    vertices, faces = largest_piece(*surface_of(grid, np.maximum(share, of_body)))
    vertices[vertices[:, 1] < floor + ON_FLOOR * cell, 1] = floor
    return vertices, faces


def _enclosed(head: WholeHead) -> tuple[Array, Array]:
    """Vertices and triangles of skin, eyes and hair, each closed: the skin's openings by a fan.

    So lips and what lies between them are one surface, on which the photo shows the teeth.
    """
    model = load_head_model()
    skin = cut_straight(model, head.fit, head.relief, head.vertices_v3)[: model.skin_vertices]
    vertices, faces = [skin], [model.skin_triangles_m3]
    count = len(skin)
    for loop in model.openings:
        vertices.append(skin[loop].mean(0, keepdims=True))
        faces.append(np.stack([np.roll(loop, -1), loop, np.full(len(loop), count)], -1))
        count += 1
    for part in head.animated.parts:
        if part.name in SOLID_PARTS:
            kept, _, own = weld(part.mesh.vertices_n3, part.mesh.faces_m3)
            vertices.append(part.mesh.vertices_n3[kept])
            faces.append(own + count)
            count += len(kept)
    return np.concatenate(vertices), np.concatenate(faces).astype(np.int32)


def _above(head: WholeHead, height: Array, forward: Array) -> Array:
    """How far canonical places lie above the upper end of the body, head widths."""
    if head.hair is not None and head.hair.is_long:
        return height - BELOW_LONG_HAIR
    return np.asarray(height - BODY_BELOW + LOWER_BEHIND * np.maximum(BEHIND - forward, 0))


def _above_body(head: WholeHead, points_n3: Array) -> Array:
    """The same (n,) of points in the relief's space; its camera taken for that of the fit."""
    origin = head.fit.shift_3 * (head.unit / head.fit.scale)
    _, height, forward = (((points_n3 - origin) @ head.fit.rotation_33) / head.unit).T
    return _above(head, height, forward)


def _heights(head: WholeHead, grid: Grid) -> tuple[Array, Array]:
    """(x, y, z) float64: canonical heights of the cells, and how far they lie in front of the pivot."""
    origin = head.fit.shift_3 * (head.unit / head.fit.scale)
    found = []
    for of in (1, 2):
        along = [
            (grid.middles(axis) - origin[axis]) * (head.fit.rotation_33[axis, of] / head.unit)
            for axis in range(3)
        ]
        found.append(along[0][:, None, None] + along[1][:, None] + along[2])
    return found[0], found[1]


def _within(away: Array, head: WholeHead, grid: Grid) -> Array:
    """Share, float32, of each cell that lies on the side of a surface where its distance, in head widths, is
    above 0.
    """
    return np.clip(away * (head.unit / grid.cell) + 0.5, 0, 1).astype(np.float32)


def _textured(head: WholeHead, body: Shape, photo: PhotoColours, vertices_n3: Array, faces_m3: Array) -> Mesh:
    """The solid with the atlas of all solids: the photo on the left, what it does not show on the right."""
    relief = head.relief
    below_px = foot_px(relief.camera.size_hw[0])
    texture = model_texture(relief, closed=True, photo_rows=body.photo_rows).copy()
    # Below the photo's last row both halves of the texture are clay: a foot that faces the camera is shown.
    of_foot = _plain(body, vertices_n3, relief)
    shown_n = seen_vertices(photo, vertices_n3, faces_m3) & ~of_foot
    shown_n |= of_foot & photo.facing(vertices_n3, faces_m3)
    shown = without_islands(vertices_n3, faces_m3, np.asarray(shown_n[faces_m3].all(1)))
    around = _around(head, vertices_n3, faces_m3)
    width = texture.shape[1] - round(texture.shape[1] * FRONT_SHARE)
    height = _photo_px(texture, relief, below_px)
    hidden = np.flatnonzero(~shown)
    on_border = np.zeros(len(vertices_n3), bool)
    on_border[faces_m3[shown]] = True
    texture[:height, -width:] = _hidden_picture(
        _coloured_surfaces(head, body, texture),
        photo,
        body,
        (vertices_n3, faces_m3[hidden], on_border),
        around[hidden],
        (height, width),
    )
    places = np.where(shown[:, None, None], 0, np.round(around * 65535)).astype(np.int64)
    keys = np.concatenate(
        [faces_m3.reshape(-1, 1), np.repeat(~shown, 3)[:, None], places.reshape(-1, 2)], axis=1
    )
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    source, is_hidden = keys[first, 0], keys[first, 1] == 1
    front_uv = picture_uv(vertices_n3[source], relief.camera, 0, below_px)
    front_uv[:, 0] *= FRONT_SHARE
    # Well inside the rows of clay: at the texture's edge many programs mix in the opposite one.
    front_uv[:, 1] = np.maximum(front_uv[:, 1], 0.4 * (1 - height / texture.shape[0]))
    sides = np.array([width / texture.shape[1], height / texture.shape[0]])
    hidden_uv = 1 - sides * (1 - around.reshape(-1, 2)[first].astype(np.float64))
    return Mesh(
        vertices_n3[source],
        number.reshape(-1, 3).astype(np.int32),
        np.where(is_hidden[:, None], hidden_uv, front_uv).astype(np.float32),
        texture,
        unit=relief.unit,
    )


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
    radius = 0.5 * head.unit
    along = np.where(y > 0, radius * np.arctan2(y, np.hypot(x, z)), y)
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    angle = np.arctan2(x, z)[faces_m3] / (2 * np.pi) + 0.5
    # A triangle across the seam behind continues beyond the end; the picture has room for it.
    wraps = np.ptp(angle, axis=1) > 0.5
    angle[wraps] += angle[wraps] < 0.5
    return np.stack([0.04 + 0.92 * np.clip(angle, 0, 1.04) / 1.04, 0.02 + 0.96 * along[faces_m3]], -1)


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
    coloured: list[ColouredSurface],
    photo: PhotoColours,
    body: Shape,
    surface: tuple[Array, Array, Array],
    places_m32: Array,
    size_hw: tuple[int, int],
) -> Array:
    """(h, w, 3) uint8: the colours of the parts by place around the head; along the border with what the
    photo shows they meet its colours.

    coloured: see `_coloured_surfaces`. surface: vertices, hidden triangles, and which vertices are those of
    shown triangles.
    """
    vertices_n3, faces_m3, on_border = surface
    of_foot = _plain(body, vertices_n3, photo.relief)
    shrunk = max(1, round(size_hw[1] / 512))
    small = size_hw[0] // shrunk, size_hw[1] // shrunk
    chart = chart_of(places_m32, faces_m3, small)
    border = np.flatnonzero(on_border & ~of_foot)
    border = border[np.isin(border, faces_m3)]
    at = chart.of_vertices(vertices_n3)
    mean = mixed_colours(coloured, np.concatenate([at, vertices_n3[border]]), photo.width)
    mean, of_border = np.split(mean, [len(at)])
    lacking = np.zeros((len(vertices_n3), 3))
    lacking[border] = photo.colours_at(vertices_n3[border]) - of_border
    known = of_foot | on_border
    mean += chart.of_vertices(membrane(vertices_n3, faces_m3, known, lacking, FADE * photo.width))
    mean[_plain(body, at, photo.relief)] = CLAY_RGB
    ground = np.zeros((*small, 3), np.float32)
    picture = chart.picture(mean.astype(np.float32), ground)
    known_hw = chart.picture(np.ones((len(mean), 1), np.float32), ground[..., :1])[..., 0] > 0
    filled = fill_by_diffusion(picture, known_hw) if known_hw.any() else picture
    filled[known_hw] = picture[known_hw]
    return cv2.resize(
        np.clip(np.round(filled), 0, 255).astype(np.uint8), size_hw[::-1], interpolation=cv2.INTER_LINEAR
    )


def _coloured_surfaces(head: WholeHead, body: Shape, texture_hwc: Array) -> list[ColouredSurface]:
    """The head's skin, eyes and hair, and the body's hidden side."""
    found = [
        ColouredSurface.of(part.mesh, part.mesh.texture_hwc, part.mesh.uv_n2)
        for part in head.animated.parts
        if part.name in COLOURED_PARTS and part.mesh.texture_hwc is not None and part.mesh.uv_n2 is not None
    ]
    relief, vertices = head.relief, body.vertices_n3
    is_below = _above_body(head, vertices) < -COLOURED_BELOW
    below = body.faces_m3[is_below[body.faces_m3].all(1)]
    if not len(below):
        return found
    uv = picture_uv(vertices, relief.camera, 0, foot_px(relief.camera.size_hw[0]))
    uv[:, 0] = FRONT_SHARE + uv[:, 0] * (1 - FRONT_SHARE)
    return [*found, ColouredSurface.of(Mesh(vertices, below), texture_hwc, uv)]
