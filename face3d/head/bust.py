"""The printable bust: a whole head on the shoulders that the photo shows, one solid with one texture.

The head, with hair and eyes, is that of `whole`; what lies below the chin is the two-sided bust, with its
flat foot or plinth. Both become one solid by `solid`. What the photo shows takes it; the rest, around the
back, takes the colours of the parts that it is made of.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from face3d.geometry.camera import project
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.inspection import surface_area
from face3d.geometry.kinds import KINDS, Shape
from face3d.geometry.meshes import decimate, is_closed, largest_piece, pieces_of, vertex_normals, weld
from face3d.geometry.relief import Relief
from face3d.geometry.texture import CLAY_RGB, FRONT_SHARE, foot_px, model_texture, picture_uv, sample_texture
from face3d.head.charts import chart_of
from face3d.head.face_front import fill_behind_face
from face3d.head.model import load_head_model
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
BODY_TOP = max(BODY_BELOW, BELOW_LONG_HAIR)
BESIDE = 6
"""Cells beside a part of the grid that tell which way its surface faces, see `solid.FACING_SMOOTHING`."""
SHOULDERS_BELOW, NECK_ENDS = 0.35, -0.7
"""Where the body reaches so far below its upper end, canonical, it has shoulders: the model's end there."""
COLOURED_BELOW = 0.1
"""How far below its upper end the body's hidden colours are its own, not those of the head."""
BODY_TRIANGLES = 2.0
"""Triangles of the body before decimation, over those of the bust: coarser ones would show as ridges."""
COLOURED_PARTS = "skin", "eyes", "hair"
SOLID_PARTS = "eyes", "hair"
TRIANGLES_PER_CELL = 2.6
"""Of the level surface, per square of a cell's side, measured on busts."""
OVERSAMPLING = 3.5
"""How many triangles the level surface has for each that is kept."""
MOST_CELLS = 12_000_000
ON_FLOOR = 0.3
"""How near to the floor a vertex lies that is put on it, cells; less than half of one, where the next lie."""
SOLID_OFF_RELIEF = 0.1
"""How far off the relief the solid may lie to take the photo's colour, head widths: its hair is smoothed, and
lies about 0.04 behind the relief."""
SHOWN = 0.4
"""How far the photo must show the corners of a triangle that takes it, see `PhotoColours.at`."""
ISLAND = 2e-3
"""Share of the surface below which a hidden piece is drawn with the photo around it."""
HIDDEN_PX = 256
"""Width at which what is hidden is coloured, pixels around the head: about half as far apart as vertices."""
NEAREST = 4
"""Vertices of the parts of which a hidden place takes the mean colour, by distance."""


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
    return _textured(head, body, vertices, faces)


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
    share = np.zeros(grid.shape, np.float32)
    of_head, at_head = grid.around_points(head_vertices, BESIDE)
    head_share = inside_share(of_head, head_vertices, head_faces)
    fill_behind_face(head, of_head, head_share)
    stop = grid.shape[0], _rows_below(head, grid, BODY_TOP) + BESIDE, grid.shape[2]
    of_body, at_body = grid.part(np.zeros(3), np.array(stop))
    body_share = inside_share(of_body, body.vertices_n3, body.faces_m3)
    height, forward = _heights(head, of_body)
    body_share *= _within(-_above(head, height, forward), head, grid)
    if ((body_share > 0) & (height < BODY_BELOW - SHOULDERS_BELOW)).any():
        neck = _rows_below(head, of_head, NECK_ENDS)
        head_share[:, :neck] *= _within(_heights(head, of_head, neck)[0] - NECK_ENDS, head, grid)
    share[at_head] = head_share
    share[:, :2] = 0  # below the floor
    share[at_body] = np.maximum(share[at_body], body_share)
    del head_share, body_share, height, forward
    vertices, faces = largest_piece(*surface_of(grid, share))
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


def _heights(head: WholeHead, grid: Grid, rows: int | None = None) -> tuple[Array, Array]:
    """(x, y, z) float32: canonical heights of the cells, and how far they lie in front of the pivot; of the
    lowest rows or of all.
    """
    height, forward = (
        x[:, None, None] + y[:rows, None] + z for x, y, z in (_along(head, grid, of) for of in (1, 2))
    )
    return height, forward


def _along(head: WholeHead, grid: Grid, of: int) -> list[Array]:
    """Per axis of the grid (n,) float32: what the cells' places along it add to a canonical coordinate."""
    origin = head.fit.shift_3 * (head.unit / head.fit.scale)
    return [
        ((grid.middles(axis) - origin[axis]) * (head.fit.rotation_33[axis, of] / head.unit)).astype(
            np.float32
        )
        for axis in range(3)
    ]


def _rows_below(head: WholeHead, grid: Grid, limit: float) -> int:
    """How many rows of cells, from the lowest on, hold one that lies below a canonical height."""
    x, y, z = _along(head, grid, 1)
    below = np.flatnonzero(x.min() + y + z.min() < limit + grid.cell / head.unit)
    return int(below[-1]) + 1 if len(below) else 0


def _within(away: Array, head: WholeHead, grid: Grid) -> Array:
    """Share, float32, of each cell that lies on the side of a surface where its distance, in head widths, is
    above 0.
    """
    return np.clip(away * (head.unit / grid.cell) + 0.5, 0, 1).astype(np.float32)


