"""The kinds of mesh and the builders of all but whole heads: shell, two-sided bust, plaque, lithophane,
Poisson surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import plates
from face3d.geometry.back_side import complete_back, complete_front, meet_at_the_rim, steady_outline, wells
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.filters import resample
from face3d.geometry.grid import grid_size, surface
from face3d.geometry.lithophane import lithophane_texture
from face3d.geometry.plinth import add_plinth
from face3d.geometry.poisson import poisson_surface
from face3d.geometry.relief import Relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.solids import Solid, close_cells, cut_flat, pieces_per_row, solid_cells
from face3d.geometry.stability import LEAST_TIPPING_DEGREES, tipping_angle
from face3d.geometry.texture import model_texture
from face3d.structures import Array

FOOT_SHARE = 0.02
"""Height of a bust's foot below its lowest point, share of its height."""
PLAIN_SHARE = 0.004
"""Decimation lifts points of a block's upper side by less than this share of the bust's height."""
LEAST_THICKNESS = 0.004
"""Least distance from front to back of a bust, image widths."""
THIN_WALL_MM = 1.0
"""Least wall for filament printers: two lines of a 0.4 mm nozzle, and some."""
ONE_LINE_MM = 0.4
"""Least wall of what is thin on purpose: one line of such a nozzle."""


def settings_of(kind: str, settings: ModelSettings) -> ModelSettings:
    """The settings for the `Relief` of one of `KINDS`: a plate is raised by parallel rays.

    Raises: GeometryError for an unknown kind.
    """
    if kind not in KINDS:
        raise GeometryError(f"There is no kind of model named {kind!r}. Choose one of {', '.join(KINDS)}.")
    return replace(settings, perspective=settings.perspective and not KINDS[kind].plate)


@dataclass(frozen=True, eq=False)
class Shape:
    """vertices_n3: (n, 3) float32. faces_m3: (m, 3) int32. photo_rows: the rows of the photo, from the top,
    that the model wears; what lies below them is a foot. plain_below: height of a block's upper side, which
    wears nothing of the photo; minus infinity without one.
    """

    vertices_n3: Array
    faces_m3: Array
    photo_rows: float
    plain_below: float = -np.inf


@dataclass(frozen=True)
class Kind:
    """One kind of mesh.

    build: relief and number of triangles before decimation -> shape.
    closed: watertight by construction, with a hidden side. plate: a rectangle of the photo's shape with a
    border, by parallel rays.
    even: built on an even grid, of about as many triangles as were asked for.
    of_light: made of the photo's light, not of depth. from_head: made of the head model that is fitted to
    the face (`face3d.head`); `build` gives what stands in for it where none fits.
    thin_wall_mm: walls below it are too thin to print.
    """

    build: Callable[[Relief, float], Shape]
    closed: bool
    summary: str
    plate: bool = False
    even: bool = True
    of_light: bool = False
    from_head: bool = False
    thin_wall_mm: float = THIN_WALL_MM

    @property
    def can_be_hollow(self) -> bool:
        """Whether it has an inside that walls can leave empty."""
        return self.closed and not self.plate

    @property
    def lies(self) -> bool:
        """Whether it is printed lying on its back; else it stands."""
        return self.plate and not self.of_light


def full_triangles(relief: Relief, kind: str) -> int:
    """About how many triangles the kind has on the depth map's own grid, before decimation."""
    if KINDS[kind].plate:
        return plates.full_triangles(relief)
    return (4 if KINDS[kind].closed else 2) * int(relief.subject_hw.sum())


def _working_size(relief: Relief, kind: str, triangles: float) -> tuple[int, int]:
    """Rows and columns of the grid on which the kind has about so many triangles over the subject."""
    share = min(1.0, float(np.sqrt(triangles / full_triangles(relief, kind))))
    return grid_size(relief.subject_hw.shape, share)


