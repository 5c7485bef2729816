"""The bundled network as one ONNX file, for use without PyTorch.

    python -m training.export_onnx --out face_depth.onnx

Input `rgb`: (n, 3, h, w) float32 in 0..1, h and w multiples of 32. Outputs are those of `face_network.FaceMaps`, by name; relief and
thickness are in widths of a square of `side` pixels, where `side` stands in the weights' configuration. The file is checked with
onnxruntime at two sizes before it is put in its place.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import face_network

TOLERANCE = 1e-3
"""Largest absolute difference from PyTorch, relative to the largest value of that output, that is accepted."""
SIZES_HW = ((256, 256), (192, 320))


def export(network: face_network.FaceNetwork, out: Path) -> float:
    """Writes the file and returns the largest relative difference from PyTorch. Raises ValueError where that is above TOLERANCE."""
    partial = out.with_suffix(".part")
    names = list(face_network.FaceMaps._fields)
    axes = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with torch.inference_mode():
        program = torch.onnx.export(
            network.eval(),
            (torch.rand(2, 3, 128, 192),),
            input_names=["rgb"],
            output_names=names,
            dynamic_shapes=(axes,),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    program.save(partial)
    try:
        worst = max(_difference(network, partial, size) for size in SIZES_HW)
        if worst > TOLERANCE:
            raise ValueError(f"The ONNX file differs from PyTorch by {worst:.1e} of the range.")
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return worst


def _difference(network: face_network.FaceNetwork, path: Path, size_hw: tuple[int, int]) -> float:
    """Largest difference between PyTorch and onnxruntime over all outputs, relative to the output's largest value."""
    rgb = torch.rand(1, 3, *size_hw, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = [maps.numpy() for maps in network(rgb)]
    found = session.run(None, {"rgb": rgb.numpy()})
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, found, strict=True))


def main() -> None:
    """Exports the weights that ship."""
    parser = argparse.ArgumentParser(description="Export the face network to ONNX.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    worst = export(face_network.load(options.weights), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, differs from PyTorch by at most {worst:.1e} of the range")


if __name__ == "__main__":
    main()
