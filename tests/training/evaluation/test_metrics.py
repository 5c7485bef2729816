"""Laws of the figures of merit, of the baselines, and of the factor that makes a stated error true."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from face_model_file import FACE_MODEL, needs_face_model
from safetensors.torch import save_file

from face3d.depth.face.network import Configuration, FaceNetwork
from training.dataset import GROUPS, record_dtype
from training.evaluation import baselines, evaluate
from training.evaluation.metrics import (
    STATED,
    Prediction,
    head_metrics,
    means,
    normal_angles,
    print_table,
    region_metrics,
)
from training.scenes.primitives import LABEL_HEAD, LABEL_NARROW_FACE

SIDE = 64


@pytest.fixture
def head():
    """A ball as a head: relief in widths of the picture, radius a quarter of it."""
    record = np.zeros((), record_dtype(SIDE))[()]
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5
    inside = x * x + y * y < 0.25**2
    half = np.sqrt(np.where(inside, 0.25**2 - x * x - y * y, 0))
    record["relief"], record["thickness"] = half, 2 * half
    record["matte"], record["label"] = inside * 255, inside * 3
    record["eyes"][:2] = [[20, 28, 1], [40, 28, 1]]
    return record


def _truth(head, shift=0.0):
    relief = head["relief"].astype(np.float32) + shift
    return Prediction(
        relief,
        head["thickness"].astype(np.float32),
        head["matte"] / np.float32(255),
        np.ones((SIDE, SIDE)),
        ((20, 28), (40, 28)),
    )


def test_the_truth_shifted_has_no_error(head):
    figures = head_metrics(head, _truth(head, shift=0.3))
    assert figures["matte IoU"] == figures["within stated"] == 1
    for name in (
        "boundary %",
        "relief %",
        "relief fitted %",
        "face relief %",
        "normals mean",
        "thickness %",
        "eye distance %",
    ):
        assert figures[name] == pytest.approx(0, abs=2e-2), name


def test_relief_errors_are_in_percent_of_the_heads_width(head):
    """Noise of 1 % of the picture is 2 % of a head half as wide."""
    prediction = _truth(head)
    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE)) * 0.01
    figures = head_metrics(
        head,
        Prediction(
            prediction.relief_hw + noise,
            prediction.thickness_hw + 0.05,
            prediction.matte_hw,
            prediction.uncertainty_hw,
            prediction.eyes,
        ),
    )
    assert figures["relief %"] == pytest.approx(2, rel=0.1)
    assert figures["thickness %"] == pytest.approx(10, rel=0.01)


def test_a_scaled_relief_is_forgiven_by_the_fit_only(head):
    prediction = _truth(head)
    figures = head_metrics(
        head, Prediction(prediction.relief_hw * 2, prediction.thickness_hw, prediction.matte_hw)
    )
    assert figures["relief fitted %"] == pytest.approx(0, abs=1e-3)
    assert figures["relief %"] > 5
    assert np.isnan(figures["within stated"])
    assert np.isnan(figures["eye distance %"])


def test_a_slope_of_one_in_one_is_45_degrees_off_a_plane():
    rows = np.tile(np.arange(SIDE, dtype=float)[:, None] / SIDE, (1, SIDE))
    angles = normal_angles(rows, np.zeros_like(rows), np.ones((SIDE, SIDE), bool))
    assert angles[8:-8, 8:-8] == pytest.approx(45, abs=0.1)


def test_the_boundary_is_measured_in_pixels_of_displacement(head):
    """A matte moved by 2 of 64 pixels, the head being 32 wide: at most 6.25 %, less where the outline runs
    along the movement.
    """
    prediction = _truth(head)
    moved = np.roll(prediction.matte_hw, 2, axis=1)
    figures = head_metrics(head, Prediction(prediction.relief_hw, prediction.thickness_hw, moved))
    assert 6.25 * 0.5 < figures["boundary %"] < 6.25


def test_the_eye_distance_is_relative(head):
    prediction = _truth(head)
    figures = head_metrics(
        head,
        Prediction(
            prediction.relief_hw, prediction.thickness_hw, prediction.matte_hw, None, ((20, 28), (41, 28))
        ),
    )
    assert figures["eye distance %"] == pytest.approx(5)


def test_means_leave_out_what_is_unknown():
    assert means([{"a": 1.0, "b": np.nan}, {"a": 3.0, "b": 4.0}]) == {"a": 2.0, "b": 4.0}


def test_the_factor_makes_gaussian_errors_true(head):
    """Errors of one standard deviation, stated as half of it, need the factor 2."""
    rng = np.random.default_rng(0)

    def method(record):
        relief = record["relief"].astype(np.float64) + rng.normal(size=(SIDE, SIDE)) * 0.02
        thickness = record["thickness"].astype(np.float64) + rng.normal(size=(SIDE, SIDE)) * 0.03
        stated = np.full((SIDE, SIDE), 0.01)
        return Prediction(relief, thickness, record["matte"] / 255, stated, None, stated)

    assert evaluate.uncertainty_factors([head] * 8, method) == pytest.approx((2, 3), rel=0.05)


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


def test_stated_errors_are_compared_by_region(head):
    """The face is off by 0.01 upwards and downwards, and so is the rest; stated fully in the face, by half
    outside.
    """
    head["label"][: SIDE // 2] = np.minimum(head["label"][: SIDE // 2], LABEL_HEAD)
    prediction, face = _truth(head), head["label"] == LABEL_NARROW_FACE
    signs = np.where(np.add.outer(np.arange(SIDE), np.arange(SIDE)) % 2, 1, -1)
    stated = np.where(face, 0.01001, 0.005)
    relief, thickness = head["relief"] + 0.01 * signs, prediction.thickness_hw + 0.03
    figures = region_metrics(
        head, Prediction(relief, thickness, prediction.matte_hw, stated, None, 6 * stated)
    )
    percent = 100 * SIDE / (head["label"] >= LABEL_HEAD).any(0).sum()
    for region, share, within in (("narrow face", 0.01001, 1), ("rest of the head", 0.005, 0)):
        assert figures[f"relief, {region}: error %"] == pytest.approx(0.01 * percent, rel=0.05)
        assert figures[f"relief, {region}: stated %"] == pytest.approx(share * percent, rel=1e-3)
        assert figures[f"relief, {region}: within"] == pytest.approx(within, abs=0.02)
        assert figures[f"thickness, {region}: error %"] == pytest.approx(0.03 * percent, rel=0.02)
        assert figures[f"thickness, {region}: stated %"] == pytest.approx(6 * share * percent, rel=1e-3)
    assert figures["thickness, narrow face: within"] == 1
    assert list(evaluate.by_region(figures)) == list(STATED)
    assert np.isnan(
        list(
            region_metrics(
                head, Prediction(prediction.relief_hw, prediction.thickness_hw, prediction.matte_hw)
            ).values()
        )
    ).all()


def test_an_error_is_unfair_above_one_and_a_quarter_of_the_mean():
    mean = {"matte IoU": 0.96, "relief %": 4.0, "within stated": 0.68}
    rows = {
        "good": {"matte IoU": 0.96, "relief %": 4.9, "within stated": 0.9},
        "bad": {"matte IoU": 0.94, "relief %": 5.1, "within stated": 0.68},
    }
    assert evaluate.unfair(rows, mean) == {"good": set(), "bad": {"matte IoU", "relief %"}}


def test_a_table_marks_what_it_is_told_to(capsys):
    print_table({"one": {"a": 1.5, "b": 0.25}, "two": {"a": 2.0, "b": np.nan}}, {"two": {"a"}})
    assert capsys.readouterr().out.splitlines() == [
        "| | a | b |",
        "|---|---|---|",
        "| one | 1.50 | 0.250 |",
        "| two | 2.00 * | - |",
    ]


def test_a_smaller_photo_is_seen_small_and_compared_large(head):
    """A method that answers with what it was shown: half as many pixels on a side, lengths in widths, eyes in
    the set's pixels.
    """
    head["rgb"] = np.add.outer(np.arange(SIDE), 2 * np.arange(SIDE))[..., None]
    shown = []

    def method(record):
        shown.append(record["rgb"].shape)
        relief = record["rgb"][..., 0] / 1000
        return Prediction(relief, relief, record["label"] / 3, relief, ((8, 14), (20, 14)))

    prediction = evaluate.of_smaller_photos(method, SIDE // 2)(head)
    assert shown == [(SIDE // 2, SIDE // 2, 3)]
    assert prediction.relief_hw.shape == prediction.uncertainty_hw.shape == (SIDE, SIDE)
    assert np.abs(prediction.relief_hw - head["rgb"][..., 0] / 1000).mean() < 0.02
    assert prediction.eyes == ((16, 28), (40, 28))


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


def test_groups_are_by_what_the_records_say(head):
    records = []
    for i in range(20):
        one = head.copy()
        one["has"], one["yaw"] = (1 << GROUPS.index("glasses")) * (i % 2), -30 if i % 2 else 5
        records.append(one)
    named = dict(evaluate.groups(records))
    assert named["glasses (10)"] == list(range(1, 20, 2))
    assert named["yaw 0-15° (10)"] == list(range(0, 20, 2))
    assert named["no hair (20)"] == list(range(20))


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
