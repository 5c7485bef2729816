"""Whole heads on held-out heads: bust and head of the head model against the two-sided bust, in a table.

    python -m training.evaluation.whole_head --face-model PATH [--people-model PATH] [--rooms PATH]
        [--weights assets/face_depth.safetensors] [--heads 24]

The models are made of one relief: of true maps, and of a network's for the photo, as the application makes
it. They are brought to the true head by the similarity that joins the pixels of the narrow face. Surfaces are
compared where they are outermost, seen from the middle of the skull, and above the chin: the mean of the
distances from the true one to the model and back, percent of the mean head's width (1 % is 1.8 mm). Face: in
front, below the hair; ears: on both sides; back: behind the pivot. The true surface is all that the person
wears, with the hair.

Stretch: of what a triangle shows, how much longer it is drawn in one direction than in the other, the 95th
percentile by area. That is the ratio of the singular values of the map from the picture to the surface; the
picture is the photo where a triangle shows it, else the texture.

With --people-model the heads are those of the scenes of people, else of the first kind; scenes with two
people are left out. The colours of the unseen half are not compared: the renderer gives them for the camera's
side only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from face3d.depth.face.estimator import FaceEstimator
from face3d.errors import FaceModelError
from face3d.geometry.camera import Camera, project, unproject
from face3d.geometry.inspection import even_samples
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.bust import bust_mesh
from face3d.head.colours import PhotoColours
from face3d.head.hair import MIDDLE
from face3d.head.model import HeadModel, load_head_model
from face3d.head.solving import similarity
from face3d.head.whole import WholeHead, whole_head
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Mesh, Photo, SkinMap
from generate_3d_model import build_mesh
from training.evaluation.baselines import network_of_any_age
from training.evaluation.head_fit import (
    TRUE_ERROR,
    YAWS,
    HeldOutHead,
    above_chin,
    at_ears,
    first_kind,
    held_out_heads,
    of_people,
    relief_from_network,
)
from training.evaluation.metrics import means, print_table
from training.scenes.primitives import LABEL_HEAD, LABEL_NARROW_FACE

HEADS = 24
TWO_SIDED = "two-sided"
"""The bust without the head model in `generate_3d_model.KINDS`."""
OUTSIDE = "skin", "hair"
"""Parts of the whole head that are compared with the person's surface."""
SAMPLES, ASKED = 500_000, 20_000
"""Points on a surface, and those of them whose distance from the other one is taken. About 0.004 widths lie
between neighbours: half of that is the floor of the distances."""
COLUMNS, ROWS = 360, 115
"""Cells of directions, all as large, in which the outermost points are sought."""
NEAR_OUTERMOST = 0.012
"""Distance, widths, to the outermost point of a cell within which others belong to the same surface."""
WITH_NECK = -0.75
"""Canonical height down to which surfaces take part in that."""
FACE_UP, FACE_AROUND = 25.0, 50.0
"""Upper end and half width of the face, degrees from the middle of the skull."""
STRETCH, MOST_STRETCH = "stretch", 100.0
"""Name of that figure; a larger one counts as so much: triangles seen edge-on would outweigh all others."""
REGIONS = "face", "ears", "back", "all"


def relief_from_truth(head: HeldOutHead) -> Relief:
    """The relief of the true maps: of one person."""
    sample = head.sample
    side = sample.label_hw.shape[0]
    on_head, skin = sample.label_hw >= LABEL_HEAD, np.isfinite(sample.canonical_hwc[..., 0])
    places = np.where((on_head & ~skin)[..., None], 0, sample.canonical_hwc).astype(np.float32)
    stated = np.full((side, side), TRUE_ERROR, np.float32)
    rows, columns = np.nonzero(on_head)
    box = float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
    grid = 0.0, 0.0, float(side), float(side)
    depth = DepthMap(
        sample.relief_hw.astype(np.float32),
        DepthRepresentation.RELIEF,
        (sample.matte_hw > 127) & (sample.label_hw > 0),
        "truth",
        back_hw=(sample.relief_hw - sample.thickness_hw).astype(np.float32),
        uncertainty_hw=stated,
        matte_hw=(sample.matte_hw / np.float32(255) * (sample.label_hw > 0)).astype(np.float32),
        faces=(Face(box, skin=SkinMap(grid, places, stated, skin.astype(np.float32))),),
        detects_faces=True,
    )
    return make_relief(depth, Photo(np.ascontiguousarray(sample.rgb_hwc), None, None, ""), ModelSettings())


