"""A plate bent about an upright axis behind it: a part of a cylinder, or all of one, around a lamp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face3d.geometry.meshes import drop_unused
from face3d.structures import Mesh

BENDS = {"flat": 0.0, "curved": 120.0, "cylinder": 360.0}
"""Angle in degrees around which a plate goes, by the name of its shape."""


def bent(mesh: Mesh, shape: str) -> Mesh:
    """The plate in one of the shapes of `BENDS`, its front outside; heights and thicknesses stay.

    Its back keeps its width. A cylinder is closed where the left and the right side of the plate meet, which
    are upright and have one outline (see `plates.lithophane`).

    mesh: +Y up, facing +Z, x and z centred.
    """
    if BENDS[shape] == 0:
        return mesh
    x_n, y_n, z_n = mesh.vertices_n3.astype(np.float64).T
    low, high = x_n.min(), x_n.max()
    share_n, around = (x_n - low) / (high - low), np.radians(BENDS[shape])
    radius = (high - low) / around
    faces_m3, uv_n2 = mesh.faces_m3, mesh.uv_n2
    if shape == "cylinder":
        ends_n = np.where(share_n == 0, -1, np.where(share_n == 1, 1, 0))
        faces_m3 = faces_m3[abs(ends_n[faces_m3].sum(axis=1)) < 3]
        share_n = np.where(share_n == 1, 0, share_n)
    angle_n, out_n = (share_n - 0.5) * around, radius + z_n - z_n.min()
    points_n3 = np.stack([out_n * np.sin(angle_n), y_n, out_n * np.cos(angle_n)], -1)
    points_n3[:, ::2] -= (points_n3[:, ::2].min(axis=0) + points_n3[:, ::2].max(axis=0)) / 2
    used, faces_m3 = drop_unused(faces_m3, len(points_n3))
    return replace(
        mesh,
        vertices_n3=points_n3[used].astype(np.float32),
        faces_m3=faces_m3,
        uv_n2=None if uv_n2 is None else uv_n2[used],
    )
