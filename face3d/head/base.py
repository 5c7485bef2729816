"""Where the body of a bust begins and is cut, and the block under it.

The photo ends at a row of pixels. In space that row is no plane: near parts of the body end higher than far
ones, by the perspective. A bust that kept all of them would stand on a foot as tall as that difference. So it
is cut where almost all of its section is body, and not foot.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from face3d.geometry.camera import project
from face3d.geometry.kinds import Shape
from face3d.geometry.plinth import HEIGHT_SHARE, LEDGE_SHARE
from face3d.geometry.stability import LEAST_TIPPING_DEGREES
from face3d.head.solid import Grid, inside_share
from face3d.head.whole import WholeHead
from face3d.structures import Array

BODY_BELOW, LOWER_BEHIND, BEHIND = -0.5, 0.3, 0.2
"""Canonical height below which the body counts: just under the chin, and lower by a share of how far a place
lies behind BEHIND, for there the neck is the model's."""
BELOW_LONG_HAIR = -0.36
"""The same height, everywhere, under long hair: below the jaw that is the body's."""
BODY_TOP = max(BODY_BELOW, BELOW_LONG_HAIR)
LOOK_CELL = 0.05
"""Side of the cells in which the sections are looked at, head widths."""
MOST_FOOT = 0.04
"""Share of a section that may be foot."""
DEEPEST = 2.6
"""From front to back a section is at most so deep, head widths. A chest with its arms is about 1.5; what
reaches farther is held by the person or lies on the knees.
"""
LEAST_SECTION = 0.75
"""Of the largest section: a bust does not stand on a narrow part of itself."""
HIGHEST_CUT = -0.85
"""Canonical height above which nothing is cut: there are the shoulders."""
BLOCK_TIPS = LEAST_TIPPING_DEGREES + 2
"""Degrees by which a bust on a block can be tilted."""
PIECE_SHARE = 0.02
"""Share of the section on the floor from which another piece of it counts."""

THIN_END, OUTLINE_SOFT = 0.16, 0.03
"""Where the bust is less high it is left out: there a shoulder runs out as a sliver. Its outline is smoothed
by a Gaussian of this standard deviation; head widths."""


def cut_height(head: WholeHead, body: Shape) -> float:
    """Height of the plane on which the bust stands, in the relief's space.

    body: with its foot, which ends at its lowest point. The plane is the lowest at which at most MOST_FOOT is
    foot and the body at most DEEPEST, if that lies below the shoulders; else the highest below them. Its
    section is at least LEAST_SECTION of the largest. A body that ends above the shoulders keeps its foot.
    """
    vertices = body.vertices_n3
    floor = float(vertices[:, 1].min())
    highest = float(head.fit.shift_3[1]) * head.unit / head.fit.scale + HIGHEST_CUT * head.unit
    if highest <= floor:
        return floor
    low, high = vertices.min(0).astype(np.float64), vertices.max(0).astype(np.float64)
    high[1] = highest
    grid = Grid.around(low, high, LOOK_CELL * head.unit)
    inside = inside_share(grid, vertices, body.faces_m3)
    middles = np.stack(np.meshgrid(*map(grid.middles, range(3)), indexing="ij"), -1)
    of_photo = inside * (project(middles, head.relief.camera)[1] <= body.photo_rows)
    area = inside.sum((0, 2))
    foot_share = 1 - of_photo.sum((0, 2)) / np.maximum(area, 1e-6)
    depth = (inside.max(0) > 0.5).sum(1) * LOOK_CELL
    heights = grid.middles(1)
    can = (heights > floor) & (heights < highest) & (depth <= DEEPEST)
    if not can.any():
        return floor
    can &= area >= LEAST_SECTION * area[can].max()
    suits = can & (foot_share <= MOST_FOOT)
    return float(heights[suits][0] if suits.any() else heights[can][-1])


def needs_block(share: Array, row: int) -> bool:
    """Whether the section of a field (x, y, z) at a row of heights is in several pieces."""
    pieces, count = ndimage.label(share[:, row] > 0.5)
    if count < 2:
        return False
    sizes = np.bincount(pieces.ravel())[1:]
    return bool((sizes > PIECE_SHARE * sizes.sum()).sum() > 1)


def keep_largest_piece(share: Array) -> None:
    """Empties a field (x, y, z), in place, of all that its largest piece above one half does not join."""
    pieces, count = ndimage.label(share > 0.5)
    if count > 1:
        share[(pieces > 0) & (pieces != np.bincount(pieces.ravel())[1:].argmax() + 1)] = 0


