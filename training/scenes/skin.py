"""The bare head: its shape, and the colours painted on it. Lengths in centimetres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.rendering.rasteriser import fractal_noise
from training.scenes import face_model
from training.scenes.face_model import FaceModel, Regions
from training.scenes.primitives import (
    EYE,
    LABEL_BODY,
    LABEL_HEAD,
    LABEL_NARROW_FACE,
    MOUTH,
    SKIN,
    Part,
    join,
    plain,
    walls,
)

Noise = Callable[..., Array]
"""From a frequency and a number of octaves (3) to noise (v,) on the head, see `rasteriser.fractal_noise`."""


def head_shape(model: FaceModel, rng: Generator, has: set[str]) -> Array:
    """Vertices (v, 3) float32 of a random identity with a random expression and gaze."""
    identity = rng.normal(size=len(model.identity_kv3)) * rng.uniform(0.6, 1.25)
    expression = np.zeros(len(model.expression_kv3))
    if "expression" in has:
        chosen = rng.choice(len(expression), rng.integers(1, 8), replace=False)
        expression[chosen] = rng.uniform(0, 1, len(chosen)) ** 1.5
        if rng.random() < 0.5:
            expression = np.maximum(expression, expression[model.mirrored_expression])
    for name in ("eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeLookDown"):
        _set(model, expression, name, 0)
    sideways, upward = rng.uniform(-0.7, 0.7), rng.uniform(-0.5, 0.5)
    _set(model, expression, "eyeLookOut_L" if sideways > 0 else "eyeLookIn_L", abs(sideways))
    _set(model, expression, "eyeLookIn_R" if sideways > 0 else "eyeLookOut_R", abs(sideways))
    _set(model, expression, "eyeLookUp" if upward > 0 else "eyeLookDown", abs(upward))
    if "closed eyes" in has:
        _set(model, expression, "eyeBlink", rng.uniform(0.7, 1))
    return model.shape(identity, expression)


def _set(model: FaceModel, expression_k: Array, prefix: str, value: float) -> None:
    for i, name in enumerate(model.expression_names):
        if name.startswith(prefix):
            expression_k[i] = value


def skin_colour(tone: float, rng: Generator) -> Array:
    """Linear RGB from light (tone 0) to dark (1)."""
    return (np.array([0.88, 0.62, 0.5]) * (1 - tone) + np.array([0.085, 0.04, 0.025]) * tone) * rng.uniform(
        0.85, 1.1, 3
    )


def paint_head(
    model: FaceModel,
    regions: Regions,
    vertices: Array,
    skin: Array,
    hair_colour: Array,
    rng: Generator,
    has: set[str],
) -> tuple[Array, Array]:
    """Albedo (v, 3), and the vertices, which wrinkles and a thick beard move."""

    def noise(frequency: float, octaves: int = 3) -> Array:
        return fractal_noise(model.neutral_v3, frequency, octaves, int(rng.integers(1 << 20)))

    in_face, in_head = np.zeros(len(vertices)), np.zeros(len(vertices))
    in_face[face_model.FACE] = 1
    in_head[face_model.HEAD] = 1
    albedo = _complexion(regions, skin, noise, rng)
    lips = skin * np.array([rng.uniform(0.7, 1.1), rng.uniform(0.35, 0.85), rng.uniform(0.35, 0.85)])
    if "freckles" in has:
        albedo *= _freckles(regions, noise, rng)
    if "make-up" in has:
        lips = rng.uniform(0.02, 0.5, 3) * np.array([1.6, 0.5, 0.7])
        eye_shadow = np.clip(1 - regions.to_eyelid / rng.uniform(0.5, 1.4), 0, 1) * rng.uniform(0.2, 0.8)
        _blend(albedo, eye_shadow, rng.uniform(0.02, 0.6, 3))
    _blend(albedo, 0.8 * regions.lips, lips)
    _blend(albedo, _brows(regions, noise, rng) * in_face, hair_colour)
    lid = np.clip(1 - regions.to_eyelid / rng.uniform(0.15, 0.45), 0, 1) * rng.uniform(0.2, 0.9) * in_face
    albedo *= 1 - 0.8 * lid[:, None]
    if "wrinkles" in has:
        vertices = _pushed_out(vertices, model, _furrows(model, rng) * in_face)
    if "beard" in has:
        stubble = _stubble(regions, noise, rng) * in_head * (1 - regions.lips)
        _blend(albedo, stubble, hair_colour * rng.uniform(0.7, 1.2))
        if "thick beard" in has:
            vertices = _pushed_out(vertices, model, stubble * rng.uniform(0.2, 1.6))
    else:
        has.discard("thick beard")
    _paint_mouth(albedo, rng)
    _paint_eyeballs(albedo, regions, rng)
    return np.clip(albedo, 0.005, 1).astype(np.float32), np.ascontiguousarray(vertices, np.float32)


def _blend(albedo_v3: Array, share_v: Array, colour: Array) -> None:
    """Moves the albedo towards a colour by a share in 0..1, in place."""
    albedo_v3 += share_v[:, None] * (colour - albedo_v3)


def _pushed_out(vertices: Array, model: FaceModel, by_v: Array) -> Array:
    """Vertices moved along their normals by so many centimetres."""
    return vertices + (vertex_normals(vertices, model.triangles_m3) * by_v[:, None]).astype(np.float32)


def _complexion(regions: Regions, skin: Array, noise: Noise, rng: Generator) -> Array:
    """Mottled skin with a blush on cheeks and nose, (v, 3) float64."""
    albedo = (
        skin
        * (1 + rng.uniform(0.02, 0.2) * noise(0.25)[:, None])
        * (1 + rng.uniform(0, 0.1) * noise(1.5)[:, None])
    )
    blush = (rng.uniform(0, 1) * regions.cheek + rng.uniform(0, 1) * regions.nose)[:, None]
    return np.asarray(albedo * (1 + (np.array([1.05, 0.72, 0.72]) - 1) * blush))


def _freckles(regions: Regions, noise: Noise, rng: Generator) -> Array:
    """Factor (v, 3) on the albedo."""
    spots = (
        np.clip(noise(rng.uniform(2.5, 4), 1) - 0.25, 0, 1)
        * (regions.cheek + regions.nose + 0.3).clip(0, 1)
        * rng.uniform(0.4, 1.4)
    )
    return np.asarray(1 - np.clip(spots, 0, 0.7)[:, None] * np.array([0.5, 0.8, 0.9]))


def _brows(regions: Regions, noise: Noise, rng: Generator) -> Array:
    """Share of hair, (v,) in 0..1."""
    near = np.clip(1 - regions.to_brow / rng.uniform(0.35, 0.75), 0, 1) ** 0.5
    return np.asarray(near * np.clip(0.75 + 0.7 * noise(3.0), 0, 1) * rng.uniform(0.3, 1))


def _stubble(regions: Regions, noise: Noise, rng: Generator) -> Array:
    """Share of hair, (v,) in 0..1."""
    return np.asarray(regions.beard * np.clip(0.6 + 0.8 * noise(2.0), 0, 1) * rng.uniform(0.2, 0.95))


def _paint_mouth(albedo_v3: Array, rng: Generator) -> None:
    """Paints the sockets, the gums and the teeth in place."""
    albedo_v3[face_model.MOUTH_AND_EYE_SOCKETS] = [0.2, 0.06, 0.05]
    albedo_v3[face_model.GUMS] = [0.4, 0.13, 0.13]
    albedo_v3[face_model.TEETH] = np.array([0.75, 0.68, 0.55]) * rng.uniform(0.6, 1.1)


def _paint_eyeballs(albedo_v3: Array, regions: Regions, rng: Generator) -> None:
    """Paints white, iris and pupil in place."""
    white = np.array([0.72, 0.68, 0.66]) * rng.uniform(0.65, 1)
    blue, pale, bright = rng.uniform(0, 1, 3)  # from brown over hazel and green to blue
    hue = np.array([0.12, 0.05, 0.02]) * (1 - blue) + np.array([0.1, 0.2, 0.3]) * blue
    iris = hue * (0.4 + bright) + 0.06 * pale
    iris_radius, pupil_radius = rng.uniform(0.42, 0.5), rng.uniform(0.12, 0.26)
    for part in face_model.EYEBALLS:
        radius = regions.from_eye_axis[part]
        ring = np.where((radius > 0.85 * iris_radius)[:, None], 0.5, 1 + 0.3 * np.sin(9 * radius)[:, None])
        ball = np.where((radius < iris_radius)[:, None], iris * ring, white)
        albedo_v3[part] = np.where((radius < pupil_radius)[:, None], 0.01, ball)


def _furrows(model: FaceModel, rng: Generator) -> Array:
    """Displacement along the normal, centimetres, (v,): forehead lines, nasolabial folds, loose skin."""
    x, y, z = model.neutral_v3.T
    marks = model.neutral_v3[face_model.LANDMARKS_68]
    wavy = fractal_noise(model.neutral_v3, 0.5, 2, int(rng.integers(1 << 20)))
    forehead = np.clip((y - marks[19, 1]) / 1.5, 0, 1) * np.clip((z - 4) / 3, 0, 1)
    lines = np.sin(y * rng.uniform(4, 8) + 1.5 * wavy + 0.03 * x**2) * forehead * rng.uniform(0.02, 0.06)
    wing, corner = marks[35], marks[54]
    along = np.clip((wing[1] - y) / (wing[1] - corner[1]), 0, 1)
    fold_x = wing[0] + 0.5 + along * (corner[0] - wing[0] + 0.6)
    fold = (
        -np.exp(-(((np.abs(x) - np.abs(fold_x)) / 0.35) ** 2))
        * ((y < wing[1] + 0.3) & (y > corner[1] - 0.6))
        * rng.uniform(0, 0.25)
    )
    loose = fractal_noise(
        model.neutral_v3, rng.uniform(0.6, 1.2), 2, int(rng.integers(1 << 20))
    ) * rng.uniform(0, 0.06)
    return np.asarray(lines + fold * (z > 4) + loose)


def head_part(model: FaceModel, regions: Regions, vertices: Array, albedo: Array) -> Part:
    """The head as a part, labelled narrow face, head or (below the jaw) body."""
    first = model.triangles_m3[:, 0]
    label = np.where(regions.above_chin[first] > 0.5, LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    label[first < face_model.NARROW_FACE.stop] = LABEL_NARROW_FACE
    label[first >= face_model.HEAD.stop] = LABEL_NARROW_FACE  # eyes, teeth and mouth
    material = np.full(len(first), SKIN, np.uint8)
    material[first >= face_model.HEAD.stop] = MOUTH
    material[first >= face_model.EYEBALLS[0].start] = EYE
    head = Part(vertices, model.triangles_m3, albedo, label, material, model.neutral_v3, regions.canonical_v3)
    return join([head, _chest(regions, vertices, albedo)])


def _chest(regions: Regions, vertices: Array, albedo: Array) -> Part:
    """A floor within the body that closes the skin below the shoulders: rays there need a last surface."""
    edge, corner = np.unique(regions.neckline_k2, return_inverse=True)
    rim = corner.reshape(-1, 2)
    around = vertices[edge]
    low = around.mean(0) + 0.3 * (around - around.mean(0)) - np.array([0, 5, 0])
    points = np.concatenate([around, low, low.mean(0, keepdims=True)])
    count = len(edge)
    floor = np.stack([rim[:, 0] + count, np.full(len(rim), 2 * count), rim[:, 1] + count], 1)
    colour = np.concatenate([albedo[edge], albedo[edge], albedo[edge].mean(0, keepdims=True)])
    return plain(points, np.concatenate([walls(rim, count), floor]), colour, LABEL_BODY, SKIN)
