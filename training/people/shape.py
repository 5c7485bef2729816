"""Random bodies: sex, age, kin, morphs and expression of a person; and the pose. Centimetres, ICT frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.people.alignment import Alignment
from training.people.body_model import EYEBALLS, SKIN, BodyModel
from training.scenes.face_model import EYE_CENTRES
from training.scenes.primitives import euler

KIN = ("african", "asian", "caucasian")
AGES = ("child", "young", "old")
MORPH_CHANCE, MORPH_DEVIATION = 0.55, 0.38
"""Of a pair of opposite morphs: the chance that one is used, and the standard deviation of its weight."""
LOPSIDED = 0.08
"""Standard deviation of the difference between the weights of the two sides."""
OPPOSITES = {
    "incr": "decr",
    "up": "down",
    "in": "out",
    "forward": "backward",
    "convex": "concave",
    "compress": "uncompress",
    "1-l": "1-r",
    "2-l": "2-r",
    "3-l": "3-r",
}
SLIGHT = ("trans-in", "trans-out", "asym/", "trans-", "push", "torso")
"""Parts of names of morphs that are used at a third of the weight: lopsided or strong ones."""
SMILES = 0.45
"""Share of expressions with a smile: of portraits, the most frequent one."""
UNUSED = ("head-trans", "neck-trans", "torso-trans", "asymm-", "head-age", "torso-muscle")


@dataclass(frozen=True, eq=False)
class Traits:
    """sex: 0 female to 1 male. age: 0 child, 1 young, 2 old. kin_3: shares of KIN."""

    sex: float
    age: float
    kin_3: Array


def random_traits(rng: Generator) -> Traits:
    """Mostly adults, every age between child and old; kin mixed or pure."""
    sex = float(np.clip(rng.choice([0.0, 1.0]) + rng.normal() * 0.15, 0, 1))
    age = rng.uniform(0.15, 0.8) if rng.random() < 0.15 else 0.9 + 1.1 * rng.random() ** 1.3
    return Traits(sex, float(age), rng.dirichlet(np.full(3, 0.5)))


def random_weights(body: BodyModel, traits: Traits, rng: Generator) -> dict[str, float]:
    """Weights of morphs without an expression."""
    weights = {}
    ages = np.clip(1 - np.abs(np.arange(3) - traits.age), 0, 1)
    heavy = rng.normal() * 0.45
    for name, share in (("female", 1 - traits.sex), ("male", traits.sex)):
        for age, part in zip(AGES, ages, strict=True):
            for kin, mix in zip(KIN, traits.kin_3, strict=True):
                weights[f"macrodetails/{kin}-{name}-{age}"] = float(share * part * mix)
            weight = "max" if heavy > 0 else "min"
            universal = f"macrodetails/universal-{name}-{age}-averagemuscle-{weight}weight"
            weights[universal] = float(share * part * min(abs(heavy), 1))
    for one, other in _pairs(body):
        if rng.random() > MORPH_CHANCE:
            continue
        slight = 0.33 if any(part in one for part in SLIGHT) else 1.0
        amount = np.clip(rng.normal() * MORPH_DEVIATION, -1, 1) * slight
        lopsided = rng.normal(size=2) * LOPSIDED
        for side, difference in zip(("l-", "r-"), lopsided, strict=True):
            value = amount + difference if "/l-" in one else amount
            chosen = one if value > 0 else other
            if chosen:
                weights[chosen.replace("/l-", f"/{side}")] = float(abs(value))
    return {name: weight for name, weight in weights.items() if weight > 1e-3}


def _pairs(body: BodyModel) -> list[tuple[str, str]]:
    """Morphs of the shape and their opposites ("" where there is none); of two sides the left one."""
    groups = (
        "asym",
        "cheek",
        "chin",
        "ears",
        "eyebrows",
        "eyes",
        "forehead",
        "head",
        "mouth",
        "neck",
        "nose",
    )
    names = sorted(
        name
        for name in body.morphs
        if name.startswith((*(f"{group}/" for group in groups), "torso/"))
        and "/r-" not in name
        and not any(part in name for part in UNUSED)
    )
    opposite = {}
    for name in names:
        for one, other in OPPOSITES.items():
            if name.endswith(f"-{one}") and (pair := name.removesuffix(one) + other) in body.morphs:
                opposite[name] = pair
    taken = set(opposite.values())
    return [(name, opposite.get(name, "")) for name in names if name not in taken]


def expression_weights(body: BodyModel, kin_3: Array, rng: Generator, closed: bool) -> dict[str, float]:
    """Weights of up to seven units of expression, mostly symmetric; closed: shut eyes."""
    folder = "expression/units/african/"
    units = sorted(name.removeprefix(folder) for name in body.morphs if name.startswith(folder))
    amounts = {unit: rng.uniform(0, 1) ** 2 for unit in rng.choice(units, rng.integers(1, 5), replace=False)}
    amounts = {unit: amount for unit, amount in amounts.items() if "closure" not in unit}
    if rng.random() < SMILES:
        amounts |= {"mouth-corner-puller": rng.uniform(0.2, 1), "mouth-part-later": rng.uniform(0, 0.8)}
    if rng.random() < 0.7:
        amounts |= {_other_side(unit): amount for unit, amount in amounts.items()}
    if closed:
        amounts = {unit: amount for unit, amount in amounts.items() if not unit.startswith("eye-")}
        amounts |= dict.fromkeys(("eye-left-closure", "eye-right-closure"), 1.0)
    return {
        f"expression/units/{kin}/{unit}": float(mix * amount)
        for unit, amount in amounts.items()
        for kin, mix in zip(KIN, kin_3, strict=True)
        if mix * amount > 1e-3
    }


def _other_side(unit: str) -> str:
    swapped = unit.replace("-left-", "-?-").replace("-right-", "-left-").replace("-?-", "-right-")
    return str(swapped)


def in_head_frame(points_v3: Array, alignment: Alignment) -> Array:
    """A shaped base mesh in the ICT frame, its eyes at the height and depth of the mean face's."""
    moved = alignment.to_head(points_v3)
    eyes = np.stack([moved[part].mean(0) for part in EYEBALLS]).mean(0)
    return np.asarray(moved + (EYE_CENTRES.mean(0) - eyes) * [0, 1, 1], np.float32)


