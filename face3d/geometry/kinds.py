"""The kinds of mesh and their builders: shell, bust, plaque, Poisson surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry.back_side import complete_back, complete_front, meet_at_the_rim, steady_outline, wells
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.filters import resample
from face3d.geometry.grid import grid_size, pixel_points, used_triangles
from face3d.geometry.poisson import poisson_surface
from face3d.geometry.relief import Relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.solids import Solid, close_cells, cut_flat, solid_cells
from face3d.structures import Array

FOOT_SHARE = 0.02
"""Height of a bust's foot below its lowest point, share of its height."""
LEAST_THICKNESS = 0.004
"""Least distance from front to back of a bust, image widths."""
FLOOR_PERCENTILE = 2
"""The plate of a plaque lies at this percentile of the subject's relief."""


def settings_of(kind: str, settings: ModelSettings) -> ModelSettings:
    """The settings for the `Relief` of one of `KINDS`: a plaque is raised by parallel rays.

    Raises: GeometryError for an unknown kind.
    """
    if kind not in KINDS:
        raise GeometryError(f"There is no kind of model named {kind!r}. Choose one of {', '.join(KINDS)}.")
    return replace(settings, perspective=settings.perspective and not KINDS[kind].plaque)


@dataclass(frozen=True)
class Kind:
    """One kind of mesh.

    build: relief and number of triangles before decimation -> vertices (n, 3), triangles (m, 3).
    closed: watertight by construction, with a hidden side. plaque: raised from a plate, by parallel rays.
    even: built on an even grid, of about as many triangles as were asked for.
    """

    build: Callable[[Relief, float], tuple[Array, Array]]
    closed: bool
    summary: str
    plaque: bool = False
    even: bool = True


def _working_size(relief: Relief, sides: int, triangles: float) -> tuple[int, int]:
    """Rows and columns of the grid on which `sides` layers over the subject have about so many triangles."""
    at_full_size = 2 * sides * int(relief.subject_hw.sum())
    return grid_size(relief.subject_hw.shape, min(1.0, float(np.sqrt(triangles / at_full_size))))


@dataclass(frozen=True, eq=False)
class _GridRelief:
    """The layers of a `Relief` on a coarser working grid."""

    front_hw: Array
    back_hw: Array | None
    subject_hw: Array
    known_hw: Array
    sure_hw: Array


def _on_grid(relief: Relief, size_hw: tuple[int, int]) -> _GridRelief:
    """The means of the pixels that fall on each cell; masks where at least half of them are in the mask."""
    front_hw, known_hw = resample(relief.front_hw, relief.known_hw, size_hw)
    back_hw = None if relief.back_hw is None else resample(relief.back_hw, relief.subject_hw, size_hw)[0]
    subject_hw, sure_hw = (
        resample(relief.front_hw, mask_hw, size_hw)[1]
        for mask_hw in (relief.subject_hw, relief.known_hw & relief.sure_hw)
    )
    return _GridRelief(front_hw, back_hw, subject_hw, known_hw, sure_hw)


