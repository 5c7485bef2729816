"""The kinds of mesh and their builders: shell, bust, plaque, Poisson surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import filters
from face3d.geometry.back_side import complete_back, complete_front, meet_at_the_rim, steady_outline, wells
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.grid import _grid_size, _pixel_points, _triangles
from face3d.geometry.poisson import poisson_surface
from face3d.geometry.relief import _camera, _Prepared
from face3d.geometry.settings import ModelSettings
from face3d.geometry.solids import Solid, close_cells, cut_flat, solid_cells
from face3d.structures import Array, DepthMap, Photo

FOOT_SHARE = 0.02
"""Height of a bust's foot below its lowest point, share of its height."""
LEAST_THICKNESS = 0.004
"""Least distance from front to back of a bust, image widths."""


def settings_of(kind: str, settings: ModelSettings) -> ModelSettings:
    """The settings as one of `KINDS` takes them: a plaque is raised by parallel rays. For all that is
    measured on or laid over a model.

    Raises: GeometryError for an unknown kind.
    """
    if kind not in KINDS:
        raise GeometryError(f"There is no kind of model named {kind!r}. Choose one of {', '.join(KINDS)}.")
    return replace(settings, perspective=settings.perspective and not KINDS[kind].plaque)


def model_camera(depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings) -> Camera:
    """The camera of one of `KINDS`: in its frame `project` gives back the photo's pixels."""
    return _camera(depth, photo, settings_of(kind, settings))


@dataclass(frozen=True)
class Kind:
    """One kind of mesh. build: prepared depth, settings and triangles wanted before decimation -> vertices
    (n, 3), triangles (m, 3).

    closed: watertight by construction, with a hidden side. plaque: raised from a rectangle, by parallel rays
    whatever the settings say.
    even: built on an even grid, of about as many triangles as are wanted.
    """

    build: Callable[[_Prepared, ModelSettings, float], tuple[Array, Array]]
    closed: bool
    summary: str
    plaque: bool = False
    even: bool = True


def _working_size(prepared: _Prepared, sides: int, triangles: float) -> tuple[int, int]:
    """Rows and columns of the working grid on which `sides` layers over the subject have about this many
    triangles.
    """
    at_full_size = 2 * sides * int(prepared.subject_hw.sum())
    return _grid_size(prepared.subject_hw.shape, min(1.0, float(np.sqrt(triangles / at_full_size))))


def _shell(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """What the camera saw, open at its edges."""
    front_hw, mask_hw = filters.resample(
        prepared.front_hw, prepared.known_hw, _working_size(prepared, 1, triangles)
    )
    used, faces_m3 = _triangles(mask_hw)
    return _pixel_points(front_hw, prepared.camera).reshape(-1, 3)[used], faces_m3


def _place(solid: Solid, grid_hw: tuple[int, int], camera: Camera) -> tuple[Array, Array]:
    """Vertices of a solid in space. Its foot goes straight down to a floor, `FOOT_SHARE` of the height below
    the lowest point.
    """
    (height, width), (grid_height, grid_width) = camera.size_hw, grid_hw
    columns, rows, relief_n = solid.positions_n3.T
    vertices_n3 = unproject(columns * width / grid_width, rows * height / grid_height, relief_n, camera)
    low, high = vertices_n3[:, 1].min(), vertices_n3[:, 1].max()
    vertices_n3[solid.foot_n, 1] = low - FOOT_SHARE * (high - low)
    return vertices_n3, solid.faces_m3


def _bust(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """Front and hidden side joined along the silhouette, cut flat below."""
    size_hw = _working_size(prepared, 2, triangles)
    front_hw, known_hw = filters.resample(prepared.front_hw, prepared.known_hw, size_hw)
    sure_hw = filters.resample(prepared.front_hw, prepared.known_hw & prepared.sure_hw, size_hw)[1]
    back_hw = (
        None
        if prepared.back_hw is None
        else filters.resample(prepared.back_hw, prepared.subject_hw, size_hw)[0]
    )
    subject_hw = steady_outline(filters.resample(prepared.front_hw, prepared.subject_hw, size_hw)[1])
    cells_hw = solid_cells(cut_flat(solid_cells(subject_hw), round(prepared.chin_share * size_hw[0])))
    known_hw = known_hw & cells_hw if (known_hw & cells_hw).any() else cells_hw
    well_hw = wells(complete_front(front_hw, known_hw), cells_hw)
    known_hw = known_hw & ~well_hw if (known_hw & ~well_hw).any() else known_hw
    front_hw = complete_front(front_hw, known_hw)
    back_hw = complete_back(front_hw, back_hw, cells_hw, sure_hw & known_hw, prepared.exact)
    solid = close_cells(
        cells_hw,
        front_hw,
        back_hw,
        least_thickness=LEAST_THICKNESS,
        with_foot=True,
        smooth_rim=True,
        limit=meet_at_the_rim,
    )
    return _place(solid, size_hw, prepared.camera)


def _relief(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """The face raised from a rectangular plaque with a border."""
    height, width = prepared.subject_hw.shape
    margin = plaque_margin_px(settings, prepared.camera)
    at_full_size = 4 * (height + 2 * margin) * (width + 2 * margin)
    size_hw = _grid_size((height, width), min(1.0, float(np.sqrt(triangles / at_full_size))))
    front_hw, known_hw = filters.resample(prepared.front_hw, prepared.known_hw, size_hw)
    subject_hw = filters.resample(prepared.front_hw, prepared.subject_hw, size_hw)[1]
    front_hw = complete_front(front_hw, known_hw if known_hw.any() else np.ones_like(known_hw))
    floor = float(np.percentile(prepared.front_hw[prepared.known_hw], 2))
    margin_y, margin_x = (
        round(margin * grid / full) for grid, full in zip(size_hw, (height, width), strict=True)
    )
    raised_hw = np.where(subject_hw, np.maximum(front_hw, floor), floor)
    raised_hw = np.pad(raised_hw, ((margin_y, margin_y), (margin_x, margin_x)), constant_values=floor)
    cells_hw = np.ones(raised_hw.shape, bool)
    plaque_hw = np.full(raised_hw.shape, floor - settings.plaque_thickness)
    solid = close_cells(
        cells_hw,
        raised_hw,
        plaque_hw,
        least_thickness=settings.plaque_thickness / 2,
        with_foot=False,
        smooth_rim=False,
    )
    solid.positions_n3[:, :2] -= (margin_x, margin_y)
    return _place(solid, size_hw, prepared.camera)


def _poisson(prepared: _Prepared, settings: ModelSettings, triangles: float) -> tuple[Array, Array]:
    """A smooth surface through the points of the bust (screened Poisson, Open3D)."""
    return poisson_surface(*_bust(prepared, settings, triangles))


KINDS: dict[str, Kind] = {
    "shell": Kind(_shell, closed=False, summary="what the camera saw, open at its edges"),
    "bust": Kind(
        _bust,
        closed=True,
        summary="front and hidden side joined along the silhouette, cut flat below: a solid",
    ),
    "relief": Kind(
        _relief, closed=True, summary="the face raised from a plaque with a border: a solid", plaque=True
    ),
    "poisson": Kind(
        _poisson,
        closed=True,
        summary="a smooth surface through the points of the bust: a solid; needs open3d",
        even=False,
    ),
}


def plaque_margin_px(settings: ModelSettings, camera: Camera) -> int:
    """Border of a relief's plaque in pixels of the photo."""
    return round(settings.plaque_border * camera.size_hw[1])
