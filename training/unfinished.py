"""The averaged weights of an unfinished run, small enough for the repository until the run continues.

    python -m training.unfinished --run runs/imagenet --out training/unfinished.safetensors

Writes float16 that `load_face_network` reads; nothing is calibrated. `training.train --begin` continues from
it, with new optimisers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from face3d.depth.face.interface import Configuration
from training.release.pack import half, write_weights

LARGEST = 10_000_000
"""Size limit of the file, bytes."""


def keep(run: Path, out: Path) -> int:
    """Writes the file and returns its size in bytes. Raises ValueError above LARGEST, and writes nothing."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    weights = half(state["average"])
    size = sum(value.nbytes for value in weights.values())
    if size > LARGEST:
        raise ValueError(
            f"The weights take {size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f} MB: narrow the decoder."
        )
    write_weights(
        weights,
        Configuration.from_dict(state["configuration"]),
        {"samples_seen": str(state["seen"]), "licence": "MIT"},
        out,
    )
    return out.stat().st_size


def main() -> None:
    """Writes the averaged weights."""
    parser = argparse.ArgumentParser(description="Write the averaged weights of an unfinished run.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(f"{options.out}: {keep(options.run, options.out) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
