"""Errors of canonical coordinates and of the skin mask on held-out heads, in a table.

    python -m training.evaluation.canonical --face-model PATH [--people-model PATH --rooms PATH]
        [--weights assets/face_depth.safetensors] [--data data] [--heads 128]

As the application computes them, for the face nearest to the first person's head. Errors are distances in
space on pixels that are skin and are taken for skin, in percent of a head's width; "axis" is the mean
absolute error of one coordinate, which is what the network states.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.head.seen import LIKELY, SkinGrid
from face3d.structures import Array, Photo
from training.dataset import HELD_OUT_FIRST_SEED
from training.evaluation.evaluate import held_out
from training.evaluation.metrics import means, print_table
from training.scenes.primitives import LABEL_NARROW_FACE

HEADS = 128
KINDS = "first kind", "people"


def errors_of(record: Any, estimator: FaceEstimator) -> tuple[Array, Array, dict[str, float]] | None:
    """Of one head: mean absolute error of one coordinate at each pixel of skin (n,), what is stated of it
    (n,), and its figures. None where no face or no skin is found.
    """
    depth = estimator.predict(Photo(np.ascontiguousarray(record["rgb"]), None, None, ""))
    middle = record["heads"][0][:2]
    boxes = np.array([face.box_xyxy for face in depth.faces]).reshape(-1, 2, 2)
    if not len(boxes):
        return None
    skin = depth.faces[int(np.linalg.norm(boxes.mean(1) - middle, axis=1).argmin())].skin
    assert skin is not None
    true = record["canonical"].astype(np.float64)
    rows, columns = np.nonzero(np.ones(true.shape[:2], bool))
    grid = SkinGrid(skin)
    down, across, _ = grid.cells(rows, columns)
    _, likely = grid.at(rows, columns)
    found, is_skin = likely > LIKELY, np.isfinite(true[rows, columns, 0])
    both = found & is_skin
    if not both.any():
        return None
    off = grid.places(rows[both], columns[both]) - true[rows[both], columns[both]]
    distance = 100 * np.linalg.norm(off, axis=1)
    face = record["label"][rows[both], columns[both]] == LABEL_NARROW_FACE
    axis = np.abs(off).mean(1)
    figures = {
        "skin %": float(distance.mean()),
        "face %": float(distance[face].mean()) if face.any() else np.nan,
        "axis %": float(100 * axis.mean()),
        "skin IoU": float(both.sum() / (found | is_skin).sum()),
    }
    return axis, skin.uncertainty_hw[down[both], across[both]], figures


def table_of(records: list[Any], network: FaceNetwork) -> tuple[dict[str, float], list[Array]]:
    """Mean figures over heads, and the ratios of error to stated error of each head."""
    estimator = FaceEstimator(network)
    found = [errors_of(record, estimator) for record in records]
    there = [head for head in found if head is not None]
    ratios = [axis / np.maximum(stated, 1e-6) for axis, stated, _ in there]
    within = float(np.mean([(ratio <= 1).mean() for ratio in ratios]))
    mean = means([figures for _, _, figures in there])
    return {"heads": float(len(there))} | mean | {"within stated": within}, ratios


def sets_of(options: argparse.Namespace, name: str, heads: int, first_seed: int) -> dict[str, list[Any]]:
    """Records by kind of scene, rendered where they are missing; people where their model is given."""
    found = {KINDS[0]: held_out(options.face_model, options.data / name, heads, first_seed)}
    if options.people_model:
        folder, people = options.data / f"{name}_people", (options.people_model, options.rooms)
        found[KINDS[1]] = held_out(options.face_model, folder, heads, first_seed, 256, *people)
    return {kind: list(records.values()) for kind, records in found.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where sets and weights are."""
    parser.add_argument("--face-model", type=Path)
    parser.add_argument("--people-model", type=Path)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the sets")
    parser.add_argument("--heads", type=int, default=HEADS, help="of each kind")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Errors of canonical coordinates on held-out heads.")
    add_arguments(parser)
    options = parser.parse_args()
    # First: rendering forks processes, which PyTorch's threads would stop for good.
    sets = sets_of(options, "held_out", options.heads, HELD_OUT_FIRST_SEED)
    network = load_face_network(options.weights)
    print_table({kind: table_of(records, network)[0] for kind, records in sets.items()})


if __name__ == "__main__":
    main()