def _shell(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """The visible surface, open at its edges."""
    size_hw = _working_size(relief, 1, triangles)
    front_hw, mask_hw = resample(relief.front_hw, relief.known_hw, size_hw)
    used, faces_m3 = used_triangles(mask_hw)
    return pixel_points(front_hw, relief.camera).reshape(-1, 3)[used], faces_m3


def _place(solid: Solid, grid_hw: tuple[int, int], camera: Camera) -> tuple[Array, Array]:
    """Vertices and triangles of a solid in space.

    Its foot goes straight down to a floor, `FOOT_SHARE` of the height below the lowest point.
    """
    (height, width), (grid_height, grid_width) = camera.size_hw, grid_hw
    columns, rows, relief_n = solid.positions_n3.T
    vertices_n3 = unproject(columns * width / grid_width, rows * height / grid_height, relief_n, camera)
    low, high = vertices_n3[:, 1].min(), vertices_n3[:, 1].max()
    vertices_n3[solid.foot_n, 1] = low - FOOT_SHARE * (high - low)
    return vertices_n3, solid.faces_m3


def _bust(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """Front and hidden side joined along the silhouette, cut flat below."""
    layers = _on_grid(relief, _working_size(relief, 2, triangles))
    cells_hw = _standing_cells(layers.subject_hw, relief.chin_share)
    front_hw, known_hw = _front_without_wells(layers, cells_hw)
    back_hw = complete_back(
        front_hw, layers.back_hw, cells_hw, layers.sure_hw & known_hw, exact=not relief.back_is_estimate
    )
    solid = close_cells(
        cells_hw,
        front_hw,
        back_hw,
        least_thickness=LEAST_THICKNESS,
        with_foot=True,
        smooth_rim=True,
        limit=meet_at_the_rim,
    )
    return _place(solid, cells_hw.shape, relief.camera)


def _standing_cells(subject_hw: Array, chin_share: float) -> Array:
    """(h, w) bool: the cells of a bust: one piece with a steady outline, cut at the row that it stands on."""
    cells_hw = solid_cells(steady_outline(subject_hw))
    return solid_cells(cut_flat(cells_hw, round(chin_share * len(cells_hw))))


def _front_without_wells(layers: _GridRelief, cells_hw: Array) -> tuple[Array, Array]:
    """The front, completed over wells and unknown cells, and the cells (h, w) bool that it is measured at."""

    def unless_empty(mask_hw: Array, otherwise_hw: Array) -> Array:
        return mask_hw if mask_hw.any() else otherwise_hw

    known_hw = unless_empty(layers.known_hw & cells_hw, cells_hw)
    well_hw = wells(complete_front(layers.front_hw, known_hw), cells_hw)
    known_hw = unless_empty(known_hw & ~well_hw, known_hw)
    return complete_front(layers.front_hw, known_hw), known_hw


def _plaque(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """The face raised from a rectangular plate with a border."""
    height, width = relief.subject_hw.shape
    margin = plaque_margin_px(relief)
    at_full_size = 4 * (height + 2 * margin) * (width + 2 * margin)
    size_hw = grid_size((height, width), min(1.0, float(np.sqrt(triangles / at_full_size))))
    floor = float(np.percentile(relief.front_hw[relief.known_hw], FLOOR_PERCENTILE))
    border = round(margin * size_hw[0] / height), round(margin * size_hw[1] / width)
    raised_hw = _raised(_on_grid(relief, size_hw), floor, border)
    thickness = relief.settings.plaque_thickness
    solid = close_cells(
        np.ones(raised_hw.shape, bool),
        raised_hw,
        np.full(raised_hw.shape, floor - thickness),
        least_thickness=thickness / 2,
        with_foot=False,
        smooth_rim=False,
    )
    solid.positions_n3[:, :2] -= border[::-1]
    return _place(solid, size_hw, relief.camera)


def _raised(layers: _GridRelief, floor: float, border_yx: tuple[int, int]) -> Array:
    """(h, w): the subject's front above a floor that reaches `border_yx` cells beyond the picture."""
    known_hw = layers.known_hw if layers.known_hw.any() else np.ones_like(layers.known_hw)
    front_hw = complete_front(layers.front_hw, known_hw)
    raised_hw = np.where(layers.subject_hw, np.maximum(front_hw, floor), floor)
    return np.pad(raised_hw, [(border, border) for border in border_yx], constant_values=floor)


def _poisson(relief: Relief, triangles: float) -> tuple[Array, Array]:
    """A smooth surface through the points of the bust (screened Poisson, Open3D)."""
    return poisson_surface(*_bust(relief, triangles))


KINDS: dict[str, Kind] = {
    "shell": Kind(_shell, closed=False, summary="the visible surface, open at its edges"),
    "bust": Kind(
        _bust,
        closed=True,
        summary="front and hidden side joined along the silhouette, cut flat below: a solid",
    ),
    "plaque": Kind(
        _plaque, closed=True, summary="the face raised from a plate with a border: a solid", plaque=True
    ),
    "poisson": Kind(
        _poisson,
        closed=True,
        summary="a smooth surface through the points of the bust: a solid; needs open3d",
        even=False,
    ),
}


def plaque_margin_px(relief: Relief) -> int:
    """Border of a plaque in pixels of the photo."""
    return round(relief.settings.plaque_border * relief.camera.size_hw[1])
