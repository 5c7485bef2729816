"""Clothes and hats of the people model in procedural cloth. Centimetres, ICT frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from face3d.structures import Array
from training.people.body_model import Proxy
from training.rendering.portrait_shading import MATERIAL, ROW
from training.scenes.primitives import open_edges

COVERED = 2.6
"""Skin this near to cloth is drawn in, so that it does not pierce it."""
DRAWN_IN = 1.1
"""How far, at most; at its hems less."""
LARGE = 60
"""Triangles of a piece of clothing that has a colour of its own; buttons have a common one."""
LOWEST = -115.0
"""Height in the neutral body under which nothing is drawn: far below every picture."""


@dataclass(frozen=True, eq=False)
class SuitPlaces:
    """place_v3: of the vertices, on the neutral body. piece_m: number of the piece of each triangle, the last
    of small pieces. shown_m: triangles above LOWEST. drawn_in_v: how far the body's skin is drawn in.
    """

    place_v3: Array
    piece_m: Array
    shown_m: Array
    drawn_in_v: Array


def suit_places(proxy: Proxy, points_p3: Array, skin_v3: Array) -> SuitPlaces:
    """Of one suit. points_p3: bound to the neutral body. skin_v3: of the neutral body."""
    places = points_p3[proxy.place_v]
    triangles = proxy.place_v[proxy.triangles_m3]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    links = coo_matrix((np.ones(len(edges)), edges.T), (len(points_p3),) * 2)
    piece = connected_components(links, directed=False)[1][triangles[:, 0]]
    count = np.bincount(piece)
    order = np.cumsum(count >= LARGE) - 1
    number = np.where(count[piece] >= LARGE, order[piece], (count >= LARGE).sum())
    middles = places[proxy.triangles_m3].mean(1)
    far = cKDTree(np.concatenate([places, middles])).query(skin_v3)[0]
    rim = points_p3[open_edges(triangles)].mean(1)
    from_rim = cKDTree(rim).query(skin_v3)[0]
    # Beside a hem the hem itself is nearest: that skin is bare.
    under = np.clip((from_rim - far - 0.4) / 2, 0, 1)
    return SuitPlaces(
        places,
        number.astype(np.uint8),
        np.asarray((places[proxy.triangles_m3][..., 1] > LOWEST).any(1)),
        (DRAWN_IN * under * np.clip((COVERED - far) / 1.6, 0, 1)).astype(np.float32),
    )


def material(**values: float) -> Array:
    """A row of `portrait_shading.MATERIAL`; what is not given is 0."""
    row = np.zeros(ROW)
    for name, value in values.items():
        row[MATERIAL.index(name.replace("_", " "))] = value
    return row


def cloth_colour(rng: Generator) -> Array:
    """Black, white, grey, navy and denim are common; every other colour occurs."""
    kind = rng.random()
    if kind < 0.2:
        return np.full(3, rng.uniform(0.006, 0.03)) * rng.uniform(0.8, 1.2, 3)
    if kind < 0.35:
        return np.full(3, rng.uniform(0.55, 0.85)) * rng.uniform(0.93, 1.03, 3)
    if kind < 0.5:
        return np.full(3, rng.uniform(0.04, 0.5)) * rng.uniform(0.9, 1.1, 3)
    if kind < 0.62:
        return np.array([0.02, 0.03, 0.08]) * rng.uniform(0.4, 4)
    return rng.uniform(0.01, 0.75, 3) * rng.uniform(0.2, 1)


def cloth_row(rng: Generator) -> Array:
    """A random weave, print, folds, gloss and dirt."""
    pattern = int(rng.choice(6, p=[0.52, 0.13, 0.1, 0.1, 0.06, 0.09]))
    other = cloth_colour(rng)
    return material(
        frequency=rng.uniform(1.5, 6),
        colour_variation=rng.uniform(0.02, 0.2),
        bump=rng.uniform(0, 0.03),
        gloss=rng.uniform(0, 0.05) if rng.random() < 0.85 else rng.uniform(0.1, 0.5),
        exponent=rng.uniform(5, 40),
        mirror=rng.uniform(0, 0.25),
        pattern=pattern,
        pattern_frequency=rng.uniform(0.8, 5),
        other_red=other[0],
        other_green=other[1],
        other_blue=other[2],
        fold_depth=rng.uniform(0.1, 0.9),
        fold_frequency=rng.uniform(0.12, 0.4),
        dirt=rng.uniform(0, 0.3),
        weave=rng.uniform(0, 0.25),
        turn=rng.choice([0.0, 0.0, np.pi / 2, 0.6]),
    )
