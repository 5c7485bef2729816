"""One random scene of people: who, in what hair and clothes, and how many. Centimetres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.people import complexion, dressing, hair_cards, person, strays
from training.people.complexion import random_complexion, random_tone
from training.people.dressing import Cards
from training.people.model import PeopleModel
from training.people.person import Figure
from training.people.suits import cloth_colour, cloth_row, material
from training.scenes import accessories, face_model, hair
from training.scenes.primitives import (
    CLOTH,
    EYE,
    GLASS,
    HAIR,
    LABEL_HEAD,
    MOUTH,
    PLASTIC,
    SKIN,
    Part,
    euler,
    join,
    moved,
)

CHANCE = {
    "MakeHuman": 0.5,
    "expression": 0.75,
    "hair cards": 0.9,
    "beard": 0.22,
    "glasses": 0.16,
    "sunglasses": 0.2,
    "hat": 0.06,
    "closed eyes": 0.05,
    "freckles": 0.12,
    "make-up": 0.15,
    "earrings": 0.08,
    "mask": 0.02,
    "hand": 0.06,
    "microphone": 0.03,
    "loose strands": 0.5,
}
"""Probabilities per person; of "sunglasses" given glasses, of "loose strands" given hair. Earrings and masks
are worn by the ICT family only."""
SECOND_CHANCE = 0.12
"""Probability per scene of a second person, beside or behind the first."""
TEMPLES = 7.5
"""Half of the distance between the temples of glasses as `accessories` makes them, centimetres."""
PLAIN_ROWS = 8
"""Rows of the materials of `primitives` and of lips; those of clothes follow."""


@dataclass(frozen=True, eq=False)
class Person:
    """One person. rows_k24: of the materials, see `portrait_shading.MATERIAL`. kinds_k16: see `strands.KIND`.
    cards: hair, brows and lashes. envelope: of the hair, or None.
    """

    mesh: Part
    cards: Cards
    envelope: Part | None
    rows_k24: Array
    kinds_k16: Array
    eyes_23: Array
    landmarks_683: Array
    tone: float
    has: frozenset[str]


def random_person(model: PeopleModel, rng: Generator) -> Person:
    """Draws a person. Fresh generators of the same seed give the same person."""
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    _settle(has)
    figure = person.random_figure(model, rng, has)
    tone = random_tone(figure.traits.kin_3, rng)
    hair_kind = hair_cards.hair_kind(figure.traits.kin_3, figure.traits.age, rng)
    if figure.traits.age < 0.75 or figure.traits.sex < 0.5:
        has.discard("beard")
    tint = random_complexion(tone, hair_kind[4:7], figure.traits.sex, rng, has)
    rows = _plain_rows(figure, tone, rng)
    length = strays.beard_length(rng) if "beard" in has else 0.0
    style = _style(model, rng, has)
    suit = str(rng.choice([name for name in model.suits if name not in dressing.HATS]))
    skins = person.skin_parts(model, figure, tint, model.suits[suit].drawn_in_v, style, 0.35 * length)
    balls, eyes = person.eyes_of(model, figure, rng)
    parts = [*skins, *balls, *person.mouth_of(model, figure, rng)]
    parts.append(dressing.suit_parts(model, figure, suit, rows, rng))
    marks = person.landmarks_of(model, figure)
    cards, envelope = _hair(model, figure, style, parts, skins, rows, rng, has)
    kinds = np.stack([hair_kind, _thin(hair_kind, 0.68, 7.0), _thin(hair_kind * _dark_lashes(), 0.52, 8.0)])
    if "loose strands" in has and cards is not None:
        parts.append(strays.loose(cards[0], hair_kind[7:10], rng))
    if "beard" in has:
        marks_68 = model.face.neutral_v3[face_model.LANDMARKS_68]
        parts.append(strays.beard(skins[-1], marks_68, tint.stubble_3, length, rng))
    parts += _worn(model, figure, marks, eyes, tint.skin_3, rng, has)
    small = _brows_and_lashes(model, figure, parts, marks, eyes, rng)
    every = dressing.joined([*(cards or []), *small])
    names = frozenset(has)
    return Person(join(parts), every, envelope, np.stack(rows), kinds, eyes, marks, tone, names)


def _settle(has: set[str]) -> None:
    """Drops names that others exclude."""
    if "hair cards" in has:
        has.add("hair")
    if "hair" not in has:
        has -= {"loose strands"}
    if "glasses" not in has:
        has -= {"sunglasses"}
    if "MakeHuman" in has:
        has -= {"earrings", "mask"}


def _plain_rows(figure: Figure, tone: float, rng: Generator) -> list[Array]:
    """Of SKIN, HAIR, CLOTH, EYE, MOUTH, PLASTIC, GLASS and lips."""
    rows = [material(frequency=1.0) for _ in range(PLAIN_ROWS)]
    rows[SKIN] = complexion.skin_row(figure.traits.age, rng)
    rows[person.LIPS] = complexion.lip_row(rows[SKIN], rng)
    rows[HAIR] = material(frequency=3, colour_variation=0.3, gloss=0.1, exponent=15, subsurface=1)
    rows[CLOTH], rows[EYE], rows[MOUTH] = (
        cloth_row(rng),
        complexion.eye_row(tone, rng),
        complexion.mouth_row(),
    )
    rows[PLASTIC] = material(frequency=3, colour_variation=0.03, gloss=0.4, exponent=50, mirror=1)
    return rows


def _thin(kind_16: Array, density: float, coarse: float) -> Array:
    """The row of brows or lashes: short hairs that taper, none of them grey or wavy."""
    row = kind_16.copy()
    row[[0, 1, 2, 3, 10, 11, 14]] = coarse, 2.5 * coarse, density, 0.7, 0.5 * row[10], 0.02, 0
    row[4:10] = np.clip(np.tile(row[4:7], 2), 0.004, 0.25)
    return row


def _dark_lashes() -> Array:
    factor = np.ones(16)
    factor[4:10] = 0.3
    return factor


def _style(model: PeopleModel, rng: Generator, has: set[str]) -> str | None:
    """A style of hair, whose name is added to `has`."""
    if "hair" not in has:
        return None
    style = str(rng.choice(dressing.UNDER_HATS if "hat" in has else model.body.names("hair")))
    has.add(style.removeprefix("hair/"))
    return style


def _hair(
    model: PeopleModel,
    figure: Figure,
    style: str | None,
    parts: list[Part],
    skins: list[Part],
    rows: list[Array],
    rng: Generator,
    has: set[str],
) -> tuple[list[Cards] | None, Part | None]:
    """Hair and hat; the hat is added to `parts`."""
    cards = None
    if style is not None:
        cards = dressing.cards_of(model, figure, style, 0, rng, rng.uniform(0.1, 0.7))
    if "hat" in has:
        hat = dressing.suit_parts(model, figure, str(rng.choice(dressing.HATS)), rows, rng, LABEL_HEAD)
        parts.append(hat)
        if cards is not None:
            cards = dressing.under_hat(cards, float(hat.vertices_v3[:, 1].min()))
    if cards is None or not len(cards.triangles_m3):
        return None, None
    return [cards], dressing.envelope_part(cards, skins, rng)


def _brows_and_lashes(
    model: PeopleModel, figure: Figure, parts: list[Part], marks: Array, eyes: Array, rng: Generator
) -> list[Cards]:
    """Cards of both; the lashes of an ICT head are ribbons on its lids, added to `parts`."""
    brows = [dressing.cards_of(model, figure, str(rng.choice(model.body.names("eyebrows"))), 1, rng)]
    lash = str(rng.choice(model.body.names("eyelashes")))
    if figure.face_v3 is None:
        return [*brows, dressing.cards_of(model, figure, lash, 2, rng)]
    parts.append(hair.lashes(as_vertices(marks), eyes, rng))
    return brows


def as_vertices(marks_683: Array) -> Array:
    """Vertices of an ICT head of which only the landmarks are right."""
    vertices = np.zeros((int(face_model.LANDMARKS_68.max()) + 1, 3))
    vertices[face_model.LANDMARKS_68] = marks_683
    return vertices


def _worn(
    model: PeopleModel,
    figure: Figure,
    marks: Array,
    eyes: Array,
    skin_3: Array,
    rng: Generator,
    has: set[str],
) -> list[Part]:
    """Glasses, and what is held or worn before the face."""
    parts = []
    if "glasses" in has:
        parts.append(_fitted(accessories.glasses(eyes, rng, "sunglasses" in has), marks))
    if "mask" in has and figure.face_v3 is not None:
        parts.append(accessories.mask(model.face, model.regions, figure.face_v3, rng))
    if "earrings" in has and figure.face_v3 is not None:
        parts.append(accessories.earrings(model.face, figure.face_v3, rng))
    if "hand" in has:
        parts.append(accessories.hand(as_vertices(marks), skin_3, cloth_colour(rng), rng))
    if "microphone" in has:
        parts.append(accessories.microphone(as_vertices(marks), rng))
    return parts


def _fitted(glasses: Part, marks_683: Array) -> Part:
    """Glasses whose temples end beside the ears of a head of any width."""
    eye_plane, ears = marks_683[36:48, 2].mean(), marks_683[[0, 16]]
    back = np.clip((eye_plane - glasses.vertices_v3[:, 2]) / (eye_plane - ears[:, 2].mean()), 0, 1)
    points = glasses.vertices_v3.copy()
    points[:, 0] *= 1 + back * (np.ptp(ears[:, 0]) / 2 / TEMPLES - 1)
    return replace(glasses, vertices_v3=points)


@dataclass(frozen=True, eq=False)
class Scene:
    """All people in one mesh, the first person's head upright at the origin.

    owner_m, envelope_owner_m: number of the person of each triangle of `mesh` and of `envelope`. cards: of
    all. eyes_k3: per person left then right. landmarks_683, tone: of the first person.
    """

    mesh: Part
    owner_m: Array
    cards: Cards
    envelope: Part | None
    envelope_owner_m: Array
    rows_k24: Array
    kinds_k16: Array
    eyes_k3: Array
    landmarks_683: Array
    tone: float
    has: frozenset[str]


def random_scene(model: PeopleModel, rng: Generator) -> Scene:
    """Draws a scene. Fresh generators of the same seed give the same scene."""
    count = 1 + int(rng.random() < SECOND_CHANCE)
    people = [random_person(model, rng)]
    places: list[tuple[Array, Array]] = [(np.eye(3, dtype=np.float32), np.zeros(3))]
    if count > 1:
        people.append(random_person(model, rng))
        turn = euler(rng.normal() * 25, rng.normal() * 8, rng.normal() * 8)
        depth = rng.uniform(-60, 12) if rng.random() < 0.7 else rng.uniform(-180, -60)
        sideways = rng.choice([-1, 1]) * rng.uniform(26, 55)
        places.append((turn, np.array([sideways, rng.normal() * 9, depth])))
    has = set(people[0].has) | ({"two people"} if count > 1 else set())
    meshes, cards, envelopes, kinds, rows = [], [], [], 0, 0
    for one, (turn, shift) in zip(people, places, strict=True):
        mesh = moved(one.mesh, turn, shift)
        clear = mesh.material_m == GLASS
        meshes.append(
            replace(mesh, material_m=np.where(clear, GLASS, mesh.material_m + rows).astype(np.uint8))
        )
        cards.append(_moved_cards(one.cards, turn, shift, kinds))
        envelopes.append(moved(one.envelope, turn, shift) if one.envelope is not None else None)
        kinds, rows = kinds + len(one.kinds_k16), rows + len(one.rows_k24)
    there = [(n + 1, part) for n, part in enumerate(envelopes) if part is not None]
    return Scene(
        join(meshes),
        _owners(list(enumerate(meshes, 1))),
        dressing.joined(cards),
        join([part for _, part in there]) if there else None,
        _owners(there) if there else np.zeros(0, np.uint8),
        np.concatenate([one.rows_k24 for one in people]),
        np.concatenate([one.kinds_k16 for one in people]),
        np.concatenate(
            [one.eyes_23 @ turn.T + shift for one, (turn, shift) in zip(people, places, strict=True)]
        ),
        people[0].landmarks_683,
        people[0].tone,
        frozenset(has),
    )


def _owners(parts: list[tuple[int, Part]]) -> Array:
    return np.concatenate([np.full(len(part.triangles_m3), number, np.uint8) for number, part in parts])


def _moved_cards(cards: Cards, turn_33: Array, shift_3: Array, first_kind: int) -> Cards:
    return replace(
        cards,
        vertices_v3=np.asarray(cards.vertices_v3 @ turn_33.T + shift_3, np.float32),
        tangent_v3=np.asarray(cards.tangent_v3 @ turn_33.T, np.float32),
        normal_v3=np.asarray(cards.normal_v3 @ turn_33.T, np.float32),
        kind_m=cards.kind_m + first_kind,
    )
