"""One person of either family: skin, eyes, mouth, hair, clothes. Centimetres, the head upright, facing +Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.people import complexion, shape
from training.people.body_model import EYEBALLS, SKIN
from training.people.complexion import Complexion
from training.people.model import Fields, PeopleModel
from training.people.shape import Pose, PoseShares, Traits
from training.scenes import face_model
from training.scenes import skin as present_skin
from training.scenes.primitives import (
    LABEL_NARROW_FACE,
    MOUTH,
    Part,
    compact,
    only,
    plain,
)
from training.scenes.primitives import (
    SKIN as SKIN_MATERIAL,
)

ICT_DOWN_TO, BODY_UP_TO = -11.5, -9.5
"""Heights on the neutral head: the ICT skin ends below the first, the body's below an ICT head begins under
the second. Between them the body's skin lies SUNK under the other."""
SUNK = 0.06
LIPS = 7
"""Row of the material of lips, after those of `primitives`."""
BEHIND_LIPS = 0.25
"""How far the teeth are set back, so that no morph of the lips is pierced, centimetres."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A body in its rest pose and the pose to bend it by.

    base_v3: the base mesh; of the ICT family its head follows `face_v3`, the vertices of the ICT head, else
    None. joints_43: see `shape.joints`.
    """

    traits: Traits
    base_v3: Array
    face_v3: Array | None
    pose: Pose
    joints_43: Array

    def bent(self, points_v3: Array, shares: PoseShares) -> Array:
        """Points in the pose."""
        return shape.posed(points_v3, shares, self.pose, self.joints_43)


def random_figure(model: PeopleModel, rng: Generator, has: set[str]) -> Figure:
    """Draws a body of the family that `has` names."""
    traits = shape.random_traits(rng)
    weights = shape.random_weights(model.body, traits, rng)
    face = None
    if "MakeHuman" in has:
        if "expression" in has or "closed eyes" in has:
            weights |= shape.expression_weights(model.body, traits.kin_3, rng, "closed eyes" in has)
        base = shape.in_head_frame(model.body.shaped(weights), model.alignment)
    else:
        face = present_skin.head_shape(model.face, rng, has)
        base = _with_face(model, shape.in_head_frame(model.body.shaped(weights), model.alignment), face)
    return Figure(traits, base, face, shape.random_pose(rng), shape.joints(base, model.joints))


def _with_face(model: PeopleModel, base_v3: Array, face_v3: Array) -> Array:
    """The base mesh with the head of an ICT identity: hair, brows and clothes are bound to it."""
    moved = face_v3[face_model.HEAD] - model.face.neutral_v3[face_model.HEAD]
    goal = model.alignment.warped_v3 + (model.near_weight_vk[..., None] * moved[model.near_vk]).sum(1)
    share = model.head_share_v[:, None]
    return np.asarray(base_v3 + share * (goal - base_v3), np.float32)


def skin_parts(
    model: PeopleModel,
    figure: Figure,
    tint: Complexion,
    drawn_in_v: Array,
    style: str | None,
    beard: float,
) -> list[Part]:
    """The skin. drawn_in_v: how far the body's skin is drawn in under clothes. style: of the hair. beard: how
    far its surface stands out, centimetres.
    """
    scalps = model.scalps[style] if style else (0.0, 0.0)
    albedo = complexion.painted(tint, model.body_fields, scalps[0])
    base = figure.base_v3[SKIN]
    normals = vertex_normals(base, model.body.skin_m3)
    sunk = drawn_in_v + (SUNK if figure.face_v3 is not None else 0)
    if figure.face_v3 is None:
        sunk = sunk - beard * model.body_fields.beard
    points = figure.bent(base - normals * sunk[:, None], _of_skin(model.shares))
    triangles = model.body.skin_m3
    if figure.face_v3 is not None:
        triangles = triangles[(model.alignment.warped_v3[triangles, 1] < BODY_UP_TO).any(1)]
    labels = model.body_label_v[triangles].min(1)
    body = Part(
        points,
        triangles,
        albedo,
        labels,
        _skin_material(model.body_fields, triangles),
        model.body_fields.place_v3,
        model.canonical_v3,
    )
    if figure.face_v3 is None:
        return [body]
    return [
        compact(body),
        _face_part(model, figure, complexion.painted(tint, model.face_fields, scalps[1]), beard),
    ]


def _of_skin(shares: PoseShares) -> PoseShares:
    return PoseShares(shares.neck_n[SKIN], shares.arm_2n[:, SKIN], shares.forearm_2n[:, SKIN])


