"""Plates of the photo's shape with a flat back: a bas-relief, and a lithophane that stands on a block.

Their relief is shallow, and decimation would take it for noise: the grid is as fine as the number of
triangles allows, and the flat back has few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry.bas_relief import compressed
from face3d.geometry.camera import unproject
from face3d.geometry.filters import resample
from face3d.geometry.grid import grid_size
from face3d.geometry.inspection import even_samples
from face3d.geometry.lithophane import luminance, thickness_mm
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.plinth import HEIGHT_SHARE, LEDGE_SHARE, add_plinth
from face3d.geometry.relief import Relief
from face3d.geometry.scale import measure_scale
from face3d.geometry.solids import Solid, close_plate, corner_means
from face3d.geometry.texture import FRONT_SHARE, sample_texture
from face3d.structures import Array, Mesh, PointCloud

WIDEST_FRAME = 1.0
"""Share of the picture's width: the picture is still a third of the plate's."""
HALVINGS = 40
"""Steps in which the width of a frame is found."""


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

    size_hw: cells of the picture. border_yx: cells beyond it on each side, which are as wide as the border
    needs. height, width: of the whole plate, image widths.
    """

    size_hw: tuple[int, int]
    border_yx: tuple[int, int]
    height: float
    width: float

    def framed(self, layer_hw: Array, frame: float) -> Array:
        """The layer of the picture with a border of one height."""
        return np.pad(layer_hw, [(cells, cells) for cells in self.border_yx], constant_values=frame)


def _plate(relief: Relief, triangles: float) -> _Plate:
    """The plate with about so many triangles."""
    height, width = relief.camera.size_hw
    rows, columns = grid_size((height, width), min(1.0, float(np.sqrt(triangles / full_triangles(relief)))))
    columns = max(2, columns)
    margin = margin_px(relief)
    least = int(margin > 0)
    border_yx = max(least, round(margin * rows / height)), max(least, round(margin * columns / width))
    return _Plate((rows, columns), border_yx, (height + 2 * margin) / width, 1 + 2 * margin / width)


def _millimetre(relief: Relief, height: float, width: float) -> float:
    """A millimetre in image widths, for a model of that height and width in image widths.

    It is known before the model is built, since its outline is.
    """
    unit = relief.camera.unit_per_width
    return 1 / (measure_scale(relief, height * unit, max(height, width) * unit).mm_per_unit * unit)


def with_frame(relief: Relief) -> Relief:
    """The relief of a lithophane with its `lithophane_frame_mm` as the border, which is a share of the
    picture's width.

    The frame's share and the millimetre depend on each other where the size of the whole model is given.
    Raises: GeometryError where the frame takes more than its share of that size.
    """
    settings, (height, width) = relief.settings, relief.camera.size_hw
    if settings.lithophane_frame_mm is None:
        return relief

    def frame_mm(share: float) -> float:
        return share / _lithophane_millimetre(relief, height / width + 2 * share, 1 + 2 * share)

    if settings.lithophane_frame_mm > frame_mm(WIDEST_FRAME):
        raise GeometryError(
            f"A frame of {settings.lithophane_frame_mm:g} mm leaves too little of a lithophane of this size: "
            f"it may be {frame_mm(WIDEST_FRAME):.0f} mm wide. Choose a narrower frame or a larger size."
        )
    low, high = 0.0, WIDEST_FRAME
    for _ in range(HALVINGS):
        share = (low + high) / 2
        low, high = (share, high) if frame_mm(share) < settings.lithophane_frame_mm else (low, share)
    return replace(relief, settings=replace(settings, plaque_border=high if low else 0.0))


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


def _lithophane_millimetre(relief: Relief, height: float, width: float) -> float:
    """A millimetre in image widths, for a lithophane of that height and width without its block."""
    alone = relief.settings.lithophane_shape == "cylinder"
    standing, beside = (0.0, 0.0) if alone else (HEIGHT_SHARE, LEDGE_SHARE)
    return _millimetre(relief, (1 + standing) * height, width + 2 * beside * height)


def lithophane(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """Vertices (n, 3) and triangles (m, 3) of a plate as thick as the photo is dark, on a block.

    What becomes a cylinder stands without one, and is as thick as its frame where its two sides meet.
    """
    plate, settings = _plate(relief, triangles), relief.settings
    alone = settings.lithophane_shape == "cylinder"
    millimetre = _lithophane_millimetre(relief, plate.height, plate.width)
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
    margin = margin_px(relief)

    def pixels(cell_n: Array, border: int, cells: int, side: int) -> Array:
        ends = [0, border, border + cells, 2 * border + cells]
        return np.interp(cell_n, ends, [-margin, 0, side, side + margin])

    column_n, row_n, relief_n = solid.positions_n3.T
    row_n, column_n = (
        pixels(cell_n, *counts)
        for cell_n, *counts in zip(
            (row_n, column_n), plate.border_yx, plate.size_hw, relief.camera.size_hw, strict=True
        )
    )
    return unproject(column_n, row_n, relief_n, relief.camera)


def points_on_picture(mesh: Mesh, count: int) -> PointCloud:
    """Points on the side of a plate that wears its picture, even by area, with a fixed seed."""
    assert mesh.uv_n2 is not None and mesh.texture_hwc is not None  # every plate has both
    seen_m3 = mesh.faces_m3[mesh.uv_n2[mesh.faces_m3, 0].mean(axis=1) < FRONT_SHARE]
    chosen_k, weights_k3 = even_samples(mesh.vertices_n3, seen_m3, count, np.random.default_rng(0))
    points_k3, uv_k2, normals_k3 = (
        np.einsum("kc,kcd->kd", weights_k3, values_n[seen_m3[chosen_k]])
        for values_n in (mesh.vertices_n3, mesh.uv_n2, vertex_normals(mesh.vertices_n3, seen_m3))
    )
    normals_k3 = (normals_k3 / np.linalg.norm(normals_k3, axis=1, keepdims=True)).astype(np.float32)
    colours_k3 = np.round(sample_texture(mesh.texture_hwc, uv_k2)).astype(np.uint8)
    return PointCloud(points_k3.astype(np.float32), colours_k3, normals_k3, mesh.unit)
