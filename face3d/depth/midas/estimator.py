"""From a photo to a DepthMap with a MiDaS network, as upstream does it.

The photo is resized by the network's rule and normalised; the prediction is resized back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from face3d.depth import checkpoints
from face3d.depth.device import Device
from face3d.depth.download import Progress
from face3d.depth.estimator import DepthEstimator
from face3d.depth.midas.network import MidasNetwork, allocate_midas_network
from face3d.depth.midas.state_dict import load_official
from face3d.depth.postprocessing import at_size, to_depth_map
from face3d.depth.spec import NetworkSpec, ResizeRule
from face3d.depth.state_dict import read_state_dict
from face3d.errors import DepthError, WeightsError
from face3d.structures import Array, DepthMap, Face, Photo


@dataclass(frozen=True, eq=False)
class MidasEstimator:
    """A MiDaS network, loaded."""

    network: MidasNetwork
    spec: NetworkSpec
    device: Device

    def predict(self, photo: Photo) -> DepthMap:
        """Relative inverse depth at the photo's own size; the mask holds every pixel with a finite value.

        Raises DepthError where no value is finite.
        """
        image_nchw = torch.from_numpy(prepare(self.spec, photo.rgb_hwc))[None]
        with torch.inference_mode(), self.device.autocast():
            prediction_nhw = self.network(self.device.place(image_nchw))
        return to_depth_map(self.spec, at_size(prediction_nhw, photo.size_hw))

    def find_faces(self, photo: Photo) -> tuple[Face, ...]:
        """Empty: MiDaS does not detect faces."""
        return ()

    def find_turn(self, photo: Photo) -> int:
        """0, for the same reason."""
        return 0


def load(
    spec: NetworkSpec, device: Device, checkpoint: Path | str | None, progress: Progress | None
) -> DepthEstimator:
    """The estimator with the weights of an official checkpoint.

    Raises WeightsError where the checkpoint is missing, damaged or of another network.
    """
    path = checkpoints.find_or_fetch(spec, checkpoint=checkpoint, progress=progress)
    state_dict = read_state_dict(path)
    network = allocate_midas_network(spec.name)
    try:
        load_official(network, state_dict)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    return MidasEstimator(device.place_module(network), spec, device)


def prepare(spec: NetworkSpec, rgb_hwc: Array) -> Array:
    """(3, h, w) float32, resized with OpenCV's cubic interpolation and normalised, from (H, W, 3) uint8."""
    height, width = input_size_hw(spec, (rgb_hwc.shape[0], rgb_hwc.shape[1]))
    resized_hwc = cv2.resize(rgb_hwc.astype(np.float32) / 255, (width, height), interpolation=cv2.INTER_CUBIC)
    normal_hwc = (resized_hwc - np.asarray(spec.mean_rgb, np.float32)) / np.asarray(spec.std_rgb, np.float32)
    return np.ascontiguousarray(normal_hwc.transpose(2, 0, 1), dtype=np.float32)


def input_size_hw(spec: NetworkSpec, photo_hw: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the network's input for a photo of `photo_hw`: positive multiples of
    `input_multiple`.

    Source: the resize rule of isl-org/MiDaS (`Resize`). Upstream gives a side of 0 for very long photos; here
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