@dataclass(frozen=True, eq=False)
class _GridRelief:
    """The layers of a `Relief` on a coarser working grid."""

    front_hw: Array
    back_hw: Array | None
    subject_hw: Array
    known_hw: Array
    sure_hw: Array

    def with_rows(self, count: int) -> _GridRelief:
        """The first `count` rows; the last one is repeated where there are fewer."""
        rows = np.minimum(np.arange(count), len(self.front_hw) - 1)
        return _GridRelief(
            self.front_hw[rows],
            None if self.back_hw is None else self.back_hw[rows],
            self.subject_hw[rows],
            self.known_hw[rows],
            self.sure_hw[rows],
        )


def _on_grid(relief: Relief, size_hw: tuple[int, int]) -> _GridRelief:
    """The means of the pixels that fall on each cell; masks where at least half of them are in the mask."""
    front_hw, known_hw = resample(relief.front_hw, relief.known_hw, size_hw)
    back_hw = None if relief.back_hw is None else resample(relief.back_hw, relief.subject_hw, size_hw)[0]
    subject_hw, sure_hw = (
        resample(relief.front_hw, mask_hw, size_hw)[1]
        for mask_hw in (relief.subject_hw, relief.known_hw & relief.sure_hw)
    )
    return _GridRelief(front_hw, back_hw, subject_hw, known_hw, sure_hw)


def _shell(relief: Relief, triangles: float) -> Shape:
    """The visible surface, open at its edges."""
    return Shape(*surface(relief, triangles), relief.camera.size_hw[0])


def _place(solid: Solid, grid_hw: tuple[int, int], camera: Camera) -> Array:
    """(n, 3) float32: the vertices of a solid in space.

    Its foot goes straight down to a floor, `FOOT_SHARE` of the height below the lowest point.
    """
    (height, width), (grid_height, grid_width) = camera.size_hw, grid_hw
    columns, rows, relief_n = solid.positions_n3.T
    vertices_n3 = unproject(columns * width / grid_width, rows * height / grid_height, relief_n, camera)
    low, high = vertices_n3[:, 1].min(), vertices_n3[:, 1].max()
    vertices_n3[solid.foot_n, 1] = low - FOOT_SHARE * (high - low)
    return vertices_n3


@dataclass(frozen=True, eq=False)
class _Body:
    """A bust before it is known whether its own foot carries it.

    foot_n: (n,) bool, vertices on the floor. in_pieces: whether the row that it stands on is.
    """

    shape: Shape
    foot_n: Array
    in_pieces: bool


def _body(relief: Relief, triangles: float) -> _Body:
    """Front and hidden side joined along the silhouette, cut flat below, on its own foot.

    The picture ends at the cut: what lies below it is no silhouette, at which front and back would meet.
    """
    size_hw = _working_size(relief, "bust", triangles)
    layers = _on_grid(relief, size_hw)
    cells_hw = _standing_cells(layers.subject_hw, relief.chin_share)
    photo_rows = len(cells_hw) * relief.camera.size_hw[0] / size_hw[0]
    if in_pieces := pieces_per_row(cells_hw[-1:])[0] > 1:
        cells_hw = _bridged(cells_hw)
    layers = layers.with_rows(len(cells_hw))
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
    shape = Shape(_place(solid, size_hw, relief.camera), solid.faces_m3, photo_rows)
    return _Body(shape, solid.foot_n, bool(in_pieces))


def body_on_foot(relief: Relief, triangles: float) -> Shape:
    """A two-sided bust on its own foot, without a block under it. Raises: GeometryError, as its kind."""
    return _body(relief, triangles).shape


def _bust(relief: Relief, triangles: float) -> Shape:
    """Front and hidden side joined along the silhouette, on a foot or a block that carries them."""
    body = _body(relief, triangles)
    vertices_n3, faces_m3 = body.shape.vertices_n3, body.shape.faces_m3
    base, floor = relief.settings.base, float(vertices_n3[:, 1].min())
    carried = not body.in_pieces and tipping_angle(vertices_n3, faces_m3) >= LEAST_TIPPING_DEGREES
    if base == "auto" and carried:
        return body.shape
    camera = relief.camera
    eye_z = camera.distance * camera.unit_per_width if camera.perspective else np.inf
    stood = add_plinth(vertices_n3, faces_m3, body.foot_n, eye_z, is_round=base == "round")
    plain_below = floor + PLAIN_SHARE * float(np.ptp(vertices_n3[:, 1]))
    return Shape(*stood, body.shape.photo_rows, plain_below)


