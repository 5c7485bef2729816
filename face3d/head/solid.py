"""One solid from several surfaces that pass through each other: what any of them encloses.

Lines along each axis of a grid cross the surfaces; between them the winding number tells inside from outside.
The share of each cell that lies inside, of the three axes, is a field whose level of one half is the
solid's surface: closed, and without a triangle through another, whatever the surfaces do.
Source: Jacobson et al., "Robust inside-outside segmentation using generalized winding numbers", SIGGRAPH 2013
(here along lines, for closed surfaces).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse

from face3d.head.charts import covered_pixels, ends_of
from face3d.structures import Array

SMOOTHING = 0.8
"""Standard deviation of the field's smoothing, cells: without it the surface has steps."""
LEVEL = 0.5003
"""Of the surface."""
LEAST_OFF_LEVEL = 1e-3
"""How far a cell's share stays from LEVEL: the surface then keeps so many cells away from the middles of
cells. Through one, which shares of one half are, it would have triangles without area."""
EVENING, SHRINK, GROW = 6, 0.5, -0.53
"""Passes over the surface, and what of the way to its neighbours' mean a vertex goes, there and back: without
them the surface has faint steps along the cells."""
FACING_SMOOTHING = 1.5
"""The same where the field only tells which way a surface faces."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of a box. low_3: its lower corner. cell: side of one, same unit. shape: cells along each axis."""

    low_3: Array
    cell: float
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, low_3: Array, high_3: Array, cell: float) -> Grid:
        """The box with two free cells on each side."""
        low = np.asarray(low_3, np.float64) - 2 * cell
        count = np.ceil((high_3 - low) / cell).astype(int) + 2
        return cls(low, cell, (int(count[0]), int(count[1]), int(count[2])))

    def part(self, first_3: Array, stop_3: Array) -> tuple[Grid, tuple[slice, slice, slice]]:
        """The cells from `first_3` to before `stop_3`, as far as there are any, and where they lie in this
        grid.
        """
        first = np.clip(np.asarray(first_3, int), 0, np.array(self.shape) - 1)
        stop = np.clip(np.asarray(stop_3, int), first + 1, self.shape)
        x, y, z = (slice(int(a), int(b)) for a, b in zip(first, stop, strict=True))
        count = stop - first
        shape = int(count[0]), int(count[1]), int(count[2])
        return Grid(self.low_3 + first * self.cell, self.cell, shape), (x, y, z)

    def around_points(self, points_n3: Array, margin: int) -> tuple[Grid, tuple[slice, slice, slice]]:
        """The part with all points and so many cells on each side; see `part`."""
        low, high = ((end - self.low_3) / self.cell for end in (points_n3.min(0), points_n3.max(0)))
        return self.part(np.floor(low) - margin, np.ceil(high) + margin)

    def middles(self, axis: int) -> Array:
        """(n,) coordinates of the cells' middles along an axis."""
        return np.asarray(self.low_3[axis] + (np.arange(self.shape[axis]) + 0.5) * self.cell)


def inside_share(grid: Grid, vertices_n3: Array, faces_m3: Array) -> Array:
    """(x, y, z) float32: about the share of each cell that closed surfaces enclose, 0..1.

    Where a surface lies across an axis, lines along that axis tell its place exactly, and those of the others
    only whether it is there: an axis counts as much as the surface faces along it. Surfaces may continue
    beyond the grid.
    """
    cells_n3 = (vertices_n3.astype(np.float64) - grid.low_3) / grid.cell
    corners = cells_n3[faces_m3]
    low, high = ends_of(corners)
    # Lines along an axis are ended by what lies before the grid, not by what lies behind it.
    reaches, ends = low < grid.shape, high >= 0
    fields = []
    for along in range(3):
        meets = reaches.all(1) & ends[:, (along + 1) % 3] & ends[:, (along + 2) % 3]
        fields.append(_along_lines(corners[meets], grid.shape, along))
    mean = fields[0] + fields[1]
    mean += fields[2]
    mean /= np.float32(3)
    edge = np.nonzero((mean > 0) & (mean < 1))
    smooth = blurred(mean, FACING_SMOOTHING)
    facing = [_slope(smooth, edge, axis) ** 2 for axis in range(3)]
    total = facing[0] + facing[1] + facing[2] + np.float32(1e-6)
    mean[edge] = (
        sum((part + np.float32(1e-6 / 3)) * field[edge] for part, field in zip(facing, fields, strict=True))
        / total
    )
    return mean


def _slope(share: Array, edge: tuple[Array, ...], axis: int) -> Array:
    """(n,) float32: difference of the shares of both neighbours along an axis, at cells of the edge."""
    before, after = list(edge), list(edge)
    before[axis] = np.maximum(edge[axis] - 1, 0)
    after[axis] = np.minimum(edge[axis] + 1, share.shape[axis] - 1)
    return np.asarray(share[tuple(after)] - share[tuple(before)])


