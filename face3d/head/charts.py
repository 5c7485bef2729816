"""Which triangle of a surface each pixel of its picture shows, and where in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from face3d.structures import Array

AT_ONCE = 2_000_000
"""Pixels that are tried at once."""


@dataclass(frozen=True, eq=False)
class Chart:
    """Pixels of a picture that a triangle covers, one a row. size_hw: of the picture.

    rows_n, columns_n: int. corners_n3: int, vertices of the triangle. weights_n3: float32, barycentric.
    """

    size_hw: tuple[int, int]
    rows_n: Array
    columns_n: Array
    corners_n3: Array
    weights_n3: Array

    @cached_property
    def _mean(self) -> sparse.csr_array:
        count, vertices = len(self.rows_n), int(self.corners_n3.max()) + 1
        starts = np.arange(0, 3 * count + 1, 3)
        return sparse.csr_array(
            (self.weights_n3.ravel(), self.corners_n3.ravel(), starts), shape=(count, vertices)
        )

    def of_vertices(self, values_vc: Array) -> Array:
        """(n, c) float32 values at the pixels, from values of the vertices."""
        return np.asarray(self._mean @ values_vc[: self._mean.shape[1]].astype(np.float32))

    def picture(self, values_nc: Array, ground: Array) -> Array:
        """(h, w, c) the pixels' values over a ground (h, w, c)."""
        out = ground.copy()
        out[self.rows_n, self.columns_n] = values_nc
        return out


def chart_of(uv_m32: Array, triangles_m3: Array, size_hw: tuple[int, int]) -> Chart:
    """Triangles drawn into a picture, at places uv_m32 (m, 3, 2) in 0..1, (0, 0) lower left; a pixel belongs
    to a triangle that covers its middle.
    """
    height, width = size_hw
    at = np.stack([uv_m32[..., 0] * width - 0.5, (1 - uv_m32[..., 1]) * height - 0.5], -1)
    column, row, triangle, weights = covered_pixels(at)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return Chart(size_hw, row[inside], column[inside], triangles_m3[triangle[inside]], weights[inside])


def covered_pixels(at_m32: Array) -> tuple[Array, Array, Array, Array]:
    """Column, row, number of the triangle and barycentric weights (n, 3) float32 of each whole-numbered place
    inside a triangle with corners at_m32 (m, 3, 2), columns and rows.
    """
    low, high = ends_of(at_m32)
    low = np.ceil(low).astype(int)
    size = np.floor(high).astype(int) - low + 1
    nothing = np.empty(0, int), np.empty(0, int), np.empty(0, int), np.empty((0, 3), np.float32)
    found: list[tuple[Array, Array, Array, Array]] = [nothing]
    side = 1
    todo = np.flatnonzero((size > 0).all(1))
    while len(todo):
        fits = (size[todo] <= side).all(1)
        now, todo = todo[fits], todo[~fits]
        for part in np.array_split(now, max(1, len(now) * side * side // AT_ONCE)):
            found.append(_covered(at_m32[part], low[part], side, part))
        side *= 2
    column, row, triangle, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return column, row, triangle, weights


def ends_of(corners_m3d: Array) -> tuple[Array, Array]:
    """(m, d): least and largest coordinates of the three corners of each triangle."""
    # numpy's own minimum along an axis of three is several times as slow.
    a, b, c = (corners_m3d[:, corner] for corner in range(3))
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


def _covered(at_m32: Array, low_m2: Array, side: int, number_m: Array) -> tuple[Array, Array, Array, Array]:
    """Column, row, triangle and weights of the pixels in triangles at most `side` pixels large."""
    (ax, ay), (bx, by), (cx, cy) = (at_m32[:, corner].T for corner in range(3))
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    flat = ~(np.abs(area) >= 1e-12)
    safe = np.where(flat, 1, area)
    # Weights are linear over the picture: what they are at the lowest pixel, and a step for each further one.
    x, y, steps = low_m2[:, 0] - ax, low_m2[:, 1] - ay, np.arange(side)
    (second_x, second_y), (third_x, third_y) = (
        ((cy - ay) / safe, (ax - cx) / safe),
        ((ay - by) / safe, (bx - ax) / safe),
    )
    start = np.where(flat, -1, second_x * x + second_y * y)  # one weight below 0: outside
    second = _planes(start, second_x, second_y, steps)
    third = _planes(third_x * x + third_y * y, third_x, third_y, steps)
    both = second + third
    inside = np.flatnonzero((second >= -1e-6) & (third >= -1e-6) & (both <= 1 + 1e-6))
    triangle, place = np.divmod(inside, side * side)
    row, column = np.divmod(place, side)
    second, third = second.ravel()[inside], third.ravel()[inside]
    weights = np.stack([1 - second - third, second, third], -1).astype(np.float32)
    return low_m2[triangle, 0] + column, low_m2[triangle, 1] + row, number_m[triangle], weights


def _planes(start_m: Array, across_m: Array, down_m: Array, steps: Array) -> Array:
    """(m, side, side) values that grow linearly with the column and with the row."""
    rows = start_m[:, None] + down_m[:, None] * steps
    return np.asarray(rows[:, :, None] + (across_m[:, None] * steps)[:, None, :])
