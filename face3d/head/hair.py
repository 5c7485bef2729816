"""Hair as a layer of its own: how far the person reaches beyond the wrapped head, seen from the middle of the
skull.

In each direction the layer reaches as far as the front relief, and on the far side as the hidden relief.
Where skin is seen there is none, nor on the face. Directions of which neither tells are filled from the other
half of the head and from their neighbours. Where the layer is thin it dips under the scalp, so its edge is a
smooth line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from face3d.geometry.camera import project, unproject
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.relief import Relief
from face3d.head.fit import HeadFit
from face3d.head.model import HeadModel
from face3d.head.seen import LIKELY, SkinGrid
from face3d.structures import Array

MIDDLE = np.array([0.0, 0.12, -0.03])
"""Middle of the skull, canonical coordinates: directions start there."""
COLUMNS, ROWS = 180, 80
"""Directions around and from below upwards."""
LOWEST, HIGHEST = -55.0, 90.0
"""Elevations, degrees, between which hair may be."""
LEAST, MOST = 0.025, 0.8
"""Thickness, head widths, below which there is no hair, and beyond which it is cut."""
DIP = 0.03
"""How deep the layer's edge lies under the scalp, head widths."""
STEP, STEP_OVER, STEP_ENDS = 0.02, 0.006, 0.03
"""At its edge the layer rises by so much more, within so much of its thickness, and no more from about three
times the last on; head widths. Two surfaces at a flat angle would meet along a ragged line."""
BLUR = 1.6
"""Standard deviation of the smoothing, columns."""
MOST_PIXELS = 150_000
"""Of the person, evenly spread, that take part: more of them say no more of a cell."""
BACK_COUNTS = 0.2
"""Weight of the hidden relief, an estimate, beside the front one."""
LEAST_SHARE = 0.05
"""Share of the upper half of the head that must have hair; a smaller piece is a rim of something else."""
LONG_AT, LONG_SHARE = -36.0, 0.3
"""Elevation, degrees, and share of the directions there with hair from which it is long."""
MIRRORED_COUNTS = 0.02
"""Weight of the other half of the head, where that was seen."""
FACE_AROUND, FACE_UP = 62.0, 22.0
"""Half width and upper end of the face, where no hair is drawn, degrees; it ends over EDGE degrees."""
EDGE = 12.0


@dataclass(frozen=True, eq=False)
class HairLayer:
    """Hair in directions from MIDDLE. Rows run upwards, columns from behind over the head's right side, which
    is -X, and the front.

    unit_hw3: (ROWS, COLUMNS, 3) float64 directions, canonical axes. scalp_hw, outer_hw: distances of the
    head's surface and of the layer's, head widths; the layer is under the scalp where there is no hair.
    """

    unit_hw3: Array
    scalp_hw: Array
    outer_hw: Array

    @property
    def thickness_hw(self) -> Array:
        """(ROWS, COLUMNS) float64, head widths; 0 where there is none."""
        return np.maximum(self.outer_hw - self.scalp_hw, 0)

    @property
    def share(self) -> float:
        """Share of the directions above the eyes in which there is hair."""
        return float((self.thickness_hw[ROWS // 2 :] > 0).mean())

    @property
    def is_long(self) -> bool:
        """Whether it reaches below the jaw on a good part of the sides and the back."""
        row = round((LONG_AT - LOWEST) / (HIGHEST - LOWEST) * (ROWS - 1))
        return float((self.thickness_hw[row] > 0).mean()) > LONG_SHARE


def hair_layer(model: HeadModel, fit: HeadFit, relief: Relief, vertices_v3: Array) -> HairLayer | None:
    """The hair around a wrapped head, None where no more than a rim is seen (a bald head).

    vertices_v3: of the wrapped head, in the space of the relief's camera.
    """
    unit = _directions()
    skin = to_canonical(vertices_v3[: model.skin_vertices], fit, relief)
    scalp = _radii_of_mesh(skin, model.skin_triangles_m3[~_ears(model)])
    thickness, weight = _seen_thickness(fit, relief, scalp)
    other = thickness[:, ::-1]
    mirrored = MIRRORED_COUNTS * weight[:, ::-1]
    total = weight + mirrored
    thickness = (weight * thickness + mirrored * other) / np.maximum(total, 1e-9)
    thickness = _filled(thickness, total > 0)
    thickness = _smoothed(np.clip(thickness, -DIP, MOST) * _allowed(unit) - LEAST)
    # Only away from the piece that stays: at its edge the thickness goes through 0 smoothly.
    around = ndimage.binary_dilation(_closed_around(_largest_piece(thickness > 0), 4), iterations=3)[:, 4:-4]
    thickness[~around] = np.minimum(thickness, 0)[~around] - DIP
    thickness += STEP * np.tanh(thickness / STEP_OVER) * np.exp(-np.abs(thickness) / STEP_ENDS)
    layer = HairLayer(unit, scalp, scalp + np.maximum(thickness, -DIP))
    return layer if layer.share > LEAST_SHARE else None


def hair_mesh(layer: HairLayer) -> tuple[Array, Array, Array]:
    """A closed mesh: vertices (n, 3) float64 in canonical coordinates, triangles (m, 3) int32, and places in
    a picture of the layer (n, 2) float32 in 0..1, (0, 0) lower left.

    Its inside lies below the scalp. One column is doubled, as the picture's seam; the uppermost row is one
    place.
    """
    shown = ndimage.binary_dilation(_closed_around(layer.thickness_hw > 0, 3), np.ones((3, 3)))[:, 3:-3]
    shown[-2:] = shown[-2:].any()
    inner = layer.scalp_hw - 2 * DIP
    around = np.r_[np.arange(COLUMNS), 0]
    outside, inside = (
        MIDDLE + layer.unit_hw3[:, around] * radius[:, around, None] for radius in (layer.outer_hw, inner)
    )
    for side, radius in ((outside, layer.outer_hw), (inside, inner)):
        side[-1] = MIDDLE + np.array([0, radius[-1].mean(), 0])
    quads = shown[:-1] & shown[1:]
    quads = quads & np.roll(quads, -1, axis=1)
    rows, columns = np.nonzero(quads)
    width, count = COLUMNS + 1, ROWS * (COLUMNS + 1)
    a, b, c, d = (
        (rows + down) * width + columns + across for down, across in ((0, 0), (0, 1), (1, 1), (1, 0))
    )
    below = d < (ROWS - 1) * width
    top = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)[below]])
    walls = _walls(top, width, count)
    faces = np.concatenate([top, top[:, ::-1] + count, walls])
    uv = np.stack(np.meshgrid((np.arange(width)) / COLUMNS, np.arange(ROWS) / (ROWS - 1)), -1).reshape(-1, 2)
    vertices = np.concatenate([outside.reshape(-1, 3), inside.reshape(-1, 3)])
    used, number = np.unique(faces, return_inverse=True)
    return (
        vertices[used],
        number.reshape(-1, 3).astype(np.int32),
        np.tile(uv, (2, 1))[used].astype(np.float32),
    )