def to_true_space(relief: Relief, head: HeldOutHead) -> Callable[[Array], Array]:
    """Takes points of the relief's camera to the upright true head: from the pivot, in mean head's widths;
    by the similarity that joins the pixels of the narrow face.
    """
    shown = (head.sample.label_hw == LABEL_NARROW_FACE) & relief.known_hw
    rows, columns = np.nonzero(shown)
    taken, side = head.camera, shown.shape[0]
    across, down = taken.centre_xy
    true_camera = Camera(
        shown.shape, taken.distance / taken.scene_width, centre_xy=(across * side, down * side)
    )
    here, there = (
        unproject(columns + 0.5, rows + 0.5, layer_hw[shown], camera)
        for layer_hw, camera in (
            (relief.front_hw, relief.camera),
            (head.sample.relief_hw, true_camera),
        )
    )
    widths = taken.scene_width * 10 / load_head_model().width_mm
    turn, scale, shift = similarity(here, there * widths, np.ones(len(rows)))
    return lambda points: np.asarray((scale * points @ turn.T + shift) @ taken.rotation_33)


def outermost(points_n3: Array) -> Array:
    """(n,) bool: near the farthest point from the middle of the skull in its direction."""
    off = points_n3 - MIDDLE
    radius = np.linalg.norm(off, axis=1)
    height = np.clip(off[:, 1] / np.maximum(radius, 1e-9), -1, 1)
    around = np.arctan2(off[:, 0], off[:, 2])
    row = np.minimum(((height + 1) / 2 * ROWS).astype(int), ROWS - 1)
    column = np.minimum(((around / (2 * np.pi) + 0.5) * COLUMNS).astype(int), COLUMNS - 1)
    farthest = np.zeros((ROWS, COLUMNS))
    np.maximum.at(farthest, (row, column), radius)
    return np.asarray(radius > farthest[row, column] - NEAR_OUTERMOST)


def outside_points(model: HeadModel, corners_m33: Array) -> Array:
    """Points (n, 3), even by area, on triangles in canonical axes where these are outermost and of the head.

    corners_m33: (m, 3, 3), from the pivot, in mean head's widths.
    """
    # The neck hides the inside of the mouth from below.
    of_head = corners_m33[corners_m33[..., 1].mean(1) > WITH_NECK]
    flat, faces = of_head.reshape(-1, 3), np.arange(3 * len(of_head)).reshape(-1, 3)
    chosen, weights = even_samples(flat, faces, SAMPLES, np.random.default_rng(0))
    points = np.einsum("nc,ncd->nd", weights, of_head[chosen])
    points = points[outermost(points)]
    return np.asarray(points[above_chin(model, points)])


def region_of(places_n3: Array) -> dict[str, Array]:
    """By name of REGIONS, which places of the head belong to it."""
    x, y, z = (places_n3 - MIDDLE).T
    up = np.degrees(np.arctan2(y, np.hypot(x, z)))
    ears = at_ears(places_n3)
    front = (np.abs(np.degrees(np.arctan2(x, z))) < FACE_AROUND) & (up < FACE_UP)
    back = (places_n3[:, 2] < 0) & ~ears
    return {"face": front, "ears": ears, "back": back, "all": np.ones(len(places_n3), bool)}


def distances(true_n3: Array, model_n3: Array) -> dict[str, float]:
    """Mean distance of points of two surfaces from each other, percent of the mean head's width, by region;
    NaN where it has no point of one of them.
    """
    found: dict[str, list[float]] = {name: [] for name in REGIONS}
    for these, others in ((true_n3, model_n3), (model_n3, true_n3)):
        asked = these[np.linspace(0, len(these) - 1, min(ASKED, len(these))).astype(int)]
        off = 100 * cKDTree(others).query(asked)[0]
        for name, mask in region_of(asked).items():
            found[name].append(float(off[mask].mean()) if mask.any() else np.nan)
    return {name: float(np.mean(values)) for name, values in found.items()}


def stretches(corners_m33: Array, places_m32: Array) -> Array:
    """(m,) ratios of the singular values of the maps from pictures to triangles; infinite where a triangle
    has no area in its picture.

    corners_m33: in space. places_m32: in the picture, in square pixels.
    """
    edges = corners_m33[:, 1:].astype(np.float64) - corners_m33[:, :1]
    flat = places_m32[:, 1:].astype(np.float64) - places_m32[:, :1]
    area = np.linalg.det(flat)
    safe = np.abs(area) > 1e-9
    # Rows are edges: edges = flat @ map.T, so the map's Gram matrix is that of the solutions.
    maps = np.linalg.solve(np.where(safe[:, None, None], flat, np.eye(2)), edges)
    small, large = np.linalg.eigvalsh(maps @ maps.transpose(0, 2, 1)).T
    return np.where(safe, np.sqrt(large / np.maximum(small, 1e-18 * large + 1e-300)), np.inf)


def percentile_by_area(values_m: Array, corners_m33: Array, percent: float) -> float:
    """The value below which so many percent of the area lie."""
    first, second = corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]
    area, order = np.linalg.norm(np.cross(first, second), axis=1), np.argsort(values_m)
    below = np.cumsum(area[order])
    return float(values_m[order][np.searchsorted(below, percent / 100 * below[-1])])


def in_texture(mesh: Mesh) -> Array:
    """(m, 3, 2) corners of a mesh in pixels of its texture."""
    assert mesh.uv_n2 is not None and mesh.texture_hwc is not None
    return np.asarray((mesh.uv_n2 * mesh.texture_hwc.shape[1::-1])[mesh.faces_m3])


