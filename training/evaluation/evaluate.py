"""How good is the network? One table on held-out synthetic identities, beside baselines.

    python -m training.evaluate --face-model PATH [--weights assets/face_depth.safetensors] [--data data/held_out] [--heads 1024]

The held-out set (seeds from 10,000,000 on, never trained on) is rendered first where it is not there yet.
Figures are defined in `training.metrics`; they are means over heads, compared at the set's own resolution.
"Product" is `FaceEstimator.predict`: crop inference at two scales, with flips, and guided upsampling. "Single
scale" is the network alone on the whole picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.inference import LENGTH_FIELDS, Box, CropPrediction, predict_single_scale
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.structures import Array, Face, Photo
from training.dataset import GROUPS, HELD_OUT_FIRST_SEED, RenderedSet, render_set
from training.evaluation import baselines
from training.evaluation.metrics import (
    REGION_COLUMNS,
    REGION_FIGURES,
    STATED,
    Guess,
    Method,
    head_figures,
    means,
    print_table,
    region_figures,
    stated_ratio,
    thickness_ratio,
)
from training.scenes.face_model import find_regions, load_face_model
from training.scenes.primitives import LABEL_HEAD

HEADS, QUICK_HEADS = 1024, 256
"""Of the table, and of what needs no more than a look at it."""
SPARE = 1.0625
"""Rendered beyond the heads wanted, because some samples have nobody in them."""
ONE_SIGMA = 0.6827
FLOORS = {
    "matte IoU": 0.975,
    "relief %": 4.0,
    "face relief %": 2.0,
    "normals mean": 11.0,
    "thickness %": 10.0,
    "eye distance %": 3.0,
}
"""What the network ought to reach; not all of it is reached yet, and the table says so."""
FAIR = 1.25
"""A group's error that is a larger multiple of the mean is marked."""
PHOTO_SIDES = (64, 96, 160)
"""Pixels of the smaller photos on which the network is tried too, beside those of the set itself."""


def held_out(
    face_model: Path | None,
    folder: Path,
    heads: int = HEADS,
    first_seed: int = HELD_OUT_FIRST_SEED,
    side: int = 256,
) -> dict[int, Any]:
    """The first `heads` records with a head in view, by seed; renders what is missing of the set."""
    if not list(folder.glob("*.npy")) or len(RenderedSet(folder)) < heads:
        if face_model is None:
            raise SystemExit(
                f"No set of {heads} heads in {folder}: give --face-model so that it can be rendered."
            )
        render_set(face_model, folder, round(heads * SPARE), first_seed, side, workers=2)
    records = RenderedSet(folder)
    with_head = {
        first_seed + i: records[i]
        for i in range(len(records))
        if (records[i]["label"] >= LABEL_HEAD).sum() > 64
    }
    if len(with_head) < heads:
        raise SystemExit(
            f"{folder} has {len(with_head)} heads, {heads} are needed: delete it, so that a larger set is rendered."
        )
    return dict(list(with_head.items())[:heads])


def product(network: FaceNetwork) -> Method:
    """What the application makes of a record's photo, everything included."""
    estimator = FaceEstimator(network)

    def method(record: Any) -> Guess:
        size = len(record["rgb"])
        depth = estimator.predict(Photo(np.ascontiguousarray(record["rgb"]), None, None, ""))
        assert depth.back_hw is not None
        assert depth.matte_hw is not None
        head = np.argwhere(record["label"] >= LABEL_HEAD).mean(0)[::-1]
        faces = sorted(depth.faces, key=lambda face: float(np.linalg.norm(_middle(face) - head)))
        eyes = faces[0].eyes_xy if faces else None
        assert depth.values_hw.shape == (size, size)
        thickness_hw = depth.values_hw - depth.back_hw
        return Guess(
            depth.values_hw,
            thickness_hw,
            depth.matte_hw,
            depth.uncertainty_hw,
            eyes,
            depth.thickness_uncertainty_hw,
        )

    return method


def _middle(face: Face) -> Array:
    left, top, right, bottom = face.box_xyxy
    return np.array([(left + right) / 2, (top + bottom) / 2])


def whole_picture(
    network: FaceNetwork,
    side: int | None = None,
    infer: Callable[..., CropPrediction] = predict_single_scale,
) -> Method:
    """The network alone: inference on the whole picture, enlarged bilinearly.

    side: of the input; default: the configuration's `inference_side`.
    infer: `predict_single_scale`, or `predict_crop` for the mean over two scales.
    """

    def method(record: Any) -> Guess:
        size = len(record["rgb"])
        input_side = side or network.configuration.inference_side
        prediction = infer(network, record["rgb"], Box(0, 0, size, size), input_side)
        widths = 1 / prediction.matte_hw.shape[1]

        def full(values: Array, scale: float = 1.0) -> Array:
            return cv2.resize(
                (values * scale).astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR
            )

        relief, thickness, stated, stated_thickness = (
            full(getattr(prediction, name), widths) for name in LENGTH_FIELDS
        )
        kept = network.configuration
        stated, stated_thickness = (
            stated * kept.uncertainty_scale,
            stated_thickness * kept.thickness_uncertainty_scale,
        )
        return Guess(relief, thickness, full(prediction.matte_hw), stated, None, stated_thickness)

    return method


