"""Accuracy of the network on held-out synthetic heads, in tables, beside baselines.

    python -m training.evaluation.evaluate --face-model PATH
        [--weights assets/face_depth.safetensors] [--data data/held_out] [--heads 1024]
    python -m training.evaluation.evaluate --face-model PATH --people-model PATH --rooms PATH
        --data data/held_out_people

With --people-model the heads are those of the scenes of people. The held-out set (seeds from 10,000,000 on,
in no training set) is rendered first where it is missing. Metrics are defined in
`training.evaluation.metrics`; the tables hold means over heads, at the set's own resolution. "Full
pipeline" is the application's prediction: test-time augmentation (flip), crop inference and guided
upsampling. "Whole photo only" is one scale of the network on the whole photo. With --pipeline-only there is
the full pipeline alone, and --beside is measured by it too, without baselines and smaller photos: a fifth of
the time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from face3d.depth.estimator import BEST, FAST
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.structures import Array
from training.dataset import GROUPS, HELD_OUT_FIRST_SEED, RenderedSet, render_set
from training.evaluation import baselines
from training.evaluation.methods import full_pipeline, of_smaller_photos, whole_photo_inference
from training.evaluation.metrics import (
    REGION_COLUMNS,
    REGION_METRICS,
    STATED,
    Method,
    head_metrics,
    means,
    print_table,
    region_metrics,
    stated_ratio,
    thickness_ratio,
)
from training.scenes.face_model import find_regions, load_face_model
from training.scenes.primitives import LABEL_HEAD

HEADS, QUICK_HEADS = 1024, 256
"""Numbers of heads for the main table and for the smaller comparisons."""
SPARE = 1.15
"""Factor on the number of rendered samples, because some have nobody in them."""
ONE_SIGMA = 0.6827
TARGETS = {
    "matte IoU": 0.975,
    "relief %": 4.0,
    "face relief %": 2.0,
    "normals mean": 11.0,
    "thickness %": 10.0,
    "eye distance %": 3.0,
}
"""Not all of them are reached yet; the last line of the output names those missed."""
FAIR = 1.25
"""Errors of a group above this multiple of the mean are marked."""
PHOTO_SIDES = (64, 96, 160)
"""Sides in pixels of the smaller photos that are evaluated too."""


def held_out(
    face_model: Path | None,
    folder: Path,
    heads: int = HEADS,
    first_seed: int = HELD_OUT_FIRST_SEED,
    side: int = 256,
    people_model: Path | None = None,
    rooms: Path | None = None,
) -> dict[int, Any]:
    """The first `heads` records with a head in view, by seed; renders what is missing of the set.

    people_model, rooms: as of `training.dataset.render_set`.
    """
    if not list(folder.glob("*.npy")) or len(RenderedSet(folder)) < heads:
        if face_model is None:
            raise SystemExit(
                f"No set of {heads} heads in {folder}: give --face-model so that it can be rendered."
            )
        count = round(heads * SPARE)
        render_set(face_model, folder, count, first_seed, side, 2, people_model, rooms)
    records = RenderedSet(folder)
    with_head = {
        first_seed + i: records[i]
        for i in range(len(records))
        if (records[i]["label"] >= LABEL_HEAD).sum() > 64
    }
    if len(with_head) < heads:
        raise SystemExit(
            f"{folder} has {len(with_head)} of {heads} heads: delete it to have a larger set rendered."
        )
    return dict(list(with_head.items())[:heads])


def metrics_by_head(records: list[Any], method: Method) -> list[dict[str, float]]:
    """All metrics of each record."""
    return [
        head_metrics(record, prediction) | region_metrics(record, prediction)
        for record in records
        for prediction in (method(record),)
    ]


def unfair(rows: dict[str, dict[str, float]], mean: dict[str, float]) -> dict[str, set[str]]:
    """By row, the columns whose error is above FAIR times the mean; the matte's error is 1 - IoU."""

    def error(row: dict[str, float], key: str) -> float:
        return 1 - row[key] if key == "matte IoU" else row[key]

    errors = [key for key in mean if key not in (*REGION_COLUMNS, "within stated", "holes")]
    return {
        name: {key for key in errors if error(row, key) > FAIR * error(mean, key)}
        for name, row in rows.items()
    }