def in_its_picture(mesh: Mesh, whole: WholeHead) -> Array:
    """(m, 3, 2) corners of a part of the whole head in pixels of the photo where it shows that, else of its
    texture.
    """
    kept, new, faces = weld(mesh.vertices_n3, mesh.faces_m3)
    normals = vertex_normals(mesh.vertices_n3[kept], faces)[new][mesh.faces_m3].mean(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    corners = mesh.vertices_n3[mesh.faces_m3].astype(np.float64)
    shown = PhotoColours.of(whole.relief, whole.unit).at(corners.mean(1), normals)[1] > 0.5
    in_photo = np.stack(project(corners, whole.relief.camera), -1)
    return np.where(shown[:, None, None], in_photo, in_texture(mesh))


def figures(
    model: HeadModel, head: HeldOutHead, relief: Relief, corners_m33: Array, places_m32: Array
) -> dict[str, float]:
    """The row of a model of a relief: its triangles in the space of the relief's camera and their places in
    their pictures.
    """
    to_true = to_true_space(relief, head)
    there = to_true(corners_m33.reshape(-1, 3).astype(np.float64)).reshape(corners_m33.shape)
    true = head.surface_s33.reshape(-1, 3).astype(np.float64) @ head.camera.rotation_33
    outsides = [outside_points(model, corners) for corners in (true.reshape(-1, 3, 3), there)]
    found = distances(*outsides)
    of_head = above_chin(model, there.mean(1))
    stretch = percentile_by_area(stretches(there[of_head], places_m32[of_head]), there[of_head], 95)
    return {f"{name} %": value for name, value in found.items()} | {STRETCH: min(stretch, MOST_STRETCH)}


def models_of(relief: Relief) -> dict[str, tuple[Array, Array]]:
    """By name, the triangles (m, 3, 3) of each model in the space of the relief's camera, and their corners
    (m, 3, 2) in their pictures.

    Raises: HeadError where no head is fitted.
    """
    whole = whole_head(relief)
    parts = [part.mesh for part in whole.animated.parts if part.name in OUTSIDE]
    solids = {
        "two-sided bust": build_mesh(relief, TWO_SIDED),
        "bust": bust_mesh(whole, relief.settings.face_budget),
    }
    found = {name: (mesh.vertices_n3[mesh.faces_m3], in_texture(mesh)) for name, mesh in solids.items()}
    corners = np.concatenate([mesh.vertices_n3[mesh.faces_m3] for mesh in parts])
    return found | {"head": (corners, np.concatenate([in_its_picture(mesh, whole) for mesh in parts]))}


def rows_of(model: HeadModel, head: HeldOutHead, relief: Relief) -> dict[str, dict[str, float]] | None:
    """The rows of all models; None where no head is fitted, so that all have the same heads."""
    try:
        return {name: figures(model, head, relief, *made) for name, made in models_of(relief).items()}
    except FaceModelError as error:
        print(f"  refused: {error}")
        return None


def lines_of(
    rows: list[tuple[float, dict[str, dict[str, float]]]], source: str
) -> dict[str, dict[str, float]]:
    """Means of rows with their yaws, all together and by yaw, under their titles."""
    lines = {}
    for low, high in [(0, 91), *pairwise(YAWS)]:
        chosen = [row for yaw, row in rows if low <= yaw < high]
        for name in chosen[0] if chosen else ():
            label = "all" if (low, high) == (0, 91) else f"yaw {low} to {min(high, 90)}"
            lines[f"{source}, {label}, {name} ({len(chosen)})"] = means([row[name] for row in chosen])
    return lines


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="How near whole heads come to held-out heads.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--people-model", type=Path)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--heads", type=int, default=HEADS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    model, network = load_head_model(), network_of_any_age(options.weights)
    sources: dict[str, Callable[[HeldOutHead], Relief]] = {"true maps": relief_from_truth}
    if network.configuration.canonical_widths:
        estimator = FaceEstimator(network)
        sources["network"] = lambda head: relief_from_network(estimator, head)
    else:
        print(f"{options.weights} has no canonical coordinates: true maps only")
    draw = (
        of_people(options.face_model, options.people_model, options.rooms)
        if options.people_model
        else first_kind(options.face_model)
    )
    found: dict[str, list[tuple[float, dict[str, dict[str, float]]]]] = {name: [] for name in sources}
    for head in held_out_heads(lambda seed: _alone(draw(seed)), options.heads):
        for name, see in sources.items():
            if (rows := rows_of(model, head, see(head))) is not None:
                found[name].append((abs(head.sample.yaw), rows))
    print_table({title: row for name, rows in found.items() for title, row in lines_of(rows, name).items()})


def _alone(head: HeldOutHead | None) -> HeldOutHead | None:
    """The head, None where a second person is in view."""
    return None if head is None or head.sample.heads_23[1, 2] > 0 else head


if __name__ == "__main__":
    main()
