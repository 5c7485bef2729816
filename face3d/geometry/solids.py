"""Triangles on the picture's grid: an open shell, and solids that are closed by construction.

A solid is built in picture space (column, row, relief) over *cells*, whole pixels of a working grid. Its
front and its back are the same triangles at two reliefs, front strictly above back, joined by walls along the
border of the cells. Where the cells touch only along edges, every edge then belongs to exactly two triangles,
and no two triangles cross, because the prisms between front and back stand on disjoint triangles of the
picture. Unprojection maps lines to lines, so the same holds in space.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from face3d.errors import GeometryError
from face3d.geometry.meshes import drop_unused
from face3d.geometry.outline import on_outline, sampled_at
from face3d.structures import Array

CUT_HIGHER = 0.15
"""Share of a bust's height that may go for a foot in one piece."""


def solid_cells(mask_hw: Array, smallest_hole: float = 0.02) -> Array:
    """The cells of one solid: the largest region connected along edges, without small holes and bare corners.

    Args:
        mask_hw: (h, w) bool.
        smallest_hole: holes of fewer cells than this share of the region are filled; larger ones are
        see-through and stay.

    Raises: GeometryError when the mask is empty.
    """
    regions_hw, count = ndimage.label(mask_hw)
    if count == 0:
        raise GeometryError(
            "Nothing is left of the photo after masking. Lower the edge culling or keep the background."
        )
    cells_hw = regions_hw == np.argmax(np.bincount(regions_hw.ravel())[1:]) + 1
    holes_hw, count = ndimage.label(~np.pad(cells_hw, 1, constant_values=False), structure=np.ones((3, 3)))
    sizes = np.bincount(holes_hw.ravel(), minlength=count + 1)
    small = np.flatnonzero(sizes < smallest_hole * cells_hw.sum())
    small = small[(small != 0) & (small != holes_hw[0, 0])]
    cells_hw = cells_hw | np.isin(holes_hw, small)[1:-1, 1:-1]
    while True:
        nw, ne, sw, se = cells_hw[:-1, :-1], cells_hw[:-1, 1:], cells_hw[1:, :-1], cells_hw[1:, 1:]
        falling, rising = nw & se & ~ne & ~sw, ne & sw & ~nw & ~se
        if not (falling.any() or rising.any()):
            return cells_hw
        cells_hw = cells_hw.copy()
        cells_hw[:-1, 1:] |= falling
        cells_hw[:-1, :-1] |= rising


def cut_flat(mask_hw: Array, chin: int = 0, share: float = 0.25, share_below_chin: float = 0.6) -> Array:
    """The mask without what hangs below the row that a bust stands on.

    That is the lowest row at least `share` as wide as the widest. Below a head, from row `chin` on (0: no
    head), it is the lowest that is at least `share_below_chin` as wide as the widest down there: where a mask
    breaks off below the shoulders, the rags go. Where that row is in pieces, the next one above it that is as
    wide and in one piece is taken, if it is within `CUT_HIGHER` of the mask's height.
    """
    rows, widths = np.arange(len(mask_hw)), mask_hw.sum(axis=1)
    wide = widths >= share * widths.max()
    last = np.flatnonzero(wide)[-1]
    below = widths[chin:]
    if chin > 0 and below.any():
        wide = (rows >= chin) & (widths >= share_below_chin * below.max())
        last = min(last, np.flatnonzero(wide)[-1])
    highest = last - CUT_HIGHER * (last - np.flatnonzero(widths)[0])
    whole = np.flatnonzero(wide & (pieces_per_row(mask_hw) == 1) & (rows <= last) & (rows >= highest))
    return mask_hw & (rows <= (whole[-1] if len(whole) else last))[:, None]


def pieces_per_row(mask_hw: Array) -> Array:
    """(h,) int: runs of cells in each row."""
    starts_hw = mask_hw & ~np.pad(mask_hw, ((0, 0), (1, 0)))[:, :-1]
    return starts_hw.sum(axis=1)


