"""From a photo to a DepthMap with a MiDaS network: resize by the network's rule, normalise, predict, resize
back. As upstream does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from face3d.depth import checkpoints, download
from face3d.depth import device as compute
from face3d.depth.device import Compute
from face3d.depth.estimator import Network
from face3d.depth.postprocessing import at_size, depth_map
from face3d.depth.spec import NetworkSpec, ResizeRule
from face3d.errors import DepthError, WeightsError
from face3d.structures import Array, DepthMap, Photo


def input_size_hw(spec: NetworkSpec, photo_hw: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the network's input for a photo of `photo_hw`: multiples of `input_multiple`, at
    least one of it.

    Source: the resize rule of isl-org/MiDaS (`Resize`), which can give a side of 0 for very long photos; here
    it is one multiple.
    Raises DepthError where the row has no side.
    """
    if spec.input_side is None:
        raise DepthError(f"{spec.title} has no input size of its own in the table.")
    scale_h, scale_w = (spec.input_side / side for side in photo_hw)
    scales = {
        ResizeRule.SQUARE: (scale_h, scale_w),
        ResizeRule.UPPER_BOUND: (min(scale_h, scale_w),) * 2,
        ResizeRule.MINIMAL: (min(scale_w, scale_h, key=lambda scale: abs(1 - scale)),) * 2,
    }[spec.resize_rule]
    wanted = [round(side * scale / spec.input_multiple) for side, scale in zip(photo_hw, scales, strict=True)]
    height, width = (spec.input_multiple * max(1, count) for count in wanted)
    return height, width


def prepare(spec: NetworkSpec, rgb_hwc: Array) -> Array:
    """(3, h, w) float32, resized with OpenCV's cubic interpolation and normalised, from (H, W, 3) uint8."""
    height, width = input_size_hw(spec, (rgb_hwc.shape[0], rgb_hwc.shape[1]))
    resized_hwc = cv2.resize(rgb_hwc.astype(np.float32) / 255, (width, height), interpolation=cv2.INTER_CUBIC)
    normal_hwc = (resized_hwc - np.asarray(spec.mean_rgb, np.float32)) / np.asarray(spec.std_rgb, np.float32)
    return np.ascontiguousarray(normal_hwc.transpose(2, 0, 1), dtype=np.float32)


def predict(spec: NetworkSpec, module: nn.Module, compute: Compute, photo: Photo) -> DepthMap:
    """Relative inverse depth at the photo's own size; every pixel is in the mask where the network gave a
    finite number.

    Raises DepthError where it gave none.
    """
    image_nchw = torch.from_numpy(prepare(spec, photo.rgb_hwc))[None]
    with torch.inference_mode(), compute.autocast():
        prediction_nhw = module(compute.place(image_nchw))
    return depth_map(spec, at_size(prediction_nhw, photo.size_hw))


def _load_midas(
    spec: NetworkSpec,
    chosen: compute.Compute,
    checkpoint: Path | str | None,
    progress: download.Progress | None,
) -> Any:
    from face3d.depth.midas import network as midas_network
    from face3d.depth.midas import state_dict as midas_state_dict

    path = checkpoints.find_or_fetch(spec, checkpoint=checkpoint, progress=progress)
    state_dict = checkpoints.read_state_dict(path)
    module = midas_network.build_unfilled(spec.name)
    try:
        midas_state_dict.load_official(module, state_dict)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    return chosen.place_module(module)


def _predict_midas(network: Network, photo: Photo) -> DepthMap:
    from face3d.depth.midas import estimator as midas_estimator

    return midas_estimator.predict(network.spec, network.module, network.compute, photo)
