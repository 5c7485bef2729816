"""A textured mesh on the grid of a relief, within a number of triangles, and the finished model of it."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import plates
from face3d.geometry.budget import LARGER_BUDGETS, even_kind, off_its_surface
from face3d.geometry.deviation import LARGEST_DEVIATION
from face3d.geometry.finished import OUTSIDE_SHARE, Model, finished
from face3d.geometry.grid import GRID_SHARES
from face3d.geometry.kinds import KINDS, Shape, settings_of, texture_of
from face3d.geometry.meshes import decimate, is_closed, weld
from face3d.geometry.relief import Relief
from face3d.geometry.texture import foot_px, picture_uv, split_at_seam
from face3d.structures import Mesh

EVEN_SHARES = (0.9, 0.8, 0.7, 0.55, 0.4)
"""`GRID_SHARES` without decimation: walls and foot come on top of the two layers, so small budgets take a
smaller share."""


def model_on_grid(relief: Relief, kind: str, hollow: bool, asked: int) -> Model:
    """A model built on the grid of the depth map. asked: the number of triangles that was asked for."""
    mesh = build_mesh(relief, kind, decimated=True)
    _require_detail(relief, kind, mesh, asked, OUTSIDE_SHARE if hollow else 1.0)
    model = finished(relief, kind, mesh, hollow)
    if KINDS[kind].closed and not model.report.sound:
        even = build_mesh(relief, kind, decimated=False)
        if off_its_surface(relief, kind, even) <= LARGEST_DEVIATION:
            return finished(relief, kind, even, hollow)
    return model


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
