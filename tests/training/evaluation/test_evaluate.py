"""Laws of the tables, and of the factor that calibrates a stated error."""

import numpy as np
import pytest
from head_record import SIDE

from training.dataset import GROUPS
from training.evaluation import evaluate, methods
from training.evaluation.metrics import (
    Prediction,
)


def test_the_factor_makes_gaussian_errors_true(head):
    """Errors of one standard deviation, stated as half of it, need the factor 2."""
    rng = np.random.default_rng(0)

    def method(record):
        relief = record["relief"].astype(np.float64) + rng.normal(size=(SIDE, SIDE)) * 0.02
        thickness = record["thickness"].astype(np.float64) + rng.normal(size=(SIDE, SIDE)) * 0.03
        stated = np.full((SIDE, SIDE), 0.01)
        return Prediction(relief, thickness, record["matte"] / 255, stated, None, stated)

    assert evaluate.uncertainty_factors([head] * 8, method) == pytest.approx((2, 3), rel=0.05)


def test_an_error_is_unfair_above_one_and_a_quarter_of_the_mean():
    mean = {"matte IoU": 0.96, "relief %": 4.0, "within stated": 0.68}
    rows = {
        "good": {"matte IoU": 0.96, "relief %": 4.9, "within stated": 0.9},
        "bad": {"matte IoU": 0.94, "relief %": 5.1, "within stated": 0.68},
    }
    assert evaluate.unfair(rows, mean) == {"good": set(), "bad": {"matte IoU", "relief %"}}


def test_a_smaller_photo_is_seen_small_and_compared_large(head):
    """A method that returns its photo: half as many pixels on a side, lengths in widths, eyes in pixels."""
    head["rgb"] = np.add.outer(np.arange(SIDE), 2 * np.arange(SIDE))[..., None]
    shown = []

    def method(record):
        shown.append(record["rgb"].shape)
        relief = record["rgb"][..., 0] / 1000
        return Prediction(relief, relief, record["label"] / 3, relief, ((8, 14), (20, 14)))

    prediction = methods.of_smaller_photos(method, SIDE // 2)(head)
    assert shown == [(SIDE // 2, SIDE // 2, 3)]
    assert prediction.relief_hw.shape == prediction.uncertainty_hw.shape == (SIDE, SIDE)
    assert np.abs(prediction.relief_hw - head["rgb"][..., 0] / 1000).mean() < 0.02
    assert prediction.eyes == ((16, 28), (40, 28))


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
