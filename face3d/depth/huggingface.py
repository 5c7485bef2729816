"""Depth networks of the `transformers` library, an optional extra: GLPN, Depth Anything V2, and any other
that it can load.

Checkpoints are safetensors files beside a config.json; code that a checkpoint brings along is never run. What
the numbers mean is a column of the table (networks.py): the library does not say.
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
from safetensors import SafetensorError

from face3d.depth import checkpoints, download
from face3d.depth import device as compute
from face3d.depth.device import Compute
from face3d.depth.estimator import Network
from face3d.depth.postprocessing import at_size, depth_map
from face3d.depth.spec import NetworkSpec
from face3d.errors import DepthError, WeightsError
from face3d.structures import Array, DepthMap, Photo

MISSING = (
    f"This network needs the transformers library: {sys.executable} -m pip install -r requirements-extra.txt."
)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network and what prepares photos for it."""

    network: Any
    processor: Any


def require() -> None:
    """Raises WeightsError where the library is missing: to be asked before a checkpoint is downloaded."""
    try:
        importlib.import_module("transformers")
    except ImportError as error:
        raise WeightsError(MISSING) from error


def load(spec: NetworkSpec, source: str, compute: Compute) -> Loaded:
    """The network from a folder, or from a hub id ('owner/name') that the library fetches into its own cache.

    Raises WeightsError where the library is missing, or `source` holds no depth network that it knows, lacks
    weights that count, or cannot be fetched.
    """
    require()
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    try:
        network, report = AutoModelForDepthEstimation.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
        processor = AutoImageProcessor.from_pretrained(source)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise WeightsError(
            f"{spec.title}: '{source}' cannot be loaded ({reason}). Name a folder with config.json, preprocessor_config.json and "
            "model.safetensors, or a hub id while there is a connection."
        ) from error
    loaded = Loaded(compute.place_module(network.eval()), processor)
    if lacking := sorted(report["missing_keys"]):
        _refuse_if_they_count(spec, loaded, compute, source, lacking)
    return loaded


def _refuse_if_they_count(
    spec: NetworkSpec, loaded: Loaded, compute: Compute, source: str, lacking: list[str]
) -> None:
    """Weights that a checkpoint lacks become NaN in place of the library's random numbers, and a grey photo
    is tried.

    Some networks hold weights that are never used (DPT's coarsest residual unit); any other leaves no finite
    depth.
    Raises WeightsError that lists them.
    """
    parameters = dict(loaded.network.named_parameters())
    with torch.no_grad():
        for name in lacking:
            if name in parameters:
                parameters[name].fill_(torch.nan)
    try:
        predict(spec, loaded, compute, Photo(np.full((64, 64, 3), 128, np.uint8), None, None, "grey"))
    except DepthError as error:
        shown = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        raise WeightsError(
            f"{spec.title}: '{source}' lacks weights that it needs ({shown}). Choose a whole checkpoint."
        ) from error


def predict(spec: NetworkSpec, loaded: Loaded, compute: Compute, photo: Photo) -> DepthMap:
    """Depth at the photo's own size, in the representation of the row. Raises DepthError where the network
    gave no finite depth.
    """
    inputs = loaded.processor(
        images=photo.rgb_hwc.copy(), input_data_format="channels_last", return_tensors="pt"
    )
    with torch.inference_mode(), compute.autocast():
        outputs = loaded.network(pixel_values=compute.place(inputs["pixel_values"]))
    return depth_map(spec, _post_processed(loaded.processor, outputs, photo.size_hw))


def _post_processed(processor: Any, outputs: Any, size_hw: tuple[int, int]) -> Array:
    """The first map at the photo's size, as the network's own processor makes it: ZoeDepth's has a rim to
    cut, Depth Pro's is inverse.
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


def _load_transformers(
    spec: NetworkSpec,
    chosen: compute.Compute,
    checkpoint: Path | str | None,
    progress: download.Progress | None,
) -> Any:
    from face3d.depth import huggingface

    huggingface.require()
    source = checkpoints.find_or_fetch(spec, progress=progress) if checkpoint is None else checkpoint
    return huggingface.load(spec, str(source), chosen)


def _predict_transformers(network: Network, photo: Photo) -> DepthMap:
    from face3d.depth import huggingface

    return huggingface.predict(network.spec, network.module, network.compute, photo)