def to_canonical(points_n3: Array, fit: HeadFit, relief: Relief) -> Array:
    """Points of the space of the relief's camera in canonical axes and head widths."""
    columns, rows = project(points_n3, relief.camera)
    there = unproject(columns, rows, points_n3[..., 2] / relief.camera.unit_per_width, fit.camera)
    return np.asarray((there - fit.shift_3) @ fit.rotation_33 / fit.scale)


def _walls(top_m3: Array, width: int, count: int) -> Array:
    """Triangles between the border of the outside and that of the inside, `count` vertices later."""
    # The doubled column and the uppermost row are one in space: an edge there is no border.
    same = np.where(np.arange(count) % width == width - 1, np.arange(count) - (width - 1), np.arange(count))
    same[-width:] = count - 1
    start, end = top_m3.ravel(), np.roll(top_m3, -1, axis=1).ravel()
    forward, backward = same[start] * count + same[end], same[end] * count + same[start]
    border = ~np.isin(forward, backward)
    start, end = start[border], end[border]
    return np.concatenate(
        [np.stack([end, start, start + count], -1), np.stack([end, start + count, end + count], -1)]
    )


def _directions() -> Array:
    around = np.radians((np.arange(COLUMNS) + 0.5) / COLUMNS * 360 - 180)
    up = np.radians(np.linspace(LOWEST, HIGHEST, ROWS))[:, None]
    return np.stack([np.cos(up) * np.sin(around), np.sin(up) + 0 * around, np.cos(up) * np.cos(around)], -1)


def _cells(points_n3: Array) -> tuple[Array, Array, Array]:
    """Row, column and distance of points in canonical coordinates that lie in directions of the grid."""
    x, y, z = (points_n3 - MIDDLE).T
    radius = np.sqrt(x * x + y * y + z * z)
    around = np.degrees(np.arctan2(x, z))
    up = np.degrees(np.arcsin(np.clip(y / np.maximum(radius, 1e-9), -1, 1)))
    column = np.minimum(((around + 180) / 360 * COLUMNS).astype(int), COLUMNS - 1)
    row = np.round((up - LOWEST) / (HIGHEST - LOWEST) * (ROWS - 1)).astype(int)
    row[row < 0] = -1
    return row, column, radius


def _ears(model: HeadModel) -> Array:
    """(m,) bool: triangles of the skin at the ears, over which hair lies as over the skull."""
    x, y, z = model.neutral_v3[model.skin_triangles_m3].mean(1).T
    return np.asarray((np.abs(x) > 0.41) & (y < 0.32) & (y > -0.18) & (z > -0.25) & (z < 0.08))


