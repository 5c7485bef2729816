"""The picker of mattes in step 2."""

from dataclasses import replace

import numpy as np
import pytest
import stand_in
from page_visit import press, session_of, texts
from sample_files import encoded

from face3d.matte import rembg
from face3d.matte.table import MATTES
from face3d.structures import DepthRepresentation
from page import inference_queue
from page.matte_choice import LABELS, matte_label

pytestmark = pytest.mark.usefixtures("coarse_models", "stand_in_network")


def test_a_model_of_rembg_is_offered_with_size_and_licence():
    for name, spec in MATTES.items():
        if spec.of_rembg:
            size = f"{spec.files[0].size_bytes / 1e6:.0f} MB"
            assert all(part in matte_label(name) for part in (spec.title, size, spec.licence))
        else:
            assert matte_label(name) == LABELS[name]


def test_the_matte_is_part_of_the_depth_map(page, monkeypatch):
    asked = []

    def cut_out(depth, _photo, matte, *, mask, face_network, refine):
        asked.append((matte, None if mask is None else mask.size_hw, refine))
        return depth

    monkeypatch.setattr(inference_queue, "cut_out", cut_out)
    press(page, "generate depth")
    press(page, "generate model")
    assert session_of(page).model_work.inputs.settings.foreground_only
    page.selectbox(key="matte").set_value("none").run()
    assert "Out of date" in texts(page, "warning") and page.button(key="generate model").disabled
    press(page, "generate depth")
    press(page, "generate model")
    assert not page.warning and not session_of(page).model_work.inputs.settings.foreground_only
    page.selectbox(key="matte").set_value("file").run()
    white = encoded(np.full((64, 64, 3), 255, np.uint8), "PNG")
    page.file_uploader[-1].set_value(("mask.png", white, "image/png")).run()
    page.toggle(key="refine matte").set_value(True).run()
    press(page, "generate depth")
    assert asked == [("face", None, False), ("none", None, False), ("file", (64, 64), True)]
    page.toggle(key="head only").set_value(True).run()
    press(page, "generate depth")
    assert not page.error and asked[-1] == ("file", session_of(page).photo.size_hw, True)


def test_what_a_matte_lacks_is_said(page, monkeypatch):
    page.selectbox(key="matte").set_value("alpha").run()
    assert "no transparent pixel" in texts(page, "warning")
    monkeypatch.setattr(rembg, "available", lambda: False)
    page.selectbox(key="matte").set_value("u2netp").run()
    assert "needs the package rembg" in texts(page, "warning")
    press(page, "generate depth")
    assert "pip install" in page.error[0].value
    page.selectbox(key="matte").set_value("file").run()
    page.file_uploader[-1].set_value(("mask.png", b"damaged", "image/png")).run()
    assert len(page.error) == 1 and not page.exception


def test_a_face_that_is_not_there_is_no_person_to_keep(page, monkeypatch):
    """Of another network than the bundled one."""
    bare = stand_in.predicting(DepthRepresentation.METRIC)

    def faceless(depth, *_, **__):
        return replace(depth, detects_faces=True)

    monkeypatch.setattr(inference_queue, "load_network", stand_in.load_network)
    monkeypatch.setattr(inference_queue, "predict", bare)
    monkeypatch.setattr(inference_queue, "cut_out", faceless)
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    press(page, "generate depth")
    assert "nothing is cut out" in texts(page, "warning")
