"""Packs a training checkpoint into the file that ships.

    python -m training.release.pack --run runs/face --face-model PATH --out assets/face_depth.safetensors
        [--people-model PATH --rooms PATH]

Measured on a calibration set (seeds of its own; of both kinds where --people-model is given): whether the
averaged or the last weights have the smaller error, the best side at inference, at one scale and at
two, and the factors on the stated errors of both. Written: float16 weights, with
configuration, git commit, samples seen and metrics on the held-out set as metadata; those of canonical
coordinates, where the network gives them, under the key `canonical`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from face3d.depth.estimator import BEST, FAST
from face3d.depth.face.inference import predict_crop, predict_two_scales
from face3d.depth.face.interface import Configuration, metadata_of
from face3d.depth.face.network import FaceNetwork, with_weights
from training.dataset import HELD_OUT_FIRST_SEED
from training.evaluation.canonical import table_of
from training.evaluation.evaluate import (
    HEADS,
    QUICK_HEADS,
    held_out,
    metrics_by_head,
    uncertainty_factor,
    uncertainty_factors,
)
from training.evaluation.methods import full_pipeline, whole_photo_inference
from training.evaluation.metrics import means

FIRST_KIND, PEOPLE = "first kind", "people"
CALIBRATION_FIRST_SEED = 9_000_000
CALIBRATION_HEADS = 768
"""Over 256 heads, the share of errors within the stated ones would vary by several hundredths."""
SIDES = {FAST: (224, 256), BEST: (256, 320)}
"""Candidates for the side at inference, of BEST the larger of two. At 352 px the error was no smaller."""
CANONICAL_HEADS = 64, 128
"""Of each kind, on which the factor of canonical coordinates is fitted, and on which they are measured."""


def half(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights as float16; whole numbers stay."""
    return {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}


def _normals(records: list[Any], network: FaceNetwork, side: int, *, best: bool) -> float:
    method = whole_photo_inference(network, side, predict_two_scales if best else predict_crop)
    return means(metrics_by_head(records, method))["normals mean"]


