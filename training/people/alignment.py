"""The MakeHuman body in the frame of the ICT head, and which places of the two neutral heads are the same.

The neutral body is the mean of the young adults. A similarity (scale, turn about X, shift) takes it into the
ICT frame: first by eyes, nose tip and chin, then by nearest surface points. A smooth warp then closes what is
left between the two surfaces, coarse to fine. The place of a vertex after the warp is its place on the ICT
neutral head: both families share one set of canonical coordinates, regions and landmarks. Centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.people.body_model import EYEBALLS, SKIN, BodyModel
from training.scenes import face_model
from training.scenes.face_model import FaceModel

YOUNG = {
    f"macrodetails/{kin}-{sex}-young": 1 / 6
    for kin in ("african", "asian", "caucasian")
    for sex in ("female", "male")
}
WARP_RADII = (6.0, 4.0, 2.5, 1.6, 1.0, 0.7)
"""Reach of the smoothing of the warp in its rounds, centimetres."""
HEAD_FROM = -9.0
"""Height in the ICT frame above which the two heads are compared; below, only the first rounds' warp acts."""
FURTHEST = 2.5
"""Distance between surfaces above which points do not attract each other."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """p -> scale * turn_33 @ p + shift_3."""

    scale: float
    turn_33: Array
    shift_3: Array

    def __call__(self, points_n3: Array) -> Array:
        """Points (n, 3) float32 in the new frame."""
        return np.asarray(self.scale * points_n3 @ self.turn_33.T + self.shift_3, np.float32)


@dataclass(frozen=True, eq=False)
class Alignment:
    """to_head: from the body's frame to the ICT head's. neutral_v3: the neutral body in the ICT frame.
    warped_v3: the same after the warp; of the head's skin, places on the ICT neutral surface.
    landmarks_68: vertices of the skin next to the ICT landmarks, in the order of `face_model.LANDMARKS_68`.
    """

    to_head: Similarity
    neutral_v3: Array
    warped_v3: Array
    landmarks_68: Array


def align(body: BodyModel, model: FaceModel) -> Alignment:
    """Computes the alignment once per run."""
    neutral = body.shaped(YOUNG)
    skin = model.triangles_m3[(model.triangles_m3 < face_model.HEAD.stop).all(1)]
    target = model.neutral_v3[face_model.HEAD]
    target_normals = vertex_normals(model.neutral_v3, skin)[face_model.HEAD]
    tree = cKDTree(target)
    to_head = _by_features(neutral, model)
    for _ in range(12):
        moved = to_head(neutral)
        one, other = _pairs(moved, body.skin_m3, tree, target_normals)
        to_head = _fitted(neutral[one], target[other])
    aligned = to_head(neutral)
    warped = aligned.astype(np.float64)
    for radius in WARP_RADII:
        one, other = _pairs(warped.astype(np.float32), body.skin_m3, tree, target_normals)
        warped += _smoothed(warped, warped[one], target[other] - warped[one], radius)
    marks = model.neutral_v3[face_model.LANDMARKS_68]
    landmarks = cKDTree(warped[SKIN]).query(marks)[1]
    return Alignment(to_head, aligned, warped.astype(np.float32), landmarks.astype(np.int32))


def _by_features(neutral_v3: Array, model: FaceModel) -> Similarity:
    """From the eyes, the nose tip and the lowest point of the chin in the median plane."""
    eyes = np.stack([neutral_v3[part].mean(0) for part in EYEBALLS])
    skin = neutral_v3[SKIN]
    middle = skin[np.abs(skin[:, 0]) < 0.2]
    face = middle[middle[:, 1] > eyes[0, 1] - 12]
    nose = face[np.argmax(face[:, 2])]
    before = face[(face[:, 2] > eyes[0, 2] - 1) & (face[:, 1] < nose[1])]
    chin = before[np.argmin(before[:, 1])]
    marks = model.neutral_v3[face_model.LANDMARKS_68]
    goal = np.stack([*face_model.EYE_CENTRES, marks[face_model.NOSE_TIP], marks[8]])
    return _fitted(np.stack([*eyes, nose, chin]), goal)


def _fitted(points_n3: Array, goal_n3: Array) -> Similarity:
    """The similarity of the median plane (turn about X only) with the least squared error."""
    from_mean, to_mean = points_n3.mean(0), goal_n3.mean(0)
    one, other = (points_n3 - from_mean)[:, 1:], (goal_n3 - to_mean)[:, 1:]
    along, across = (one * other).sum(), (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum()
    angle = np.arctan2(across, along)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    turned = (points_n3 - from_mean) @ turn.T
    scale = float((turned * (goal_n3 - to_mean)).sum() / (turned**2).sum())
    shift = to_mean - scale * turn @ from_mean
    return Similarity(scale, turn, shift * [0, 1, 1])


def _pairs(moved_v3: Array, skin_m3: Array, tree: cKDTree, normals_n3: Array) -> tuple[Array, Array]:
    """Vertices of the body's head and the ICT vertices next to them, where the surfaces face one way."""
    normals = vertex_normals(moved_v3, skin_m3)[SKIN]
    one = np.flatnonzero(moved_v3[SKIN, 1] > HEAD_FROM)
    far, other = tree.query(moved_v3[one])
    alike = (far < FURTHEST) & ((normals[one] * normals_n3[other]).sum(1) > 0.5)
    return one[alike], other[alike]


def _smoothed(points_n3: Array, places_k3: Array, steps_k3: Array, radius: float) -> Array:
    """Steps of nearby places, averaged with a Gaussian, at all points; fading to none away from them."""
    far, near = cKDTree(places_k3).query(points_n3, 24)
    weight = np.exp(-((far / radius) ** 2) / 2)
    reach = np.exp(-((np.maximum(far[:, :1] - radius, 0) / (2 * radius)) ** 2))
    mean = np.einsum("nk,nkc->nc", weight, steps_k3[near]) / np.maximum(weight.sum(1, keepdims=True), 1e-9)
    return np.asarray(mean * reach)
