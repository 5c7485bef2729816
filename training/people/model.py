"""All that is computed once per run for people of both families. Centimetres, ICT frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from face3d.structures import Array
from training.people import hair_cards, shape, suits
from training.people.alignment import Alignment, align
from training.people.body_model import SKIN, BodyModel, load_body_model
from training.people.hair_cards import CardPlaces
from training.people.shape import PoseShares
from training.people.suits import SuitPlaces
from training.scenes import face_model
from training.scenes.face_model import (
    FaceModel,
    Regions,
    face_fields,
    find_regions,
    is_above_chin,
    load_face_model,
)
from training.scenes.primitives import LABEL_BODY, LABEL_HEAD, LABEL_NARROW_FACE

ON_SURFACE = 0.9
"""Distance from the ICT head above which a vertex of the body's head is within mouth, nose, ear or eye."""
LOWEST = -13.0
"""Height on the neutral head under which skin has no canonical coordinates: there the ICT neck ends."""
EARS = 7.5
"""Distance from the median plane beyond which skin is that of ears, without hair."""
NEIGHBOURS = 3
INSIDE = 0.4
"""Value of `CardPlaces.edge_v` above which a card hides the scalp."""


class Fields(NamedTuple):
    """Of skin: distances to brows and eyelids, soft masks of lips, cheeks, nose and beard, and whether it is
    inside mouth, nose or eye sockets, (v,) float32; and places on the neutral head, (v, 3).
    """

    to_brow: Array
    to_eyelid: Array
    lips: Array
    cheek: Array
    nose: Array
    beard: Array
    inner: Array
    place_v3: Array


@dataclass(frozen=True, eq=False)
class PeopleModel:
    """face, regions: of the ICT family. body, alignment: of the MakeHuman family.

    shares, face_shares: how base vertices and ICT vertices follow a pose. joints: see
    `shape.joint_vertices`.
    body_fields, face_fields: of the skins. body_label_v, canonical_v3: of the body's skin, see
    `face_model.Regions`. near_vk, near_weight_vk: ICT vertices next to each base vertex, and
    their shares.
    head_share_v: 1 where a base vertex follows an ICT head, 0 where it keeps its own body.
    styles: of hair, brows and lashes, by name. scalps: by style, how densely hair grows on the vertices of
    the body's and of the ICT skin, 0 to 1. suits: of clothes, by name.
    """

    face: FaceModel
    regions: Regions
    body: BodyModel
    alignment: Alignment
    shares: PoseShares
    face_shares: PoseShares
    joints: list[Array]
    body_fields: Fields
    face_fields: Fields
    body_label_v: Array
    canonical_v3: Array
    near_vk: Array
    near_weight_vk: Array
    head_share_v: Array
    styles: dict[str, CardPlaces]
    scalps: dict[str, tuple[Array, Array]]
    suits: dict[str, SuitPlaces]


def load_people(face_path: Path, people_path: Path) -> PeopleModel:
    """Reads both models. Raises FileNotFoundError."""
    face, body = load_face_model(face_path), load_body_model(people_path)
    regions, alignment = find_regions(face), align(body, face)
    neutral, warped = alignment.neutral_v3, alignment.warped_v3
    far, near = cKDTree(face.neutral_v3[face_model.HEAD]).query(warped, NEIGHBOURS)
    weight = 1 / np.maximum(far, 0.05)
    head = 1 - np.clip((-10.5 - warped[:, 1]) / 6, 0, 1)
    inner = (far[SKIN, 0] > ON_SURFACE) & (warped[SKIN, 1] > -11)
    bound = {name: body.proxies[name].bound(neutral) for name in body.proxies}
    shares = shape.pose_shares(neutral)
    styles = {
        name: hair_cards.card_places(name, body.proxies[name], bound[name])
        for kind in ("hair", "eyebrows", "eyelashes")
        for name in body.names(kind)
    }
    none = np.zeros((2, len(face.neutral_v3)), np.float32)
    return PeopleModel(
        face,
        regions,
        body,
        alignment,
        shares,
        PoseShares(shape.neck_share(face.neutral_v3), none, none),
        shape.joint_vertices(neutral),
        _fields(warped[SKIN], face.neutral_v3[face_model.LANDMARKS_68], inner),
        _face_fields(face, regions),
        _labels(warped[SKIN], near[SKIN, 0], face.neutral_v3[face_model.LANDMARKS_68[8]]),
        _canonical(face, regions, warped[SKIN], inner),
        near,
        (weight / weight.sum(1, keepdims=True)).astype(np.float32),
        (head * head * (3 - 2 * head)).astype(np.float32),
        styles,
        {
            name: _scalp(
                bound[name][body.proxies[name].place_v[styles[name].edge_v > INSIDE]],
                neutral[SKIN],
                face.neutral_v3,
            )
            for name in body.names("hair")
        },
        {
            name: suits.suit_places(body.proxies[name], bound[name], neutral[SKIN])
            for name in body.names("clothes")
        },
    )


def _scalp(hair_k3: Array, skin_v3: Array, face_v3: Array) -> tuple[Array, Array]:
    """Skin next to the inside of the cards, above the nape: see `PeopleModel.scalps`."""
    tree, found = cKDTree(hair_k3), []
    for places in (skin_v3, face_v3):
        far = np.minimum(tree.query(places, distance_upper_bound=4)[0], 4)
        dense = np.clip(3.2 - far, 0, 1) * np.clip((places[:, 1] + 3) / 2, 0, 1)
        dense *= np.abs(places[:, 0]) < EARS
        found.append((dense * np.clip((8 - places[:, 2]) / 2, 0, 1)).astype(np.float32))
    return found[0], found[1]


def _fields(places: Array, marks: Array, inner: Array) -> Fields:
    fields = [np.asarray(field, np.float32) for field in face_fields(places, marks)]
    fields[2] *= ~inner
    to_brow, to_eyelid, lips, cheek, nose, beard = fields
    return Fields(to_brow, to_eyelid, lips, cheek, nose, beard, inner.astype(np.float32), places)


def _face_fields(face: FaceModel, regions: Regions) -> Fields:
    inner = np.zeros(len(face.neutral_v3), np.float32)
    inner[face_model.HEAD.stop :] = 1
    beard = np.where(inner > 0, 0, regions.beard)
    to_eyes, soft = (regions.to_brow, regions.to_eyelid), (regions.lips, regions.cheek, regions.nose)
    return Fields(*to_eyes, *soft, beard, inner, face.neutral_v3)


def _labels(places: Array, near: Array, chin: Array) -> Array:
    """Of the body's skin: narrow face where the ICT head has it, head above the jaw line, else body."""
    label = np.where(is_above_chin(places, chin), LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    label[(near < face_model.NARROW_FACE.stop) & (label == LABEL_HEAD)] = LABEL_NARROW_FACE
    return label


def _canonical(face: FaceModel, regions: Regions, places: Array, inner: Array) -> Array:
    """Places on the ICT neutral head in its widths; NaN within mouth, nose and eye sockets, and below the
    neck.
    """
    skin = ~np.isnan(regions.canonical_v3).any(1)
    span = np.ptp(face.neutral_v3[skin, 0]) / np.ptp(regions.canonical_v3[skin, 0])
    canonical = (places - face_model.PIVOT) / span
    canonical[inner | (places[:, 1] < LOWEST)] = np.nan
    return canonical.astype(np.float32)
