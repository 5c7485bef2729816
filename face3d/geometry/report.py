"""The mesh report: closed or not, size, walls, error against the photo; of the mesh as exported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from face3d.geometry.completed import completion_fields
from face3d.geometry.inspection import (
    edge_report,
    reprojection_error,
    signed_volume,
    walls,
)
from face3d.geometry.intersections import self_touching
from face3d.geometry.kinds import KINDS
from face3d.geometry.meshes import count_components, weld
from face3d.geometry.parts import HeadFigures
from face3d.geometry.plates import margin_px
from face3d.geometry.relief import Relief
from face3d.geometry.scale import Placement, in_millimetres
from face3d.geometry.stability import LEAST_TIPPING_DEGREES, tipping_angle
from face3d.geometry.texture import FRONT_SHARE, foot_px
from face3d.structures import Array, Mesh

THIN_SHARE_PERCENT = 1.0
"""Largest share of the surface over thin walls, as along sharp edges, of a model that is not called thin."""
BED_MM = 220
"""Side of the bed of small home printers, as of the Creality Ender-3; others have up to 256 mm."""
FEWER = 0.8
"""Share of the triangles that were asked for below which that is said; grids give steps."""
PLA_G_PER_CM3 = 1.24
"""Density of PLA, as of NatureWorks Ingeo 4043D, a usual base of filaments."""
FILAMENT_MM = 1.75
"""Diameter of the usual filament."""

LEAST_AREA_SHARE = 1e-14
"""A triangle is degenerate when its area is below this share of the square of the model's size, the
resolution of float32."""


@dataclass(frozen=True)
class MeshReport:
    """One model, measured. Lengths in mm, volume in cm3, None where a quantity has no meaning (the wall of an
    open surface) or is unknown (all that depends on the size, where no face was found).

    faces_found: in the photo; None where the network does not look for faces. face: the number of the one
    whose person the model is of; None without one. matte: what cut the person out, a row of
    `face3d.matte.table.MATTES`; None where the background was kept. quality: see `DepthMap`.
    thin_surface_percent: share of the surface behind which the wall is thinner than
    `thin_wall_mm` of its kind.
    smoothing_change_mm: root mean square change of the face's relief by smoothing.
    completion: what completed what the photo does not show, a row of `face3d.completion.table.COMPLETIONS`;
    None where nothing was asked to, and where it coloured nothing. completed_percent: share of the surface
    that it coloured. completion_confidence: of all that it completed, 0 made up to 1 as if it had been seen.
    unseen_colours: what gave the colours of what the photo does not show: `head model`, an engine, both, or
    `outline`, from which they spread; None of a surface or a plate.
    tipping_angle_degrees: see `stability.tipping_angle`; as it is printed, a plaque lying on its back. None
    for an open surface, which has no mass.
    head: of models of a whole head, how the head model was fitted; head_refused: why there is none though the
    kind asks for one.
    triangles_asked: the largest number that was asked for; None of a head in parts, which has its own.
    """

    kind: str
    network: str
    faces_found: int | None
    face: int | None
    matte: str | None
    quality: str | None
    watertight: bool
    consistent_winding: bool
    outward: bool | None
    components: int
    genus: int | None
    faces: int
    vertices: int
    degenerate_faces: int
    self_touching_faces: int
    volume_cm3: float | None
    size_mm: tuple[float, float, float] | None
    scale_sd_percent: float | None
    scale_source: str
    smallest_wall_mm: float | None
    thin_surface_percent: float | None
    smoothing_change_mm: float | None
    depth_levels: int
    reprojection_error_px: float | None
    texture_wh: tuple[int, int] | None
    tipping_angle_degrees: float | None
    completion: str | None = None
    completed_percent: float | None = None
    completion_confidence: float | None = None
    unseen_colours: str | None = None
    head: HeadFigures | None = None
    head_refused: str | None = None
    triangles_asked: int | None = None

    @property
    def fewer_triangles(self) -> str:
        """A phrase where a model has clearly fewer triangles than were asked for; '' for none."""
        asked = self.triangles_asked
        if asked is None or self.faces >= FEWER * asked:
            return ""
        return f"{self.faces:,} triangles, not {asked:,}: the finest grid for this photo gives no more"

    @property
    def stands(self) -> bool | None:
        """Whether it can be tilted by `LEAST_TIPPING_DEGREES` without tipping over; None for an open
        surface.
        """
        angle = self.tipping_angle_degrees
        return None if angle is None else angle >= LEAST_TIPPING_DEGREES

    @property
    def sound(self) -> bool:
        """Closed, in one piece, outward, and no triangle through another: a slicer needs no repair."""
        closed = self.watertight and self.consistent_winding and bool(self.outward)
        return (
            closed and self.components == 1 and self.degenerate_faces == 0 and self.self_touching_faces == 0
        )

    @property
    def printable(self) -> bool:
        """Sound, it stands, and it is not known to be of nobody."""
        return self.sound and bool(self.stands) and self.faces_found != 0

    @property
    def person(self) -> str:
        """Which face the model is of, in a phrase."""
        if self.faces_found is None:
            return "unknown: this network does not look for faces"
        return f"face {self.face} of {self.faces_found}" if self.faces_found else "no face"

    @property
    def weight_g(self) -> float | None:
        """Weight in PLA of the whole volume, without supports; None without one. A solid model printed with
        infill weighs less.
        """
        return None if self.volume_cm3 is None else round(PLA_G_PER_CM3 * self.volume_cm3, 1)

    @property
    def filament_m(self) -> float | None:
        """Length of filament of `FILAMENT_MM` of the same volume."""
        if self.volume_cm3 is None:
            return None
        return round(self.volume_cm3 / (np.pi * (FILAMENT_MM / 2) ** 2), 1)  # cm3 / mm2 = m

    @property
    def bed_scale_percent(self) -> int | None:
        """The size, in percent, at which it fits a cube of `BED_MM`; None where it does as it is."""
        largest = max(self.size_mm or (0,))
        return None if largest <= BED_MM else max(1, int(100 * BED_MM / largest))

    @property
    def _thin(self) -> bool:
        return (self.thin_surface_percent or 0) > THIN_SHARE_PERCENT

    @property
    def reservations(self) -> str:
        """What a slicer accepts and a home printer does not, in a phrase; '' for nothing."""
        found = []
        if self._thin:
            found.append(
                f"{self.thin_surface_percent:.0f} % is thinner than {KINDS[self.kind].thin_wall_mm:g} mm"
            )
        if self.bed_scale_percent is not None:
            remedy = f"scale to {self.bed_scale_percent} % or set a height"
            found.append(f"larger than a {BED_MM} mm bed: {remedy}")
        return ", and ".join(found)

    @property
    def standing(self) -> str:
        """Whether and how it stands, in a phrase."""
        angle = self.tipping_angle_degrees
        if angle is None:
            return "not applicable: an open surface has no mass"
        if angle <= 0:
            return "no, its centre of mass is not above its foot"
        if not self.stands:
            return f"no, it tips over at {angle:.0f}°, less than {LEAST_TIPPING_DEGREES:.0f}°"
        return f"yes, {'lying on its back, ' if KINDS[self.kind].lies else ''}it tips over at {angle:.0f}°"

    @property
    def verdict(self) -> str:
        """Whether it can be printed, in a phrase."""
        if self.faces_found == 0:
            return "no face was found: of no known use"
        if self.head and not KINDS[self.kind].closed:
            return "in parts, for animation: choose the bust to print it"
        if not self.watertight:
            return "open surface"
        state = "closed, printable" if self.printable and not self._thin else "closed"
        if not self.stands:
            state = "closed, does not stand"
        return f"{state}, but {self.reservations}" if self.reservations else state


def mesh_report(
    mesh: Mesh, placement: Placement, kind: str, relief: Relief, head: HeadFigures | None = None
) -> MeshReport:
    """Measure a model at its metric scale. Samples are drawn with a fixed seed: same model, same report.

    placement, relief: where the model stands in the camera's frame, and what it was built from. head: how its
    head was fitted, None for a model without one.
    """
    rng = np.random.default_rng(0)
    sized_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_n3 = sized_n3[kept]
    two_each, one_way, edges = edge_report(faces_m3)
    closed = two_each and one_way
    components = count_components(faces_m3)
    size_3 = np.ptp(vertices_n3, axis=0)
    volume = signed_volume(vertices_n3, faces_m3)
    in_camera_n3 = placement.to_camera(sized_n3)
    error_px = _reprojection(mesh, in_camera_n3, kind, relief, rng)
    walls_k = walls(vertices_n3, faces_m3, rng) if closed else None
    row, scale, texture = KINDS[kind], placement.scale, mesh.texture_hwc
    report = MeshReport(
        kind=kind,
        network=relief.depth.network,
        faces_found=relief.faces_found,
        face=relief.settings.face if relief.faces_found else None,
        matte=relief.depth.matte if relief.settings.foreground_only else None,
        quality=relief.depth.quality,
        watertight=two_each,
        consistent_winding=one_way,
        outward=volume > 0 if closed else None,
        components=components,
        genus=components - (len(np.unique(faces_m3)) - edges + len(faces_m3)) // 2 if closed else None,
        faces=len(faces_m3),
        vertices=len(vertices_n3),
        degenerate_faces=_degenerate(vertices_n3, faces_m3, float(size_3.max())),
        self_touching_faces=self_touching(vertices_n3, faces_m3),
        volume_cm3=round(volume / 1000, 3) if closed else None,
        size_mm=(round(float(size_3[0]), 3), round(float(size_3[1]), 3), round(float(size_3[2]), 3)),
        scale_sd_percent=_rounded(scale.sd_percent, 2),
        scale_source=scale.source,
        smallest_wall_mm=None if walls_k is None else _rounded(float(walls_k.min()), 3),
        thin_surface_percent=_rounded(
            None if walls_k is None else 100 * (walls_k < row.thin_wall_mm).mean(), 2
        ),
        smoothing_change_mm=round(relief.smoothing_change * scale.mm_per_unit, 4),
        depth_levels=len(np.unique(relief.depth.values_hw[relief.depth.mask_hw])),
        reprojection_error_px=_rounded(error_px, 4),
        texture_wh=None if texture is None else (texture.shape[1], texture.shape[0]),
        tipping_angle_degrees=_rounded(
            tipping_angle(vertices_n3, faces_m3, up=2 if row.lies else 1) if closed else None, 1
        ),
        **completion_fields(mesh, in_camera_n3, kind, relief, of_head=head is not None),
        head=head,
    )
    return report if scale.known else _without_size(report)


def _without_size(report: MeshReport) -> MeshReport:
    """The report of a model whose size is unknown: no length, no volume, no wall."""
    return replace(
        report,
        size_mm=None,
        volume_cm3=None,
        smallest_wall_mm=None,
        thin_surface_percent=None,
        smoothing_change_mm=None,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    """A finite number rounded; None for what is unknown or infinite."""
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def _degenerate(vertices_n3: Array, faces_m3: Array, size: float) -> int:
    """Triangles without area, measured by the size of the model."""
    a, b, c = (vertices_n3[faces_m3[:, corner]] for corner in range(3))
    doubled_m = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return int((doubled_m <= 2 * LEAST_AREA_SHARE * size**2).sum())


def _reprojection(
    mesh: Mesh, in_camera_n3: Array, kind: str, relief: Relief, rng: np.random.Generator
) -> float | None:
    """`reprojection_error` of a model whose vertices in the camera's frame are `in_camera_n3`.

    None for a bent plate, which no camera sees as it was, and for a head in parts.
    """
    if KINDS[kind].of_light and relief.settings.lithophane_shape != "flat":
        return None
    if KINDS[kind].from_head and not KINDS[kind].closed:
        return None  # its texture is laid out by the head model, not by the photo
    seen = replace(mesh, vertices_n3=in_camera_n3.astype(np.float32), unit="image width")
    row = KINDS[kind]
    border_px = margin_px(relief) if row.plate else 0
    below_px = foot_px(relief.camera.size_hw[0]) if row.closed and not row.plate else 0
    front_share = FRONT_SHARE if row.closed else 1.0
    return reprojection_error(seen, relief.camera, front_share, (border_px, below_px), rng)