def leave_out_thin_ends(share: Array, row: int, cell: float) -> None:
    """Empties a field (x, y, z), in place, at all places where it is less than THIN_END high above a row of
    heights, which is the floor. cell: side of one, head widths.
    """
    filled = share > 0.5
    top = share.shape[1] - np.argmax(filled[:, ::-1], axis=1)
    places, high = filled.any(1), top >= row + THIN_END / cell
    stays, goes = (
        ndimage.gaussian_filter((places & of_kind).astype(np.float32), OUTLINE_SOFT / cell)
        for of_kind in (high, ~high)
    )
    if goes.any():
        part = stays / np.maximum(stays + goes, np.float32(1e-9))
        steep = np.float32(2.5 * OUTLINE_SOFT / cell)
        share *= np.where(goes > 0, np.clip((part - 0.5) * steep + 0.5, 0, 1), 1)[:, None]


def with_block(grid: Grid, share: Array, row: int, *, is_round: bool) -> tuple[Grid, Array, float]:
    """Grid and field with a block below a row of heights, which is the first of the bust; and the height of
    the block's upper side.

    The block is HEIGHT_SHARE of the bust high and reaches LEDGE_SHARE beyond its section at that row, and as
    far beyond the middle of the mass as it takes to stand.
    """
    used = np.flatnonzero(share.max((0, 2)) > 0.5)
    height = max(1, round(HEIGHT_SHARE * (used[-1] - row)))
    ledge = max(1, round(LEDGE_SHARE * (used[-1] - row)))
    across, deep = (np.flatnonzero((share[:, row] > 0.5).any(axis)) for axis in (1, 0))
    mass_3 = _middle_of_mass(share)
    reach = (mass_3[1] - row + height) * math.tan(math.radians(BLOCK_TIPS))
    (left, right), (behind, front) = (
        (min(used[0] - ledge, mass - reach), max(used[-1] + ledge + 1, mass + reach))
        for used, mass in ((across, mass_3[0]), (deep, mass_3[2]))
    )
    middle, half = np.array([left + right, behind + front]) / 2, np.array([right - left, front - behind]) / 2
    radius = 0.0
    if is_round:
        cells = np.argwhere(share[:, row] > 0.5) + 0.5
        radius = float(np.hypot(*(cells - middle).T).max()) + ledge
        radius = max(radius, float(np.hypot(*(mass_3[[0, 2]] - middle))) + reach)
        half = np.array([radius, radius])
    room = np.maximum(np.ceil(half - middle), 0).astype(int) + 2
    beyond = np.maximum(np.ceil(middle + half - share[:, row].shape), 0).astype(int) + 2
    padding = (room[0], beyond[0]), (max(0, height + 2 - row), 0), (room[1], beyond[1])
    share = np.pad(share, padding)
    low = grid.low_3 - grid.cell * np.array([before for before, _ in padding])
    grid = Grid(low, grid.cell, (share.shape[0], share.shape[1], share.shape[2]))
    row += padding[1][0]
    x, z = np.ogrid[: share.shape[0], : share.shape[2]]
    x, z = x + 0.5 - middle[0] - room[0], z + 0.5 - middle[1] - room[1]
    if is_round:
        block = np.clip(radius - np.hypot(x, z) + 0.5, 0, 1)
    else:
        block = np.clip(half[0] - np.abs(x) + 0.5, 0, 1) * np.clip(half[1] - np.abs(z) + 0.5, 0, 1)
    share[:, row - height : row] = np.maximum(share[:, row - height : row], block[:, None])
    return grid, share, float(low[1] + row * grid.cell)


def _middle_of_mass(share: Array) -> Array:
    """(3,) float64: of a field, cells from its corner."""
    sums = [share.sum(tuple({0, 1, 2} - {axis}), dtype=np.float64) for axis in range(3)]
    return np.array([along @ (np.arange(len(along)) + 0.5) / along.sum() for along in sums])


def above(head: WholeHead, height: Array, forward: Array) -> Array:
    """How far canonical places lie above the upper end of the body, head widths."""
    if head.hair is not None and head.hair.is_long:
        return height - BELOW_LONG_HAIR
    return np.asarray(height - BODY_BELOW + LOWER_BEHIND * np.maximum(BEHIND - forward, 0))


def above_body(head: WholeHead, points_n3: Array) -> Array:
    """The same (n,) of points in the relief's space; its camera taken for that of the fit."""
    origin = head.fit.shift_3 * (head.unit / head.fit.scale)
    _, height, forward = (((points_n3 - origin) @ head.fit.rotation_33) / head.unit).T
    return above(head, height, forward)
