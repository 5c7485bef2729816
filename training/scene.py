"""One random person as triangles: head, hair, hat or scarf, glasses, clothes. Lengths in centimetres, the head upright and facing +Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training import face_model
from training.face_model import FaceModel, Regions
from training.raster import fractal_noise, vertex_normals

Array = NDArray[Any]

# How often each thing appears. Tests draw many people and count.
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
}

# Columns of the detail that the shader adds: noise frequency along x, y, z (1/cm), colour variation, bump (cm), gloss factor.
SKIN, HAIR, CLOTH, EYE, MOUTH, PLASTIC = range(6)
LABEL_NOTHING, LABEL_BODY, LABEL_HEAD, LABEL_NARROW_FACE = range(4)


@dataclass(frozen=True, eq=False)
class Part:
    """A piece of the scene.

    vertices_v3 and triangles_m3; albedo_v3 linear in 0..1; label_m and material_m uint8 per triangle; coordinates_v3 for procedural noise.
    """

    vertices_v3: Array
    triangles_m3: Array
    albedo_v3: Array
    label_m: Array
    material_m: Array
    coordinates_v3: Array


@dataclass(frozen=True, eq=False)
class Person:
    """All parts in one mesh, with eyes_23 (centres of the eyeballs), detail_6k (see above) and what was drawn, by name."""

    mesh: Part
    eyes_23: Array
    detail_6k: Array
    has: frozenset[str]


def random_person(model: FaceModel, regions: Regions, rng: Generator) -> Person:
    """Draws a person. The same generator state gives the same person."""
    has = {name for name, chance in CHANCE.items() if rng.random() < chance}
    vertices = _head_shape(model, rng, has)
    hair_colour = _hair_colour(rng)
    albedo, vertices = _paint_head(model, regions, vertices, hair_colour, rng, has)
    parts = [_head_part(model, regions, vertices, albedo)]
    if "scarf" in has:
        has -= {"hat", "hair", "long hair", "fringe"}
        parts.append(_shell(model, regions, vertices, _scarf_edge(rng), rng.uniform(0.3, 1.5), rng.uniform(0.05, 0.9, 3), CLOTH, rng))
    if "hair" in has:
        parts.append(_hair(model, regions, vertices, hair_colour, rng, "fringe" in has))
        if "long hair" in has:
            parts.append(_curtain(vertices, hair_colour, rng))
    else:
        has -= {"long hair", "fringe"}
    if "hat" in has:
        parts.extend(_hat(model, regions, vertices, rng))
    eyes = np.stack([vertices[part].mean(0) for part in _eyeballs_left_to_right(model)])
    if "glasses" in has:
        parts.append(_glasses(eyes, rng, "sunglasses" in has))
    else:
        has -= {"sunglasses"}
    parts.extend(_clothes(rng))
    return Person(_join(parts), eyes, _details(rng), frozenset(has))


def _eyeballs_left_to_right(model: FaceModel) -> list[slice]:
    return sorted(face_model.EYEBALLS, key=lambda part: float(model.neutral_v3[part, 0].mean()))


def _head_shape(model: FaceModel, rng: Generator, has: set[str]) -> Array:
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


def _hair_colour(rng: Generator) -> Array:
    """Melanin from black over brown to blond, sometimes grey, red or dyed; linear RGB."""
    kind = rng.random()
    if kind < 0.75:
        return np.array([0.02, 0.015, 0.012]) + rng.random() ** 2 * np.array([0.5, 0.33, 0.16])
    if kind < 0.9:
        return np.full(3, rng.uniform(0.1, 0.75))
    return rng.uniform(0.03, 0.6, 3) if kind > 0.97 else np.array([0.35, 0.1, 0.03]) * rng.uniform(0.4, 1.4)


def _paint_head(
    model: FaceModel, regions: Regions, vertices: Array, hair_colour: Array, rng: Generator, has: set[str]
) -> tuple[Array, Array]:
    """Albedo (v, 3) of skin, lips, brows, lids, beard, eyes and teeth; a thick beard also moves the vertices."""
    place = model.neutral_v3

    def noise(frequency: float, octaves: int = 3) -> Array:
        return fractal_noise(place, frequency, octaves, int(rng.integers(1 << 20)))

    tone = rng.random()
    skin = (np.array([0.88, 0.62, 0.5]) * (1 - tone) + np.array([0.085, 0.04, 0.025]) * tone) * rng.uniform(0.85, 1.1, 3)
    albedo = skin * (1 + rng.uniform(0.02, 0.2) * noise(0.25)[:, None]) * (1 + rng.uniform(0, 0.1) * noise(1.5)[:, None])
    blush = (rng.uniform(0, 1) * regions.cheek + rng.uniform(0, 1) * regions.nose)[:, None]
    albedo *= 1 + (np.array([1.05, 0.72, 0.72]) - 1) * blush
    lips = skin * np.array([rng.uniform(0.7, 1.1), rng.uniform(0.35, 0.85), rng.uniform(0.35, 0.85)])
    albedo += 0.8 * regions.lips[:, None] * (lips - albedo)
    in_face = np.zeros(len(place))
    in_face[face_model.FACE] = 1
    in_head = np.zeros(len(place))
    in_head[face_model.HEAD] = 1
    brow = np.clip(1 - regions.to_brow / rng.uniform(0.35, 0.75), 0, 1) ** 0.5 * np.clip(0.75 + 0.7 * noise(3.0), 0, 1)
    brow = (brow * rng.uniform(0.3, 1) * in_face)[:, None]
    albedo += brow * (hair_colour - albedo)
    lid = np.clip(1 - regions.to_eyelid / rng.uniform(0.15, 0.45), 0, 1) * rng.uniform(0.2, 0.9) * in_face
    albedo *= 1 - 0.8 * lid[:, None]
    if "beard" in has:
        stubble = regions.beard * np.clip(0.6 + 0.8 * noise(2.0), 0, 1) * rng.uniform(0.2, 0.95) * in_head * (1 - regions.lips)
        albedo += stubble[:, None] * (hair_colour * rng.uniform(0.7, 1.2) - albedo)
        if "thick beard" in has:
            outward = vertex_normals(vertices, model.triangles_m3)
            vertices = vertices + outward * (stubble * rng.uniform(0.2, 1.6))[:, None].astype(np.float32)
    else:
        has.discard("thick beard")
    albedo[face_model.MOUTH_AND_EYE_SOCKETS] = [0.2, 0.06, 0.05]
    albedo[face_model.GUMS] = [0.4, 0.13, 0.13]
    albedo[face_model.TEETH] = np.array([0.75, 0.68, 0.55]) * rng.uniform(0.6, 1.1)
    white = np.array([0.72, 0.68, 0.66]) * rng.uniform(0.65, 1)
    blue, pale, bright = rng.uniform(0, 1, 3)  # from brown over hazel and green to blue
    iris = (np.array([0.12, 0.05, 0.02]) * (1 - blue) + np.array([0.1, 0.2, 0.3]) * blue) * (0.4 + bright) + 0.06 * pale
    iris_radius, pupil_radius = rng.uniform(0.42, 0.5), rng.uniform(0.12, 0.26)
    for part in face_model.EYEBALLS:
        radius = regions.from_eye_axis[part]
        ring = np.where((radius > 0.85 * iris_radius)[:, None], 0.5, 1 + 0.3 * np.sin(9 * radius)[:, None])
        ball = np.where((radius < iris_radius)[:, None], iris * ring, white)
        albedo[part] = np.where((radius < pupil_radius)[:, None], 0.01, ball)
    return np.clip(albedo, 0.005, 1).astype(np.float32), np.ascontiguousarray(vertices, np.float32)


def _head_part(model: FaceModel, regions: Regions, vertices: Array, albedo: Array) -> Part:
    first = model.triangles_m3[:, 0]
    label = np.where(regions.above_chin[first] > 0.5, LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    label[first < face_model.NARROW_FACE.stop] = LABEL_NARROW_FACE
    label[first >= face_model.HEAD.stop] = LABEL_NARROW_FACE  # eyes, teeth and mouth
    material = np.full(len(first), SKIN, np.uint8)
    material[first >= face_model.HEAD.stop] = MOUTH
    material[first >= face_model.EYEBALLS[0].start] = EYE
    return Part(vertices, model.triangles_m3, albedo, label, material, model.neutral_v3)


def _hair_edge(rng: Generator, fringe: bool) -> Array:
    """Lowest elevation (y of the unit direction from the skull's centre) with hair, at the azimuths of `_shell`."""
    front = rng.uniform(0.12, 0.42) if fringe else rng.uniform(0.5, 0.75)
    receding = rng.uniform(0, 0.2) if rng.random() < 0.3 else 0.0
    temple, ear = rng.uniform(0.3, 0.5), rng.uniform(-0.25, 0.2)
    return np.array([front, front - 0.08 + receding, min(temple, front), ear, min(ear, 0) - 0.15, rng.uniform(-0.75, -0.3)])


def _scarf_edge(rng: Generator) -> Array:
    front = rng.uniform(0.35, 0.6)
    return np.array([front, front - 0.15, rng.uniform(-0.3, 0.1), -1.0, -1.0, -1.0])


def _shell(
    model: FaceModel, regions: Regions, vertices: Array, edge_6: Array, thickness: float, colour: Array, material: int, rng: Generator
) -> Part:
    """The skin of the head pushed outwards where it lies above an edge: hair, scarf or hat."""
    direction = regions.direction_v3
    azimuth = np.degrees(np.arctan2(np.abs(direction[:, 0]), direction[:, 2]))
    edge = np.interp(azimuth, [0, 40, 65, 85, 110, 180], edge_6)
    ragged = fractal_noise(direction, 4.0, 3, int(rng.integers(1 << 20)))
    parting = rng.uniform(-0.15, 0.15) * direction[:, 0]
    cover = np.clip((direction[:, 1] - edge + 0.06 * ragged + parting) * 7, 0, 1)
    cover[face_model.HEAD.stop :] = 0
    bulk = fractal_noise(direction, 2.5, 2, int(rng.integers(1 << 20)))
    locks = fractal_noise(direction * np.array([1, 0.4, 1], np.float32), rng.uniform(6, 14), 2, int(rng.integers(1 << 20)))
    upward = 1 + rng.uniform(-0.3, 0.6) * np.clip(direction[:, 1], 0, 1)
    grown = np.sqrt(cover) * np.maximum(thickness * upward * (1 + 0.35 * bulk) + rng.uniform(0, 0.35) * locks, 0.05)
    lifted = vertices + direction * grown[:, None].astype(np.float32)
    used = (cover[model.triangles_m3] > 0.02).all(1)
    triangles = model.triangles_m3[used]
    shade = 1 + 0.25 * bulk[:, None]
    albedo = np.clip(colour * shade, 0.005, 1).astype(np.float32)
    label = np.where(regions.above_chin[triangles[:, 0]] > 0.5, LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    # Noise coordinates stretched along the strands: fine across, coarse along.
    strands = np.ascontiguousarray(direction * 10 * (np.array([1, 0.12, 1]) if material == HAIR else 1), np.float32)
    return _compact(Part(lifted.astype(np.float32), triangles, albedo, label, np.full(len(triangles), material, np.uint8), strands))


def _hair(model: FaceModel, regions: Regions, vertices: Array, colour: Array, rng: Generator, fringe: bool) -> Part:
    return _shell(model, regions, vertices, _hair_edge(rng, fringe), rng.uniform(0.15, 1) ** 1.5 * 4.5, colour, HAIR, rng)


def _curtain(vertices: Array, colour: Array, rng: Generator) -> Part:
    """Long hair: a wavy sheet around the back and sides of the head, open in front, with an inner and an outer layer."""
    columns, rows = 48, 28
    opening = rng.uniform(45, 95)
    angle = np.radians(np.linspace(opening, 360 - opening, columns))
    top, bottom = rng.uniform(6, 11), rng.uniform(-26, -3)
    height = np.linspace(top, bottom, rows)[:, None]
    down = (top - height) / (top - bottom)
    half_width = np.abs(vertices[face_model.HEAD, 0][vertices[face_model.HEAD, 1] > 0]).max()
    flare, volume = rng.uniform(-2.5, 2.5), rng.uniform(0.1, 2.0)
    wave = rng.uniform(0, 0.5) * np.sin(angle * rng.integers(5, 16) + rng.uniform(0, 6)) + rng.uniform(0, 0.4) * np.sin(height * 0.6)
    cap = np.sqrt(np.clip(1 - (1 - down * 3).clip(0, 1) ** 2, 0.05, 1))  # rounded over the crown
    layers = []
    for depth in (0.0, rng.uniform(0.6, 2.0)):
        radius = (half_width + volume + flare * down + wave - depth) * cap
        x, z = radius * np.sin(angle), radius * np.cos(angle) * 1.1 - 1.5
        layers.append(np.stack([x, np.broadcast_to(height, x.shape) - depth * 0.3, z], -1).reshape(-1, 3))
    grid = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]))
    outer = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    inner = outer[:, ::-1] + rows * columns
    rim = np.concatenate([grid[:, 0], grid[-1], grid[::-1, -1], grid[0, ::-1]])
    ring = np.stack([rim, np.roll(rim, -1)], 1)
    side = np.concatenate(
        [np.c_[ring[:, :1], ring[:, 1:], ring[:, :1] + rows * columns], np.c_[ring[:, 1:], ring + rows * columns][:, [0, 2, 1]]]
    )
    points = np.concatenate(layers).astype(np.float32)
    triangles = np.concatenate([outer, inner, side]).astype(np.int32)
    label = np.where(points[triangles[:, 0], 1] > -6, LABEL_HEAD, LABEL_BODY).astype(np.uint8)
    strands = np.stack([np.tile(np.broadcast_to(angle, (rows, columns)).ravel(), 2) * 10, points[:, 1] * 0.12, np.zeros(len(points))], 1)
    albedo = np.clip(np.tile(colour, (len(points), 1)) * rng.uniform(0.8, 1.2), 0.005, 1).astype(np.float32)
    return Part(points, triangles, albedo, label, np.full(len(triangles), HAIR, np.uint8), strands.astype(np.float32))


