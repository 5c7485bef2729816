"""Static stability: how far a model can be tilted before it tips over."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from face3d.structures import Array

LEAST_TIPPING_DEGREES = 10.0
"""A model stands when it can be tilted by this angle in any direction and returns.
Source: IEC 60335-1:2010, clause 20.1: a household appliance does not overturn on a plane inclined at 10
degrees."""
CONTACT_SHARE = 1e-3
"""A vertex touches the ground when it is within this share of the model's size from its lowest point, about
one layer of a printer."""


def centre_of_mass(vertices_n3: Array, faces_m3: Array) -> Array:
    """(3,) float64: the centre of the volume that a closed mesh encloses, of tetrahedra from one point."""
    about_3 = vertices_n3.mean(axis=0, dtype=np.float64)
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = ((vertices_n3 - about_3).T[:, corner] for corner in faces_m3.T)
    volumes_m = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    sums_3 = np.array([volumes_m @ (a + b + c) for a, b, c in ((ax, bx, cx), (ay, by, cy), (az, bz, cz))])
    centre_3: Array = about_3 + sums_3 / (4 * volumes_m.sum())
    return centre_3


def tipping_angle(vertices_n3: Array, faces_m3: Array, up: int = 1) -> float:
    """Degrees by which a closed model can be tilted, in the worst direction, before it tips over.

    Negative where the centre of mass lies beside the convex hull of what touches the ground, 0 where that is
    a point or a line.

    vertices_n3: (n, 3), any unit. faces_m3: (m, 3), facing outwards. up: the axis that points up, 1 for +Y.
    """
    vertices_n3 = vertices_n3.astype(np.float64)
    centre_3 = centre_of_mass(vertices_n3, faces_m3)
    above_n = vertices_n3[:, up] - vertices_n3[:, up].min()
    ground = [axis for axis in range(3) if axis != up]
    touching_k2 = vertices_n3[above_n <= CONTACT_SHARE * np.ptp(vertices_n3, axis=0).max()][:, ground]
    try:
        edges_k3 = ConvexHull(touching_k2).equations  # unit normals outwards, and offsets
    except (QhullError, ValueError):  # fewer than three points, or all on one line
        return 0.0
    inside = -(edges_k3[:, :2] @ centre_3[ground] + edges_k3[:, 2]).max()
    return float(np.degrees(np.arctan2(inside, centre_3[up] - vertices_n3[:, up].min())))