def of_smaller_photos(method: Method, side: int) -> Method:
    """What a method makes of the photo brought to side x side pixels, enlarged again; relief stays in widths
    of the picture.
    """

    def smaller(record: Any) -> Guess:
        small = np.zeros((), [("rgb", "u1", (side, side, 3)), ("label", "u1", (side, side))])[()]
        small["rgb"] = cv2.resize(record["rgb"], (side, side), interpolation=cv2.INTER_AREA)
        small["label"] = cv2.resize(record["label"], (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
        guess, full = method(small), record["label"].shape
        maps = {
            name: cv2.resize(values, full, interpolation=cv2.INTER_LINEAR)
            for name, values in vars(guess).items()
            if name != "eyes" and values is not None
        }
        if guess.eyes is None:
            return replace(guess, **maps)
        left, right = ((float(x * full[1] / side), float(y * full[0] / side)) for x, y in guess.eyes)
        return replace(guess, **maps, eyes=(left, right))

    return smaller


def figures_by_head(records: list[Any], method: Method) -> list[dict[str, float]]:
    """Of each record."""
    return [
        head_figures(record, guess) | region_figures(record, guess)
        for record in records
        for guess in (method(record),)
    ]


def unfair(rows: dict[str, dict[str, float]], mean: dict[str, float]) -> dict[str, set[str]]:
    """By row, the columns whose error is more than FAIR times the mean; of the matte the error is what is
    missing from 1.
    """

    def error(row: dict[str, float], key: str) -> float:
        return 1 - row[key] if key == "matte IoU" else row[key]

    errors = [key for key in mean if key not in (*REGION_COLUMNS, "within stated")]
    return {
        name: {key for key in errors if error(row, key) > FAIR * error(mean, key)}
        for name, row in rows.items()
    }


def table(rows: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The columns of the main tables: all but those of single regions."""
    return {
        name: {key: value for key, value in row.items() if key not in REGION_COLUMNS}
        for name, row in rows.items()
    }


def by_region(mean: dict[str, float]) -> dict[str, dict[str, float]]:
    """The table of errors and stated errors, one row per region, from the means over all heads."""
    return {stated: {figure: mean[f"{stated}: {figure}"] for figure in REGION_FIGURES} for stated in STATED}


def uncertainty_factors(records: list[Any], method: Method) -> tuple[float, float]:
    """The factors on the stated errors of relief and of thickness that make 68 % of the errors fall within
    them, every head counting alike.
    """
    ratios = [
        (stated_ratio(record, guess), thickness_ratio(record, guess))
        for record in records
        for guess in (method(record),)
    ]
    relief, thickness = (_factor([head[which] for head in ratios]) for which in (0, 1))
    return relief, thickness


def _factor(ratios: list[Array]) -> float:
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part in ratios])
    values = np.concatenate(ratios)
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), ONE_SIGMA * len(ratios))])


def groups(records: list[Any]) -> Iterator[tuple[str, list[int]]]:
    """Numbers of the records in each group: by yaw, skin, size of the head in the picture, what is worn,
    light.

    The first network's set, from before skin tones were kept, has no groups.
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
    for name, members in named.items():
        if members.sum() >= 8:
            yield f"{name} ({members.sum()})", list(np.flatnonzero(members))


def main() -> None:
    """Prints the tables; exits with 1 where a floor is missed."""
    parser = argparse.ArgumentParser(description="Evaluate the face network on held-out synthetic heads.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--data", type=Path, default=Path("data/held_out"))
    parser.add_argument(
        "--face-model", type=Path, help="renders the set where it is missing, and poses the mean face"
    )
    parser.add_argument("--heads", type=int, default=HEADS)
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        help="weights of another network, also an earlier one, for a row",
    )
    options = parser.parse_args()
    by_seed = held_out(options.face_model, options.data, options.heads)
    records = list(by_seed.values())
    methods: dict[str, Method] = {"plane": baselines.plane, "inflated matte": baselines.inflated_matte}
    if options.face_model:
        model = load_face_model(options.face_model)
        seeds = {id(record): seed for seed, record in by_seed.items()}
        methods["mean face, true pose"] = baselines.mean_face(model, find_regions(model), seeds)
    for path in options.beside:
        methods[path.stem] = product(baselines.network_of_any_age(path))
    network = load_face_network(options.weights)
    methods["this network, single scale"] = whole_picture(network)
    methods["this network, product"] = product(network)
    figures = {name: figures_by_head(records, method) for name, method in methods.items()}
    print(f"{len(records)} held-out heads, {len(records[0]['rgb'])} px\n")
    print_table(table({name: means(part) for name, part in figures.items()}))
    ours = figures["this network, product"]
    mean = means(ours)
    rows = table({name: means([ours[i] for i in members]) for name, members in groups(records)})
    if rows:
        print(f"\nBy group, product; * marks an error above {FAIR} times the mean\n")
        print_table(rows, unfair(rows, mean))
    print("\nErrors and stated errors, product\n")
    print_table(by_region(mean))
    few = records[:QUICK_HEADS]
    smaller = {
        f"{side} px": means(figures_by_head(few, of_smaller_photos(product(network), side)))
        for side in PHOTO_SIDES
    }
    print(f"\nBy size of the photo, product, {len(few)} heads\n")
    print_table(table(smaller | {f"{len(few[0]['rgb'])} px": means(ours[: len(few)])}))
    missed = [name for name, floor in FLOORS.items() if (mean[name] < floor) == (name == "matte IoU")]
    print("\nFloors: " + ("missed " + ", ".join(missed) if missed else "all reached"))
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