def corner_means(values_hw: Array, cells_hw: Array) -> Array:
    """(h + 1, w + 1) float64: mean over the up to four cells that meet at each corner; 0 where none does."""
    padded_hw = np.pad(np.where(cells_hw, values_hw, 0).astype(np.float64), 1)
    counts_hw = np.pad(cells_hw.astype(np.float64), 1)
    sums = padded_hw[:-1, :-1] + padded_hw[:-1, 1:] + padded_hw[1:, :-1] + padded_hw[1:, 1:]
    counts = counts_hw[:-1, :-1] + counts_hw[:-1, 1:] + counts_hw[1:, :-1] + counts_hw[1:, 1:]
    return sums / np.maximum(counts, 1)


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed surface in picture space.

    positions_n3: (n, 3) float64 column and row (cells of the working grid) and relief. faces_m3: (m, 3)
    int32, outwards.
    foot_n: (n,) bool, vertices to be put on the floor: the bottom edge repeated, empty of True where no base
    was asked for.
    """

    positions_n3: Array
    faces_m3: Array
    foot_n: Array


def _border_edges(cells_hw: Array) -> tuple[Array, Array]:
    """Directed edges (start, end) of corners along the border, the cells on their left; and which face down.

    Corner (r, c) has index r * (w + 1) + c. A viewer sees rows going down, so a cell's outline runs down its
    left side, along its bottom to the right, up its right side and back along its top: the order in which
    `triangulate` walks its triangles.
    """
    height, width = cells_hw.shape
    corner_hw = np.arange((height + 1) * (width + 1), dtype=np.int32).reshape(height + 1, width + 1)
    padded_hw = np.pad(cells_hw, 1)
    nw, ne, sw, se = corner_hw[:-1, :-1], corner_hw[:-1, 1:], corner_hw[1:, :-1], corner_hw[1:, 1:]
    sides = [
        (nw, sw, padded_hw[1:-1, :-2]),  # left neighbour
        (sw, se, padded_hw[2:, 1:-1]),  # neighbour below
        (se, ne, padded_hw[1:-1, 2:]),  # right neighbour
        (ne, nw, padded_hw[:-2, 1:-1]),  # neighbour above
    ]
    edges = [np.stack([start, end], -1)[cells_hw & ~neighbour] for start, end, neighbour in sides]
    faces_down = np.concatenate([np.full(len(edge), side == 1) for side, edge in enumerate(edges)])
    return np.concatenate(edges), faces_down


def _on_outline(cells_hw: Array, corners_n2: Array, edges_k2: Array, still_n: Array) -> Array:
    """Corner positions, the border's on the smooth outline; not where it touches itself or the frame."""
    counts = np.bincount(edges_k2.ravel(), minlength=len(corners_n2))
    on_frame_n = (corners_n2 == 0).any(axis=1) | (corners_n2 == cells_hw.shape[::-1]).any(axis=1)
    free_n = (counts == 2) & ~still_n & ~on_frame_n
    return on_outline(corners_n2, cells_hw, free_n, _cell_triangles(np.ones_like(cells_hw)))


def close_cells(
    cells_hw: Array,
    front_hw: Array,
    back_hw: Array,
    *,
    least_thickness: float,
    with_foot: bool,
    smooth_rim: bool,
    limit: Callable[[Array, Array, Array, Array], tuple[Array, Array]] | None = None,
) -> Solid:
    """The solid between two reliefs over cells that touch along edges only (see `solid_cells`).

    Args:
        cells_hw: (h, w) bool. front_hw, back_hw: (h, w) relief, read inside the cells.
        least_thickness: the back is pushed to lie at least this far behind the front, > 0.
        with_foot: carry the lowest row down to a floor: its edge is repeated as `foot_n` vertices, to be
            placed after unprojection.
        smooth_rim: move the border's corners onto its smooth outline (see `outline`); not the lowest row.
        limit: front and back at the corners, `cells_hw`, the corners' columns and rows -> both, limited
            (`back_side.meet_at_the_rim`).
    """
    height, width = cells_hw.shape
    layers = [corner_means(layer_hw, cells_hw) for layer_hw in (front_hw, back_hw)]
    rows, columns = np.divmod(np.arange((height + 1) * (width + 1)), width + 1)
    corners_n2 = np.stack([columns, rows], -1).astype(np.float64)
    edges_k2, faces_down = _border_edges(cells_hw)
    lowest = int(np.flatnonzero(cells_hw.any(axis=1))[-1]) + 1
    if smooth_rim:
        corners_n2 = _on_outline(cells_hw, corners_n2, edges_k2, rows == lowest)
        used_hw = corner_means(np.ones(cells_hw.shape), cells_hw) > 0
        layers = [sampled_at(layer_hw, used_hw, corners_n2) for layer_hw in layers]
    front_n, back_n = (layer.ravel() for layer in layers)
    if limit is not None:
        front_n, back_n = limit(front_n, back_n, cells_hw, corners_n2)
    back_n = np.minimum(back_n, front_n - least_thickness)

    on_floor = faces_down & (rows[edges_k2[:, 0]] == lowest) & with_foot
    used, faces_m3 = drop_unused(_closed_triangles(cells_hw, edges_k2, on_floor), 4 * len(rows))
    layer, corner = np.divmod(used, len(rows))
    relief_n = np.where(layer % 2 == 0, front_n[corner], back_n[corner])
    return Solid(np.column_stack([corners_n2[corner], relief_n]), faces_m3, layer >= 2)


