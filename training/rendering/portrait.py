"""One sample of the scenes of people: photo, and ground truth of skin, cloth and the envelope of the hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.people.model import PeopleModel
from training.people.scene import Scene, random_scene
from training.rendering.camera import SceneCamera, random_camera
from training.rendering.glass import apply_glass
from training.rendering.phone import with_faults
from training.rendering.portrait_shading import Room, shade_portrait
from training.rendering.rasteriser import rasterise
from training.rendering.rooms import Panorama
from training.rendering.sample import (
    CHANCE_OF_NOBODY,
    EYE_DEPTH,
    LANDMARK_DEPTH,
    MOST_EYES,
    Sample,
    in_view,
    nobody,
    photo_of_scene,
)
from training.rendering.sensor import develop
from training.rendering.shading import Lighting, Surface, Visible, pack_lights
from training.rendering.strand_shading import composite
from training.rendering.strands import Strands, opacity, strand_fragments
from training.rendering.surroundings import random_surroundings, with_bleeding
from training.rendering.truth import Truth, heads_in_view, truth
from training.scenes.nobody import KINDS, random_nobody
from training.scenes.primitives import GLASS, LABEL_BODY, LABEL_NARROW_FACE, LABEL_NOTHING, join, only

OVERSAMPLING = 1.5
CHANCE_OF_THINGS = 0.06
"""Of an animal, a thing or a room with furniture in place of people, beside the empty places."""
METERED, FOR_PERSON = 0.17, 0.85
"""Mean of linear colour that exposure aims at, and the share of the person in it."""
HAIRY, BETWEEN = 0.45, 0.45
"""Mean opacity of the hair around a pixel from which its surface is that of the envelope, and the deviation
of that mean in centimetres: gaps between locks belong to the envelope."""
HOLLOWS = (0.5, 1.6, 5.0)
"""Sizes of hollows that room light reaches less, centimetres."""
HOLLOW_DEPTH = (0.35, 1.3, 5.0)
"""Depth below the surroundings at which a hollow of that size is darkest."""


def render_portrait(model: PeopleModel, rooms: list[Panorama], seed: int, side: int) -> Sample:
    """Draws the sample of a seed. The same seed, side and rooms (may be none) give the same sample."""
    rng = np.random.default_rng(seed)
    if (drawn := rng.random()) < CHANCE_OF_NOBODY:
        return with_faults(_empty_place(rooms, side, rng), rng)
    if drawn < CHANCE_OF_NOBODY + CHANCE_OF_THINGS:
        return with_faults(_thing(side, rng), rng)
    scene = random_scene(model, rng)
    camera = random_camera(rng)
    placed = camera.place(scene.mesh.vertices_v3)
    rgb, person, hair, names = _photo(scene, camera, placed, rooms, side, rng)
    true = portrait_truth(scene, camera, placed, side, hair, person)
    matte = np.round(person * 255).astype(np.uint8)
    matte[true.label_hw == LABEL_NOTHING] = np.minimum(matte[true.label_hw == LABEL_NOTHING], 127)

    def located(points_k3: Array, depth: float) -> Array:
        return in_view(camera.project(camera.place(points_k3), side), true.distance_hw, depth)

    eyes = np.zeros((MOST_EYES, 3), np.float32)
    eyes[: len(scene.eyes_k3)] = located(scene.eyes_k3, EYE_DEPTH)
    sample = Sample(
        rgb,
        true.relief_hw,
        true.thickness_hw,
        np.round(true.normal_hwc * 127).astype(np.int8),
        matte,
        true.label_hw,
        true.canonical_hwc,
        heads_in_view(true),
        eyes,
        located(scene.landmarks_683, LANDMARK_DEPTH),
        camera.yaw,
        scene.tone,
        scene.has | names,
    )
    return with_faults(sample, rng)


def _empty_place(rooms: list[Panorama], side: int, rng: Generator) -> Sample:
    """A room, a picture or another backdrop without anybody near."""
    around = random_surroundings(rooms, random_camera(rng), rng.uniform(0.01, 0.8, (3, 3)), side, rng)
    exposure = METERED / max(float(around.backdrop_hwc.mean()), 1e-3) * 2 ** (rng.normal() * 0.4)
    rgb, names = develop(around.backdrop_hwc * np.float32(exposure), rng)
    return nobody(rgb, set(around.has) | names)


def _thing(side: int, rng: Generator) -> Sample:
    """An animal, a thing or a room: what a detector might take for a head."""
    scene, camera = random_nobody(str(rng.choice(list(KINDS))), rng), random_camera(rng)
    rgb, _, names = photo_of_scene(scene, camera, camera.place(scene.mesh.vertices_v3), side, rng)
    return nobody(rgb, set(scene.has) | names)


def portrait_truth(
    scene: Scene, camera: SceneCamera, placed_v3: Array, side: int, hair_hw: Array, person_hw: Array
) -> Truth:
    """Surfaces: the envelope of the hair where strands cover the pixel (hair_hw, their opacity), else skin,
    cloth and things. Thickness reaches to the last of all. person_hw: coverage; where strands alone cover
    less than half of a pixel there is no surface.
    """
    bare = truth(scene.mesh, scene.owner_m, camera, placed_v3, side)
    if scene.envelope is None:
        return bare
    mesh = join([scene.mesh, scene.envelope])
    placed = np.concatenate([placed_v3, camera.place(scene.envelope.vertices_v3)])
    owner = np.concatenate([scene.owner_m, scene.envelope_owner_m])
    full = truth(mesh, owner, camera, placed, side)
    around = cv2.GaussianBlur(hair_hw, (0, 0), max(1.0, BETWEEN * side / camera.scene_width))
    hairy = (around > HAIRY) & ((bare.label_hw != LABEL_NOTHING) | (person_hw >= 0.5))
    chosen = [
        np.where(hairy if a.ndim == 2 else hairy[..., None], b, a) for a, b in zip(bare, full, strict=True)
    ]
    merged = Truth(*chosen)
    same = (bare.owner_hw == full.owner_hw) & ~hairy & (bare.label_hw != LABEL_NOTHING)
    behind = full.relief_hw - full.thickness_hw
    thick = np.where(same, np.clip(bare.relief_hw - behind, 0, 2), merged.thickness_hw)
    return merged._replace(thickness_hw=thick.astype(np.float32))


def _photo(
    scene: Scene, camera: SceneCamera, placed_v3: Array, rooms: list[Panorama], side: int, rng: Generator
) -> tuple[Array, Array, Array, set[str]]:
    """The photo (s, s, 3) uint8; the share of each pixel that people cover, and the opacity of hair, (s, s)
    float32; and what light, lens, sensor and file did, by name.
    """
    fine = int(side * OVERSAMPLING)
    around = random_surroundings(rooms, camera, _colours(scene), side, rng)
    colour, person, anything, hair = (
        cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
        for part in photograph_people(
            scene, camera, placed_v3, around.lighting, around.room, fine, int(rng.integers(1 << 20))
        )
    )
    exposure = np.float32(_exposure(colour, anything, around.backdrop_hwc, rng))
    colour, backdrop = colour * exposure, around.backdrop_hwc * exposure
    if "bleeding light" in around.has:
        linear = with_bleeding(colour, backdrop, anything, rng)
    else:
        linear = colour + backdrop * (1 - anything[..., None])
    rgb, more = develop(linear, rng)
    return rgb, person, hair, set(around.has) | more


def _exposure(colour: Array, anything: Array, backdrop: Array, rng: Generator) -> float:
    """Factor that a camera would choose: mostly for the person, partly for the whole."""
    person = float(colour.mean() / max(float(anything.mean()), 0.02))
    ground = min(float(backdrop.mean()), 4 * person)
    metered = FOR_PERSON * person + (1 - FOR_PERSON) * ground
    return float(np.clip(METERED / max(metered, 1e-3) * 2 ** (rng.normal() * 0.4), 0.1, 12))


def _colours(scene: Scene) -> Array:
    """Of hair, skin and clothes, (3, 3)."""
    labels = scene.mesh.label_m
    found = [scene.kinds_k16[0, 4:7]]
    for label in (LABEL_NARROW_FACE, LABEL_BODY):
        chosen = scene.mesh.triangles_m3[np.flatnonzero(labels == label)[::50], 0]
        found.append(np.median(scene.mesh.albedo_v3[chosen], axis=0))
    return np.stack(found)


def photograph_people(
    scene: Scene,
    camera: SceneCamera,
    placed_v3: Array,
    lighting: Lighting,
    room: Room,
    side: int,
    seed: int,
) -> tuple[Array, Array, Array, Array]:
    """Linear colour (side, side, 3), premultiplied; the shares of each pixel that people and that anything
    covers; and the opacity of the hair without brows and lashes, (side, side). All float32.
    """
    mesh = scene.mesh
    opaque = np.flatnonzero(mesh.material_m != GLASS)
    triangles = np.ascontiguousarray(mesh.triangles_m3[opaque])
    screen = camera.project(placed_v3, side)
    index, weight, away = rasterise(screen, triangles, side, side, False)
    strands = placed_strands(scene, camera)
    fragments = strand_fragments(camera.project(strands.vertices_v3, side), strands, away)
    strands_hw = opacity(fragments, np.ones(len(strands.triangles_m3), np.bool_))
    hair = opacity(fragments, scene.cards.casts_m)
    first = np.where(fragments.alpha_hwk[..., 0] > 0.3, fragments.distance_hwk[..., 0], np.inf)
    nearest = np.minimum(np.where(away > 0, away, np.inf), first)
    scale = side / camera.scene_width
    open_ = openness(nearest, scale)
    casters = np.concatenate([triangles, strands.triangles_m3[scene.cards.casts_m] + len(placed_v3)]).astype(
        np.int32
    )
    packed = pack_lights(lighting, np.concatenate([placed_v3, strands.vertices_v3]), casters)
    normals = vertex_normals(placed_v3, triangles).astype(np.float32)
    surface = Surface(
        triangles, placed_v3, normals, mesh.albedo_v3, mesh.coordinates_v3, mesh.material_m[opaque]
    )
    eye = np.array([0, 0, camera.distance])
    visible = Visible(index, weight)
    colour = shade_portrait(visible, surface, scene.rows_k24, open_, eye, packed, room, scale, seed)
    if len(opaque) < len(mesh.triangles_m3):
        clear, rng = only(mesh, mesh.material_m == GLASS), np.random.default_rng(seed)
        colour = apply_glass(colour, away, clear, placed_v3, screen, lighting.lights, rng)
    colour = composite(colour, fragments, strands, eye, packed, room, open_)
    covered = (index >= 0).astype(np.float32)
    owned = np.where(index >= 0, scene.owner_m[opaque[index]] > 0, False).astype(np.float32)
    clear = 1 - strands_hw
    return colour, 1 - (1 - owned) * clear, 1 - (1 - covered) * clear, hair


def placed_strands(scene: Scene, camera: SceneCamera) -> Strands:
    """The scene's cards in camera axes."""
    cards, turn = scene.cards, camera.rotation_33
    return Strands(
        camera.place(cards.vertices_v3),
        np.ascontiguousarray(cards.triangles_m3),
        cards.place_v3,
        cards.along_v,
        cards.edge_v,
        np.ascontiguousarray(cards.tangent_v3 @ turn.T, np.float32),
        np.ascontiguousarray(cards.normal_v3 @ turn.T, np.float32),
        cards.kind_m.astype(np.int32),
        scene.kinds_k16,
    )


def openness(distance_hw: Array, pixels_per_cm: float) -> Array:
    """Share of the room's light that reaches a pixel, (h, w) float32 in 0.15..1: less where the surface lies
    behind its surroundings (after Luft et al., 2006). distance_hw: centimetres, inf where there is nothing.
    """
    there = np.isfinite(distance_hw).astype(np.float32)
    depth = np.where(there > 0, distance_hw, 0).astype(np.float32)
    out = np.ones(depth.shape, np.float32)
    for size, deep in zip(HOLLOWS, HOLLOW_DEPTH, strict=True):
        sigma = size * pixels_per_cm
        if sigma < 0.5:
            continue
        shrink = max(1, int(sigma / 4))
        small = tuple(max(8, n // shrink) for n in depth.shape[::-1])
        pair = cv2.resize(np.dstack([depth, there]), small, interpolation=cv2.INTER_AREA)
        pair = cv2.GaussianBlur(pair, (0, 0), sigma / shrink)
        pair = cv2.resize(pair, depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
        behind = depth - pair[..., 0] / np.maximum(pair[..., 1], 1e-3)
        out *= 1 - 0.55 * np.clip(behind / deep, 0, 1)
    return np.where(there > 0, np.maximum(out, 0.12), 1).astype(np.float32)