def _radii_of_mesh(vertices_n3: Array, triangles_m3: Array) -> Array:
    """(ROWS, COLUMNS): farthest distance of a surface around MIDDLE in each direction."""
    a, b, c = (vertices_n3[triangles_m3[:, corner]] for corner in range(3))
    steps = np.linspace(0, 1, 5)
    points = np.concatenate([a + (b - a) * u + (c - a) * v for u in steps for v in steps if u + v <= 1])
    row, column, radius = _cells(points)
    found = np.full((ROWS, COLUMNS), -np.inf)
    np.maximum.at(found, (row[row >= 0], column[row >= 0]), radius[row >= 0])
    known = np.isfinite(found)
    return _smoothed(_filled(np.where(known, found, 0), known))


def _seen_thickness(fit: HeadFit, relief: Relief, scalp_hw: Array) -> tuple[Array, Array]:
    """(ROWS, COLUMNS): mean distance of the person's front and hidden sides from the scalp, -DIP where skin
    is seen, head widths; and the weight of what says so.
    """
    sums, weights = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    grid = SkinGrid.of(relief)
    rows, columns = np.nonzero(relief.subject_hw)
    step = max(1, len(rows) // MOST_PIXELS)
    rows, columns = rows[::step], columns[::step]
    is_head, is_skin = grid.at(rows, columns)
    rows, columns, is_skin = rows[is_head], columns[is_head], is_skin[is_head] > LIKELY
    layers = [(relief.front_hw, relief.known_hw, 1.0, is_skin)]
    if relief.back_hw is not None:
        layers.append((relief.back_hw, relief.sure_hw, BACK_COUNTS, np.zeros_like(is_skin)))
    for layer_hw, mask_hw, counts, bare in layers:
        there = mask_hw[rows, columns]
        points = unproject(
            columns[there] + 0.5, rows[there] + 0.5, layer_hw[rows[there], columns[there]], relief.camera
        )
        row, column, radius = _cells(to_canonical(points, fit, relief))
        inside = row >= 0
        cell = row[inside], column[inside]
        thick = np.where(bare[there][inside], -DIP, radius[inside] - scalp_hw[cell])
        np.add.at(sums, cell, counts * np.clip(thick, -2 * DIP, MOST))
        np.add.at(weights, cell, counts)
    return sums / np.maximum(weights, 1e-9), weights


def _allowed(unit_hw3: Array) -> Array:
    """(ROWS, COLUMNS) in 0..1: 0 on the face, below it and where the layer ends below, else 1."""
    x, y, z = np.moveaxis(unit_hw3, -1, 0)
    up = np.degrees(np.arcsin(y))
    beside = (np.abs(np.degrees(np.arctan2(x, z))) - FACE_AROUND) / EDGE
    above = (up - FACE_UP) / EDGE
    return np.asarray(np.clip(np.minimum(np.maximum(beside, above), (up - LOWEST) / EDGE - 0.5), 0, 1))


def _largest_piece(mask_hw: Array) -> Array:
    """The largest connected piece; the grid is closed around."""
    pieces, count = ndimage.label(np.concatenate([mask_hw] * 2, axis=1))
    if not count:
        return mask_hw
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    left, right = np.split(pieces == largest, 2, axis=1)
    return np.asarray(left | right)


def _closed_around(values_hw: Array, margin: int) -> Array:
    return np.concatenate([values_hw[:, -margin:], values_hw, values_hw[:, :margin]], axis=1)


def _filled(values_hw: Array, known_hw: Array) -> Array:
    """Values where none are known from those around; the grid is closed around."""
    half = COLUMNS // 2
    wide, known = _closed_around(values_hw, half), _closed_around(known_hw, half)
    filled = np.zeros(wide.shape)
    # Diffusion prefers a side: the mean with that of the mirror image does not.
    for side in (slice(None), slice(None, None, -1)):
        found = fill_by_diffusion(wide[:, side, None].astype(np.float32), known[:, side])
        filled += found.reshape(wide.shape)[:, side] / 2
    return np.where(known_hw, values_hw, filled[:, half:-half])


def _smoothed(values_hw: Array) -> Array:
    """Blurred by as much in each direction: more columns near the top, where they lie close."""
    median = cv2.medianBlur(_closed_around(values_hw, 4).astype(np.float32), 3)[:, 4:-4]
    up = np.radians(np.linspace(LOWEST, HIGHEST, ROWS))
    out = np.empty_like(values_hw, np.float64)
    for row in range(ROWS):
        sigma = min(BLUR / max(np.cos(up[row]), 0.02), COLUMNS / 4)
        out[row] = ndimage.gaussian_filter1d(median[row].astype(np.float64), sigma, mode="wrap")
    return np.asarray(ndimage.gaussian_filter1d(out, BLUR * 360 / COLUMNS / 1.83, axis=0, mode="nearest"))
