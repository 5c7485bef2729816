"""A plain block under a bust whose own foot would not carry it."""

from __future__ import annotations

import numpy as np

from face3d.geometry.stability import centre_of_mass
from face3d.structures import Array

HEIGHT_SHARE = 0.06
"""Height of the block, share of the bust's height."""
LEDGE_SHARE = 0.02
"""Least width of the ledge around the foot, share of the bust's height."""
ARC_POINTS = 16
"""Points of a round block at either end of the foot, before and behind."""
AIM_DEGREES = 15.0
"""The block reaches so far around the centre of mass that the bust tips over at this angle: above the limit
of `stability`, since decimation moves the centre."""


def add_plinth(
    vertices_n3: Array, faces_m3: Array, foot_n: Array, eye_z: float, *, is_round: bool = False
) -> tuple[Array, Array]:
    """Vertices and triangles of a closed bust with a rectangular or round block under its flat foot.

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
    height = _height(vertices_n3)
    outline = _disc if is_round else _rectangle
    sides = outline(
        vertices_n3[front][:, [0, 2]].astype(np.float64),
        vertices_n3[back][:, [0, 2]].astype(np.float64),
        *_centre_and_reach(vertices_n3, faces_m3),
        LEDGE_SHARE * height,
        eye_z,
    )
    top = float(vertices_n3[front[0], 1])
    points = [
        np.insert(side_k2, 1, y, axis=1) for y in (top, top - HEIGHT_SHARE * height) for side_k2 in sides
    ]
    top_front, top_back, low_front, low_back = (
        row + len(vertices_n3) for row in np.arange(sum(map(len, points))).reshape(4, -1)
    )
    kept_m3 = faces_m3[~foot_n[faces_m3].all(axis=1)]
    beside = (len(top_front) - len(front)) // 2
    feet = (np.pad(row, beside, mode="edge") for row in (front, back))
    added = [
        _band(_loop(*feet), _loop(top_front, top_back)),
        _band(_loop(top_front, top_back), _loop(low_front, low_back)),
        _strip(low_front, low_back),
    ]
    vertices_n3 = np.concatenate([vertices_n3, *points]).astype(np.float32)
    return vertices_n3, np.concatenate([kept_m3, *added]).astype(np.int32)


def _rectangle(
    front_k2: Array, back_k2: Array, centre_3: Array, reach: float, ledge: float, eye_z: float
) -> tuple[Array, Array]:
    """Front and back of a rectangle around a foot, (k + 2, 2) x and z each, from left to right.

    front_k2, back_k2: x and z of the foot. centre_3, reach: of the mass, and how far around it to go.
    """
    foot_n2 = np.concatenate([front_k2, back_k2])
    z_front = max(foot_n2[:, 1].max() + ledge, centre_3[2] + reach)
    z_front = min(z_front, (foot_n2[:, 1].max() + eye_z) / 2)  # not behind the camera
    z_back = min(foot_n2[:, 1].min() - ledge, centre_3[2] - reach)
    x_front, x_back = _along_sight(front_k2, z_front, eye_z), _along_sight(back_k2, z_back, eye_z)
    all_x = np.concatenate([x_front, x_back, foot_n2[:, 0]])
    x_low, x_high = (
        min(all_x.min() - ledge, centre_3[0] - reach),
        max(all_x.max() + ledge, centre_3[0] + reach),
    )
    front_k2, back_k2 = (
        np.column_stack([np.concatenate([[x_low], x_k, [x_high]]), np.full(len(x_k) + 2, z)])
        for x_k, z in ((x_front, z_front), (x_back, z_back))
    )
    return front_k2, back_k2


def _disc(
    front_k2: Array, back_k2: Array, centre_3: Array, reach: float, ledge: float, eye_z: float
) -> tuple[Array, Array]:
    """Front and back half of a circle around a foot, as `_rectangle`; `ARC_POINTS` more at either end."""
    foot_n2 = np.concatenate([front_k2, back_k2])
    middle_2 = (foot_n2.min(axis=0) + foot_n2.max(axis=0)) / 2
    around = np.hypot(*(foot_n2 - middle_2).T).max() + ledge
    radius = max(around, np.hypot(*(centre_3[[0, 2]] - middle_2)) + reach)
    radius = min(radius, max(around, (eye_z - middle_2[1]) / 2))  # the camera stays outside
    halves = [
        _on_circle(row_k2, middle_2, radius, eye_z, ahead) for row_k2, ahead in ((front_k2, 1), (back_k2, -1))
    ]
    for end, sign in ((0, -1), (-1, 1)):  # angles from the right, counter-clockwise with z to the viewer
        ahead, behind = (
            np.arctan2(half_k2[end, 1] - middle_2[1], sign * (half_k2[end, 0] - middle_2[0]))
            for half_k2 in (halves[0], halves[-1])
        )
        angles = np.linspace(ahead, behind, 2 * ARC_POINTS + 2)[1:-1]
        arc_k2 = middle_2 + radius * np.stack([sign * np.cos(angles), np.sin(angles)], -1)
        before_k2, after_k2 = arc_k2[:ARC_POINTS], arc_k2[: -ARC_POINTS - 1 : -1]
        halves = [
            np.concatenate([side_k2[::-1], half_k2] if end == 0 else [half_k2, side_k2])
            for half_k2, side_k2 in zip(halves, (before_k2, after_k2), strict=True)
        ]
    return halves[0], halves[1]


def _on_circle(points_k2: Array, middle_2: Array, radius: float, eye_z: float, ahead: int) -> Array:
    """(k, 2) x and z where lines of sight through points meet a circle, its near side (1) or far (-1)."""
    if np.isinf(eye_z):
        towards_k2 = np.tile([0.0, 1.0], (len(points_k2), 1))
    else:
        towards_k2 = np.array([0.0, eye_z]) - points_k2
        towards_k2 /= np.linalg.norm(towards_k2, axis=1, keepdims=True)
    from_middle_k2 = points_k2 - middle_2
    along_k = (from_middle_k2 * towards_k2).sum(axis=1)
    half_k = np.sqrt(along_k**2 + radius**2 - (from_middle_k2**2).sum(axis=1))
    hits_k2: Array = points_k2 + (ahead * half_k - along_k)[:, None] * towards_k2
    return hits_k2


def _height(vertices_n3: Array) -> float:
    return float(np.ptp(vertices_n3[:, 1]))


def _centre_and_reach(vertices_n3: Array, faces_m3: Array) -> tuple[Array, float]:
    """Centre of mass (3,) of the bust, and how far around it the block reaches for `AIM_DEGREES`."""
    centre_3 = centre_of_mass(vertices_n3, faces_m3)
    above_floor = centre_3[1] - float(vertices_n3[:, 1].min()) + HEIGHT_SHARE * _height(vertices_n3)
    return centre_3, float(np.tan(np.radians(AIM_DEGREES)) * above_floor)


def _along_sight(points_k2: Array, z: float, eye_z: float) -> Array:
    """(k,) x at which the lines of sight through the points, x and z, meet a plane at z, from above."""
    if np.isinf(eye_z):
        return points_k2[:, 0]
    return points_k2[:, 0] * (eye_z - z) / (eye_z - points_k2[:, 1])


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