def choose_weights(
    state: dict[str, Any], configuration: Configuration, records: list[Any]
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """The averaged or the last weights of a checkpoint, as float16, and the mean error of normals of both."""
    candidates = {part: half(state[part]) for part in ("average", "network")}
    errors = {
        part: _normals(records, with_weights(configuration, weights), configuration.side, best=False)
        for part, weights in candidates.items()
    }
    return candidates[min(errors, key=lambda part: errors[part])], errors


def calibrate(network: FaceNetwork, calibration: list[Any], quick: list[Any]) -> dict[str, float]:
    """Sets the sides at inference and the factors on the stated errors in the network's configuration.

    quick: records on which the sides are compared. Returns the mean error of normals by quality and side.
    """
    found: dict[str, float] = {}
    for quality, which in ((FAST, "fast"), (BEST, "inference")):
        errors = {side: _normals(quick, network, side, best=quality == BEST) for side in SIDES[quality]}
        found |= {f"{quality} {side}": error for side, error in errors.items()}
        best = min(errors, key=lambda side: errors[side])
        _configure(network, **{f"{which}_side": best})
    for quality, prefix in ((FAST, "fast_"), (BEST, "")):
        relief, thickness = uncertainty_factors(calibration, full_pipeline(network, quality))
        _configure(
            network,
            **{
                f"{prefix}uncertainty_scale": round(relief, 4),
                f"{prefix}thickness_uncertainty_scale": round(thickness, 4),
            },
        )
    return found


def _configure(network: FaceNetwork, **values: float) -> None:
    network.configuration = Configuration.from_dict(asdict(network.configuration) | values)


def calibrate_canonical(network: FaceNetwork, sets: dict[str, list[Any]]) -> None:
    """Sets the factor on the stated error of canonical coordinates. sets: records by kind of scene."""
    _configure(network, canonical_uncertainty_scale=1.0)
    ratios = [ratio for records in sets.values() for ratio in table_of(records, network)[1]]
    _configure(network, canonical_uncertainty_scale=round(uncertainty_factor(ratios), 4))


def canonical_facts(network: FaceNetwork, sets: dict[str, list[Any]], seen: int) -> dict[str, str]:
    """Metadata of canonical coordinates. sets: held-out records by kind. seen: samples of the training."""
    figures = {
        kind: {name: round(float(value), 4) for name, value in table_of(records, network)[0].items()}
        for kind, records in sets.items()
    }
    facts = {"samples_seen": seen, "git_commit": _commit(), "held_out_figures": figures}
    return {"canonical": json.dumps(facts)}


def _commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def facts_of(seen: int, figures: dict[str, dict[str, float]]) -> dict[str, str]:
    """The metadata beside the configuration. figures: metrics by kind of scene; those of the first kind are
    what the page shows.
    """
    rounded = {
        kind: {key: round(value, 4) for key, value in metrics.items()} for kind, metrics in figures.items()
    }
    return {
        "samples_seen": str(seen),
        "git_commit": _commit(),
        "held_out_figures": json.dumps(rounded.pop(FIRST_KIND)),
        "held_out_figures_of_others": json.dumps(rounded),
        "training_data": (
            "synthetic heads from the ICT face model (ICT-VGL/ICT-FaceKit, MIT) and people from MakeHuman's "
            "(CC0)"
        ),
        "licence": "MIT",
    }


def write_weights(
    weights: dict[str, torch.Tensor], configuration: Configuration, facts: dict[str, str], out: Path
) -> None:
    """Writes a file that `load` reads, whole or not at all."""
    partial = out.with_suffix(".part")
    whole = {key: value.contiguous() for key, value in weights.items()}
    save_file(whole, partial, metadata_of(configuration, facts))
    os.replace(partial, out)


def _sets(options: argparse.Namespace, name: str, heads: int, first_seed: int) -> dict[str, list[Any]]:
    """The records of a set by kind of scene; of people in a folder beside it, where their model is given."""
    folder = options.data / name
    found = {FIRST_KIND: held_out(options.face_model, folder, heads, first_seed)}
    if options.people_model:
        people, rooms = options.people_model, options.rooms
        beside = folder.with_name(f"{name}_people")
        found[PEOPLE] = held_out(
            options.face_model, beside, heads, first_seed, people_model=people, rooms=rooms
        )
    return {kind: list(records.values()) for kind, records in found.items()}


def main() -> None:
    """Packs a checkpoint."""
    parser = argparse.ArgumentParser(description="Pack a checkpoint into the weights that ship.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--face-model", type=Path, help="needed only where the sets are not rendered yet")
    parser.add_argument("--people-model", type=Path, help="for sets of people too: makehuman.npz")
    parser.add_argument("--rooms", type=Path, help="for sets of people: rooms.npz")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the sets")
    parser.add_argument("--heads", type=int, default=HEADS, help="of each kind on which figures are measured")
    parser.add_argument("--calibration-heads", type=int, default=CALIBRATION_HEADS, help="of each kind")
    parser.add_argument("--seen-before", type=int, default=0, help="samples before the run began")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    # First: rendering forks processes, which PyTorch's threads would stop for good.
    sets = _sets(options, "calibration", options.calibration_heads, CALIBRATION_FIRST_SEED)
    kinds = _sets(options, "held_out", options.heads, HELD_OUT_FIRST_SEED)
    state = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    configuration = Configuration.from_dict(state["configuration"])
    calibration = [record for records in sets.values() for record in records]
    quick = calibration[:: max(1, len(calibration) // QUICK_HEADS)]
    weights, by_part = choose_weights(state, configuration, quick)
    network = with_weights(configuration, weights)
    by_side = calibrate(network, calibration, quick)
    if network.canonical:
        calibrate_canonical(network, {kind: rows[: CANONICAL_HEADS[0]] for kind, rows in sets.items()})
    rounded = {key: round(value, 2) for key, value in (by_part | by_side).items()}
    print("normals on the calibration set, degrees:", rounded, flush=True)
    figures = {
        kind: means(metrics_by_head(records, full_pipeline(network))) for kind, records in kinds.items()
    }
    seen = state["seen"] + options.seen_before
    facts = facts_of(seen, figures)
    if network.canonical:
        first = {kind: records[: CANONICAL_HEADS[1]] for kind, records in kinds.items()}
        facts |= canonical_facts(network, first, seen)
    write_weights(weights, network.configuration, facts, options.out)
    size = f"{options.out.stat().st_size / 1e6:.1f} MB, {facts['samples_seen']} samples"
    print(f"{options.out}: {size}\n{network.configuration}\n{figures}")


if __name__ == "__main__":
    main()