def _hat(model: FaceModel, regions: Regions, vertices: Array, rng: Generator) -> list[Part]:
    """A cap or beanie: a smooth shell above an edge, with a brim all round, in front only, or none."""
    low = rng.uniform(0.25, 0.55)
    colour = rng.uniform(0.02, 0.9, 3) * rng.uniform(0.2, 1)
    cap = _shell(model, regions, vertices, low - np.array([0, 0, 0.05, 0.1, 0.1, 0.1]), rng.uniform(1, 3.5), colour, CLOTH, rng)
    parts = [cap]
    kind = rng.choice(["none", "front", "round"])
    if kind != "none":
        reach = np.radians(60 if kind == "front" else 180)
        angle = np.linspace(-reach, reach, 60)
        inner = cap.vertices_v3[cap.vertices_v3[:, 1] < np.quantile(cap.vertices_v3[:, 1], 0.35)]
        half_width, half_depth = np.abs(inner[:, 0]).max(), np.ptp(inner[:, 2]) / 2
        ring = np.stack([half_width * np.sin(angle), np.zeros(60), half_depth * np.cos(angle)], 1)
        centre = np.array([0, np.quantile(inner[:, 1], 0.5), inner[:, 2].mean()])
        outer = ring * (1 + rng.uniform(3, 8) / half_width) + [0, rng.uniform(-1.5, 0.5), 0]
        points = np.concatenate([ring, outer, ring - [0, 0.3, 0], outer - [0, 0.3, 0]]) + centre
        i = np.arange(59)
        up = np.concatenate([np.stack([i, i + 60, i + 1], 1), np.stack([i + 1, i + 60, i + 61], 1)])
        triangles = np.concatenate([up, up[:, ::-1] + 120]).astype(np.int32)
        parts.append(_plain(points, triangles, colour, LABEL_HEAD, CLOTH))
    return parts


