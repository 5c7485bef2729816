"""The pictures and the file that others get: contact sheets, curves, ONNX."""

import json
from dataclasses import asdict

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from face3d.depth.face.network import Configuration, FaceNetwork, load_face_network
from training import losses
from training.release import contact_sheets, curves, export_onnx


def test_every_transform_gives_the_place_of_the_plain_crop():
    made = contact_sheets.photo_transforms()
    plain = made["plain"][0].astype(np.float32).mean(-1)
    for name, (picture, to_picture) in made.items():
        back = cv2.invertAffineTransform(to_picture)
        again = cv2.warpAffine(picture.astype(np.float32).mean(-1), back, plain.shape[::-1], borderValue=-1)
        inside = cv2.erode((again >= 0).astype(np.uint8), np.ones((5, 5), np.uint8))[20:200, 60:240] > 0
        correlation = np.corrcoef(again[20:200, 60:240][inside], plain[20:200, 60:240][inside])[0, 1]
        assert correlation > 0.9, name


def test_one_photograph_keeps_its_relief_under_every_transform():
    """Crops, sizes, turns, grey, dark and the mirror; the golden value is the map of the plain crop."""
    found, _ = contact_sheets.stability(
        load_face_network(contact_sheets.Path("assets/face_depth.safetensors"))
    )
    assert len(found) == 12
    assert min(found.values()) > 0.98


def test_the_sheets_are_filled_up_to_whole_rows():
    sheet = contact_sheets.tile_grid([np.full((4, 6, 3), 9, np.uint8)] * 5, 3)
    assert sheet.shape == (8, 18, 3)
    assert (sheet[:4] == 9).all()
    assert not sheet[4:, 12:].any()


def test_the_gallery_shows_the_worst_and_not_only_two_people():
    errors = [float(number) for number in range(40)]
    chosen = contact_sheets.worst(errors, [number >= 20 for number in range(40)])
    assert chosen == [39, 38, 37, 36, 19, 18, 17, 16, 15, 14, 13, 12]
    assert contact_sheets.worst(errors, [False] * 40) == list(range(39, 27, -1))


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


def cache_of_one(function):
    """`function`, called once; what it gave then is given again."""
    given = []
    return lambda *arguments, **named: (
        given[0] if given else given.append(function(*arguments, **named)) or given[0]
    )


@pytest.mark.parametrize("canonical", [False, True])
def test_onnx_gives_what_pytorch_gives_or_is_not_written(tmp_path, monkeypatch, canonical):
    monkeypatch.setattr(torch.onnx, "export", cache_of_one(torch.onnx.export))
    torch.manual_seed(0)
    wanted = {"widths": (8, 8, 8, 8, 8), "side": 192, "inference_side": 224, "uncertainty_scale": 0.9}
    configuration = Configuration(canonical=canonical, **wanted)
    network = FaceNetwork(configuration).eval()
    assert export_onnx.export(network, tmp_path / "net.onnx") < 1e-4
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told.pop("configuration")) == {**asdict(configuration), "widths": [8, 8, 8, 8, 8]}
    assert set(told) == {one.name for one in (*session.get_inputs(), *session.get_outputs())}
    assert ("canonical" in told) == canonical
    for name in ("relief", "thickness", "log_uncertainty"):
        assert "widths of a square of `side` pixels" in told[name]
    assert "`uncertainty_scale`" in told["log_uncertainty"]
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
    monkeypatch.setattr(export_onnx, "largest_difference", lambda *_: 0.5)
    with pytest.raises(ValueError, match="differs from PyTorch"):
        export_onnx.export(network, tmp_path / "bad.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
