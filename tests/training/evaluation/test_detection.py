"""The evaluation of the detector counts heads, and draws pictures without one."""

import numpy as np
import pytest

from face3d.depth.face.detection import DetectedHead
from face3d.depth.face.inference import Box
from training.evaluation import detection
from training.scenes.nobody import KINDS

RECORD = {
    "rgb": np.zeros((64, 64, 3), np.uint8),
    "heads": np.array([[30, 20, 16], [0, 0, 0]], np.float32),
    "eyes": np.array([[27, 20, 1], [33, 20, 1], [0, 0, 0], [0, 0, 0]], np.float32),
}


def found(box):
    return DetectedHead(box, Box(0, 0, 64, 64), None, 1.0, 0.9)


@pytest.mark.parametrize(
    ("box", "true"),
    [
        (Box(22, 10, 16, 20), True),
        (Box(26, 14, 16, 20), True),
        (Box(40, 10, 16, 20), False),
        (Box(10, 0, 40, 40), False),
        (Box(27, 17, 6, 6), False),
    ],
)
def test_a_head_counts_where_it_is_about_as_wide_and_at_its_place(box, true):
    assert detection.is_head(found(box), RECORD) == true


def test_the_table_counts_what_the_product_finds(monkeypatch, capsys):
    """A detector that finds a head in every other picture, always the right one."""
    calls = iter(range(10**6))
    monkeypatch.setattr(
        detection, "heads_in", lambda *_: [found(Box(22, 10, 16, 20))] if next(calls) % 2 == 0 else []
    )
    monkeypatch.setattr(detection, "photographs", lambda: iter(np.zeros((4, 8, 8, 3), np.uint8)))
    monkeypatch.setattr(detection, "drawn", lambda *_: iter(np.zeros((2, 8, 8, 3), np.uint8)))
    hidden = RECORD | {"eyes": np.zeros((4, 3), np.float32)}
    detection.evaluate(None, {"first kind": [RECORD, hidden] * 4}, 2)
    rows = [line.split("|")[1:4] for line in capsys.readouterr().out.splitlines()[2:]]
    counts = {name.strip(): (int(number), share.strip()) for name, number, share in rows}
    assert counts["first kind, heads"] == (8, "50.0 %")
    assert counts["with an eye in view"] == (4, "100.0 %")
    assert counts["the same, turned 90°"] == (2, "50.0 %")
    assert counts["all without a person"] == (4 + 2 * (1 + len(KINDS)), "50.0 %")


def test_photographs_are_colour_pictures_whole_mirrored_and_in_parts():
    pictures = list(detection.photographs(parts=1))
    assert len(pictures) == 3 * len(detection.PHOTOGRAPHS)
    assert all(
        picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3 for picture in pictures
    )
    assert np.array_equal(pictures[1], pictures[0][:, ::-1])


def test_the_fit_parts_two_classes():
    rng = np.random.default_rng(0)
    heads, others = rng.normal(size=(200, 3)) + np.array([2, 0, 1]), rng.normal(size=(200, 3))
    weights_k = detection._logistic(np.concatenate([heads, others]), np.arange(400) < 200)
    # Two normal classes of unit variance: the weights are the difference of their means.
    assert weights_k == pytest.approx([2, 0, 1], abs=0.4)
