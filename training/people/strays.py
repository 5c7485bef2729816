"""Single hairs as ribbons: loose strands of a head of hair, stubble and beards. Centimetres.

They are part of photo and matte, and no surface.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.people.dressing import Cards
from training.scenes.face_model import face_fields
from training.scenes.hair import ribbons
from training.scenes.primitives import Part, unit

STEPS = 5
"""Points of a hair."""


def loose(cards: Cards, colour_3: Array, rng: Generator) -> Part:
    """Hairs that leave the cards of a style."""
    count = int(np.exp(rng.uniform(np.log(60), np.log(900))))
    root = rng.choice(np.unique(cards.triangles_m3), count)
    outward = cards.normal_v3[root] * rng.uniform(0.1, 0.6, (count, 1))
    along = unit(cards.tangent_v3[root] + outward + 0.25 * rng.normal(size=(count, 3)))
    length = rng.uniform(0.5, rng.uniform(1.5, 6), count)
    half = rng.uniform(0.012, 0.035, count)
    return _hairs(cards.vertices_v3[root], along, length, half, rng.uniform(0, 0.5), colour_3, rng)


def beard_length(rng: Generator) -> float:
    """From stubble to a full beard."""
    return float(rng.uniform(0.08, 0.3) if rng.random() < 0.55 else rng.uniform(0.3, 3.5))


def beard(skin: Part, marks_683: Array, colour_3: Array, length: float, rng: Generator) -> Part:
    """Hairs on chin, cheeks and upper lip. marks_683: landmarks of the neutral head."""
    dense = face_fields(skin.coordinates_v3, marks_683)[5] * (
        face_fields(skin.coordinates_v3, marks_683)[2] < 0.5
    )
    corners = skin.vertices_v3[skin.triangles_m3]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weight = area * dense[skin.triangles_m3].min(1) * (skin.material_m == 0)
    count = int(rng.uniform(900, 2600))
    chosen = rng.choice(len(weight), count, p=weight / weight.sum())
    share = rng.dirichlet(np.ones(3), count)
    root = np.einsum("nk,nkc->nc", share, corners[chosen])
    normals = vertex_normals(skin.vertices_v3, skin.triangles_m3)[skin.triangles_m3[chosen, 0]]
    along = unit(0.7 * normals + [0, -0.8, 0] + 0.35 * rng.normal(size=(count, 3)))
    lengths = length * rng.uniform(0.5, 1.1, count)
    return _hairs(root, along, lengths, rng.uniform(0.012, 0.032, count), rng.uniform(0, 0.4), colour_3, rng)


def _hairs(
    root_n3: Array,
    along_n3: Array,
    length_n: Array,
    half_n: Array,
    curl: float,
    colour_3: Array,
    rng: Generator,
) -> Part:
    """Ribbons that start at roots, hang down a little, taper and curl."""
    count = len(root_n3)
    across = unit(np.cross(along_n3, rng.normal(size=(count, 3))))
    way = np.linspace(0, 1, STEPS)[None, :, None]
    size = length_n[:, None, None]
    wave = curl * size * np.sin(way * rng.uniform(2, 7, (count, 1, 1)) + rng.uniform(0, 6, (count, 1, 1)))
    line = root_n3[:, None] + size * (way * along_n3[:, None] + way**2 * np.array([0, -0.25, 0]))
    line = line + 0.3 * wave * across[:, None]
    half = half_n[:, None, None] * (1.05 - way) * across[:, None]
    return ribbons(line, half, colour_3 * rng.uniform(0.6, 1.4, count)[:, None])
