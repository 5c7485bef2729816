"""One random scene as triangles: one person or two with accessories, and things around them.

Lengths in centimetres, the head upright and facing +Z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.scenes import accessories, clothes, face_model, hair, skin
from training.scenes.face_model import FaceModel, Regions
from training.scenes.primitives import (
    CLOTH,
    LABEL_NOTHING,
    PLASTIC,
    Part,
    ellipsoid,
    euler,
    join,
    limb,
    moved,
    plain,
)

CHANCE = {
    "expression": 0.75,
    "hair": 0.88,
    "fringe": 0.3,
    "long hair": 0.38,
    "beard": 0.3,
    "thick beard": 0.4,
    "glasses": 0.15,
    "sunglasses": 0.2,
    "hat": 0.07,
    "scarf": 0.04,
    "closed eyes": 0.06,
    "wrinkles": 0.3,
    "freckles": 0.12,
    "make-up": 0.15,
    "earrings": 0.1,
    "mask": 0.04,
    "hand": 0.08,
    "microphone": 0.04,
    "arms": 0.6,
}
"""Probabilities per person; of "thick beard" given a beard and of "sunglasses" given glasses."""
LATER_CHANCE = {"loose strands": 0.6, "lashes": 0.8, "neck scarf": 0.07}
"""Probabilities too, each with a generator of its own, so that they leave the rest of a seed unchanged; of
"loose strands" given hair."""
SCENE_CHANCE = {"two people": 0.08, "things": 0.35}
"""Probabilities per scene."""


@dataclass(frozen=True, eq=False)
class Scene:
    """All parts in one mesh.

    eyes_k3: centres of the eyeballs, per person left then right in a frontal picture.
    landmarks_683: of the first person, in the order of `face_model.LANDMARKS_68`.
    owner_m: per triangle 0 for things, else the number of the person. detail_68: see `details`. tone: skin of
    the first person, 0..1. has: names of the contents.
    """

    mesh: Part
    eyes_k3: Array
    landmarks_683: Array
    owner_m: Array
    detail_68: Array
    tone: float
    has: frozenset[str]


@dataclass(frozen=True, eq=False)
class Person:
    """One person.

    eyes_23: centres of the eyeballs, the one on -X first. landmarks_683: in the order of
    `face_model.LANDMARKS_68`. tone: of the skin, 0..1. has: names of the contents.
    """

    mesh: Part
    eyes_23: Array
    landmarks_683: Array
    tone: float
    has: frozenset[str]


def random_scene(model: FaceModel, regions: Regions, rng: Generator) -> Scene:
    """Draws a scene. Fresh generators of the same seed give the same scene."""
    first = random_person(model, regions, rng)
    meshes, eyes, owners, has = [first.mesh], [first.eyes_23], [1], set(first.has)
    if rng.random() < SCENE_CHANCE["two people"]:
        has.add("two people")
        second = random_person(model, regions, rng)
        turn = euler(rng.normal() * 25, rng.normal() * 8, rng.normal() * 8)
        shift = np.array([rng.choice([-1, 1]) * rng.uniform(24, 55), rng.normal() * 9, rng.uniform(-50, 12)])
        meshes.append(moved(second.mesh, turn, shift))
        eyes.append(second.eyes_23 @ turn.T + shift)
        owners.append(2)
    if rng.random() < SCENE_CHANCE["things"]:
        has.add("things")
        meshes.append(_things(rng))
        owners.append(0)
    owner = np.repeat(np.array(owners, np.uint8), [len(mesh.triangles_m3) for mesh in meshes])
    return Scene(
        join(meshes),
        np.concatenate(eyes),
        first.landmarks_683,
        owner,
        details(rng),
        first.tone,
        frozenset(has),
    )


def random_person(model: FaceModel, regions: Regions, rng: Generator) -> Person:
    """Draws a person. Fresh generators of the same seed give the same person."""
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    _settle(has)
    tone = rng.random()
    colour, hair_colour = skin.skin_colour(tone, rng), hair.hair_colour(rng)
    bare = skin.head_shape(model, rng, has)
    albedo, vertices = skin.paint_head(model, regions, bare, colour, hair_colour, rng, has)
    parts = [skin.head_part(model, regions, vertices, albedo)]
    loose, lash, wound = rng.spawn(3)
    if "scarf" in has:
        parts.append(hair.head_scarf(model, regions, vertices, rng))
    if "hair" in has:
        parts.append(hair.hair(model, regions, vertices, hair_colour, rng, "fringe" in has))
    if "long hair" in has:
        parts.append(hair.curtain(vertices, hair_colour, rng))
    if "hair" in has and loose.random() < LATER_CHANCE["loose strands"]:
        has.add("loose strands")
        parts.append(hair.loose_strands(parts[1:], hair_colour, loose))
    if "hat" in has:
        parts.extend(hair.hat(model, regions, vertices, rng))
    eyes = np.stack([vertices[part].mean(0) for part in _eyeballs_left_to_right(model)])
    if lash.random() < LATER_CHANCE["lashes"]:
        has.add("lashes")
        parts.append(hair.lashes(vertices, eyes, lash))
    if "glasses" in has:
        parts.append(accessories.glasses(eyes, rng, "sunglasses" in has))
    if "mask" in has:
        parts.append(accessories.mask(model, regions, vertices, rng))
    if "earrings" in has:
        parts.append(accessories.earrings(model, vertices, rng))
    if "hand" in has:
        parts.append(accessories.hand(vertices, colour, rng.uniform(0.02, 0.8, 3), rng))
    if "microphone" in has:
        parts.append(accessories.microphone(vertices, rng))
    parts.append(clothes.clothes(colour, rng, "arms" in has))
    if wound.random() < LATER_CHANCE["neck scarf"]:
        has.add("neck scarf")
        parts.append(clothes.neck_scarf(wound))
    return Person(join(parts), eyes, vertices[face_model.LANDMARKS_68], tone, frozenset(has))


def _settle(has: set[str]) -> None:
    """Drops names that others exclude."""
    if "scarf" in has:
        has -= {"hat", "hair"}
    if "hair" not in has:
        has -= {"long hair", "fringe"}
    if "glasses" not in has:
        has -= {"sunglasses"}
    if "beard" not in has:
        has -= {"thick beard"}


def _eyeballs_left_to_right(model: FaceModel) -> list[slice]:
    return sorted(face_model.EYEBALLS, key=lambda part: float(model.neutral_v3[part, 0].mean()))


def _things(rng: Generator) -> Part:
    """Lit balls, boxes and rods around the person, like lamps, chair backs and handles."""
    parts = []
    for _ in range(rng.integers(1, 5)):
        colour = rng.uniform(0.005, 0.9, 3) * rng.uniform(0.05, 1)
        material = int(rng.choice([CLOTH, PLASTIC]))
        size = rng.uniform(2, 14)
        angle, far = rng.uniform(0, 2 * np.pi), size + rng.uniform(16, 45)
        centre = np.array([far * np.cos(angle), far * np.sin(angle) - 12, rng.uniform(-70, 22)])
        if rng.random() < 0.7:
            solid = ellipsoid(centre, size * rng.uniform(0.5, 1.5, 3), rng, rng.choice([0.0, 0.06, 0.3]))
        else:
            along = rng.normal(size=3) * 20
            solid = limb(
                np.stack([centre - along, centre, centre + along + rng.normal(size=3) * 5]),
                rng.uniform(0.5, 4),
            )
        parts.append(plain(*solid, colour, LABEL_NOTHING, material))
    return join(parts)


def details(rng: Generator) -> Array:
    """(6 materials, 8): noise frequency along x, y, z, colour variation, bump, gloss factor, least gloss,
    factor on the gloss exponent.

    The bump of skin stands for its pores. Eyes are wet: their highlights are small and always there.
    """
    strand, weave = rng.uniform(1.2, 4), rng.uniform(0.3, 2.5)
    return np.array(
        [
            [5, 5, 5, rng.uniform(0, 0.08), rng.uniform(0, 0.012), 1, 0, 1],
            [strand, strand, strand, rng.uniform(0.15, 0.5), rng.uniform(0, 0.1), rng.uniform(0.5, 2), 0, 1],
            [weave, weave, weave, rng.uniform(0, 0.35), rng.uniform(0, 0.15), rng.uniform(0, 0.5), 0, 1],
            [1, 1, 1, 0, 0, 4, 0.4, 6],
            [3, 3, 3, 0.05, 0, 1.5, 0, 1],
            [1, 1, 1, 0, 0, 3, 0, 1],
        ],
        np.float32,
    )
