"""Depth networks of the `transformers` library, an optional extra.

GLPN, Depth Anything V2, and any other that the library can load. Checkpoints are safetensors files beside a
config.json; code inside a checkpoint is never run. The representation of the depth is a column of the table
(registry.py), because the library does not state it.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from face3d.depth import checkpoints
from face3d.depth.device import Device
from face3d.depth.download import Progress
from face3d.depth.estimator import DepthEstimator
from face3d.depth.postprocessing import at_size, to_depth_map
from face3d.depth.spec import NetworkSpec
from face3d.errors import DepthError, WeightsError
from face3d.structures import Array, DepthMap, Face, Photo

MISSING = (
    f"This network needs the transformers library: {sys.executable} -m pip install -r requirements-extra.txt."
)


@dataclass(frozen=True, eq=False)
class HuggingFaceEstimator:
    """A network of the transformers library, loaded, with the processor of its inputs and outputs."""

    network: nn.Module
    processor: Any
    spec: NetworkSpec
    device: Device

    def predict(self, photo: Photo) -> DepthMap:
        """Depth at the photo's own size, in the representation of the row.

        Raises DepthError where no value is finite.
        """
        inputs = self.processor(
            images=photo.rgb_hwc.copy(), input_data_format="channels_last", return_tensors="pt"
        )
        with torch.inference_mode(), self.device.autocast():
            outputs = self.network(pixel_values=self.device.place(inputs["pixel_values"]))
        return to_depth_map(self.spec, _postprocess(self.processor, outputs, photo.size_hw))

    def find_faces(self, photo: Photo) -> tuple[Face, ...]:
        """Empty: these networks do not detect faces."""
        return ()

    def find_turn(self, photo: Photo) -> int:
        """0, for the same reason."""
        return 0


def load(
    spec: NetworkSpec, device: Device, checkpoint: Path | str | None, progress: Progress | None
) -> DepthEstimator:
    """The estimator of a folder, or of a hub id ('owner/name') that the library fetches into its own cache.

    Raises WeightsError where the library is missing, or the checkpoint cannot be fetched, is of no known
    depth network, or lacks weights that are used.
    """
    require_transformers()
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    if checkpoint is None:
        checkpoint = checkpoints.find_or_fetch(spec, progress=progress)
    source = str(checkpoint)
    try:
        network, report = AutoModelForDepthEstimation.from_pretrained(
            source,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            trust_remote_code=False,  # by default the library asks in the terminal, and runs it after a "y"
        )
        processor = AutoImageProcessor.from_pretrained(source, trust_remote_code=False)
    except MemoryError:
        raise
    except Exception as error:  # of the hub, of files and of their checks: they have no common base
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
        raise WeightsError(
            f"{spec.title}: '{source}' cannot be loaded ({reason}). Name a folder with config.json, "
            "preprocessor_config.json and model.safetensors, or a hub id while there is a connection."
        ) from error
    estimator = HuggingFaceEstimator(device.place_module(network.eval()), processor, spec, device)
    if missing := sorted(report["missing_keys"]):
        _check_missing_weights(estimator, source, missing)
    return estimator


def require_transformers() -> None:
    """Raises WeightsError where the library is missing; called before a checkpoint is downloaded."""
    try:
        importlib.import_module("transformers")
    except ImportError as error:
        raise WeightsError(MISSING) from error


def _check_missing_weights(estimator: HuggingFaceEstimator, source: str, missing: list[str]) -> None:
    """Raises WeightsError that lists the missing weights, unless the network never uses them.

    The library fills missing weights with random numbers. Here they become NaN, and a grey photo is tried: a
    weight that is used leaves no finite depth. DPT's coarsest residual unit, for example, is never used.
    """
    parameters = dict(estimator.network.named_parameters())
    with torch.no_grad():
        for name in missing:
            if name in parameters:
                parameters[name].fill_(torch.nan)
    try:
        estimator.predict(Photo(np.full((64, 64, 3), 128, np.uint8), None, None, "grey"))
    except DepthError as error:
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise WeightsError(
            f"{estimator.spec.title}: '{source}' lacks weights that it needs ({shown}). "
            "Choose a whole checkpoint."
        ) from error


def _postprocess(processor: Any, outputs: Any, size_hw: tuple[int, int]) -> Array:
    """The first map at the photo's size, by the network's own processor.

    ZoeDepth's removes a rim, Depth Pro's inverts the values.
    """
    post_process = getattr(processor, "post_process_depth_estimation", None)
    if post_process is None:
        return at_size(outputs.predicted_depth, size_hw)
    for name, value in outputs.items():
        if torch.is_tensor(value):
            outputs[name] = value.float().cpu()
    sizes = {
        name: [size_hw]
        for name in ("source_sizes", "target_sizes")
        if name in inspect.signature(post_process).parameters
    }
    return np.asarray(post_process(outputs, **sizes)[0]["predicted_depth"].numpy())
