"""The bundled network as one ONNX file, for use without PyTorch and without this repository.

    python -m training.release.export_onnx --out face_depth.onnx

Input `rgb`: (n, 3, h, w) float32 in 0..1, h and w multiples of 32. Outputs: those of `FaceMaps`
(face3d/depth/face/network.py), by name. Metadata of the file: `configuration`, the network's `Configuration`
as JSON, and the unit of the input and of each output under its name. To use it:

    session = onnxruntime.InferenceSession("face_depth.onnx")
    metadata = session.get_modelmeta().custom_metadata_map
    trained = json.loads(metadata["configuration"])
    names = [output.name for output in session.get_outputs()]
    maps = dict(zip(names, session.run(None, {"rgb": rgb}), strict=True))
    # Relief and its stated error in pixels of `rgb`, matte in 0..1:
    relief = maps["relief"] * trained["side"]
    stated_error = numpy.exp(maps["log_uncertainty"]) * trained["side"] * trained["uncertainty_scale"]
    matte = 1 / (1 + numpy.exp(-maps["matte_logit"]))

Lengths are in widths of a square of `side` pixels, the training's, whatever the size of the input: times
`side` they are pixels of the input. Errors are smallest with the photo, or a square 1.6 heads wide around a
head, brought to about `inference_side` pixels. The application averages two scales, that one and 0.8 of it,
each with its mirror image (face3d/depth/face/inference.py), and `uncertainty_scale` is fitted to that mean.
The file is checked with onnxruntime at two sizes before it replaces an earlier one.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from face3d.depth.face.interface import FaceMaps, metadata_of
from face3d.depth.face.network import OUTPUTS, FaceNetwork, load_face_network

TOLERANCE = 1e-3
"""Largest accepted difference from PyTorch, relative to the largest value of that output."""
SIZES_HW = ((256, 256), (192, 320))
LENGTH = "in widths of a square of `side` pixels (see configuration): times `side`, in pixels of the input"
DESCRIPTIONS = {
    "rgb": "(n, 3, h, w) sRGB photo in 0..1, height and width multiples of 32",
    "relief": f"(n, h, w) height towards the camera, up to a shift, {LENGTH}; meaningful where matte > 0.5",
    "thickness": f"(n, h, w) from the first surface to the last, >= 0, {LENGTH}",
    "matte_logit": "(n, h, w) logit: its sigmoid is the probability, 0..1, that the pixel shows a person",
    "head_logit": "(n, h, w) logit: its sigmoid is the probability, 0..1, that the pixel shows a head",
    "log_uncertainty": (
        "(n, h, w) natural logarithm of relief's expected absolute error; "
        f"its exp times `uncertainty_scale` is {LENGTH}"
    ),
    "log_thickness_uncertainty": (
        f"(n, h, w) the same of thickness, with `thickness_uncertainty_scale`, {LENGTH}"
    ),
    "eyes_logit": (
        "(n, 2, h, w) logits: their sigmoids, 0..1, peak at the eye on the left "
        "and at the eye on the right of the picture"
    ),
    "canonical": (
        "(n, 3, h, w) x, y, z on the neutral head of the visible skin, from its pivot, in widths of that head"
    ),
    "log_canonical_uncertainty": (
        "(n, h, w) natural logarithm of the expected absolute error of `canonical`, mean of the three; "
        "its exp times `canonical_uncertainty_scale` is in widths of the neutral head"
    ),
    "skin_logit": (
        "(n, h, w) logit: its sigmoid is the probability, 0..1, that the pixel shows skin, where `canonical` "
        "has a meaning"
    ),
}
"""Shape and unit of the input and the outputs, by name, for the file's metadata."""


def export(network: FaceNetwork, out: Path) -> float:
    """Writes the file, with its metadata, and returns the largest relative difference from PyTorch.

    Raises ValueError where that is above TOLERANCE.
    """
    partial = out.with_suffix(".part")
    names = list(FaceMaps._fields if network.canonical else FaceMaps._fields[: len(OUTPUTS)])
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
    descriptions = {name: DESCRIPTIONS[name] for name in ("rgb", *names)}
    program.model.metadata_props.update(metadata_of(network.configuration, descriptions))
    program.save(partial)
    try:
        worst = max(largest_difference(network, partial, size) for size in SIZES_HW)
        if worst > TOLERANCE:
            raise ValueError(f"The ONNX file differs from PyTorch by {worst:.1e} of the range.")
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return worst


def largest_difference(network: FaceNetwork, path: Path, size_hw: tuple[int, int]) -> float:
    """Largest difference between PyTorch and onnxruntime, relative to the largest value of that output."""
    rgb = torch.rand(1, 3, *size_hw, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = [maps.numpy() for maps in network(rgb) if maps is not None]
    found = session.run(None, {"rgb": rgb.numpy()})
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, found, strict=True))


def main() -> None:
    """Exports the weights that ship."""
    parser = argparse.ArgumentParser(description="Export the face network to ONNX.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    worst = export(load_face_network(options.weights), options.out)
    size = f"{options.out.stat().st_size / 1e6:.1f} MB"
    print(f"{options.out}: {size}, differs from PyTorch by at most {worst:.1e} of the range")


if __name__ == "__main__":
    main()
