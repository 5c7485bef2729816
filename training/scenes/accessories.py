"""Glasses, masks, earrings, hands and microphones before the face. Lengths in centimetres."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from face3d.structures import Array
from training.scenes import face_model
from training.scenes.face_model import FaceModel, Regions
from training.scenes.primitives import (
    CLOTH,
    GLASS,
    LABEL_BODY,
    LABEL_HEAD,
    LABEL_NARROW_FACE,
    LABEL_NOTHING,
    PLASTIC,
    SKIN,
    Part,
    compact,
    ellipsoid,
    euler,
    grid_triangles,
    join,
    limb,
    moved,
    open_edges,
    plain,
    walls,
)


def glasses(eyes_23: Array, rng: Generator, dark: bool) -> Part:
    """Rims, bridge and temples as tubes; lenses opaque where `dark`, else clear."""
    half_width, half_height = rng.uniform(2.2, 3.1), rng.uniform(1.5, 2.7)
    power, radius, forward = rng.uniform(2, 5), rng.uniform(0.08, 0.3), rng.uniform(2.4, 3.2)
    turn = np.linspace(0, 2 * np.pi, 33)[:-1]
    corners = (
        np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / power),
        np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / power),
    )
    outline = np.stack([corners[0] * half_width, corners[1] * half_height, np.zeros(32)], 1)
    colour = rng.uniform(0.01, 0.3, 3) if rng.random() < 0.8 else rng.uniform(0.2, 0.9, 3)
    lines, lenses, rims = [], [], []
    for eye in eyes_23:
        rim = outline + eye + [np.sign(eye[0]) * 0.2, -0.3, forward]
        rims.append(rim)
        lines.append(np.concatenate([rim, rim[:1]]))
        side = rim[np.argmax(rim[:, 0] * np.sign(eye[0]))]
        lines.append(
            np.stack(
                [
                    side,
                    [np.sign(eye[0]) * 7.6, side[1] + 0.3, side[2] - 3],
                    [np.sign(eye[0]) * 8.2, side[1], -0.5],
                ]
            )
        )
        if dark:
            fan = np.array([[32, i, (i + 1) % 32] for i in range(32)], np.int32)
            middle = np.concatenate([rim, rim.mean(0, keepdims=True)])
            lenses.append(plain(middle, fan, rng.uniform(0.005, 0.05, 3), LABEL_NARROW_FACE, PLASTIC))
    if not dark:
        lenses = clear_lenses(rims, *rng.spawn(1))
    lines.append(np.stack([rims[0][np.argmax(rims[0][:, 0])], rims[1][np.argmin(rims[1][:, 0])]]))
    return join(
        [plain(*limb(line, radius, 6), colour, LABEL_NARROW_FACE, PLASTIC) for line in lines] + lenses
    )


def clear_lenses(rims: list[Array], rng: Generator) -> list[Part]:
    """Domes of glass within the rims, sometimes tinted."""
    bulge = rng.uniform(0.1, 0.5)
    passes = rng.uniform(0.85, 1, 3) if rng.random() < 0.85 else rng.uniform(0.35, 0.95, 3)
    share = np.array([1.0, 0.7, 0.4, 0.02])[:, None, None]
    lenses = []
    for rim in rims:
        middle = rim.mean(0)
        dome = middle + share * (rim - middle) + (1 - share**2) * np.array([0, 0, bulge])
        lenses.append(
            plain(
                dome.reshape(-1, 3), grid_triangles(len(share), len(rim), True), passes, LABEL_NOTHING, GLASS
            )
        )
    return lenses


def mask(model: FaceModel, regions: Regions, vertices: Array, rng: Generator) -> Part:
    """A cloth over nose, mouth and chin: the skin there, smoothed and pushed out."""
    marks = model.neutral_v3[face_model.LANDMARKS_68]
    y, z = model.neutral_v3[:, 1], model.neutral_v3[:, 2]
    top, bottom = marks[28, 1] - rng.uniform(-0.3, 0.8), marks[8, 1] - rng.uniform(0, 1)
    covered = (y < top) & (y > bottom) & (z > marks[0, 2] + rng.uniform(1, 4))
    covered[face_model.FACE.stop :] = False
    outward = vertices + regions.direction_v3 * rng.uniform(0.3, 0.9)
    triangles, patch = _without_holes(model.triangles_m3[covered[model.triangles_m3].all(1)], vertices)
    outward = np.concatenate([outward, outward[patch].mean(0, keepdims=True)])
    inward = np.concatenate([vertices, vertices[patch].mean(0, keepdims=True)]) - np.array([0, 0, 0.1])
    stretched = _smoothed(outward, triangles, 25)
    colour = rng.choice(
        [
            np.array([0.75, 0.78, 0.8]),
            np.array([0.25, 0.5, 0.65]),
            np.array([0.02, 0.02, 0.02]),
            rng.uniform(0.03, 0.8, 3),
        ]
    )
    # A wall joins its edge to the skin.
    closed = np.concatenate([triangles, walls(open_edges(triangles), len(stretched))])
    points = np.concatenate([stretched, inward])
    return compact(plain(points, closed, colour, LABEL_NARROW_FACE, CLOTH))


def _without_holes(triangles_m3: Array, vertices_v3: Array) -> tuple[Array, Array]:
    """The triangles with a fan over every rim but the widest, which closes the mouth; and the vertices of
    those rims.

    The fans share one more vertex, numbered after all others.
    """
    rim = open_edges(triangles_m3)
    loops = connected_components(
        coo_matrix((np.ones(len(rim)), rim.T), (len(vertices_v3),) * 2), directed=False
    )[1][rim[:, 0]]
    widest = max(np.unique(loops), key=lambda loop: float(np.ptp(vertices_v3[rim[loops == loop], 0])))
    inner = rim[loops != widest]
    fan = np.c_[inner[:, ::-1], np.full(len(inner), len(vertices_v3))]
    return np.concatenate([triangles_m3, fan]), np.unique(inner)


def _smoothed(vertices_v3: Array, triangles_m3: Array, rounds: int) -> Array:
    """Laplacian smoothing that keeps the rim and never moves a vertex towards the back."""
    edges = np.concatenate([triangles_m3[:, [0, 1]], triangles_m3[:, [1, 2]], triangles_m3[:, [2, 0]]])
    rim = np.unique(open_edges(triangles_m3))
    out = vertices_v3.astype(np.float64)
    degree = np.bincount(edges.ravel(), minlength=len(out))[:, None]
    for _ in range(rounds):
        total = np.zeros_like(out)
        np.add.at(total, edges[:, 0], out[edges[:, 1]])
        np.add.at(total, edges[:, 1], out[edges[:, 0]])
        mean = np.where(degree > 0, total / np.maximum(degree, 1), out)
        mean[rim] = out[rim]
        mean[:, 2] = np.maximum(mean[:, 2], vertices_v3[:, 2])
        out = mean
    return out


def earrings(model: FaceModel, vertices: Array, rng: Generator) -> Part:
    """A stud or a drop below each ear."""
    place = model.neutral_v3[face_model.HEAD]
    beside = np.where(np.abs(place[:, 1]) < 6, place[:, 0], 0)
    colour, length = rng.uniform(0.05, 0.95, 3), rng.uniform(0, 4)
    pieces = []
    for sign in (-1, 1):
        ear = np.flatnonzero(beside * sign > 0.93 * (beside * sign).max())
        lobe = vertices[ear[np.argmin(place[ear, 1])]]
        size = rng.uniform(0.2, 0.8)
        drop = lobe - [0, length + size, 0]
        pieces.append(
            plain(
                *ellipsoid(drop, [size, size * rng.uniform(0.8, 1.6), size], rng, 0.02, 12),
                colour,
                LABEL_HEAD,
                PLASTIC,
            )
        )
        if length > 1:
            pieces.append(plain(*limb(np.stack([lobe, drop]), 0.06, 6), colour, LABEL_HEAD, PLASTIC))
    return join(pieces)


def hand(vertices: Array, skin: Array, sleeve: Array, rng: Generator) -> Part:
    """A hand at the chin, the cheek or the forehead, or held up beside the head, with its forearm."""
    sign = rng.choice([-1, 1])
    marks = vertices[face_model.LANDMARKS_68]
    place = int(rng.integers(4))
    target = (
        marks[8],
        marks[4 if sign < 0 else 12],
        marks[19 if sign < 0 else 24] + [0, 2, 0],
        np.array([sign * rng.uniform(10, 18), -2, 4]),
    )[place]
    curl = rng.uniform(0.1, 1.2)
    pieces = [(ellipsoid([0, 0, 0], [4.2, 4.8, 1.5], rng, 0.03, 24), SKIN, skin)]
    spread = rng.uniform(0, 0.25)
    for finger in range(4):
        x = (finger - 1.5) * 1.9
        length = (6.5, 7.5, 7.2, 5.6)[finger]
        bend = curl * np.linspace(0, 1, 4)
        steps = (
            np.stack([np.full(4, np.sin((finger - 1.5) * spread)), np.cos(bend), np.sin(bend)], 1)
            * length
            / 3
        )
        line = np.array([x, 4.0, 0]) + np.concatenate([np.zeros((1, 3)), np.cumsum(steps[:-1], 0)])
        pieces.append((limb(line, np.linspace(0.95, 0.7, 4), 10), SKIN, skin))
    thumb = np.array([[sign * -3.2, -2.5, 0], [sign * -5.2, 0.5, 0.8], [sign * -5.6, 3.5, 1.4]])
    pieces.append((limb(thumb, [1.2, 1.0, 0.8], 10), SKIN, skin))
    elbow = np.array([sign * rng.uniform(-2, 6), -28.0, rng.uniform(-4, 6)])
    pieces.append(
        (
            limb(np.stack([[0, -4.0, 0], elbow * 0.35, elbow]), [2.6, 3.0, 4.2], 14),
            *((CLOTH, sleeve) if rng.random() < 0.6 else (SKIN, skin)),
        )
    )
    whole = join([plain(*solid, colour, LABEL_BODY, material) for solid, material, colour in pieces])
    turn = euler(180 + rng.normal() * 25, rng.normal() * 15, sign * rng.uniform(-10, 60))
    away = target + np.array([0, 0, rng.uniform(1.5, 5)]) - turn @ np.array([0, rng.uniform(2, 8), 0])
    return moved(whole, turn, away)


def microphone(vertices: Array, rng: Generator) -> Part:
    """A ball on a stick before the mouth, from below or from one side."""
    mouth = vertices[face_model.LANDMARKS_68][[51, 57]].mean(0)
    head = mouth + np.array([rng.normal() * 3, rng.uniform(-6, 0), rng.uniform(2.5, 9)])
    down = np.array([rng.normal() * 0.5, -1, rng.uniform(-0.2, 0.8)])
    colour, size = rng.uniform(0.005, 0.3, 3) * rng.uniform(0.2, 1), rng.uniform(1.2, 3.5)
    ball = ellipsoid(head, [size, size * rng.uniform(1, 1.5), size], rng, 0.02, 20)
    stick = limb(
        np.stack([head, head + down * 10, head + down * rng.uniform(18, 60)]), rng.uniform(0.5, 1.4), 10
    )
    return join(
        [
            plain(*ball, colour, LABEL_BODY, PLASTIC),
            plain(*stick, colour * rng.uniform(0.5, 2), LABEL_BODY, PLASTIC),
        ]
    )
