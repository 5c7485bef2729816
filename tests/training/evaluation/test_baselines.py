"""Laws of the baselines, and of the reader of earlier networks."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from face_model_file import FACE_MODEL, needs_face_model
from head_record import SIDE
from safetensors.torch import save_file

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork
from training.dataset import record_dtype
from training.evaluation import baselines
from training.evaluation.metrics import (
    head_metrics,
)


def test_baselines_know_the_matte_and_no_relief(head):
    flat, balloon = (
        head_metrics(head, method(head)) for method in (baselines.plane, baselines.inflated_matte)
    )
    assert flat["matte IoU"] == balloon["matte IoU"] == 1
    assert balloon["relief %"] < flat["relief %"] / 2, "a ball is what the balloon is good at"


def test_a_network_of_one_width_is_read_as_it_was(tmp_path):
    """In a file of that time the coarser result is passed on as it is, so nothing stands for it there."""
    configuration = Configuration(widths=(8,) * 5)
    network = FaceNetwork(configuration).eval()
    for join in network.joins[:-1]:
        join.narrow = torch.nn.Identity()
    weights = network.state_dict()
    kept = {
        key: value for key, value in asdict(configuration).items() if key not in ("widths", "inference_side")
    } | {
        "width": 8,
        "look_side": 160,
    }
    path = tmp_path / "former.safetensors"
    save_file(
        {key: value.contiguous() for key, value in weights.items()}, path, {"configuration": json.dumps(kept)}
    )
    read = baselines.network_of_any_age(path)
    assert read.configuration.inference_side == 160
    photo = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(read(photo).relief, network(photo).relief)


def test_a_network_that_stated_no_error_of_thickness_is_read(tmp_path):
    configuration = Configuration(widths=(8,) * 5)
    weights = {key: value.contiguous() for key, value in FaceNetwork(configuration).state_dict().items()}
    shorter = weights | {name: weights[name][:7].contiguous() for name in ("head.2.weight", "head.2.bias")}
    kept = {
        key: value for key, value in asdict(configuration).items() if key != "thickness_uncertainty_scale"
    }
    path = tmp_path / "former.safetensors"
    save_file(shorter, path, {"configuration": json.dumps(kept)})
    read = baselines.network_of_any_age(path).state_dict()
    for name, value in shorter.items():
        assert torch.equal(read[name][: len(value)] if value.ndim else read[name], value)
    assert not read["head.2.bias"][7:].any()


@pytest.mark.slow
@needs_face_model
def test_the_mean_face_in_the_true_pose_beats_a_plane_on_a_bald_head():
    from training.dataset import as_record
    from training.rendering.sample import render
    from training.scenes.face_model import find_regions, load_face_model

    model = load_face_model(FACE_MODEL)
    regions = find_regions(model)
    seed = next(
        s
        for s in range(100)
        if not {"hair", "scarf", "hat", "hand", "two people", "nobody"} & render(model, regions, s, 32).has
    )
    record = np.zeros((), record_dtype(SIDE))[()]
    for name, value in zip(record.dtype.names, as_record(render(model, regions, seed, SIDE)), strict=True):
        record[name] = value
    posed = head_metrics(record, baselines.mean_face(model, regions, {id(record): seed})(record))
    flat = head_metrics(record, baselines.plane(record))
    assert posed["relief %"] < 0.6 * flat["relief %"]
    assert posed["normals mean"] < 0.7 * flat["normals mean"]
