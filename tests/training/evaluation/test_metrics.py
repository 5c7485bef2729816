"""Laws of the metrics."""

import numpy as np
import pytest
from head_record import SIDE

from training.evaluation import evaluate
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
    """A matte moved by 2 pixels, the head being 32 wide: 6.25 %, less along the movement."""
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


def test_stated_errors_are_compared_by_region(head):
    """All is off by 0.01 upwards and downwards; that error is stated in the face, and half of it outside."""
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


def test_a_table_marks_what_it_is_told_to(capsys):
    print_table({"one": {"a": 1.5, "b": 0.25}, "two": {"a": 2.0, "b": np.nan}}, {"two": {"a"}})
    assert capsys.readouterr().out.splitlines() == [
        "| | a | b |",
        "|---|---|---|",
        "| one | 1.50 | 0.250 |",
        "| two | 2.00 * | - |",
    ]


def test_a_hole_is_enclosed_person_that_the_matte_leaves_out(head):
    prediction = _truth(head)
    assert head_metrics(head, prediction)["holes"] == 0
    prediction.matte_hw[30:34, 30:34] = 0
    prediction.matte_hw[40, 30] = 0
    assert head_metrics(head, prediction)["holes"] == 1
    prediction.matte_hw[30:34, :34] = 0
    assert head_metrics(head, prediction)["holes"] == 0


def test_a_matte_over_everything_keeps_all_of_the_background(head):
    prediction = _truth(head)
    assert head_metrics(head, prediction)["background kept %"] == 0
    prediction.matte_hw[:] = 1
    assert head_metrics(head, prediction)["background kept %"] == 100


def test_the_distance_of_two_heads_is_compared_in_widths_of_the_first(head):
    """Two halves of a ball, of which one is moved by a hundredth of the picture: 2 % of the head's width."""
    head["heads"][:2] = [[24, 32, 16], [40, 32, 16]]
    prediction = _truth(head, shift=0.3)
    assert head_metrics(head, prediction)["distance %"] == pytest.approx(0, abs=2e-2)
    prediction.relief_hw[:, 32:] += 0.01
    assert head_metrics(head, prediction)["distance %"] == pytest.approx(2, rel=0.02)
    head["heads"][1] = 0
    assert np.isnan(head_metrics(head, prediction)["distance %"])
