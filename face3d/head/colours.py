"""Colours of a head: the photo's where it shows the surface, elsewhere spread from there.

How much a place takes of the photo falls with the angle between its normal and the line of sight, so that no
pixel is drawn out to a streak. What is not seen takes the other half's colour, and is smooth over the
surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse

from face3d.geometry.camera import project
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.relief import Relief
from face3d.geometry.texture import foreground_colours, picture_of, rim_matte
from face3d.head.charts import Chart
from face3d.head.hair import COLUMNS, LOWEST, MIDDLE, ROWS, HairLayer
from face3d.head.model import HeadModel
from face3d.head.solving import solve_symmetric
from face3d.head.strands import strand_contrast, with_strands
from face3d.head.wrap import lines_of_sight
from face3d.structures import Array

FACING, FRONTAL = 0.2, 0.6
"""Cosines between normal and line of sight at which the photo begins to count, and counts fully."""
OFF_RELIEF = 0.05
"""Distance from the relief, head widths, beyond which a pixel shows something else."""
SPREADING = 0.02
"""Weight of equal colours of neighbours against a colour that is seen at 1."""
MIRRORED_COUNTS, MEAN_COUNTS = 0.01, 1e-5
"""Weight of the colour that the other half of the head has, where that is seen, and of the mean colour."""
HAIR_HEIGHT = 1.4
"""Length of the hair's outline over which its picture goes, head widths."""
SURE, HAIR_MIRRORED = 0.35, 0.6
"""Share of the photo from which a pixel of hair is known: along its outline hair is dark, and what is not
seen is not. How much the other half's counts."""


