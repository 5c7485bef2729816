"""Laws of the curves of a run."""

import json

import cv2
import pytest

from training import losses
from training.release import curves


def test_the_curves_take_a_resumed_log(tmp_path):
    line = {"side": 128, "rate": 1e-3, **dict.fromkeys(curves.TERMS, 0.1)}
    seen = [1200, 2400, 3600, 2400, 3600, 4800]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps({**line, "seen": number}) for number in seen))
    assert curves.draw(tmp_path / "log.jsonl", tmp_path / "curves.png") == 4
    assert cv2.imread(str(tmp_path / "curves.png")) is not None
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(ValueError, match="no lines yet"):
        curves.draw(tmp_path / "log.jsonl", tmp_path / "none.png")


def test_the_curves_hold_each_term_and_each_side_once(tmp_path, monkeypatch):
    """The terms that are likelihoods fall below zero, so their axis must not be logarithmic."""
    assert sorted((*curves.TERMS, *curves.LIKELIHOODS)) == sorted(losses.WEIGHTS)
    stated = set(curves.LIKELIHOODS)
    sides = [128, 128, 192, 192, 128, 256, 192, 192]
    lines = [
        {"rate": 1e-3, **dict.fromkeys(curves.TERMS, 0.1), **dict.fromkeys(stated, -2.0), "side": side}
        for side in sides
    ]
    (tmp_path / "log.jsonl").write_text(
        "\n".join(json.dumps({**line, "seen": 100 * number}) for number, line in enumerate(lines))
    )
    monkeypatch.setattr(curves.pyplot, "close", lambda figure: None)
    curves.draw(tmp_path / "log.jsonl", tmp_path / "curves.png")
    above, likelihood, _ = curves.pyplot.gcf().axes
    monkeypatch.undo()
    curves.pyplot.close()
    entries = [text.get_text() for text in above.get_legend().get_texts()]
    assert sorted(entries) == sorted({*curves.TERMS} | {"side 128 px", "side 192 px", "side 256 px"})
    assert likelihood.get_yscale() == "linear"
    assert [set(line.get_ydata()) for line in likelihood.lines] == [{-2.0}] * len(stated)
