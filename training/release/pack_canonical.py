"""Adds the decoder of canonical coordinates, trained alone, to the network that ships.

    python -m training.release.pack_canonical --run runs/canonical --face-model PATH --people-model PATH
        --rooms PATH --out assets/face_depth.safetensors

All other weights stay as they are in --weights, bit for bit. On calibration heads (seeds of their own) the
factor on the stated error is fitted; figures of held-out heads, samples seen and git commit are written as
metadata `canonical`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import safetensors
import torch

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork, load_face_network, with_weights
from training.dataset import HELD_OUT_FIRST_SEED
from training.evaluation.canonical import add_arguments, sets_of
from training.release.pack import (
    CALIBRATION_FIRST_SEED,
    calibrate_canonical,
    canonical_facts,
    half,
    write_weights,
)

PREFIX = "canonical."


def joined(kept: FaceNetwork, trained: dict[str, torch.Tensor], widths: tuple[int, ...]) -> FaceNetwork:
    """The network with the decoder of a run. Raises ValueError where the run changed anything else."""
    weights = kept.state_dict()
    for name, value in weights.items():
        if not name.startswith(PREFIX) and not torch.equal(trained[name].to(value.dtype), value):
            raise ValueError(f"The run changed {name}: train with --only-canonical from these weights.")
    own = {name: value for name, value in half(trained).items() if name.startswith(PREFIX)}
    others = {name: value for name, value in weights.items() if not name.startswith(PREFIX)}
    configuration = replace(kept.configuration, canonical_widths=widths, canonical_uncertainty_scale=1.0)
    return with_weights(configuration, others | own)


def main() -> None:
    """Packs the decoder."""
    parser = argparse.ArgumentParser(description="Add a decoder of canonical coordinates to the network.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--calibration-heads", type=int, default=64, help="of each kind")
    add_arguments(parser)
    options = parser.parse_args()
    # First: rendering forks processes, which PyTorch's threads would stop for good.
    sets = sets_of(options, "calibration", options.calibration_heads, CALIBRATION_FIRST_SEED)
    held_out = sets_of(options, "held_out", options.heads, HELD_OUT_FIRST_SEED)
    state = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    widths = Configuration.from_dict(state["configuration"]).canonical_widths
    network = joined(load_face_network(options.weights), state["average"], widths)
    calibrate_canonical(network, sets)
    facts = canonical_facts(network, held_out, state["seen"])
    with safetensors.safe_open(options.weights, framework="pt") as file:
        metadata = {key: value for key, value in file.metadata().items() if key != "configuration"}
    write_weights(half(network.state_dict()), network.configuration, metadata | facts, options.out)
    size = f"{options.out.stat().st_size / 1e6:.1f} MB"
    print(f"{options.out}: {size}\n{network.configuration}\n{facts['canonical']}")


if __name__ == "__main__":
    main()