@dataclass(frozen=True, eq=False)
class PhotoColours:
    """The person's colours, free of the background, and what the relief says of each pixel.

    rgb_hwc: (h, w, 3) float32. width: of a head, in the unit of points.
    """

    relief: Relief
    rgb_hwc: Array
    width: float

    @classmethod
    def of(cls, relief: Relief, width: float) -> PhotoColours:
        """width: see above."""
        colours = foreground_colours(picture_of(relief), rim_matte(relief.depth))
        return cls(relief, colours.astype(np.float32), width)

    def at(self, points_n3: Array, normals_n3: Array, tolerance: float = OFF_RELIEF) -> tuple[Array, Array]:
        """Colours (n, 3) float32 at points in the relief's space, and how far they show them, 0..1 (n,)."""
        camera = self.relief.camera
        sight = lines_of_sight(points_n3, self.relief)
        facing = (normals_n3 * sight).sum(1) / np.linalg.norm(sight, axis=1)
        columns, rows = project(points_n3, camera)
        height, width = camera.size_hw
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        at = np.clip(rows.astype(int), 0, height - 1), np.clip(columns.astype(int), 0, width - 1)
        off = np.abs(self.relief.front_hw[at] * camera.unit_per_width - points_n3[:, 2]) / self.width
        near = np.clip((tolerance - off) / (0.4 * tolerance), 0, 1)
        seen = np.clip((facing - FACING) / (FRONTAL - FACING), 0, 1) * near
        return self.colours_at(points_n3), np.where(inside & self.relief.known_hw[at], seen, 0)

    def colours_at(self, points_n3: Array) -> Array:
        """(n, 3) float32 colours of the pixels at points in the relief's space."""
        columns, rows = (values.astype(np.float32) for values in project(points_n3, self.relief.camera))
        return self._picked(self.rgb_hwc, columns, rows)

    @staticmethod
    def _picked(picture: Array, columns_n: Array, rows_n: Array) -> Array:
        """Values of a picture at places in pixels, bilinear; those at the edge are continued beyond it."""
        # Maps of OpenCV are pictures: the places are laid out as one of many rows.
        wide = min(1024, max(len(columns_n), 1))
        pad = -len(columns_n) % wide
        x, y = (
            np.pad(values - np.float32(0.5), (0, pad)).reshape(-1, wide) for values in (columns_n, rows_n)
        )
        found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return found.reshape(-1, *picture.shape[2:])[: len(columns_n)]

    def seen_share(self, vertices_n3: Array, triangles_m3: Array) -> float:
        """Share of a surface's area whose colour is the photo's, at least by half."""
        points = vertices_n3.astype(np.float64)
        _, seen = self.at(points, vertex_normals(points, triangles_m3))
        a, b, c = (points[triangles_m3[:, corner]] for corner in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        return float(area[seen[triangles_m3].mean(1) > 0.5].sum() / area.sum())


def skin_picture(
    model: HeadModel, charts: tuple[Chart, ...], photo: PhotoColours, vertices_v3: Array
) -> list[Array]:
    """A picture (h, w, 3) uint8 of each chart of the skin with its sockets.

    vertices_v3: of the wrapped head, in the space of the relief's camera.
    """
    skin = vertices_v3[: model.moving_vertices].astype(np.float64)
    normals = vertex_normals(skin, model.moving_triangles_m3)
    colours, seen = photo.at(skin, normals)
    # The sockets lie behind lids and lips.
    seen[model.skin_vertices :] = 0
    spread = _spread(model, colours, seen)
    pictures = []
    for chart in charts:
        at, normal = chart.of_vertices(skin), chart.of_vertices(normals)
        rgb, share = photo.at(at, normal)
        share = share * (chart.corners_n3 < model.skin_vertices).all(1)
        mixed = share[:, None] * rgb + (1 - share[:, None]) * chart.of_vertices(spread)
        ground = np.zeros((*chart.size_hw, 3), np.float32)
        known = chart.picture(np.ones((len(mixed), 1), np.float32), ground[..., :1])[..., 0] > 0
        picture = chart.picture(mixed.astype(np.float32), ground)
        filled = fill_by_diffusion(picture, known)
        filled[known] = picture[known]
        pictures.append(np.clip(np.round(filled), 0, 255).astype(np.uint8))
    return pictures


def _spread(model: HeadModel, colours_n3: Array, seen_n: Array) -> Array:
    """Colours (n, 3) of the vertices: near what is seen of them, else of the other half, and smooth."""
    other = model.mirrored_vertices
    mirrored = MIRRORED_COUNTS * seen_n[other]
    mean = (seen_n[:, None] * colours_n3).sum(0) / max(float(seen_n.sum()), 1e-9)
    weight = seen_n + mirrored + MEAN_COUNTS
    right = seen_n[:, None] * colours_n3 + mirrored[:, None] * colours_n3[other] + MEAN_COUNTS * mean
    system = sparse.diags_array(weight) + SPREADING * model.moving_laplacian
    return solve_symmetric(system, right.astype(np.float64))


def hair_picture(
    photo: PhotoColours, outside_hw3: Array, skin_hw: Array, *, strands: bool
) -> tuple[Array, float]:
    """(h, w, 3) uint8: colours of the hair by direction, row 0 the highest; and the contrast of its strands.

    outside_hw3: (h, w, 3) points of the layer's outside in the space of the relief's camera, of the
    directions of the picture. skin_hw: (h, w) how likely the photo shows skin there. strands: whether what
    the photo does not show has them.
    """
    height, width = outside_hw3.shape[:2]
    across = np.roll(outside_hw3, -1, axis=1) - np.roll(outside_hw3, 1, axis=1)
    up = -np.gradient(outside_hw3, axis=0)
    normals = np.cross(across, up)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    colours, seen = photo.at(outside_hw3.reshape(-1, 3), normals.reshape(-1, 3), 2 * OFF_RELIEF)
    colours = colours.reshape(height, width, 3)
    seen = seen.reshape(height, width) * (1 - skin_hw)
    both = np.concatenate([seen[..., None], HAIR_MIRRORED * seen[:, ::-1, None]], -1)
    total = both.sum(-1)
    mixed = (both[..., :1] * colours + both[..., 1:] * colours[:, ::-1]) / np.maximum(total, 1e-9)[..., None]
    half = width // 2
    wide = np.concatenate([mixed[:, half:], mixed, mixed[:, :half]], axis=1)
    known = np.concatenate([total[:, half:], total, total[:, :half]], axis=1) > SURE
    filled = fill_by_diffusion(wide.astype(np.float32), known)[:, half:-half]
    share = np.clip(total / SURE, 0, 1)[..., None]
    contrast = strand_contrast(colours, seen > FRONTAL)
    if strands:
        filled = with_strands(filled, np.full_like(share[..., 0], contrast), width, height / HAIR_HEIGHT)
    picture = np.clip(np.round(share * mixed + (1 - share) * filled), 0, 255).astype(np.uint8)
    return picture, contrast


def hair_outside(layer: HairLayer, px_per_cell: int) -> Array:
    """(h, w, 3) float64 points of the layer's outside in canonical coordinates, in the layout of a picture:
    row 0 the highest, column 0 at the layer's first column.
    """
    height, width = ROWS * px_per_cell, COLUMNS * px_per_cell
    around = np.radians(((np.arange(width) + 0.5) / width * COLUMNS + 0.5) / COLUMNS * 360 - 180)
    up = np.radians(90 - (np.arange(height) + 0.5) / height * (90 - LOWEST))[:, None]
    unit = np.stack([np.cos(up) * np.sin(around), np.sin(up) + 0 * around, np.cos(up) * np.cos(around)], -1)
    wide = np.concatenate([layer.outer_hw, layer.outer_hw[:, :1]], axis=1)[::-1]
    x = (np.arange(width, dtype=np.float32) + 0.5) / width * COLUMNS
    y = (np.arange(height, dtype=np.float32) + 0.5) / height * (ROWS - 1)
    radius = cv2.remap(wide.astype(np.float32), *np.meshgrid(x, y), cv2.INTER_LINEAR)
    return MIDDLE + unit * radius[..., None]