def _skin_material(fields: Fields, triangles_m3: Array) -> Array:
    """SKIN, and LIPS where all corners are lips."""
    lips = (fields.lips[triangles_m3] > 0.5).all(1)
    return np.where(lips, LIPS, SKIN_MATERIAL).astype(np.uint8)


def _face_part(model: PeopleModel, figure: Figure, albedo: Array, beard: float) -> Part:
    """The ICT head without its eyeballs and shoulders."""
    face = model.face
    assert figure.face_v3 is not None
    albedo[face_model.GUMS], albedo[face_model.TEETH] = [0.4, 0.13, 0.13], [0.62, 0.55, 0.44]
    grown = beard * model.face_fields.beard
    normals = vertex_normals(figure.face_v3, face.triangles_m3)
    vertices = (figure.face_v3 + normals * grown[:, None]).astype(np.float32)
    head = present_skin.head_part(face, model.regions, vertices, albedo)
    lips = _skin_material(model.face_fields, face.triangles_m3) == LIPS
    head.material_m[: len(face.triangles_m3)][lips] = LIPS
    head = only(head, np.arange(len(head.triangles_m3)) < len(face.triangles_m3))  # without the chest
    low = face.neutral_v3[face.triangles_m3, 1].min(1) < ICT_DOWN_TO
    eye = face.triangles_m3[:, 0] >= face_model.EYEBALLS[0].start
    head = only(head, ~low & ~eye)
    bent = figure.bent(head.vertices_v3[: len(face.neutral_v3)], model.face_shares)
    rest = head.vertices_v3[len(face.neutral_v3) :]
    points = np.concatenate([bent, rest]).astype(np.float32)
    coordinates = np.concatenate([face.neutral_v3, rest]).astype(np.float32)
    return compact(
        Part(
            points,
            head.triangles_m3,
            head.albedo_v3,
            head.label_m,
            head.material_m,
            coordinates,
            head.canonical_v3,
        )
    )


def eyes_of(model: PeopleModel, figure: Figure, rng: Generator) -> tuple[list[Part], Array]:
    """The eyeballs, and their centres (2, 3), the one on -X first."""
    parts, centres = [], []
    sideways, upward = rng.normal() * 0.22, np.clip(rng.normal() * 0.08, -0.2, 0.12)
    for k in range(2):
        gaze = np.array([sideways, upward, 1.0])
        if figure.face_v3 is None:
            ball = figure.base_v3[EYEBALLS[k]]
            radius = np.ptp(ball[:, 0]) / 2
            centre = np.array([*((ball.max(0) + ball.min(0)) / 2)[:2], ball[:, 2].min() + radius])
        else:
            part = sorted(face_model.EYEBALLS, key=lambda p: float(model.face.neutral_v3[p, 0].mean()))[k]
            ball, neutral = figure.face_v3[part], model.face.neutral_v3[part]
            radius = float(np.ptp(ball[:, 0]) / 2)
            centre = (ball.max(0) + ball.min(0)) / 2
            front = int(np.argmax(neutral[:, 2]))
            gaze = ball[front] - centre
        parts.append(complexion.eyeball(centre, radius * 0.995, gaze / np.linalg.norm(gaze)))
        centres.append(centre)
    return parts, np.stack(centres)


def mouth_of(model: PeopleModel, figure: Figure, rng: Generator) -> list[Part]:
    """Teeth and tongue of the MakeHuman family; the ICT head has its own."""
    if figure.face_v3 is not None:
        return []
    shade = np.array([0.62, 0.55, 0.44]) * rng.uniform(0.7, 1.2)
    parts = []
    for name, colour in (("teeth/teeth_base", shade), ("tongue/tongue01", [0.35, 0.1, 0.1])):
        proxy = model.body.proxies[name]
        points = proxy.bound(figure.base_v3)[proxy.place_v] - np.array([0, 0, BEHIND_LIPS], np.float32)
        parts.append(plain(points, proxy.triangles_m3, np.asarray(colour), LABEL_NARROW_FACE, MOUTH))
    return parts


def landmarks_of(model: PeopleModel, figure: Figure) -> Array:
    """The 68 landmarks (68, 3), in the pose's rest: the head does not bend."""
    if figure.face_v3 is not None:
        return np.asarray(figure.face_v3[face_model.LANDMARKS_68])
    return np.asarray(figure.base_v3[model.alignment.landmarks_68])
