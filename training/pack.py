"""A training checkpoint into the file that ships.

    python -m training.pack --run runs/face --face-model PATH --out assets/face_depth.safetensors

Takes the averaged weights as float16; on a calibration set (its own seeds) finds the side at which the network sees best, and how sure it
really is; and writes configuration, git commit, samples seen and figures on the held-out set into the file's metadata.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
from pathlib import Path

import torch
from safetensors.torch import save_file

from face_network import Configuration, FaceNetwork, metadata_of
from training.evaluate import QUICK_HEADS, figures_by_head, held_out, one_look, product, uncertainty_factor
from training.metrics import means

CALIBRATION_FIRST_SEED = 9_000_000
CALIBRATION_HEADS = 768
"""So many because heads differ widely: over 256 of them, the share of errors within the stated ones varies by several hundredths."""
SIDES = (192, 224, 256, 288, 320)
"""Candidates for the side at which the network is used."""


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
    network = FaceNetwork(Configuration(**state["configuration"])).eval()
    weights = {key: value.half() if value.is_floating_point() else value for key, value in state["average"].items()}
    network.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in weights.items()})
    calibration = list(held_out(options.face_model, options.calibration, CALIBRATION_HEADS, CALIBRATION_FIRST_SEED).values())
    normals = {side: means(figures_by_head(calibration[:QUICK_HEADS], one_look(network, side)))["normals mean"] for side in SIDES}
    print("normals on the calibration set, degrees:", {side: round(value, 2) for side, value in normals.items()})
    network.configuration = dataclasses.replace(network.configuration, look_side=min(normals, key=lambda side: normals[side]))
    scale = uncertainty_factor(calibration, product(network))
    network.configuration = configuration = dataclasses.replace(network.configuration, uncertainty_scale=round(scale, 4))
    heads = list(held_out(options.face_model, options.held_out, QUICK_HEADS).values())
    figures = means(figures_by_head(heads, product(network)))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    facts = {
        "samples_seen": str(state["seen"]),
        "git_commit": commit,
        "held_out_figures": json.dumps({key: round(value, 4) for key, value in figures.items()}),
        "training_data": "synthetic heads from the ICT face model (ICT-VGL/ICT-FaceKit, MIT)",
        "licence": "MIT",
    }
    partial = options.out.with_suffix(".part")
    save_file({key: value.contiguous() for key, value in weights.items()}, partial, metadata_of(configuration, facts))
    os.replace(partial, options.out)
    print(
        f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {facts['samples_seen']} samples, uncertainty x {scale:.2f}\n{figures}"
    )


if __name__ == "__main__":
    main()