def _glasses(eyes_23: Array, rng: Generator, dark: bool) -> Part:
    """Rims, bridge and temples as tubes; dark glasses also have opaque lenses."""
    half_width, half_height = rng.uniform(2.2, 3.1), rng.uniform(1.5, 2.7)
    power, radius, forward = rng.uniform(2, 5), rng.uniform(0.08, 0.3), rng.uniform(2.4, 3.2)
    turn = np.linspace(0, 2 * np.pi, 33)[:-1]
    corners = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / power), np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / power)
    outline = np.stack([corners[0] * half_width, corners[1] * half_height, np.zeros(32)], 1)
    colour = rng.uniform(0.01, 0.3, 3) if rng.random() < 0.8 else rng.uniform(0.2, 0.9, 3)
    parts = []
    rims = []
    for eye in eyes_23:
        rim = outline + eye + [np.sign(eye[0]) * 0.2, -0.3, forward]
        rims.append(rim)
        parts.append(_tube(np.concatenate([rim, rim[:1]]), radius, colour))
        side = rim[np.argmax(rim[:, 0] * np.sign(eye[0]))]
        parts.append(
            _tube(
                np.stack([side, [np.sign(eye[0]) * 7.6, side[1] + 0.3, side[2] - 3], [np.sign(eye[0]) * 8.2, side[1], -0.5]]),
                radius,
                colour,
            )
        )
        if dark:
            fan = np.array([[32, i, (i + 1) % 32] for i in range(32)], np.int32)
            parts.append(
                _plain(np.concatenate([rim, rim.mean(0, keepdims=True)]), fan, rng.uniform(0.005, 0.05, 3), LABEL_NARROW_FACE, PLASTIC)
            )
    parts.append(_tube(np.stack([rims[0][np.argmax(rims[0][:, 0])], rims[1][np.argmin(rims[1][:, 0])]]), radius, colour))
    return _join(parts)


