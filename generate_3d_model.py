"""From a depth map to a model: points, meshes and their report. Neither torch nor Streamlit.

The way is the same for all: masks and smoothing (`relief`), unprojection (`camera`), then the geometry of the
kind (`kinds`), decimation (`meshes`), colours (`texture`), millimetres (`scale`) and measurements (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from face3d.errors import GeometryError, HeadError, memory_errors_explained
from face3d.geometry import plates
from face3d.geometry.bend import bent
from face3d.geometry.budget import (
    ENOUGH_TRIANGLES,
    LARGER_BUDGETS,
    even_kind,
    off_its_surface,
    require_memory,
)
from face3d.geometry.clouds import above, even_points, point_cloud
from face3d.geometry.deviation import LARGEST_DEVIATION
from face3d.geometry.grid import GRID_SHARES
from face3d.geometry.kinds import KINDS, Shape, settings_of, texture_of
from face3d.geometry.meshes import decimate, is_closed, weld
from face3d.geometry.parts import AnimatedHead, HeadFigures
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.report import MeshReport, mesh_report
from face3d.geometry.scale import Placement, to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import (
    foot_px,
    picture_uv,
    split_at_seam,
)
from face3d.geometry.untangling import untangled
from face3d.head.bust import bust_mesh
from face3d.head.whole import WholeHead, whole_head
from face3d.structures import Completion, DepthMap, Mesh, Photo, PointCloud

__all__ = [
    "KINDS",
    "Model",
    "ModelSettings",
    "build_mesh",
    "even_points",
    "generate_model",
    "make_relief",
    "point_cloud",
]

EVEN_SHARES = (0.9, 0.8, 0.7, 0.55, 0.4)
"""`GRID_SHARES` without decimation: walls and foot come on top of the two layers, so small budgets take a
smaller share."""


OUTSIDE_SHARE = 0.75
"""Share of a hollow model's triangles that its outside takes."""
BUST_PICTURE_PX = 256
"""Side of the pictures of the skin of which a bust takes the colours of what the photo does not show."""


@dataclass(frozen=True, eq=False)
class Model:
    """A finished model. mesh: in millimetres. placement: of mesh and points in the camera's frame.

    animated: of the kind `head`, its parts with their expressions, of which the mesh is the sum; else None.
    """

    kind: str
    relief: Relief
    mesh: Mesh
    placement: Placement
    report: MeshReport
    animated: AnimatedHead | None = None

    @property
    def exported(self) -> Mesh | AnimatedHead:
        """What files are written of: the parts where there are any."""
        return self.animated or self.mesh

    def points(self) -> PointCloud:
        """The point cloud of the same relief, in millimetres, at its place on the mesh; of a plate, of the
        mesh itself, which is not as deep as the relief. Of a solid that stands, nothing below its floor.
        """
        if KINDS[self.kind].plate:
            return plates.points_on_picture(
                self.mesh, min(self.relief.settings.point_budget, self.relief.known_hw.size)
            )
        cloud = self.placement.place(point_cloud(self.relief))
        return above(cloud, float(self.mesh.vertices_n3[:, 1].min())) if KINDS[self.kind].closed else cloud


@memory_errors_explained()
def generate_model(
    depth: DepthMap,
    photo: Photo,
    kind: str = "bust",
    settings: ModelSettings | None = None,
    completion: Completion | None = None,
) -> Model:
    """A model of one of `KINDS` at its metric scale, with its report.

    Decimation may push triangles of a closed kind through each other; the mesh is then built again on an even
    grid, without decimation, unless that would be too coarse.
    completion: how the hidden side was completed, where depth map and photo come from `face3d.completion`.
    Raises: GeometryError for an unknown kind, where the depth map gives no such model, and where the number
    of triangles takes too much memory or is too small for the shape, with the number that fits;
    OutOfMemoryError.
    """
    settings = settings_of(kind, settings or ModelSettings())
    asked = settings.face_budget
    if hollow := settings.wall_mm is not None and KINDS[kind].can_be_hollow:
        settings = replace(settings, face_budget=max(100, round(OUTSIDE_SHARE * settings.face_budget)))
    relief = make_relief(depth, photo, settings, completion)
    relief = plates.with_frame(relief) if KINDS[kind].of_light else relief
    require_memory(relief, kind, asked, OUTSIDE_SHARE if hollow else 1.0)
    if not KINDS[kind].from_head:
        return _built(relief, kind, hollow, asked)
    try:
        return _from_head(relief, kind, hollow)
    except HeadError as error:
        if not KINDS[kind].closed:
            raise
        model = _built(relief, kind, hollow, asked)
        return replace(model, report=replace(model.report, head_refused=str(error)))


