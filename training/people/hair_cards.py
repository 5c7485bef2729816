"""Coordinates along and across the strands of hair cards, and the colours of hair. Centimetres, ICT frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from face3d.structures import Array
from training.people.body_model import Proxy
from training.scenes import hair
from training.scenes.primitives import open_edges, unit

CROWN = unit(np.array([0, 0.93, -0.37]))
"""From the middle of the skull to the whorl, from which the strands of a cap run down."""
SKULL = np.array([0, 4.0, 0.5])
AROUND = 9.0
"""Radius of the circle on which strands around the whorl are numbered, centimetres."""
CAP = 11.0
"""A piece of hair at least this wide and deep covers the skull; narrower ones are locks."""
PANEL, SEAM = 150, 1.2
"""Points of a large piece, and the distance in centimetres at which the rim of another is a seam."""
STRAIGHT = ("bob01", "long01")
"""Styles whose caps have texture coordinates that run down the strands too."""
FRAYED, LOCK_FRAYED = 1.1, 0.28
"""Breadth of the frayed rim in centimetres, and its most as a share of half a lock's breadth."""


@dataclass(frozen=True, eq=False)
class CardPlaces:
    """Per vertex of a style: see `Strands`; of the neutral body, computed once per run."""

    place_v3: Array
    along_v: Array
    edge_v: Array


def card_places(name: str, proxy: Proxy, points_p3: Array) -> CardPlaces:
    """Coordinates of a style. points_p3: its bound points on the neutral body."""
    points = points_p3[proxy.place_v]
    triangles = proxy.place_v[proxy.triangles_m3]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    count = len(points_p3)
    links = coo_matrix((np.ones(len(edges)), edges.T), (count, count))
    piece_p = connected_components(links, directed=False)[1]
    piece, rim = piece_p[proxy.place_v], open_edges(triangles)
    free = rim[~_seams(points_p3, piece_p, rim)]
    rim_points = np.concatenate([points_p3[free].mean(1), points_p3[free[:, 0]]])
    inward = cKDTree(rim_points).query(points)[0] if len(free) else np.full(len(points), 9.0)
    place, along, edge = np.zeros_like(points), np.zeros(len(points)), np.zeros(len(points))
    for number in np.unique(piece):
        chosen = piece == number
        wide, _, deep = np.ptp(points[chosen], axis=0)
        cap = wide > CAP and deep > CAP
        fray = FRAYED if cap else min(FRAYED, LOCK_FRAYED * max(inward[chosen].max(), 0.05))
        edge[chosen] = np.clip(inward[chosen] / fray, 0, 1)
        if cap and not name.endswith(STRAIGHT):
            place[chosen], along[chosen] = _around_crown(points[chosen])
        else:
            place[chosen], along[chosen] = _along_lock(points[chosen], proxy.uv_v2[chosen], cap)
    return CardPlaces(place.astype(np.float32), along.astype(np.float32), edge.astype(np.float32))


def _seams(points_p3: Array, piece_p: Array, rim_k2: Array) -> Array:
    """Whether rims lie next to another large piece, (k,) bool: at a parting the cover does not thin out."""
    size, middle = np.bincount(piece_p), points_p3[rim_k2].mean(1)
    found = np.zeros(len(rim_k2), bool)
    for number in np.flatnonzero(size >= PANEL):
        other = piece_p[rim_k2[:, 0]] != number
        if other.any():
            far = cKDTree(points_p3[piece_p == number]).query(middle[other])[0]
            found[np.flatnonzero(other)[far < SEAM]] = True
    return found


def _around_crown(points_n3: Array) -> tuple[Array, Array]:
    """Strands run from the whorl down: their number is an azimuth around it."""
    away = points_n3 - SKULL
    side = unit(np.cross(CROWN, [1.0, 0, 0]))
    azimuth = np.arctan2(away @ np.array([1.0, 0, 0]), away @ side)
    polar = np.arccos(np.clip(unit(away) @ CROWN, -1, 1))
    place = np.stack([AROUND * np.cos(azimuth), AROUND * np.sin(azimuth), 10 * polar], 1)
    return place, polar / max(float(polar.max()), 1e-6)


