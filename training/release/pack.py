"""A training checkpoint into the file that ships.

    python -m training.pack --run runs/face --face-model PATH --out assets/face_depth.safetensors

On a calibration set (its own seeds) finds whether the averaged weights or the last ones see better, the side
at which they see best, and how sure they really are; and writes float16, with configuration, git commit,
samples seen and figures on the held-out set as metadata.
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
    figures_by_head,
    held_out,
    product,
    uncertainty_factors,
    whole_picture,
)
from training.evaluation.metrics import means

CALIBRATION_FIRST_SEED = 9_000_000
CALIBRATION_HEADS = 768
"""So many because heads differ widely: over 256 of them, the share of errors within the stated ones varies by
several hundredths."""
SIDES = (224, 256, 288, 320)
"""Candidates for the side at which the network is used, the larger of two. At 352 the last one was no better,
and slower."""


def _half(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}


def _normals(records: list[Any], network: FaceNetwork, side: int) -> float:
    return means(figures_by_head(records, whole_picture(network, side, predict_crop)))["normals mean"]


def main() -> None:
    """Packs."""
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
    quick = calibration[:QUICK_HEADS]
    candidates = {part: _half(state[part]) for part in ("average", "network")}
    last_or_mean = {
        part: _normals(quick, with_weights(configuration, weights), configuration.side)
        for part, weights in candidates.items()
    }
    weights = candidates[min(last_or_mean, key=lambda part: last_or_mean[part])]
    network = with_weights(configuration, weights)
    sides = {side: _normals(quick, network, side) for side in SIDES}
    print(
        "normals on the calibration set, degrees:",
        {key: round(value, 2) for key, value in (last_or_mean | sides).items()},
    )
    network.configuration = dataclasses.replace(
        configuration, inference_side=min(sides, key=lambda side: sides[side])
    )
    scale, of_thickness = (round(factor, 4) for factor in uncertainty_factors(calibration, product(network)))
    network.configuration = configuration = dataclasses.replace(
        network.configuration, uncertainty_scale=scale, thickness_uncertainty_scale=of_thickness
    )
    heads = list(held_out(options.face_model, options.held_out, HEADS).values())
    figures = means(figures_by_head(heads, product(network)))
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    facts = {
        "samples_seen": str(state["seen"]),
        "git_commit": commit,
        "held_out_figures": json.dumps({key: round(value, 4) for key, value in figures.items()}),
        "training_data": "synthetic heads from the ICT face model (ICT-VGL/ICT-FaceKit, MIT)",
        "licence": "MIT",
    }
    partial = options.out.with_suffix(".part")
    save_file(
        {key: value.contiguous() for key, value in weights.items()},
        partial,
        metadata_of(configuration, facts),
    )
    os.replace(partial, options.out)
    factors = f"stated errors x {scale:.2f} (relief) and x {of_thickness:.2f} (thickness)"
    print(
        f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {facts['samples_seen']} samples, {factors}\n{figures}"
    )


if __name__ == "__main__":
    main()
