"""The finished model of a whole head: its parts with their expressions, or the bust."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face3d.errors import HeadError
from face3d.geometry.budget import ENOUGH_TRIANGLES
from face3d.geometry.finished import Model, finished
from face3d.geometry.kinds import KINDS
from face3d.geometry.relief import Relief
from face3d.geometry.report import mesh_report
from face3d.geometry.scale import to_metric_scale
from face3d.geometry.untangling import untangled
from face3d.head.bust import bust_mesh
from face3d.head.whole import WholeHead, whole_head

BUST_PICTURE_PX = 256
"""Side of the pictures of the skin of which a bust takes the colours of what the photo does not show."""


def model_from_head(relief: Relief, kind: str, hollow: bool) -> Model:
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
    model = finished(head.relief, kind, mesh, hollow, head.figures())
    if model.report.self_touching_faces:
        model = finished(head.relief, kind, untangled(mesh), hollow, head.figures())
    return model
