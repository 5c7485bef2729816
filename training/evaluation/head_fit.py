"""The fit of the head model on held-out heads, from true maps and from a network's, in a table.

    python -m training.evaluation.head_fit --face-model PATH [--people-model PATH] [--rooms PATH]
        [--weights assets/face_depth.safetensors] [--heads 48]

Both take the camera of the application, which does not know the true one. Surface error: mean distance of
the true skin from the fitted one, in percent of the mean head's width (1 % is 1.8 mm), after a similarity
that joins their faces; "mean head" is the model's own, without identity or expression. Face: the narrow one;
back: behind the pivot. With --people-model the heads are those of the scenes of people, else of the first
kind.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from face3d.depth.face.estimator import FaceEstimator
from face3d.errors import FaceModelError
from face3d.geometry.camera import DEFAULT_FOV_DEGREES, Camera, unproject
from face3d.geometry.meshes import vertex_normals
from face3d.geometry.relief import Relief, camera_distance, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.fit import HeadFit, SeenSkin, fit_head
from face3d.head.model import HeadModel, load_head_model
from face3d.head.seen import seen_skin
from face3d.head.solving import similarity
from face3d.structures import Array, Photo
from training.dataset import HELD_OUT_FIRST_SEED
from training.evaluation.baselines import network_of_any_age
from training.evaluation.metrics import means, print_table
from training.people.model import load_people
from training.people.scene import random_scene as random_people
from training.rendering.camera import SceneCamera, random_camera
from training.rendering.portrait import CHANCE_OF_THINGS, render_portrait
from training.rendering.rooms import load_rooms
from training.rendering.sample import CHANCE_OF_NOBODY, Sample, render
from training.scenes.face_model import (
    LANDMARKS_68,
    NARROW_FACE,
    PIVOT,
    find_regions,
    is_above_chin,
    load_face_model,
)
from training.scenes.primitives import LABEL_NARROW_FACE, LABEL_NOTHING, Part
from training.scenes.scene import random_scene

SIDE = 256
HEADS = 48
LEAST_FACE = 400
"""Pixels of the narrow face that a head must show to take part."""
TRUE_ERROR = 0.002
"""What is stated of true maps: their grid and their half precision, in widths."""
YAWS = (0, 20, 45, 91)
REGIONS = "face", "ears", "back"


@dataclass(frozen=True, eq=False)
class HeldOutHead:
    """One sample, and the true skin of its first person in camera axes, from the pivot: points_n3, in mean
    head's widths, at the places canonical_n3.

    camera: that took it. surface_s33: (s, 3, 3) float32, corners of the triangles of all that the person
    wears, hair included, axes and unit as of points_n3.
    """

    sample: Sample
    points_n3: Array
    canonical_n3: Array
    camera: SceneCamera
    surface_s33: Array


def first_kind(face_model: Path) -> Callable[[int], HeldOutHead | None]:
    """From a seed to a head of the scenes of the first kind; None for one without a person."""
    model = load_face_model(face_model)
    regions = find_regions(model)

    def head(seed: int) -> HeldOutHead | None:
        rng = np.random.default_rng(seed)
        if rng.random() < CHANCE_OF_NOBODY:
            return None
        scene = random_scene(model, regions, rng)
        own = [(scene.mesh, scene.owner_m)]
        return _head(render(model, regions, seed, SIDE), own, random_camera(rng))

    return head


def of_people(
    face_model: Path, people_model: Path, rooms: Path | None
) -> Callable[[int], HeldOutHead | None]:
    """The same of the scenes of people, of both families."""
    model, panoramas = load_people(face_model, people_model), load_rooms(rooms) if rooms else []

    def head(seed: int) -> HeldOutHead | None:
        rng = np.random.default_rng(seed)
        if rng.random() < CHANCE_OF_NOBODY + CHANCE_OF_THINGS:
            return None
        scene = random_people(model, rng)
        parts = [(scene.mesh, scene.owner_m)]
        if scene.envelope is not None:
            parts.append((scene.envelope, scene.envelope_owner_m))
        return _head(render_portrait(model, panoramas, seed, SIDE), parts, random_camera(rng))

    return head


def _head(sample: Sample, parts: list[tuple[Part, Array]], camera: SceneCamera) -> HeldOutHead | None:
    """parts: with the owner of each triangle; the first one has the skin."""
    if (sample.label_hw == LABEL_NARROW_FACE).sum() < LEAST_FACE:
        return None
    width_cm = np.float32(load_head_model().width_mm / 10)
    surface = []
    for part, owner_m in parts:
        seen = part.triangles_m3[(owner_m == 1) & (part.label_m != LABEL_NOTHING)]
        surface.append((camera.place(part.vertices_v3) / width_cm)[seen])
    mesh, owner_m = parts[0]
    own = np.unique(mesh.triangles_m3[owner_m == 1])
    own = own[np.isfinite(mesh.canonical_v3[own, 0])]
    points = camera.place(mesh.vertices_v3)[own] / width_cm
    return HeldOutHead(sample, points, mesh.canonical_v3[own], camera, np.concatenate(surface))


def from_truth(head: HeldOutHead) -> SeenSkin:
    """The true maps before the camera of the application."""
    camera = Camera((SIDE, SIDE), camera_distance(DEFAULT_FOV_DEGREES))
    places = head.sample.canonical_hwc
    rows, columns = np.nonzero(np.isfinite(places[..., 0]))
    points = unproject(columns + 0.5, rows + 0.5, head.sample.relief_hw[rows, columns], camera)
    stated = np.full(len(points), TRUE_ERROR, np.float32)
    return SeenSkin(points, stated, places[rows, columns], stated, camera)


def from_network(estimator: FaceEstimator) -> Callable[[HeldOutHead], SeenSkin]:
    """The maps of a network for the photo, as the application computes them; of the face nearest to the first
    person's head.
    """

    return lambda head: seen_skin(relief_from_network(estimator, head))


def relief_from_network(estimator: FaceEstimator, head: HeldOutHead) -> Relief:
    """The relief of the first person of a sample, by a network, as the application makes it."""
    photo = Photo(np.ascontiguousarray(head.sample.rgb_hwc), None, None, "")
    depth = estimator.predict(photo)
    middle = head.sample.heads_23[0, :2]
    boxes = np.array([face.box_xyxy for face in depth.faces]).reshape(-1, 2, 2)
    off = np.linalg.norm(boxes.mean(1) - middle, axis=1)
    number = int(off.argmin()) + 1 if len(off) else 1
    return make_relief(depth, photo, ModelSettings(face=number))


def surface_errors(model: HeadModel, head: HeldOutHead, fitted_v3: Array) -> dict[str, float]:
    """Mean distances of the true skin from a head with the model's vertices, percent of the mean head's
    width, by region; NaN where the head has no vertex of it.
    """
    corners, weights, _ = model.nearest_places(head.canonical_n3)
    face = (corners < NARROW_FACE.stop).all(1)
    there = (weights[..., None] * fitted_v3[corners]).sum(1)
    turn, scale, shift = similarity(there[face], head.points_n3[face], np.ones(face.sum()))
    skin = (scale * fitted_v3[: model.skin_vertices] @ turn.T + shift).astype(np.float32)
    normals = vertex_normals(skin, model.skin_triangles_m3)
    near = cKDTree(skin).query(head.points_n3)[1]
    off = np.abs(((head.points_n3 - skin[near]) * normals[near]).sum(1)) * 100
    z = head.canonical_n3[:, 2]
    above = above_chin(model, head.canonical_n3)
    ears = at_ears(head.canonical_n3) & above
    chosen = {"face": face, "ears": ears, "back": (z < 0) & above & ~ears}
    return {name: float(off[mask].mean()) if mask.any() else np.nan for name, mask in chosen.items()}


def above_chin(model: HeadModel, places_n3: Array) -> Array:
    """(n,) bool: places in canonical coordinates that belong to the head, not to neck or shoulders."""
    width_cm = model.width_mm / 10
    return is_above_chin(places_n3 * width_cm + PIVOT, model.neutral_v3[LANDMARKS_68[8]] * width_cm + PIVOT)


def at_ears(places_n3: Array) -> Array:
    """(n,) bool: places in canonical coordinates at the ears, or below them."""
    x, y, z = places_n3.T
    return np.asarray((np.abs(x) > 0.42) & (y < 0.3) & (z > -0.3) & (z < 0))


def row_of(model: HeadModel, head: HeldOutHead, see: Callable[[HeldOutHead], SeenSkin]) -> dict[str, float]:
    """The figures of one fit; `fitted` is 0 and the others NaN where it was refused."""
    names = "residual %", "residual mm", "used", *(f"{name} %" for name in REGIONS)
    try:
        fit: HeadFit = fit_head(model, see(head))
    except FaceModelError as error:
        print(f"  refused: {error}")
        return {"fitted": 0.0} | dict.fromkeys(names, np.nan)
    found = surface_errors(model, head, fit.vertices(model))
    figures = 100 * fit.residual, fit.residual_mm, fit.used, *found.values()
    return {"fitted": 1.0} | dict(zip(names, figures, strict=True))


def mean_head(model: HeadModel, head: HeldOutHead) -> dict[str, float]:
    """The same figures of the head without identity and expression."""
    found = surface_errors(model, head, model.neutral_v3)
    none = dict.fromkeys(("fitted", "residual %", "residual mm", "used"), np.nan)
    return none | {f"{name} %": value for name, value in found.items()}


def held_out_heads(draw: Callable[[int], HeldOutHead | None], count: int) -> Iterator[HeldOutHead]:
    """The first heads that show enough of a face."""
    seed = HELD_OUT_FIRST_SEED
    while count:
        if (head := draw(seed)) is not None:
            count -= 1
            yield head
        seed += 1


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description="How well the head model is fitted to held-out heads.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--people-model", type=Path)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--heads", type=int, default=HEADS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    model, network = load_head_model(), network_of_any_age(options.weights)
    methods: dict[str, Callable[[HeldOutHead], dict[str, float]]] = {
        "mean head": lambda head: mean_head(model, head),
        "true maps": lambda head: row_of(model, head, from_truth),
    }
    if network.configuration.canonical_widths:
        see = from_network(FaceEstimator(network))
        methods["network"] = lambda head: row_of(model, head, see)
    else:
        print(f"{options.weights} has no canonical coordinates: true maps only")
    draw = (
        of_people(options.face_model, options.people_model, options.rooms)
        if options.people_model
        else first_kind(options.face_model)
    )
    rows: dict[str, list[tuple[float, dict[str, float]]]] = {name: [] for name in methods}
    for head in held_out_heads(draw, options.heads):
        for name, method in methods.items():
            rows[name].append((abs(head.sample.yaw), method(head)))
    lines = {}
    for low, high in [(0, 91), *pairwise(YAWS)]:
        for name, all_of in rows.items():
            if chosen := [row for yaw, row in all_of if low <= yaw < high]:
                label = "all" if (low, high) == (0, 91) else f"yaw {low} to {min(high, 90)}"
                lines[f"{label}, {name} ({len(chosen)})"] = means(chosen)
    print_table(lines)


if __name__ == "__main__":
    main()