def close_plate(front_hw: Array, back: float) -> Solid:
    """The solid between a relief over a whole rectangle and a flat back, which has few triangles.

    front_hw: (h, w) relief, above `back`, w at least 2. `foot_n` are the corners of the lower edge, front
    before back.
    """
    height, width = front_hw.shape
    cells_hw = np.ones((height, width), bool)
    front_n = corner_means(front_hw, cells_hw).ravel()
    rows, columns = np.divmod(np.arange(len(front_n)), width + 1)
    start, end = _border_edges(cells_hw)[0].T
    behind = len(front_n)
    faces_m3 = np.concatenate(
        [
            _cell_triangles(cells_hw),
            _quads(start + behind, end + behind, end, start),
            _flat_back(height, width) + behind,
        ]
    )
    used, faces_m3 = drop_unused(faces_m3, 2 * behind)
    layer, corner = np.divmod(used, behind)
    relief_n = np.where(layer == 0, front_n[corner], back)
    return Solid(np.column_stack([columns[corner], rows[corner], relief_n]), faces_m3, rows[corner] == height)


def _flat_back(height: int, width: int) -> Array:
    """(m, 3) int32: a rectangle of cells, seen from behind, in triangles that use the corners of its border
    alone: a strip per column, and a fan to the left and to the right side.
    """
    corner_hw = np.arange((height + 1) * (width + 1), dtype=np.int32).reshape(height + 1, width + 1)
    top, bottom, left, right = corner_hw[0], corner_hw[-1], corner_hw[:, 0], corner_hw[:, -1]

    def fan(tip: int, side: Array) -> Array:
        return np.stack([np.full(len(side) - 1, tip, np.int32), side[1:], side[:-1]], -1)

    return np.concatenate(
        [
            _quads(top[2:-1], bottom[2:-1], bottom[1:-2], top[1:-2]),
            fan(top[1], np.append(left, bottom[1])),
            fan(top[-2], np.append(right, bottom[-2])[::-1]),
        ]
    )


def _closed_triangles(cells_hw: Array, edges_k2: Array, on_floor_k: Array) -> Array:
    """(m, 3) int32: front, back, walls and foot over four copies of every corner of the grid.

    Copies, in this order: front, back, foot of the front, foot of the back; unused ones are left in.
    edges_k2: `_border_edges`. on_floor_k: those of them that are carried down to the floor.
    """
    front_m3 = _cell_triangles(cells_hw)
    count = (cells_hw.shape[0] + 1) * (cells_hw.shape[1] + 1)
    back, front_foot, back_foot = count, 2 * count, 3 * count
    start, end = edges_k2[~on_floor_k].T
    parts = [front_m3, front_m3[:, ::-1] + back, _quads(start + back, end + back, end, start)]
    if on_floor_k.any():
        start, end = edges_k2[on_floor_k].T
        parts += [
            _quads(start + front_foot, end + front_foot, end, start),
            _quads(start + back_foot, end + back_foot, end + front_foot, start + front_foot),
            _quads(start + back, end + back, end + back_foot, start + back_foot),
        ]
        first, last = np.setdiff1d(start, end), np.setdiff1d(end, start)
        parts += [
            _quads(first, first + back, first + back_foot, first + front_foot),
            _quads(last, last + front_foot, last + back_foot, last + back),
        ]
    return np.concatenate(parts)


def _cell_triangles(cells_hw: Array) -> Array:
    """(m, 3) int32: two triangles per cell between its corners; corner (r, c) has index r * (w + 1) + c."""
    height, width = cells_hw.shape
    corner_hw = np.arange((height + 1) * (width + 1), dtype=np.int32).reshape(height + 1, width + 1)
    corners = corner_hw[:-1, :-1], corner_hw[:-1, 1:], corner_hw[1:, :-1], corner_hw[1:, 1:]
    a, b, c, d = (corner[cells_hw] for corner in corners)
    return np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)])


def _quads(p: Array, q: Array, r: Array, s: Array) -> Array:
    """Two triangles per quadrilateral p q r s, in that order around it."""
    return np.concatenate([np.stack([p, q, r], -1), np.stack([p, r, s], -1)])
