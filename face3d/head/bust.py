"""The printable bust: a whole head on the shoulders that the photo shows, one solid with one texture.

The head, with hair and eyes, is that of `whole`; what lies below the chin is the two-sided bust, cut flat by
`base`. Both become one solid by `solid`, with the texture of `bust_texture`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from face3d.geometry.inspection import surface_area
from face3d.geometry.kinds import Shape, body_on_foot
from face3d.geometry.meshes import decimate, is_closed, largest_piece, weld
from face3d.head.base import (
    BODY_BELOW,
    BODY_TOP,
    above,
    above_body,
    cut_height,
    keep_largest_piece,
    leave_out_thin_ends,
    needs_block,
    with_block,
)
from face3d.head.bust_texture import textured_bust
from face3d.head.face_front import fill_behind_face
from face3d.head.model import load_head_model
from face3d.head.solid import Grid, evened, inside_share, soften, surface_of
from face3d.head.whole import WholeHead, cut_straight
from face3d.structures import Array, Mesh

BESIDE = 6
"""Cells beside a part of the grid that tell which way its surface faces, see `solid.FACING_SMOOTHING`."""
SHOULDERS_BELOW, NECK_ENDS = 0.35, -0.7
"""Where the body reaches so far below its upper end, canonical, it has shoulders: the model's end there."""
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
BELOW_FLOOR = 2
"""Rows of the grid below the floor, see `Grid.around`."""
ON_FLOOR = 0.3
"""How near to the floor a vertex lies that is put on it, cells; less than half of one, where the next lie."""


def bust_mesh(head: WholeHead, budget: int, *, thin_ends: bool = False, decimated: bool = True) -> Mesh:
    """The bust in the unit and the space of the relief's camera, at most about `budget` triangles.

    Vertices along the seams of the texture are doubled at the same place.
    thin_ends: with what is hardly high above the floor, see `leave_out_thin_ends`. decimated: fine where the
    surface is curved; else on even cells.
    """
    relief = head.relief
    body = body_on_foot(relief, BODY_TRIANGLES * budget)
    floor = cut_height(head, body)
    solid = partial(_solid, head, body, floor, budget, thin_ends)
    vertices, faces, plain_below = solid(OVERSAMPLING if decimated else 0.9)
    if decimated:
        fewer = decimate(_evened(vertices, faces), faces, budget, closed=True)
        if is_closed(fewer[1]):
            vertices, faces = fewer
        else:
            vertices, faces, plain_below = solid(0.9)
    return textured_bust(head, replace(body, plain_below=plain_below), vertices, faces)


def _solid(
    head: WholeHead, body: Shape, floor: float, budget: int, thin_ends: bool, oversampling: float
) -> tuple[Array, Array, float]:
    """Vertices and triangles of the level surface, about `oversampling` times the budget, and the height
    below which they wear nothing of the photo.

    floor: height at which the body is cut. thin_ends: see `bust_mesh`.
    """
    head_vertices, head_faces = _enclosed(head)
    kept = body.vertices_n3[:, 1] >= floor
    below = body.vertices_n3[kept & (above_body(head, body.vertices_n3) < 0)]
    both = np.concatenate([head_vertices, below])
    low, high = both.min(0).astype(np.float64), both.max(0).astype(np.float64)
    low[1] = floor
    body_area = surface_area(body.vertices_n3, body.faces_m3[kept[body.faces_m3].all(1)])
    area = surface_area(head_vertices, head_faces) + 0.5 * body_area
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
    over = above(head, height, forward)
    body_share *= _within(-over, head, grid)
    if ((body_share > 0) & (height < BODY_BELOW - SHOULDERS_BELOW)).any():
        neck = _rows_below(head, of_head, NECK_ENDS)
        head_share[:, :neck] *= _within(_heights(head, of_head, neck)[0] - NECK_ENDS, head, grid)
    share[at_head] = head_share
    share[at_body] = np.maximum(share[at_body], body_share)
    soften(share[at_body], _at_nape(over, forward), NAPE_SOFT * head.unit / cell)
    share[:, :BELOW_FLOOR] = 0
    del head_share, body_share, height, forward, over
    base = head.relief.settings.base
    if not thin_ends:
        leave_out_thin_ends(share, BELOW_FLOOR, cell / head.unit)
    if needs_block(share, BELOW_FLOOR):
        keep_largest_piece(share)
    plain_below = floor + 0.5 * ON_FLOOR * cell
    if base != "auto" or needs_block(share, BELOW_FLOOR):
        grid, share, plain_below = with_block(grid, share, BELOW_FLOOR, is_round=base == "round")
        plain_below += ON_FLOOR * cell
        floor = float(grid.low_3[1]) + BELOW_FLOOR * cell
    vertices, faces = largest_piece(*surface_of(grid, share, BELOW_FLOOR))
    vertices[vertices[:, 1] < floor + ON_FLOOR * cell, 1] = floor
    return vertices, faces, plain_below


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


def _at_nape(over: Array, forward: Array) -> Array:
    """(x, y, z) float32 in 0..1: near the upper end of the body, behind."""
    near = np.clip((NAPE - np.abs(over)) / NAPE_FADES, 0, 1)
    behind = np.minimum(NAPE_BEHIND - forward, forward - NAPE_BEHIND + NAPE_DEEP)
    return (near * np.clip(behind / NAPE_FADES, 0, 1)).astype(np.float32)


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