def table(rows: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The rows without the columns of single regions."""
    return {
        name: {key: value for key, value in row.items() if key not in REGION_COLUMNS}
        for name, row in rows.items()
    }


def by_region(mean: dict[str, float]) -> dict[str, dict[str, float]]:
    """The table of errors and stated errors, one row per region, from the means over all heads."""
    return {stated: {name: mean[f"{stated}: {name}"] for name in REGION_METRICS} for stated in STATED}


def uncertainty_factors(records: list[Any], method: Method) -> tuple[float, float]:
    """Factors with which the stated errors of relief and thickness bound 68 % of the errors; heads weigh
    alike.
    """
    ratios = [
        (stated_ratio(record, prediction), thickness_ratio(record, prediction))
        for record in records
        for prediction in (method(record),)
    ]
    relief, thickness = (uncertainty_factor([head[which] for head in ratios]) for which in (0, 1))
    return relief, thickness


def uncertainty_factor(ratios: list[Array]) -> float:
    """The factor on stated errors that bounds 68 % of the errors; ratios of both, one array a head, heads
    weigh alike.
    """
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part in ratios])
    values = np.concatenate(ratios)
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), ONE_SIGMA * len(ratios))])


def groups(records: list[Any]) -> Iterator[tuple[str, list[int]]]:
    """Numbers of the records in each group: by yaw, skin, size of the head, accessories, light and more.

    The first network's set, whose records lack the skin tone, has no groups.
    """
    if "tone" not in records[0].dtype.names:
        return
    yaw = np.abs([float(record["yaw"]) for record in records])
    tone = np.array([float(record["tone"]) for record in records])
    share = np.array([(record["label"] >= LABEL_HEAD).any(0).mean() for record in records])
    bits = np.array([int(record["has"]) for record in records])
    named = {f"yaw {low}-{high}°": (yaw >= low) & (yaw < high) for low, high in ((0, 15), (15, 40), (40, 90))}
    named |= {
        f"{name} skin": (tone >= low) & (tone < high)
        for name, low, high in (("light", 0, 1 / 3), ("medium", 1 / 3, 2 / 3), ("dark", 2 / 3, 1.01))
    }
    named |= {
        f"head {low:.0%}-{high:.0%} of the width": (share >= low) & (share < high)
        for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 1.01))
    }
    named |= {name: (bits >> bit & 1) > 0 for bit, name in enumerate(GROUPS)}
    named["no hair"] = ~named["hair"]
    named["one person"] = ~named["two people"]
    named["ICT"] = ~named["MakeHuman"]
    for name, members in named.items():
        if members.sum() >= 8:
            yield f"{name} ({members.sum()})", list(np.flatnonzero(members))


def main() -> None:
    """Prints the tables; exits with 1 where a target is missed."""
    options = _options()
    by_seed = held_out(
        options.face_model,
        options.data,
        options.heads,
        people_model=options.people_model,
        rooms=options.rooms,
    )
    records = list(by_seed.values())
    network = load_face_network(options.weights)
    methods: dict[str, Method] = {}
    if not options.pipeline_only:
        methods |= _baselines(None if options.people_model else options.face_model, by_seed)
    for path in options.beside:
        quality = FAST if options.pipeline_only else BEST
        methods[path.stem] = full_pipeline(baselines.network_of_any_age(path), quality)
    if not options.pipeline_only:
        methods["this network, whole photo only"] = whole_photo_inference(network)
        methods["this network, best quality"] = full_pipeline(network, BEST)
    methods["this network, full pipeline"] = full_pipeline(network)
    by_method = {name: metrics_by_head(records, method) for name, method in methods.items()}
    print(f"{len(records)} held-out heads, {len(records[0]['rgb'])} px\n")
    print_table(table({name: means(rows) for name, rows in by_method.items()}))
    ours = by_method["this network, full pipeline"]
    mean = means(ours)
    _print_groups(records, ours, mean)
    print("\nErrors and stated errors, full pipeline\n")
    print_table(by_region(mean))
    if not options.pipeline_only:
        _print_photo_sizes(records[:QUICK_HEADS], ours[:QUICK_HEADS], network)
    missed = [name for name, target in TARGETS.items() if (mean[name] < target) == (name == "matte IoU")]
    print("\nTargets: " + ("missed " + ", ".join(missed) if missed else "all reached"))
    raise SystemExit(bool(missed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Evaluate the face network on held-out synthetic heads.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, default=Path("data/held_out"))
    parser.add_argument(
        "--face-model", type=Path, help="renders the set where it is missing, and poses the mean face"
    )
    parser.add_argument("--people-model", type=Path, help="scenes of people: makehuman.npz")
    parser.add_argument("--rooms", type=Path, help="scenes of people: rooms.npz")
    parser.add_argument("--heads", type=int, default=HEADS)
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        help="weights of another network, also an earlier one, for a row in the best quality",
    )
    parser.add_argument(
        "--pipeline-only", action="store_true", help="the full pipeline alone, of --beside too"
    )
    return parser.parse_args()


def _baselines(face_model: Path | None, by_seed: dict[int, Any]) -> dict[str, Method]:
    """By the name of the row; the mean face needs the face model."""
    methods: dict[str, Method] = {"plane": baselines.plane, "inflated matte": baselines.inflated_matte}
    if face_model:
        model = load_face_model(face_model)
        seeds = {id(record): seed for seed, record in by_seed.items()}
        methods["mean face, true pose"] = baselines.mean_face(model, find_regions(model), seeds)
    return methods


def _print_groups(records: list[Any], ours: list[dict[str, float]], mean: dict[str, float]) -> None:
    """A table with a row per group; nothing where the records have no groups."""
    rows = table({name: means([ours[i] for i in members]) for name, members in groups(records)})
    if rows:
        print(f"\nBy group, full pipeline; * marks an error above {FAIR} times the mean\n")
        print_table(rows, unfair(rows, mean))


def _print_photo_sizes(records: list[Any], ours: list[dict[str, float]], network: FaceNetwork) -> None:
    """A table with a row per size of the photo. ours: metrics of the records at their own size."""
    method = full_pipeline(network)
    smaller = {
        f"{side} px": means(metrics_by_head(records, of_smaller_photos(method, side))) for side in PHOTO_SIDES
    }
    print(f"\nBy size of the photo, full pipeline, {len(records)} heads\n")
    print_table(table(smaller | {f"{len(records[0]['rgb'])} px": means(ours)}))


if __name__ == "__main__":
    main()
