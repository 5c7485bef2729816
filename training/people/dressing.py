"""Hair, brows, lashes, clothes and hats of one person. Centimetres, the head upright, facing +Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from face3d.structures import Array
from training.people import hair_cards
from training.people.envelope import hair_envelope
from training.people.hair_cards import tangents
from training.people.model import PeopleModel
from training.people.person import Figure
from training.people.suits import cloth_colour, cloth_row
from training.rendering.rasteriser import fractal_noise
from training.scenes.primitives import HAIR, LABEL_BODY, LABEL_HEAD, Part, plain, unit

CHIN = -6.0
"""Height under which hair and cloth are labelled body, as in the scenes of the first kind."""
HATS = ("clothes/fedora", "clothes/fedora_cocked")
UNDER_HATS = ("hair/long01", "hair/short03", "hair/short04", "hair/bob01")
HAT_RIM = 2.0
"""Above the lowest point of a hat, hair under it is hidden."""
LIFT = 2.4
"""How far blown hair stands off the skull more than a style does, at most, centimetres."""
VOLUME = 0.55
"""How far the normals of hair are those of its volume, a ball around the head, and not of its cards."""


@dataclass(frozen=True, eq=False)
class Cards:
    """Cards of strands in the frame of the head, see `strands.Strands`. casts_m: whether a triangle casts a
    shadow: brows and lashes do not.
    """

    vertices_v3: Array
    triangles_m3: Array
    place_v3: Array
    along_v: Array
    edge_v: Array
    tangent_v3: Array
    normal_v3: Array
    kind_m: Array
    casts_m: Array


def cards_of(
    model: PeopleModel, figure: Figure, name: str, kind: int, rng: Generator, shaken: float = 0.0
) -> Cards:
    """The cards of a style. kind: row of its colours. shaken: size of random changes of shape, centimetres;
    half of the shaken styles are mirrored strand for strand by their noise, not by their shape.
    """
    proxy, places = model.body.proxies[name], model.styles[name]
    points = proxy.bound(figure.base_v3)
    if shaken:
        seed = int(rng.integers(1 << 20))
        away = unit(points - hair_cards.SKULL)
        top = np.clip(away @ hair_cards.CROWN + 0.2, 0, 1)[:, None]
        points = points + away * top * LIFT * rng.random() ** 2
        points = points + away * (shaken * fractal_noise(points, 0.16, 2, seed))[:, None]
        points = points + shaken * np.stack(
            [fractal_noise(points, 0.1, 2, seed + 1 + axis) for axis in range(3)], 1
        ) * np.clip((4 - points[:, 1:2]) / 8, 0, 1)
    points = figure.bent(points.astype(np.float32), model.shares.of(proxy.index_p3, proxy.weight_p3))
    vertices, triangles = points[proxy.place_v], proxy.triangles_m3
    middle = np.stack([0 * vertices[:, 0], np.minimum(vertices[:, 1], 4), 0 * vertices[:, 0] - 1], 1)
    ball = unit(vertices - middle)
    smooth = _normals(points, proxy.place_v[triangles])[proxy.place_v]
    smooth *= np.where((smooth * ball).sum(1, keepdims=True) < 0, -1, 1)
    return Cards(
        vertices,
        triangles,
        places.place_v3,
        places.along_v,
        places.edge_v,
        tangents(vertices, triangles, places.along_v),
        unit(VOLUME * ball + (1 - VOLUME) * smooth).astype(np.float32),
        np.full(len(triangles), kind, np.int32),
        np.full(len(triangles), name.startswith("hair/")),
    )


def _normals(points_v3: Array, triangles_m3: Array) -> Array:
    corners = points_v3[triangles_m3]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(points_v3), 3))
    np.add.at(total, triangles_m3.ravel(), np.repeat(flat, 3, 0))
    return unit(total)


def joined(cards: list[Cards]) -> Cards:
    """All cards in one."""
    offsets = np.cumsum([0] + [len(c.vertices_v3) for c in cards[:-1]])
    triangles = [c.triangles_m3 + offset for c, offset in zip(cards, offsets, strict=True)]
    return Cards(
        np.concatenate([c.vertices_v3 for c in cards]),
        np.concatenate(triangles).astype(np.int32),
        *(
            np.concatenate([getattr(c, name) for c in cards])
            for name in ("place_v3", "along_v", "edge_v", "tangent_v3", "normal_v3", "kind_m", "casts_m")
        ),
    )


def under_hat(cards: Cards, lowest: float) -> Cards:
    """The cards below the rim of a hat, thinned out towards it. lowest: the hat's lowest height."""
    above = lowest + HAT_RIM - cards.vertices_v3[:, 1]
    kept = (above[cards.triangles_m3] > 0).any(1)
    return Cards(
        cards.vertices_v3,
        np.ascontiguousarray(cards.triangles_m3[kept]),
        cards.place_v3,
        cards.along_v,
        (cards.edge_v * np.clip(above / 2, 0, 1)).astype(np.float32),
        cards.tangent_v3,
        cards.normal_v3,
        cards.kind_m[kept],
        cards.casts_m[kept],
    )


def envelope_part(cards: Cards, skins: list[Part], rng: Generator) -> Part:
    """The surface of the hair for the ground truth: never seen, see `envelope`."""
    points = np.concatenate([part.vertices_v3 for part in skins])
    offsets = np.cumsum([0] + [len(part.vertices_v3) for part in skins[:-1]])
    skin = np.concatenate([part.triangles_m3 + o for part, o in zip(skins, offsets, strict=True)])
    vertices, triangles = hair_envelope(cards.vertices_v3, cards.triangles_m3, points, skin, rng)
    part = plain(vertices, triangles, np.full(3, 0.5), LABEL_HEAD, HAIR)
    part.label_m[vertices[triangles[:, 0], 1] < CHIN] = LABEL_BODY
    return part


def suit_parts(
    model: PeopleModel, figure: Figure, name: str, rows: list[Array], rng: Generator, label: int = LABEL_BODY
) -> Part:
    """One suit or hat; a row of `rows` is added for each of its pieces."""
    proxy, places = model.body.proxies[name], model.suits[name]
    points = proxy.bound(figure.base_v3)
    points = figure.bent(points, model.shares.of(proxy.index_p3, proxy.weight_p3))[proxy.place_v]
    pieces = int(places.piece_m.max()) + 1
    shared = cloth_row(rng)
    materials = np.arange(pieces) + len(rows)
    colours = np.stack([cloth_colour(rng) for _ in range(pieces)])
    rows.extend(cloth_row(rng) if rng.random() < 0.6 else shared for _ in range(pieces))
    albedo = np.full((len(points), 3), 0.3)
    albedo[proxy.triangles_m3] = colours[places.piece_m][:, None]
    part = plain(points, proxy.triangles_m3, albedo, label, HAIR)
    shown = places.shown_m
    return Part(
        part.vertices_v3,
        np.ascontiguousarray(part.triangles_m3[shown]),
        part.albedo_v3,
        part.label_m[shown],
        materials[places.piece_m][shown].astype(np.uint8),
        places.place_v3.astype(np.float32),
        part.canonical_v3,
    )