def _from_head(relief: Relief, kind: str, hollow: bool) -> Model:
    """A model of the whole head: its parts, or the bust. Raises: HeadError where there is no such head."""
    if not relief.settings.foreground_only:
        raise HeadError("With its background the photo has no head of its own. Leave the background out.")
    if not KINDS[kind].closed:
        head = whole_head(relief)
        parts = head.animated
        mesh, placement = to_metric_scale(replace(parts.as_one(), unit=relief.unit), relief)
        report = mesh_report(mesh, placement, kind, relief, head.figures())
        sized = parts.scaled(np.array(placement.origin_xyz), placement.scale.mm_per_unit, "mm")
        return Model(kind, relief, mesh, placement, report, sized)
    if relief.settings.face_budget < ENOUGH_TRIANGLES:
        raise HeadError(f"A whole head takes at least {ENOUGH_TRIANGLES:,} triangles. Choose so many.")
    head = whole_head(relief, BUST_PICTURE_PX, moving=False)
    model = _bust(head, kind, hollow)
    if thin_ends := not model.report.stands:
        model = _bust(head, kind, hollow, thin_ends=True)
    if not model.report.stands and relief.settings.base == "auto":
        head = replace(head, relief=replace(relief, settings=replace(relief.settings, base="square")))
        model = _bust(head, kind, hollow, thin_ends=True)
    if not model.report.sound:
        model = _bust(head, kind, hollow, thin_ends=thin_ends, decimated=False)
    if not model.report.sound:
        raise HeadError("The whole head could not be made one solid. Choose another number of triangles.")
    return model


def _bust(
    head: WholeHead, kind: str, hollow: bool, *, thin_ends: bool = False, decimated: bool = True
) -> Model:
    """The bust of a head, triangles that decimation has pushed through others pulled apart."""
    budget = head.relief.settings.face_budget
    mesh = bust_mesh(head, budget, thin_ends=thin_ends, decimated=decimated)
    model = _measured(head.relief, kind, mesh, hollow, head.figures())
    if model.report.self_touching_faces:
        model = _measured(head.relief, kind, untangled(mesh), hollow, head.figures())
    return model


def _built(relief: Relief, kind: str, hollow: bool, asked: int) -> Model:
    """A model built on the grid of the depth map. asked: the number of triangles that was asked for."""
    mesh = build_mesh(relief, kind, decimated=True)
    _require_detail(relief, kind, mesh, asked, OUTSIDE_SHARE if hollow else 1.0)
    model = _measured(relief, kind, mesh, hollow)
    if KINDS[kind].closed and not model.report.sound:
        even = build_mesh(relief, kind, decimated=False)
        if off_its_surface(relief, kind, even) <= LARGEST_DEVIATION:
            return _measured(relief, kind, even, hollow)
    return model


def _measured(relief: Relief, kind: str, mesh: Mesh, hollow: bool, head: HeadFigures | None = None) -> Model:
    """The model of a mesh in the camera's frame. head: how its head was fitted."""
    mesh, placement = to_metric_scale(mesh, relief)
    settings = relief.settings
    if hollow and settings.wall_mm is not None:
        from face3d.geometry.hollow import hollowed  # scikit-image and manifold3d, which take long

        inside = round((1 / OUTSIDE_SHARE - 1) * settings.face_budget)
        mesh = hollowed(mesh, settings.wall_mm, settings.drain_mm, inside)
    if KINDS[kind].of_light:
        mesh = bent(mesh, settings.lithophane_shape)
    asked = round(settings.face_budget / OUTSIDE_SHARE) if hollow else settings.face_budget
    report = replace(mesh_report(mesh, placement, kind, relief, head), triangles_asked=asked)
    return Model(kind, relief, mesh, placement, report)


