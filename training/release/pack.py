"""Packs a training checkpoint into the file that ships.

    python -m training.release.pack --run runs/face --face-model PATH --out assets/face_depth.safetensors

Measured on a calibration set (seeds of its own): whether the averaged or the last weights have the smaller
error, the best side at inference, and the factors on the stated errors. Written: float16 weights, with
configuration, git commit, samples seen and metrics on the held-out set as metadata.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from face3d.depth.face.inference import predict_crop
from face3d.depth.face.network import Configuration, FaceNetwork, metadata_of, with_weights
from training.evaluation.evaluate import (
    HEADS,
    QUICK_HEADS,
    held_out,
    metrics_by_head,
    uncertainty_factors,
)
from training.evaluation.methods import full_pipeline, whole_photo_inference
from training.evaluation.metrics import means

CALIBRATION_FIRST_SEED = 9_000_000
CALIBRATION_HEADS = 768
"""Over 256 heads, the share of errors within the stated ones would vary by several hundredths."""
SIDES = (224, 256, 288, 320)
"""Candidates for the side at inference, the larger of two scales. At 352 px the error was no smaller."""


def half(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights as float16; whole numbers stay."""
    return {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}


def _normals(records: list[Any], network: FaceNetwork, side: int) -> float:
    return means(metrics_by_head(records, whole_photo_inference(network, side, predict_crop)))["normals mean"]


def choose_weights(
    state: dict[str, Any], configuration: Configuration, records: list[Any]
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """The averaged or the last weights of a checkpoint, as float16, and the mean error of normals of both."""
    candidates = {part: half(state[part]) for part in ("average", "network")}
    errors = {
        part: _normals(records, with_weights(configuration, weights), configuration.side)
        for part, weights in candidates.items()
    }
    return candidates[min(errors, key=lambda part: errors[part])], errors


def calibrate(network: FaceNetwork, calibration: list[Any]) -> dict[int, float]:
    """Sets the side at inference and the factors on the stated errors in the network's configuration.

    Returns the mean error of normals by side.
    """
    errors = {side: _normals(calibration[:QUICK_HEADS], network, side) for side in SIDES}
    best = min(errors, key=lambda side: errors[side])
    network.configuration = dataclasses.replace(network.configuration, inference_side=best)
    relief, thickness = (
        round(factor, 4) for factor in uncertainty_factors(calibration, full_pipeline(network))
    )
    network.configuration = dataclasses.replace(
        network.configuration, uncertainty_scale=relief, thickness_uncertainty_scale=thickness
    )
    return errors


def facts_of(state: dict[str, Any], metrics: dict[str, float]) -> dict[str, str]:
    """The metadata beside the configuration."""
    command = ["git", "rev-parse", "HEAD"]
    return {
        "samples_seen": str(state["seen"]),
        "git_commit": subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip(),
        "held_out_figures": json.dumps({key: round(value, 4) for key, value in metrics.items()}),
        "training_data": "synthetic heads from the ICT face model (ICT-VGL/ICT-FaceKit, MIT)",
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


def main() -> None:
    """Packs a checkpoint."""
    parser = argparse.ArgumentParser(description="Pack a checkpoint into the weights that ship.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--face-model", type=Path, help="needed only where the sets are not rendered yet")
    parser.add_argument("--calibration", type=Path, default=Path("data/calibration"))
    parser.add_argument("--held-out", type=Path, default=Path("data/held_out"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    state = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    configuration = Configuration.from_dict(state["configuration"])
    calibration = list(
        held_out(options.face_model, options.calibration, CALIBRATION_HEADS, CALIBRATION_FIRST_SEED).values()
    )
    weights, by_part = choose_weights(state, configuration, calibration[:QUICK_HEADS])
    network = with_weights(configuration, weights)
    by_side = calibrate(network, calibration)
    rounded = {str(key): round(value, 2) for key, value in [*by_part.items(), *by_side.items()]}
    print("normals on the calibration set, degrees:", rounded)
    heads = list(held_out(options.face_model, options.held_out, HEADS).values())
    metrics = means(metrics_by_head(heads, full_pipeline(network)))
    facts = facts_of(state, metrics)
    write_weights(weights, network.configuration, facts, options.out)
    relief, thickness = (
        network.configuration.uncertainty_scale,
        network.configuration.thickness_uncertainty_scale,
    )
    size = f"{options.out.stat().st_size / 1e6:.1f} MB, {facts['samples_seen']} samples"
    factors = f"stated errors x {relief:.2f} (relief) and x {thickness:.2f} (thickness)"
    print(f"{options.out}: {size}, {factors}\n{metrics}")


if __name__ == "__main__":
    main()
