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

from face3d.head.charts import covered_pixels
from face3d.structures import Array

SMOOTHING = 0.8
"""Standard deviation of the field's smoothing, cells: without it the surface has steps."""
LEVEL = 0.5003
"""Of the surface. Shares are often one half exactly, and then triangles without area would tear it."""
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

    def middles(self, axis: int) -> Array:
        """(n,) coordinates of the cells' middles along an axis."""
        return np.asarray(self.low_3[axis] + (np.arange(self.shape[axis]) + 0.5) * self.cell)


def inside_share(grid: Grid, vertices_n3: Array, faces_m3: Array) -> Array:
    """(x, y, z) float32: about the share of each cell that closed surfaces enclose, 0..1.

    Where a surface lies across an axis, lines along that axis tell its place exactly, and those of the others
    only whether it is there: an axis counts as much as the surface faces along it.
    """
    cells_n3 = (vertices_n3.astype(np.float64) - grid.low_3) / grid.cell
    fields = []
    for along in range(3):
        across, down = (along + 1) % 3, (along + 2) % 3
        field = _along_lines(
            cells_n3[:, [across, down, along]],
            faces_m3,
            (grid.shape[across], grid.shape[down], grid.shape[along]),
        )
        fields.append(field.transpose(np.argsort([across, down, along])))
    mean = (fields[0] + fields[1] + fields[2]) / np.float32(3)
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
    """(x, y, z) float32, by a Gaussian of `sigma` cells along each axis."""
    # OpenCV's filter runs over the two last axes of one plane.
    bell = cv2.getGaussianKernel(2 * int(3 * sigma + 0.5) + 1, sigma).astype(np.float32).ravel()
    for axis in range(3):
        moved = np.ascontiguousarray(np.moveaxis(share, axis, -1))
        flat = moved.reshape(-1, moved.shape[-1])
        flat = cv2.sepFilter2D(flat, -1, bell, np.ones(1, np.float32), borderType=cv2.BORDER_REPLICATE)
        share = np.moveaxis(flat.reshape(moved.shape), -1, axis)
    return share


def _along_lines(cells_n3: Array, faces_m3: Array, shape: tuple[int, int, int]) -> Array:
    """(a, b, c) float32: the share inside of each cell along lines through the middles of cells (a, b)."""
    corners = cells_n3[faces_m3]
    first, second, triangle, weights = covered_pixels(corners[..., :2] - 0.5)
    (a, b), (c, d) = (corners[:, 1, :2] - corners[:, 0, :2]).T, (corners[:, 2, :2] - corners[:, 0, :2]).T
    leaves = np.sign(a * d - b * c)[triangle].astype(np.int32)  # a surface that faces along the line is left
    at = (weights * corners[triangle, :, 2]).sum(1)
    within = (first >= 0) & (first < shape[0]) & (second >= 0) & (second < shape[1]) & (leaves != 0)
    line = first[within] * shape[1] + second[within]
    at, step = np.clip(at[within], 0, shape[2] - 1.001), -leaves[within]
    order = np.lexsort((at, line))
    line, at, step = line[order], at[order], step[order]
    winding = np.cumsum(step)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    before = np.r_[0, winding][starts]
    winding -= np.repeat(before, np.diff(np.r_[starts, len(line)]))
    previous = winding - step
    change = (winding != 0).astype(np.float32) - (previous != 0)
    crossed = change != 0
    line, at, change = line[crossed], at[crossed], change[crossed]
    cell = np.floor(at).astype(int)
    part = (at - cell).astype(np.float32)
    steps = np.zeros((shape[0] * shape[1], shape[2]), np.float32)
    np.add.at(steps, (line, cell), change * (1 - part))
    np.add.at(steps, (line, cell + 1), change * part)
    np.cumsum(steps, axis=1, out=steps)
    return np.clip(steps, 0, 1, out=steps).reshape(shape)


def surface_of(grid: Grid, share: Array, below: int = 0) -> tuple[Array, Array]:
    """Vertices (n, 3) float32 and triangles (m, 3) int32 where the share is one half.

    below: rows of heights under a floor. They are empty, and the smoothing does not round the edge there.
    """
    from skimage.measure import marching_cubes  # takes half a second to import

    share = share.copy()
    share[:, :below] = share[:, below : below + 1]
    share = np.ascontiguousarray(blurred(share, SMOOTHING))
    share[:, :below] = 0
    vertices, faces, _, _ = marching_cubes(share, LEVEL)
    points = grid.low_3 + (vertices + 0.5) * grid.cell
    return points.astype(np.float32), np.ascontiguousarray(faces[:, ::-1]).astype(np.int32)