def _require_detail(relief: Relief, kind: str, mesh: Mesh, asked: int, share: float) -> None:
    """Raises GeometryError where the mesh has too few triangles for its shape, with a number that holds;
    asked and share as of `require_memory`.
    """
    if (off := off_its_surface(relief, kind, mesh)) <= LARGEST_DEVIATION:
        return
    for enough in (budget for budget in LARGER_BUDGETS if budget > relief.settings.face_budget):
        finer = replace(relief, settings=replace(relief.settings, face_budget=enough))
        if off_its_surface(finer, kind, build_mesh(finer, even_kind(kind))) <= LARGEST_DEVIATION:
            break
    raise GeometryError(
        f"With {asked:,} triangles the {kind} would be off its surface by {ceil(1000 * off) / 10:g} % of its "
        f"size, and {LARGEST_DEVIATION:.0%} is allowed: choose at least {ceil(enough / share):,}."
    )


def build_mesh(relief: Relief, kind: str, *, decimated: bool = True) -> Mesh:
    """A textured mesh of at most about `face_budget` triangles, in the relief's unit and its camera's frame.

    The closed kinds are watertight, consistently wound and in one piece; vertices along the texture's seam
    are doubled at the same place.

    Args:
        relief: made with the settings of the kind (`kinds.settings_of`).
        kind: one of `KINDS`.
        decimated: fine where the surface is curved and coarse elsewhere; else, and for plates, on an even
            grid where one fits into the budget, and then no triangle of a closed kind passes through another.

    Raises: GeometryError for an unknown kind, when no pixel is left, or when the surface is not closed.
    """
    if relief.settings != settings_of(kind, relief.settings):
        raise GeometryError(
            f"A {kind} is raised by parallel rays. Make its relief with settings_of({kind!r})."
        )
    row = KINDS[kind]
    shape = _within_budget(relief, kind, decimated)
    if row.closed:
        margin_px = plates.margin_px(relief) if row.plate else 0
        below_px = 0 if row.plate else foot_px(relief.camera.size_hw[0])
        vertices_n3, faces_m3, uv_n2 = split_at_seam(
            shape.vertices_n3,
            shape.faces_m3,
            relief.camera,
            margin_px,
            shape.photo_rows,
            below_px,
            shape.plain_below,
        )
    else:
        vertices_n3, faces_m3 = shape.vertices_n3, shape.faces_m3
        uv_n2 = picture_uv(vertices_n3, relief.camera, 0).astype(np.float32)
    texture_hwc = texture_of(relief, kind, shape.photo_rows)
    return Mesh(vertices_n3, faces_m3, uv_n2, texture_hwc, unit=relief.unit, glows=row.of_light)


def _within_budget(relief: Relief, kind: str, decimated: bool) -> Shape:
    """The kind's shape on the first working grid that gives a sound mesh.

    Raises: GeometryError where none does.
    """
    row, budget = KINDS[kind], relief.settings.face_budget
    decimated = decimated and not row.plate
    shares = GRID_SHARES if decimated else EVEN_SHARES
    for share in shares:
        shape = row.build(relief, share * budget)
        if decimated or not row.even or share == shares[-1]:
            vertices_n3, faces_m3 = decimate(shape.vertices_n3, shape.faces_m3, budget, closed=row.closed)
            shape = replace(shape, vertices_n3=vertices_n3, faces_m3=faces_m3)
        elif len(shape.faces_m3) > budget:
            continue
        if not row.closed or is_closed(weld(shape.vertices_n3, shape.faces_m3)[2]):
            return shape
    raise GeometryError(f"The {kind} could not be closed. Choose another kind or a larger face budget.")
