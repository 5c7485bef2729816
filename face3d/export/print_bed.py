"""How a model lies on a printer's bed."""

from __future__ import annotations

import numpy as np

from face3d.structures import Array

UPRIGHT_TURN = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)
"""(x, y, z) -> (x, -z, y) for row vectors on its left: +Y up, facing +Z, to +Z up, facing the printer's
front."""
FLAT_SHARE = 1e-3
"""A triangle lies on a side of a model when its corners are within this share of the model's size from it."""
BACK_OVER_FOOT = 2
"""A model lies when its flat back is so many times its foot. The back of a plaque, 7 mm thick at its edge, is
2.9 times its lower edge at a height of 20 mm, and 14 times at 100 mm."""


def bed_from_model(vertices_n3: Array, faces_m3: Array) -> Array:
    """(4, 3) float64: rotation and lift that put a model on a printer's bed, whose up is +Z.

    Points are row vectors [x y z 1], multiplied from the left.

    A bust stands on its foot. A plaque lies on its flat back, its face up; its foot, the lower edge, is small
    (`BACK_OVER_FOOT`).
    vertices_n3: (n, 3), +Y up, facing +Z; the lift is in their unit. faces_m3: (m, 3), counter-clockwise seen
    from outside.
    """
    corners_m33 = vertices_n3[faces_m3]
    outward_m3 = np.cross(
        corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]
    )  # twice the area in length
    near = FLAT_SHARE * np.ptp(vertices_n3, axis=0).max()
    on_side_m3 = corners_m33.max(axis=1) <= vertices_n3.min(axis=0) + near
    _, foot, back = np.where(on_side_m3, np.maximum(-outward_m3, 0), 0).sum(axis=0)
    turn_33 = np.eye(3) if back > BACK_OVER_FOOT * foot else UPRIGHT_TURN
    return np.vstack([turn_33, [0, 0, 0 - (vertices_n3 @ turn_33)[:, 2].min()]])
