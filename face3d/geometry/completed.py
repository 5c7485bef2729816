"""How much of a model's surface the photo does not show and a completion has coloured."""

from __future__ import annotations

from typing import Any

import numpy as np

from face3d.geometry.camera import project
from face3d.geometry.kinds import KINDS
from face3d.geometry.plates import margin_px
from face3d.geometry.relief import Relief
from face3d.geometry.texture import FRONT_SHARE, foot_px
from face3d.structures import Array, Completion, Mesh

HEAD_MODEL = "head model"
BEHIND = (-0.2, 0.2)
"""Cosines between a normal and the line of sight between which an engine's share of a whole head falls from 1
to 0: what it gives is one layer behind the picture, the last surface along each ray."""
SURE_ENGINES = ("symmetry",)
"""Engines that say how sure they are of each place; the others paint all of the hidden side."""


def engine_share(relief: Relief, points_n3: Array, normals_n3: Array) -> Array:
    """(n,) float64 in 0..1: how far a completion that was named colours hidden places of a whole head; the
    rest is the head model's.

    points_n3, normals_n3: in the relief's space.
    """
    completion, camera = relief.completion, relief.camera
    if completion is None or not completion.named:
        return np.zeros(len(points_n3))
    away = np.array([0.0, 0.0, camera.distance * camera.unit_per_width]) - points_n3
    sight = away if camera.perspective else np.broadcast_to([0.0, 0.0, 1.0], points_n3.shape)
    lengths = np.linalg.norm(sight, axis=1) * np.linalg.norm(normals_n3, axis=1)
    cosine = (normals_n3 * sight).sum(1) / np.maximum(lengths, 1e-30)
    share = np.clip((BEHIND[1] - cosine) / (BEHIND[1] - BEHIND[0]), 0, 1)
    if completion.engine not in SURE_ENGINES:
        return np.asarray(share)
    return np.asarray(share * _confidence(completion, relief, points_n3))


def _confidence(completion: Completion, relief: Relief, points_n3: Array) -> Array:
    """(n,): that of the hidden side behind each point."""
    rows, columns = completion.confidence_hw.shape
    across, down = project(points_n3, relief.camera)
    height, width = relief.camera.size_hw
    at_row = np.clip(down / height * rows, 0, rows - 1).astype(int)
    at_column = np.clip(across / width * columns, 0, columns - 1).astype(int)
    return np.asarray(completion.confidence_hw[at_row, at_column])


def completion_fields(
    mesh: Mesh, in_camera_n3: Array, kind: str, relief: Relief, *, of_head: bool
) -> dict[str, Any]:
    """The fields of the mesh report about completion: of a solid's hidden side, and of what was marked in the
    photo; and what colours what the photo does not show.

    in_camera_n3: the mesh's vertices in the relief's space. of_head: whether the model is of a whole head.
    """
    row, completion = KINDS[kind], relief.completion
    if row.plate or not (row.closed or of_head):
        found: dict[str, Any] = {}
    elif of_head:
        found = {"unseen_colours": HEAD_MODEL}
    else:
        found = {"unseen_colours": completion.engine if completion else "outline"}
    in_parts = of_head and not row.closed  # its texture is laid out by the head model, not by the photo
    if completion is None or row.of_light or in_parts or mesh.uv_n2 is None:
        return found
    area_m, hidden_m, marked_m = _parts(mesh, completion, kind, relief)
    if row.plate:
        share_m = np.zeros(len(area_m))
    elif of_head:
        corners = in_camera_n3[mesh.faces_m3].astype(np.float64)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        share_m = hidden_m * engine_share(relief, corners.mean(1), normals)
    else:
        share_m = hidden_m.astype(np.float64)
    if of_head and share_m.any():
        found["unseen_colours"] = f"{completion.engine}, {HEAD_MODEL}"
    share = float((area_m * np.maximum(share_m, marked_m)).sum() / max(area_m.sum(), 1e-30))
    if not share:
        return found
    return found | {
        "completion": completion.engine,
        "completed_percent": round(100 * share, 2),
        "completion_confidence": round(completion.confidence, 3),
    }


def _parts(mesh: Mesh, completion: Completion, kind: str, relief: Relief) -> tuple[Array, Array, Array]:
    """Of each triangle its area; whether it is on the hidden part of the texture; and whether on replaced
    pixels of the photo.
    """
    row, uv_n2 = KINDS[kind], mesh.uv_n2
    assert uv_n2 is not None  # see the caller
    front_share = FRONT_SHARE if row.closed else 1.0
    around, below = (margin_px(relief), 0) if row.plate else (0, foot_px(relief.camera.size_hw[0]))
    corners_m33 = mesh.vertices_n3[mesh.faces_m3].astype(np.float64)
    edges_2m3 = corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]
    area_m: Array = np.linalg.norm(np.cross(*edges_2m3), axis=1)
    across_m, up_m = uv_n2[mesh.faces_m3].mean(axis=1).T
    hidden_m, marked_m = across_m > front_share, np.zeros(len(area_m), bool)
    if completion.marked_hw is not None:
        height, width = completion.marked_hw.shape
        columns_m = across_m / front_share * (width + 2 * around) - around
        rows_m = (1 - up_m) * (height + 2 * around + below) - around
        inside_m = ~hidden_m & (rows_m >= 0) & (rows_m < height) & (columns_m >= 0) & (columns_m < width)
        at = rows_m[inside_m].astype(int), columns_m[inside_m].astype(int)
        marked_m[inside_m] = completion.marked_hw[at]
    return area_m, hidden_m, marked_m
