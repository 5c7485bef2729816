"""The printable bust: a whole head on the shoulders that the photo shows, one solid with one texture.

The head, with hair and eyes, is that of `whole`; what lies below the chin is the two-sided bust, with its
flat foot or plinth. Both become one solid by `solid`, with the texture of `bust_texture`.
"""

from __future__ import annotations

import numpy as np

from face3d.geometry.inspection import surface_area
from face3d.geometry.kinds import KINDS, Shape
from face3d.geometry.meshes import decimate, is_closed, largest_piece, weld
from face3d.head.bust_texture import textured_bust
from face3d.head.face_front import fill_behind_face
from face3d.head.model import load_head_model
from face3d.head.solid import Grid, evened, inside_share, soften, surface_of
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
NAPE, NAPE_BEHIND, NAPE_DEEP, NAPE_FADES, NAPE_SOFT = 0.3, -0.05, 1.2, 0.15, 0.06
"""Where neck and shoulders meet, behind, the solid is smoothed: so near to the upper end of the body, from so
far before the pivot on, so deep, over so much, and by a Gaussian of this standard deviation; head widths. Its
two surfaces come from different sources, and the outer one would stand out as a rim."""
BODY_TRIANGLES = 2.0
"""Triangles of the body before decimation, over those of the bust: coarser ones would show as ridges."""
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
        fewer = decimate(_evened(vertices, faces), faces, budget, closed=True)
        if is_closed(fewer[1]):
            vertices, faces = fewer
        else:
            vertices, faces = _solid(head, body, budget, 0.9)
    own_colours = _above_body(head, body.vertices_n3) < -COLOURED_BELOW
    return textured_bust(head, body, own_colours, vertices, faces)


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
    of_body = inside_share(grid, body.vertices_n3, body.faces_m3)
    height, forward = _heights(head, grid)
    of_body *= _within(-_above(head, height, forward), head, grid)
    shoulders = (of_body > 0) & (height < BODY_BELOW - SHOULDERS_BELOW)
    if shoulders.any():
        share *= _within(height - NECK_ENDS, head, grid)
    share = np.maximum(share, of_body)
    soften(share, _at_nape(_above(head, height, forward), forward), NAPE_SOFT * head.unit / cell)
    share[:, :2] = 0  # below the floor
    vertices, faces = largest_piece(*surface_of(grid, share))
    vertices[vertices[:, 1] < floor + ON_FLOOR * cell, 1] = floor
    return vertices, faces


def _evened(vertices_n3: Array, faces_m3: Array) -> Array:
    """(n, 3) float32: `evened`, and still flat where it stands. Walls nearer than a cell may touch then."""
    even = evened(vertices_n3, faces_m3)
    floor = vertices_n3[:, 1].min()
    even[:, 1] = np.where(vertices_n3[:, 1] <= floor, floor, np.maximum(even[:, 1], floor))
    return even


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


def _at_nape(above: Array, forward: Array) -> Array:
    """(x, y, z) float32 in 0..1: near the upper end of the body, behind."""
    near = np.clip((NAPE - np.abs(above)) / NAPE_FADES, 0, 1)
    behind = np.minimum(NAPE_BEHIND - forward, forward - NAPE_BEHIND + NAPE_DEEP)
    return (near * np.clip(behind / NAPE_FADES, 0, 1)).astype(np.float32)


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
