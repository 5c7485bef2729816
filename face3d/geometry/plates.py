"""Plates of the photo's shape with a flat back: a bas-relief, and a lithophane that stands on a block.

Their relief is shallow, and decimation would take it for noise: the grid is as fine as the number of
triangles allows, and the flat back has few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from face3d.geometry.bas_relief import compressed
from face3d.geometry.camera import unproject
from face3d.geometry.filters import resample
from face3d.geometry.grid import grid_size
from face3d.geometry.lithophane import luminance, thickness_mm
from face3d.geometry.plinth import HEIGHT_SHARE, LEDGE_SHARE, add_plinth
from face3d.geometry.relief import Relief
from face3d.geometry.scale import measure_scale
from face3d.geometry.solids import Solid, close_plate, corner_means
from face3d.structures import Array


def margin_px(relief: Relief) -> int:
    """Border of a plate in pixels of the photo."""
    return round(relief.settings.plaque_border * relief.camera.size_hw[1])


def full_triangles(relief: Relief) -> int:
    """About how many triangles a plate has on the depth map's own grid."""
    height, width = (side + 2 * margin_px(relief) for side in relief.camera.size_hw)
    return 2 * height * width


@dataclass(frozen=True)
class _Plate:
    """The grid of a plate, and its size.

    size_hw: cells of the picture. border_yx: cells beyond it on each side. height, width: of the whole plate,
    image widths.
    """

    size_hw: tuple[int, int]
    border_yx: tuple[int, int]
    height: float
    width: float

    def framed(self, layer_hw: Array, frame: float) -> Array:
        """The layer of the picture with a border of one height."""
        return np.pad(layer_hw, [(cells, cells) for cells in self.border_yx], constant_values=frame)


def _plate(relief: Relief, triangles: float) -> _Plate:
    """The plate with about so many triangles. The border is of whole cells."""
    height, width = relief.camera.size_hw
    rows, columns = grid_size((height, width), min(1.0, float(np.sqrt(triangles / full_triangles(relief)))))
    columns = max(2, columns)
    above = round(margin_px(relief) * rows / height)
    beside = round(margin_px(relief) * columns / width)
    return _Plate(
        (rows, columns), (above, beside), (1 + 2 * above / rows) * height / width, 1 + 2 * beside / columns
    )


def _millimetre(relief: Relief, height: float, width: float) -> float:
    """A millimetre in image widths, for a model of that height and width in image widths.

    It is known before the model is built, since its outline is.
    """
    unit = relief.camera.unit_per_width
    return 1 / (measure_scale(relief, height * unit, max(height, width) * unit).mm_per_unit * unit)


def plaque(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """Vertices (n, 3) and triangles (m, 3) of a bas-relief of the subject on a flat plate with a frame."""
    plate, settings = _plate(relief, triangles), relief.settings
    millimetre = _millimetre(relief, plate.height, plate.width)
    front_hw, known_hw = resample(relief.front_hw, relief.known_hw, plate.size_hw)
    _, subject_hw = resample(relief.front_hw, relief.subject_hw, plate.size_hw)
    depth = settings.plaque_depth_mm * millimetre
    raised_hw = compressed(front_hw, subject_hw, known_hw, depth)
    bordered_hw = plate.framed(raised_hw, 0.0)
    if (highest := corner_means(bordered_hw, np.ones(bordered_hw.shape, bool)).max()) > 0:
        raised_hw *= depth / highest  # vertices are means of cells
    front_hw = plate.framed(raised_hw, settings.plaque_frame_mm * millimetre)
    solid = close_plate(front_hw, -settings.plaque_base_mm * millimetre)
    return _placed(solid, plate, relief), solid.faces_m3


def lithophane(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """Vertices (n, 3) and triangles (m, 3) of a plate as thick as the photo is dark, on a block.

    What becomes a cylinder stands without one, and is as thick as its frame where its two sides meet.
    """
    plate, settings = _plate(relief, triangles), relief.settings
    alone = settings.lithophane_shape == "cylinder"
    standing, beside = (0.0, 0.0) if alone else (HEIGHT_SHARE, LEDGE_SHARE)
    millimetre = _millimetre(relief, (1 + standing) * plate.height, plate.width + 2 * beside * plate.height)
    light_hw, _ = resample(luminance(relief), np.ones(relief.camera.size_hw, bool), plate.size_hw)
    thick_hw = plate.framed(thickness_mm(light_hw, settings), settings.lithophane_thick_mm)
    if alone:
        thick_hw[:, [0, -1]] = settings.lithophane_thick_mm
    solid = close_plate(thick_hw * millimetre, 0.0)
    if alone:
        return _placed(solid, plate, relief), solid.faces_m3
    return add_plinth(_placed(solid, plate, relief), solid.faces_m3, solid.foot_n, np.inf)


def _placed(solid: Solid, plate: _Plate, relief: Relief) -> Array:
    """(n, 3) float32: the vertices of a plate in space."""
    (height, width), (rows, columns) = relief.camera.size_hw, plate.size_hw
    column_n, row_n, relief_n = solid.positions_n3.T
    return unproject(
        (column_n - plate.border_yx[1]) * width / columns,
        (row_n - plate.border_yx[0]) * height / rows,
        relief_n,
        relief.camera,
    )