def _textured(head: WholeHead, body: Shape, vertices_n3: Array, faces_m3: Array) -> Mesh:
    """The solid with the atlas of all solids: the photo on the left, what it does not show on the right."""
    relief, photo = head.relief, head.photo
    below_px = foot_px(relief.camera.size_hw[0])
    texture = model_texture(relief, closed=True, photo_rows=body.photo_rows).copy()
    normals = vertex_normals(vertices_n3, faces_m3)
    share = photo.at(vertices_n3.astype(np.float64), normals, SOLID_OFF_RELIEF)[1]
    # Below the photo's last row both halves of the texture are clay: a foot that faces the camera is shown.
    of_foot = _plain(body, vertices_n3, relief)
    shown_n = (share > SHOWN) | (of_foot & photo.facing(vertices_n3, faces_m3))
    shown = _without_islands(vertices_n3, faces_m3, np.asarray(shown_n[faces_m3].all(1)))
    around = _around(head, vertices_n3, faces_m3)
    width = texture.shape[1] - round(texture.shape[1] * FRONT_SHARE)
    height = _photo_px(texture, relief, below_px)
    hidden = np.flatnonzero(~shown)
    texture[:height, -width:] = _hidden_picture(
        head, body, texture, vertices_n3, faces_m3[hidden], around[hidden], (height, width)
    )
    # A corner in one number: its vertex, and 1 + its place in the hidden picture or 0.
    places = np.round(around * 65535).astype(np.int64)
    keys = np.where(shown[:, None], 0, 1 + (places[..., 0] << 17) + places[..., 1])
    keys += faces_m3.astype(np.int64) << 35
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    source, is_hidden = faces_m3.ravel()[first], np.repeat(~shown, 3)[first]
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


def _without_islands(vertices_n3: Array, faces_m3: Array, shown_m: Array) -> Array:
    """(m,) bool: the triangles that take the photo, with small pieces among them that it hardly shows, such
    as nostrils.
    """
    hidden = np.flatnonzero(~shown_m)
    piece = pieces_of(faces_m3[hidden], len(vertices_n3))
    a, b, c = (vertices_n3[faces_m3[:, corner]].astype(np.float64) for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    small = np.bincount(piece, area[hidden]) < ISLAND * area.sum()
    shown_m = shown_m.copy()
    shown_m[hidden[small[piece]]] = True
    return shown_m


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
    the angle around the head's vertical axis, and the length along its outline from the floor to the top.
    """
    middle = vertices_n3[:, [0, 2]].mean(0), float(head.vertices_v3[:, 1].mean())
    (x_0, z_0), y_0 = middle
    x, y, z = vertices_n3[:, 0] - x_0, vertices_n3[:, 1] - y_0, vertices_n3[:, 2] - z_0
    radius = 0.5 * head.unit
    along = np.where(y > 0, radius * np.arctan2(y, np.hypot(x, z)), y)
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    angle = np.arctan2(x, z)[faces_m3] / (2 * np.pi) + 0.5
    # A triangle across the seam behind continues beyond the end; the picture has room for it.
    wraps = np.ptp(angle, axis=1) > 0.5
    angle[wraps] += angle[wraps] < 0.5
    return np.stack([0.04 + 0.92 * np.clip(angle, 0, 1.04) / 1.04, 0.02 + 0.96 * along[faces_m3]], -1)


def _hidden_picture(
    head: WholeHead,
    body: Shape,
    texture_hwc: Array,
    vertices_n3: Array,
    faces_m3: Array,
    places_m32: Array,
    size_hw: tuple[int, int],
) -> Array:
    """(h, w, 3) uint8: the colours of the parts by place around the head."""
    points, colours = _coloured_points(head, body, texture_hwc)
    shrunk = max(1, round(size_hw[1] / HIDDEN_PX))
    small = size_hw[0] // shrunk, size_hw[1] // shrunk
    chart = chart_of(places_m32, faces_m3, small)
    at = chart.of_vertices(vertices_n3)
    away, near = cKDTree(points).query(at, k=NEAREST)
    weight = 1 / (away + 1e-3 * head.unit) ** 2
    mean = (weight[..., None] * colours[near]).sum(1) / weight.sum(1)[:, None]
    mean[_plain(body, at, head.relief)] = CLAY_RGB
    ground = np.zeros((*small, 3), np.float32)
    picture = chart.picture(mean.astype(np.float32), ground)
    known = chart.picture(np.ones((len(mean), 1), np.float32), ground[..., :1])[..., 0] > 0
    filled = fill_by_diffusion(picture, known) if known.any() else picture
    filled[known] = picture[known]
    return cv2.resize(
        np.clip(np.round(filled), 0, 255).astype(np.uint8), size_hw[::-1], interpolation=cv2.INTER_LINEAR
    )


def _coloured_points(head: WholeHead, body: Shape, texture_hwc: Array) -> tuple[Array, Array]:
    """Vertices (n, 3) of the head's skin and hair and of the body's hidden side, with colours (n, 3)."""
    points: list[Array] = []
    colours: list[Array] = []
    for part in head.animated.parts:
        mesh = part.mesh
        if part.name in COLOURED_PARTS and mesh.texture_hwc is not None and mesh.uv_n2 is not None:
            points.append(mesh.vertices_n3)
            colours.append(sample_texture(mesh.texture_hwc, mesh.uv_n2))
    relief = head.relief
    below = body.vertices_n3[_above_body(head, body.vertices_n3) < -COLOURED_BELOW]
    uv = picture_uv(below, relief.camera, 0, foot_px(relief.camera.size_hw[0]))
    uv[:, 0] = FRONT_SHARE + uv[:, 0] * (1 - FRONT_SHARE)
    return np.concatenate([*points, below]), np.concatenate([*colours, sample_texture(texture_hwc, uv)])
