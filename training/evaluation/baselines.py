"""Baselines with the true matte (plane, inflated matte, mean face in the true pose), and earlier networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import load_file
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FIRST_BIAS, FaceNetwork, with_weights
from face3d.structures import Array
from training.evaluation.metrics import Method, Prediction
from training.rendering.sample import camera_of
from training.rendering.truth import truth
from training.scenes import skin
from training.scenes.face_model import FaceModel, Regions
from training.scenes.primitives import LABEL_HEAD, LABEL_NOTHING


def _with_true_matte(record: Any, relief_hw: Array, thickness_hw: Array | float) -> Prediction:
    return Prediction(
        relief_hw, np.broadcast_to(thickness_hw, relief_hw.shape), record["matte"] / np.float32(255)
    )


def plane(record: Any) -> Prediction:
    """Flat, with the mean thickness of this head."""
    size = record["matte"].shape
    return _with_true_matte(
        record, np.zeros(size, np.float32), float(record["thickness"][record["label"] >= LABEL_HEAD].mean())
    )


def inflated_matte(record: Any) -> Prediction:
    """The matte inflated: height = sqrt(distance to the rim x largest distance)."""
    inside = distance_transform_edt(record["matte"] > 127).astype(np.float32) / len(record["matte"])
    return _with_true_matte(record, np.sqrt(inside * inside.max()), float(2 * inside.max()))


def mean_face(model: FaceModel, regions: Regions, seeds: dict[int, int]) -> Method:
    """The mean head without hair, before the sample's own camera. Beyond its outline the nearest value is
    taken.

    seeds: from the `id` of a record to its seed, because a record does not hold its camera.
    """

    def method(record: Any) -> Prediction:
        size = len(record["matte"])
        camera = camera_of(model, regions, seeds[id(record)])
        neutral = np.zeros((len(model.neutral_v3), 3), np.float32)
        head = skin.head_part(model, regions, model.neutral_v3, neutral)
        placed = camera.place(head.vertices_v3)
        seen = truth(head, np.ones(len(head.triangles_m3), np.uint8), camera, placed, size)
        covered = seen.label_hw != LABEL_NOTHING
        if not covered.any():
            return plane(record)
        rows, columns = distance_transform_edt(~covered, return_distances=False, return_indices=True)
        return _with_true_matte(record, seen.relief_hw[rows, columns], seen.thickness_hw[rows, columns])

    return method


def network_of_any_age(path: Path) -> FaceNetwork:
    """A network from weights of today's format or of two earlier ones.

    Without an error of thickness: its output is zero. With one width for the whole decoder: such a decoder
    passed the coarser result on unchanged, as an identity kernel does here.
    """
    with safetensors.safe_open(path, framework="pt") as file:
        kept = json.loads((file.metadata() or {}).get("configuration", "{}"))
    weights = _with_all_outputs(load_file(path))
    if "width" not in kept:
        return with_weights(Configuration.from_dict(kept), weights)
    width = kept.pop("width")
    scales = len(Configuration().widths)
    passed_on = {
        f"joins.{scale}.narrow.weight": torch.eye(width)[:, :, None, None] for scale in range(scales - 1)
    }
    return with_weights(Configuration.from_dict(kept | {"widths": (width,) * scales}), weights | passed_on)


def _with_all_outputs(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights with rows of zeros for the outputs that an earlier network lacks."""
    names, outputs = ("head.2.weight", "head.2.bias"), len(FIRST_BIAS)
    grown = {}
    for name in names:
        rows = weights[name]
        grown[name] = torch.cat([rows, rows.new_zeros(max(outputs - len(rows), 0), *rows.shape[1:])])
    return weights | grown
