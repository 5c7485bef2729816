"""The widgets of step 3: which there are, and which values the next photo keeps."""

import numpy as np
import pytest
import stand_in
from page_visit import generate, press, session_of, texts, upload
from sample_files import ASTRONAUT, MIRRORED

from face3d.geometry.scale import PRINT_SIZES
from face3d.structures import DepthMap, DepthRepresentation
from page import inference_queue, model_controls

pytestmark = pytest.mark.usefixtures("coarse_models")


def test_a_relative_map_brings_its_slider_and_its_warning(page, monkeypatch):
    relative = stand_in.predicting(DepthRepresentation.RELATIVE_INVERSE)
    monkeypatch.setattr(inference_queue, "predict", relative)
    press(page, "generate depth")
    assert "relative, not metres" in texts(page, "markdown")
    press(page, "generate model")
    assert page.slider(key="relief strength").value == 2.0 and not page.error


CHANGED = {
    "show": "Points",
    "model colours": "Photo",
    "kind": "plaque",
    "edge tolerance": 0.1,
    "smoothing": 3.0,
    "detail": "Light",
    "point size": 1.5,
    "relief strength": 1.5,
    "background": True,
    "outliers": False,
    "print size": "figure",
    "height": 80.0,
    "base": "round",
    "wall": 3.0,
    "drain": 5.0,
    "plaque depth": 7.0,
    "plaque base": 2.0,
    "plaque frame": 0.0,
    "lithophane shape": "Cylinder",
    "lithophane thin": 1.0,
    "lithophane thick": 4.0,
    "lithophane gamma": 1.5,
    "lithophane frame": 4.0,
    "perspective": False,
}


def test_every_setting_of_the_model_outlives_its_photo(page, monkeypatch):
    """All of them but the field of view, which belongs to the photo."""
    relative = stand_in.predicting(DepthRepresentation.RELATIVE_INVERSE, with_matte=True)
    monkeypatch.setattr(inference_queue, "predict", relative)
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate(page)
    assert CHANGED.keys() == model_controls.REMEMBERED.keys()
    for key, value in CHANGED.items():
        assert page.session_state[key] == model_controls.REMEMBERED[key] != value
        page.session_state[key] = value
    page.slider(key="field of view").set_value(50).run()
    upload(page, "mirrored.jpg", MIRRORED)
    assert "kind" not in [box.key for box in page.selectbox]
    generate(page)
    assert {key: page.session_state[key] for key in CHANGED} == CHANGED
    assert page.selectbox(key="kind").value == "plaque" and page.number_input(key="height").value == 80
    assert page.slider(key="field of view").value == 30
    _, kind, settings = session_of(page).model_work.inputs
    assert (kind, settings.height_mm, settings.plaque_depth_mm) == ("plaque", 80, 7)
    assert not settings.foreground_only and not settings.perspective


def test_a_kind_that_is_chosen_is_shown_and_written(page):
    generate(page)
    assert page.session_state["show"] == model_controls.SURFACE
    page.selectbox(key="kind").set_value("plaque").run()
    assert page.session_state["show"] == model_controls.MODEL and not page.warning
    assert session_of(page).model_work.inputs.kind == "plaque"


@pytest.mark.parametrize(
    ("kept", "shown"), [("Points", "Points"), ("Hologram", "Surface"), (None, "Surface")]
)
def test_the_view_begins_as_this_browser_left_it(page, monkeypatch, kept, shown):
    monkeypatch.setattr(model_controls, "recalled", lambda name: kept)
    generate(page)
    assert page.session_state["show"] == shown and not page.exception


def test_a_height_counts_in_place_of_the_print_size():
    assert model_controls.SIZE_TITLES.keys() == PRINT_SIZES.keys()
    assert model_controls.size_settings("figure", None) == {"height_mm": 100}
    assert model_controls.size_settings("bed-220", None) == {"longest_mm": 210}
    assert model_controls.size_settings("figure", 80.0) == {"height_mm": 80}


def test_a_background_that_is_kept_is_not_asked_of_a_network_without_a_matte(page, monkeypatch):
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate(page)
    page.toggle(key="background").set_value(True).run()
    monkeypatch.setattr(inference_queue, "predict", stand_in.predicting(DepthRepresentation.RELIEF))
    upload(page, "mirrored.jpg", MIRRORED)
    generate(page)
    assert session_of(page).model_work.inputs.settings.foreground_only
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate(page)
    assert (
        page.toggle(key="background").value
        and not session_of(page).model_work.inputs.settings.foreground_only
    )


def test_a_network_without_a_matte_offers_no_background_to_keep(page, monkeypatch):
    def whole(_network, photo):
        return DepthMap(
            np.ones(photo.size_hw, np.float32),
            DepthRepresentation.RELATIVE_INVERSE,
            np.ones(photo.size_hw, bool),
            "face",
        )

    monkeypatch.setattr(inference_queue, "predict", whole)
    press(page, "generate depth")
    press(page, "generate model")
    assert "background" not in [toggle.key for toggle in page.toggle]
    assert "Nothing is cut out in step 2: the background stays" in texts(page, "caption")
    assert "this network detects no eyes" in texts(page, "markdown")