def _standing_cells(subject_hw: Array, chin_share: float) -> Array:
    """(rows, w) bool: the cells of a bust, down to the row that it stands on: one piece with a steady
    outline.
    """
    cells_hw = solid_cells(steady_outline(subject_hw))
    chin = round(chin_share * len(cells_hw))
    while True:
        cut_hw = cut_flat(cells_hw, chin)
        cells_hw = solid_cells(cut_hw)
        last = np.flatnonzero(cells_hw.any(axis=1))[-1]
        if cut_hw[last].any() and not cut_hw[last + 1 :].any():  # else the cut has parted what hung below
            return cells_hw[: last + 1]


def _bridged(cells_hw: Array) -> Array:
    """The cells with one row more, without a gap, under the pieces of the lowest one."""
    columns, used = np.arange(cells_hw.shape[1]), np.flatnonzero(cells_hw[-1])
    between = (columns >= used[0]) & (columns <= used[-1])
    return solid_cells(np.concatenate([cells_hw, between[None]]))


def _front_without_wells(layers: _GridRelief, cells_hw: Array) -> tuple[Array, Array]:
    """The front, completed over wells and unknown cells, and the cells (h, w) bool that it is measured at."""

    def unless_empty(mask_hw: Array, otherwise_hw: Array) -> Array:
        return mask_hw if mask_hw.any() else otherwise_hw

    known_hw = unless_empty(layers.known_hw & cells_hw, cells_hw)
    well_hw = wells(complete_front(layers.front_hw, known_hw), cells_hw)
    known_hw = unless_empty(known_hw & ~well_hw, known_hw)
    return complete_front(layers.front_hw, known_hw), known_hw


def _plaque(relief: Relief, triangles: float) -> Shape:
    return Shape(*plates.plaque(relief, triangles), relief.camera.size_hw[0])


def _lithophane(relief: Relief, triangles: float) -> Shape:
    return Shape(*plates.lithophane(relief, triangles), relief.camera.size_hw[0])


def _poisson(relief: Relief, triangles: float) -> Shape:
    """A smooth surface through the points of a two-sided bust (screened Poisson, Open3D)."""
    bust = _bust(relief, triangles)
    surface = poisson_surface(bust.vertices_n3, bust.faces_m3)
    return Shape(*surface, bust.photo_rows, bust.plain_below)


KINDS: dict[str, Kind] = {
    "shell": Kind(_shell, closed=False, summary="the visible surface, open at its edges"),
    "bust": Kind(
        _bust,
        closed=True,
        summary="a whole head with hair, on the shoulders that the photo shows, cut flat below: a solid",
        from_head=True,
    ),
    "head": Kind(
        _bust,
        closed=False,
        summary="head, hair, eyes and teeth as parts, with 53 expressions: for animation and games",
        from_head=True,
    ),
    "two-sided": Kind(
        _bust,
        closed=True,
        summary="front and hidden side joined along the silhouette, cut flat below, without the head model: "
        "a solid",
    ),
    "plaque": Kind(
        _plaque,
        closed=True,
        summary="a bas-relief of the depth, on a plate with a frame, seen in light from the side: a solid",
        plate=True,
    ),
    "lithophane": Kind(
        _lithophane,
        closed=True,
        summary="a thin upright plate of the photo's brightness, seen with a lamp behind it: a solid",
        plate=True,
        of_light=True,
        thin_wall_mm=ONE_LINE_MM,
    ),
    "poisson": Kind(
        _poisson,
        closed=True,
        summary="a smooth surface through the points of a two-sided bust: a solid; needs open3d",
        even=False,
    ),
}


def texture_of(relief: Relief, kind: str, photo_rows: float) -> Array:
    """The texture of a kind: the photo, or for a lithophane its light with a lamp behind it."""
    row = KINDS[kind]
    margin_px = plates.margin_px(relief) if row.plate else None
    if row.of_light:
        return lithophane_texture(relief, margin_px or 0)
    return model_texture(relief, closed=row.closed, plaque_px=margin_px, photo_rows=photo_rows)