def _tube(line_k3: Array, radius: float, colour: Array) -> Part:
    """A six-sided tube along a line; end caps are left open."""
    along = np.gradient(line_k3, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    helper = np.where(np.abs(along[:, 1:2]) < 0.9, [[0, 1, 0]], [[1, 0, 0]])
    side = np.cross(along, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    turn = np.linspace(0, 2 * np.pi, 7)[:-1]
    ring = np.cos(turn)[None, :, None] * side[:, None] + np.sin(turn)[None, :, None] * other[:, None]
    points = (line_k3[:, None] + radius * ring).reshape(-1, 3)
    grid = np.arange(len(points)).reshape(-1, 6)
    a, b = grid[:-1], np.roll(grid[:-1], -1, 1)
    c, d = grid[1:], np.roll(grid[1:], -1, 1)
    triangles = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    return _plain(points, triangles.astype(np.int32), colour, LABEL_NARROW_FACE, PLASTIC)


def _clothes(rng: Generator) -> list[Part]:
    """Shoulders and trunk as bumpy super-ellipsoids, sometimes with a collar."""
    colour = rng.uniform(0.01, 1, 3) * rng.uniform(0.08, 0.9)
    shoulders = _ellipsoid(
        [0, rng.uniform(-33, -28), rng.uniform(-6, -2)], [rng.uniform(17, 26), rng.uniform(12, 16), rng.uniform(8, 12)], rng
    )
    trunk = _ellipsoid([0, -68, -4], [rng.uniform(15, 22), 42, rng.uniform(8, 13)], rng)
    parts = [_plain(*shoulders, colour, LABEL_BODY, CLOTH), _plain(*trunk, colour, LABEL_BODY, CLOTH)]
    if rng.random() < 0.5:
        collar = _ellipsoid(
            [0, rng.uniform(-17.5, -14.5), rng.uniform(-3, -1)], [rng.uniform(7, 9.5), rng.uniform(1.5, 4), rng.uniform(7, 9)], rng
        )
        parts.append(
            _plain(*collar, colour * rng.uniform(0.5, 1.5) if rng.random() < 0.6 else rng.uniform(0.05, 0.9, 3), LABEL_BODY, CLOTH)
        )
    return parts


def _ellipsoid(centre: list[float], radii: list[float], rng: Generator) -> tuple[Array, Array]:
    size = 32
    turn, tilt = np.meshgrid(np.linspace(0, 2 * np.pi, size, endpoint=False), np.linspace(0.01, np.pi - 0.01, size))
    unit = np.stack([np.cos(turn) * np.sin(tilt), np.cos(tilt), np.sin(turn) * np.sin(tilt)], -1).reshape(-1, 3)
    unit = np.sign(unit) * np.abs(unit) ** rng.uniform(0.65, 1)
    bumpy = unit * (1 + 0.06 * fractal_noise(unit.astype(np.float32), 2.0, 3, int(rng.integers(1 << 20)))[:, None])
    i = np.arange(size * (size - 1)).reshape(size - 1, size)
    j = np.roll(i, -1, 1)
    triangles = np.concatenate([np.stack([i, j, i + size], -1).reshape(-1, 3), np.stack([j, j + size, i + size], -1).reshape(-1, 3)])
    return bumpy * radii + np.array(centre), triangles.astype(np.int32)


def _plain(points: Array, triangles: Array, colour: Array, label: int, material: int) -> Part:
    count = len(triangles)
    albedo = np.tile(np.clip(colour, 0.005, 1).astype(np.float32), (len(points), 1))
    points = np.ascontiguousarray(points, np.float32)
    return Part(points, triangles, albedo, np.full(count, label, np.uint8), np.full(count, material, np.uint8), points)


def _compact(part: Part) -> Part:
    """Drops the vertices that no triangle uses."""
    used, triangles = np.unique(part.triangles_m3, return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype(np.int32)
    return Part(part.vertices_v3[used], triangles, part.albedo_v3[used], part.label_m, part.material_m, part.coordinates_v3[used])


def _join(parts: list[Part]) -> Part:
    offsets = np.cumsum([0] + [len(p.vertices_v3) for p in parts[:-1]])
    return Part(
        np.concatenate([p.vertices_v3 for p in parts]),
        np.concatenate([p.triangles_m3 + offset for p, offset in zip(parts, offsets, strict=True)]).astype(np.int32),
        np.concatenate([p.albedo_v3 for p in parts]),
        np.concatenate([p.label_m for p in parts]),
        np.concatenate([p.material_m for p in parts]),
        np.concatenate([p.coordinates_v3 for p in parts]).astype(np.float32),
    )


def _details(rng: Generator) -> Array:
    """(6 materials, 6): noise frequency along x, y, z, colour variation, bump, gloss factor."""
    strand, weave = rng.uniform(1.2, 4), rng.uniform(0.3, 2.5)
    return np.array(
        [
            [5, 5, 5, rng.uniform(0, 0.08), rng.uniform(0, 0.012), 1],
            [strand, strand, strand, rng.uniform(0.15, 0.5), rng.uniform(0, 0.1), rng.uniform(0.5, 2)],
            [weave, weave, weave, rng.uniform(0, 0.35), rng.uniform(0, 0.15), rng.uniform(0, 0.5)],
            [1, 1, 1, 0, 0, 4],
            [3, 3, 3, 0.05, 0, 1.5],
            [1, 1, 1, 0, 0, 3],
        ],
        np.float32,
    )
