"""A plain block under a bust whose own foot would not carry it."""

from __future__ import annotations

import numpy as np

from face3d.geometry.stability import centre_of_mass
from face3d.structures import Array

HEIGHT_SHARE = 0.06
"""Height of the block, share of the bust's height."""
LEDGE_SHARE = 0.02
"""Least width of the ledge around the foot, share of the bust's height."""
AIM_DEGREES = 15.0
"""The block reaches so far around the centre of mass that the bust tips over at this angle: above the limit
of `stability`, since decimation moves the centre."""


def add_plinth(vertices_n3: Array, faces_m3: Array, foot_n: Array, eye_z: float) -> tuple[Array, Array]:
    """Vertices and triangles of a closed bust with a rectangular block under its flat foot.

    The underside of the foot gives way to a ledge around it, the sides and the underside of the block. Seen
    from above, the points of an outline and of the block's sides before and behind it lie on lines of sight,
    which cross nowhere; so no triangle of the ledge lies over another.

    Args:
        vertices_n3: (n, 3) float32, +Y up. faces_m3: (m, 3) int32, outwards.
        foot_n: (n,) bool, the outline of the foot, in one horizontal plane: its front from left to right,
            then its back from left to right.
        eye_z: z of the camera, which is at x = 0; infinite for parallel rays.
    """
    front, back = np.split(np.flatnonzero(foot_n), 2)
    height, ledge = _height(vertices_n3), LEDGE_SHARE * _height(vertices_n3)
    centre_3, reach = _centre_and_reach(vertices_n3, faces_m3)
    foot_k3 = vertices_n3[foot_n].astype(np.float64)
    z_front = max(foot_k3[:, 2].max() + ledge, centre_3[2] + reach)
    z_front = min(z_front, (foot_k3[:, 2].max() + eye_z) / 2)  # not behind the camera
    z_back = min(foot_k3[:, 2].min() - ledge, centre_3[2] - reach)
    x_front, x_back = (
        _along_sight(vertices_n3[row].astype(np.float64), z, eye_z)
        for row, z in ((front, z_front), (back, z_back))
    )
    x_low = min(x_front[0] - ledge, x_back[0] - ledge, foot_k3[:, 0].min() - ledge, centre_3[0] - reach)
    x_high = max(x_front[-1] + ledge, x_back[-1] + ledge, foot_k3[:, 0].max() + ledge, centre_3[0] + reach)
    sides = [
        np.column_stack([np.concatenate([[x_low], x_k, [x_high]]), np.full(len(x_k) + 2, z)])
        for x_k, z in ((x_front, z_front), (x_back, z_back))
    ]
    top = float(foot_k3[0, 1])
    points = [
        np.insert(side_k2, 1, y, axis=1) for y in (top, top - HEIGHT_SHARE * height) for side_k2 in sides
    ]
    top_front, top_back, low_front, low_back = (
        row + len(vertices_n3) for row in np.arange(sum(map(len, points))).reshape(4, -1)
    )
    kept_m3 = faces_m3[~foot_n[faces_m3].all(axis=1)]
    added = [
        _band(_loop(np.pad(front, 1, mode="edge"), np.pad(back, 1, mode="edge")), _loop(top_front, top_back)),
        _band(_loop(top_front, top_back), _loop(low_front, low_back)),
        _strip(low_front, low_back),
    ]
    vertices_n3 = np.concatenate([vertices_n3, *points]).astype(np.float32)
    return vertices_n3, np.concatenate([kept_m3, *added]).astype(np.int32)


def _height(vertices_n3: Array) -> float:
    return float(np.ptp(vertices_n3[:, 1]))


def _centre_and_reach(vertices_n3: Array, faces_m3: Array) -> tuple[Array, float]:
    """Centre of mass (3,) of the bust, and how far around it the block reaches for `AIM_DEGREES`."""
    centre_3 = centre_of_mass(vertices_n3, faces_m3)
    above_floor = centre_3[1] - float(vertices_n3[:, 1].min()) + HEIGHT_SHARE * _height(vertices_n3)
    return centre_3, float(np.tan(np.radians(AIM_DEGREES)) * above_floor)


def _along_sight(points_k3: Array, z: float, eye_z: float) -> Array:
    """(k,) x at which the lines of sight through the points meet the plane at z, seen from above."""
    if np.isinf(eye_z):
        return points_k3[:, 0]
    return points_k3[:, 0] * (eye_z - z) / (eye_z - points_k3[:, 2])


def _loop(front: Array, back: Array) -> Array:
    """An outline counter-clockwise seen from above: its front to the right, its back to the left."""
    return np.concatenate([front, back[::-1]])


def _band(upper: Array, lower: Array) -> Array:
    """(m, 3) triangles between two loops of equal length, facing away from their inside."""
    p, q, r, s = lower, np.roll(lower, -1), np.roll(upper, -1), upper
    triangles_m3 = np.concatenate([np.stack([p, q, r], -1), np.stack([p, r, s], -1)])
    return triangles_m3[(triangles_m3[:, [0, 1, 2]] != triangles_m3[:, [1, 2, 0]]).all(axis=1)]


def _strip(front: Array, back: Array) -> Array:
    """(m, 3) triangles of an underside between its front and its back, facing down."""
    p, q, r, s = back[:-1], back[1:], front[1:], front[:-1]
    return np.concatenate([np.stack([p, q, r], -1), np.stack([p, r, s], -1)])