def neck_share(points_n3: Array) -> Array:
    """How far places of the neutral body turn with the trunk under the head, (n,) 0 to 1: a smooth bend from
    the jaw and the nape to the collarbones.
    """
    below = points_n3[:, 1] + 4 + 0.4 * (points_n3[:, 2] + 6)
    return _smooth(-below / 10)


def _smooth(x: Array) -> Array:
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


SHOULDER, ELBOW = np.array([17.5, -19.5, -5.0]), np.array([35.0, -42.0, -4.0])
"""Joints of the arm on +X in the neutral body, ICT frame."""
JOINT_RADIUS = 8.0
"""Skin this near to a joint moves it, centimetres."""
ARM_RADIUS = 9.5
"""Distance from the axis of the arm at which the trunk begins, centimetres."""


@dataclass(frozen=True, eq=False)
class Pose:
    """How the neutral body is bent.

    trunk_33: turn of the trunk under the head. lowered_2, bent_2: degrees of both upper arms (towards the
    trunk) and forearms (forward), the arm on -X first.
    """

    trunk_33: Array
    lowered_2: Array
    bent_2: Array


def random_pose(rng: Generator) -> Pose:
    """A trunk turned up to 45 degrees, arms that hang, elbows bent."""
    trunk = euler(np.clip(rng.normal() * 16, -45, 45), rng.normal() * 5, rng.normal() * 4)
    lowered = 30 + rng.normal(size=2) * 7 + rng.normal() * 6
    bent = rng.uniform(0, 30) if rng.random() < 0.7 else rng.uniform(20, 80)
    return Pose(trunk, np.clip(lowered, 5, 44), np.clip(bent + rng.normal(size=2) * 8, 0, 90))


TRUNK_PIVOT = np.array([0, -13.0, -3.5])


@dataclass(frozen=True, eq=False)
class PoseShares:
    """Of places of the neutral body: neck_n, arm_2n, forearm_2n: shares 0 to 1; arms on -X first."""

    neck_n: Array
    arm_2n: Array
    forearm_2n: Array

    def of(self, index_p3: Array, weight_p3: Array) -> PoseShares:
        """Shares of points bound to base vertices."""

        def mean(values: Array) -> Array:
            return (values[..., index_p3] * weight_p3).sum(-1)

        return PoseShares(mean(self.neck_n), mean(self.arm_2n), mean(self.forearm_2n))


def pose_shares(neutral_v3: Array) -> PoseShares:
    """Of all vertices of the neutral body."""
    arms, forearms = [], []
    for sign in (-1, 1):
        side = neutral_v3 * [sign, 1, 1] - SHOULDER
        along = (ELBOW - SHOULDER) / np.linalg.norm(ELBOW - SHOULDER)
        down = side @ along
        below = side[:, 0] * along[1] - side[:, 1] * along[0]
        inner = np.clip((ARM_RADIUS - below) / 5, 0, 1)
        arms.append(_smooth((down + 5) / 12) * _smooth(inner))
        forearms.append(_smooth((down - np.linalg.norm(ELBOW - SHOULDER) + 5) / 10) * _smooth(inner))
    return PoseShares(neck_share(neutral_v3), np.stack(arms), np.stack(forearms))


def posed(points_v3: Array, shares: PoseShares, pose: Pose, joints_43: Array) -> Array:
    """Points of a shaped body bent by a pose, (v, 3) float32. joints_43: see `joints`."""
    out = points_v3.astype(np.float64)
    for k, sign in enumerate((-1, 1)):
        out = _turned(out, joints_43[2 + k], np.array([-1.0, 0, 0]), pose.bent_2[k] * shares.forearm_2n[k])
        out = _turned(out, joints_43[k], np.array([0, 0, -1.0 * sign]), pose.lowered_2[k] * shares.arm_2n[k])
    turned = (out - TRUNK_PIVOT) @ pose.trunk_33.T + TRUNK_PIVOT
    return np.asarray(out + shares.neck_n[:, None] * (turned - out), np.float32)


def joint_vertices(neutral_v3: Array) -> list[Array]:
    """Skin vertices around the shoulders and then the elbows, those on -X first."""
    skin, places = (
        neutral_v3[SKIN],
        [joint * np.array([sign, 1, 1]) for joint in (SHOULDER, ELBOW) for sign in (-1, 1)],
    )
    return [np.flatnonzero(((skin - place) ** 2).sum(1) < JOINT_RADIUS**2) for place in places]


def joints(base_v3: Array, around: list[Array]) -> Array:
    """Middles of the joints of a shaped body, (4, 3)."""
    return np.stack([base_v3[index].mean(0) for index in around])


def _turned(points_n3: Array, pivot_3: Array, axis_3: Array, degrees_n: Array) -> Array:
    """Points turned about an axis through a pivot, each by its own angle (Rodrigues' formula)."""
    away, angle = points_n3 - pivot_3, np.radians(degrees_n)[:, None]
    along = (away @ axis_3)[:, None] * axis_3
    turned = away * np.cos(angle) + np.cross(axis_3, away) * np.sin(angle) + along * (1 - np.cos(angle))
    return np.asarray(np.where(degrees_n[:, None] > 0, turned + pivot_3, points_n3))