def _along_lock(points_n3: Array, uv_n2: Array, downward: bool) -> tuple[Array, Array]:
    """Strands run along the longer side of a lock's texture, or down it, from the end nearer to the crown."""
    centred = uv_n2 - uv_n2.mean(0)
    axes = np.eye(2)[::-1] if downward else np.linalg.svd(centred, full_matrices=False)[2]
    along, across = centred @ axes[0], centred @ axes[1]
    spread = np.linalg.norm(points_n3 - points_n3.mean(0)) / max(float(np.linalg.norm(centred)), 1e-6)
    from_crown = np.linalg.norm(points_n3 - (SKULL + 10 * CROWN), axis=1)
    if np.dot(along, from_crown - from_crown.mean()) < 0:
        along = -along
    way = along - along.min()
    place = np.stack([across * spread, np.full(len(along), points_n3[0].sum()), way * spread], 1)
    return place, way / max(float(way.max()), 1e-6)


def tangents(points_v3: Array, triangles_m3: Array, along_v: Array) -> Array:
    """Unit vectors in which `along_v` grows, (v, 3) float32: means over the triangles of a vertex."""
    a, b, c = (points_v3[triangles_m3[:, k]] for k in range(3))
    one, other = b - a, c - a
    first, second = along_v[triangles_m3[:, 1:]].T - along_v[triangles_m3[:, 0]]
    normal = np.cross(one, other)
    gradient = first[:, None] * np.cross(other, normal) - second[:, None] * np.cross(one, normal)
    total = np.zeros((len(points_v3), 3))
    np.add.at(total, triangles_m3.ravel(), np.repeat(unit(gradient), 3, 0))
    return unit(total).astype(np.float32)


def natural_colour(kin_3: Array, rng: Generator) -> Array:
    """Linear RGB from black over brown to blond and red; lighter only with a share of Caucasian kin."""
    light = rng.random() ** 2.6 * (kin_3[2] if rng.random() < 0.9 else 1.0)
    colour = np.array([0.012, 0.009, 0.007]) + light * np.array([0.36, 0.22, 0.1])
    return np.asarray(colour * [1.25, 0.75, 0.5] if rng.random() < 0.06 else colour)


def hair_kind(kin_3: Array, age: float, rng: Generator) -> Array:
    """A random row of `strands.KIND`: natural, grey, dyed, ombre or wet hair, straight or wavy."""
    root = natural_colour(kin_3, rng) if rng.random() < 0.9 else hair.hair_colour(rng)
    tip = root * rng.uniform(0.9, 1.7)
    if rng.random() < 0.12:
        tip = (
            rng.uniform(0.02, 0.8, 3)
            if rng.random() < 0.3
            else np.array([0.5, 0.33, 0.18]) * rng.uniform(0.5, 1.4)
        )
    grey = rng.uniform(0.2, 1) if rng.random() < max(0.03, 0.75 * (age - 1.2)) else 0.0
    gloss, exponent = rng.uniform(0.01, 0.09), np.exp(rng.uniform(np.log(8), np.log(60)))
    if rng.random() < 0.06:
        root, tip, gloss, exponent = root * 0.6, tip * 0.6, 0.35, 90.0
    colours = np.clip([root, tip], 0.004, 0.9).ravel()
    coarse = rng.uniform(1.2, 3)
    shape = [coarse, coarse * rng.uniform(2.5, 5), rng.uniform(0.85, 1.25), rng.uniform(0.1, 0.45)]
    rest = [grey, gloss, exponent, rng.uniform(0.3, 1), rng.random() ** 2 * 1.2, rng.integers(1 << 20)]
    return np.array([*shape, *colours, *rest], np.float64)