def blurred(share: Array, sigma: float) -> Array:
    """(x, y, z) float32, contiguous, by a Gaussian of `sigma` cells along each axis."""
    bell = cv2.getGaussianKernel(2 * int(3 * sigma + 0.5) + 1, sigma).astype(np.float32).ravel()
    one = np.ones(1, np.float32)
    # OpenCV's filter runs over planes: first along x, all of y and z as one row, then over each (y, z).
    flat = share.reshape(len(share), -1)
    out = cv2.sepFilter2D(flat, -1, one, bell, borderType=cv2.BORDER_REPLICATE).reshape(share.shape)
    for plane in out:
        cv2.sepFilter2D(plane, -1, bell, bell, dst=plane, borderType=cv2.BORDER_REPLICATE)
    return out


def _along_lines(corners_m33: Array, shape: tuple[int, int, int], along: int) -> Array:
    """(x, y, z) float32: the share inside of each cell along the lines through the middles of cells that run
    along an axis. corners_m33: of triangles, in cells.
    """
    across, down = (along + 1) % 3, (along + 2) % 3
    first, second, triangle, weights = covered_pixels(corners_m33[..., [across, down]] - 0.5)
    (a, b), (c, d) = ((corners_m33[:, corner] - corners_m33[:, 0])[:, [across, down]].T for corner in (1, 2))
    leaves = np.sign(a * d - b * c)[triangle].astype(np.int32)  # a surface that faces along the line is left
    at = (weights * corners_m33[triangle, :, along]).sum(1)
    within = (first >= 0) & (first < shape[across]) & (second >= 0) & (second < shape[down]) & (leaves != 0)
    strides = shape[1] * shape[2], shape[2], 1
    line = first[within] * strides[across] + second[within] * strides[down]
    at, step = np.maximum(at[within], 0), -leaves[within]
    order = np.lexsort((at, line))
    line, at, step = line[order], at[order], step[order]
    winding = np.cumsum(step)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    before = np.r_[0, winding][starts]
    winding -= np.repeat(before, np.diff(np.r_[starts, len(line)]))
    previous = winding - step
    change = (winding != 0).astype(np.float32) - (previous != 0)
    crossed = (change != 0) & (at < shape[along] - 1)
    line, at, change = line[crossed], at[crossed], change[crossed]
    cell = at.astype(int)
    part = (at - cell).astype(np.float32)
    share = np.zeros(shape, np.float32)
    steps = share.reshape(-1)
    place = line + cell * strides[along]
    np.add.at(steps, place, change * (1 - part))
    np.add.at(steps, place + strides[along], change * part)
    if along == 2:
        np.cumsum(share, axis=2, out=share)
    else:  # numpy's sum along the other axes is several times as slow
        layers = np.moveaxis(share, along, 0)
        for number in range(1, shape[along]):
            layers[number] += layers[number - 1]
    np.maximum(share, 0, out=share)
    return np.minimum(share, 1, out=share)


def surface_of(grid: Grid, share: Array, below: int = 0) -> tuple[Array, Array]:
    """Vertices (n, 3) float32 and triangles (m, 3) int32 where the share is one half.

    below: rows of heights under a floor. They are empty, and the smoothing does not round the edge there.
    """
    from skimage.measure import marching_cubes  # takes half a second to import

    share = share.copy()
    share[:, :below] = share[:, below : below + 1]
    share = blurred(share, SMOOTHING)
    share[:, :below] = 0
    off = share - np.float32(LEVEL)
    near = np.abs(off) < LEAST_OFF_LEVEL
    share[near] = LEVEL + np.where(off[near] < 0, -LEAST_OFF_LEVEL, LEAST_OFF_LEVEL)
    vertices, faces, _, _ = marching_cubes(share, LEVEL)
    points = grid.low_3 + (vertices + 0.5) * grid.cell
    return points.astype(np.float32), np.ascontiguousarray(faces[:, ::-1]).astype(np.int32)


def evened(vertices_n3: Array, faces_m3: Array) -> Array:
    """(n, 3) float32: the vertices of a closed surface without steps of the size of its triangles.

    Source: Taubin, "A signal processing approach to fair surface design", SIGGRAPH 1995.
    """
    count = len(vertices_n3)
    starts, ends = faces_m3[:, [0, 1, 2]].ravel(), faces_m3[:, [1, 2, 0]].ravel()
    near = sparse.csr_array((np.ones(len(starts), np.float32), (starts, ends)), shape=(count, count))
    number = np.maximum(near.sum(1), 1)[:, None]
    points = vertices_n3.astype(np.float32)
    for _ in range(EVENING):
        for share in (SHRINK, GROW):
            points += np.float32(share) * ((near @ points) / number - points)
    return points


def soften(share: Array, where: Array, sigma: float) -> None:
    """Blurs a field (x, y, z) in place by `sigma` cells, as far as `where` (x, y, z) says, 0..1."""
    rows = np.flatnonzero(where.any((0, 2)))
    if not len(rows):
        return
    beside = int(3 * sigma) + 1
    first, last = int(rows[0]), int(rows[-1]) + 1
    before = max(first - beside, 0)
    blurry = blurred(np.ascontiguousarray(share[:, before : last + beside]), sigma)
    blurry = blurry[:, first - before : last - before]
    share[:, first:last] += where[:, first:last] * (blurry - share[:, first:last])
