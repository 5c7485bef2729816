"""What happens between the steps: the camera put away, a network that fails, a run cut short."""

import re
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import stand_in
import streamlit as st
from page_visit import download_labels, open_page, press, session_of, texts, upload
from sample_files import ASTRONAUT, MIRRORED
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from face3d.errors import WeightsError
from face3d.structures import DepthMap, DepthRepresentation
from page import depth_step, inference_queue

empty = DeltaGenerator.empty


pytestmark = pytest.mark.usefixtures("coarse_models")


@pytest.fixture
def page(monkeypatch):
    """The page with a network that answers at once, the astronaut uploaded."""
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    return upload(open_page(), "astronaut.jpg", ASTRONAUT)


@pytest.fixture
def camera(monkeypatch):
    """In place of the camera's widget: `camera.takes` is what it sends next, bytes of a picture or None,
    nothing where it is empty.
    """
    sent = SimpleNamespace(takes=[])

    def widget(_label, *, on_change, key):
        if sent.takes:
            data = sent.takes.pop()
            st.session_state[key] = None if data is None else BytesIO(data)
            on_change()

    monkeypatch.setattr(st, "camera_input", widget)
    return sent


def test_what_was_made_of_a_cameras_picture_outlives_the_camera(page, camera):
    camera.takes = [MIRRORED]
    page.toggle(key="camera on").set_value(True).run()
    page.run()
    assert any(text.startswith("camera.jpg") for text in (caption.value for caption in page.caption))
    press(page, "generate depth")
    camera.takes = [None]  # Clear photo
    page.run()
    assert not page.error and download_labels(page)
    page.toggle(key="camera on").set_value(False).run()
    assert not page.error and download_labels(page)


def test_a_picture_that_was_never_taken_changes_nothing(page, camera):
    press(page, "generate depth")
    camera.takes = [None]
    page.toggle(key="camera on").set_value(True).run()
    assert not page.error and download_labels(page)


def test_a_network_that_fails_leaves_the_map_of_another(page, monkeypatch):
    press(page, "generate depth")
    press(page, "generate model")
    before = session_of(page).depth_result

    def fail(*_, **__):
        raise WeightsError("There is no connection.")

    with monkeypatch.context() as broken:
        broken.setattr(inference_queue.InferenceQueue, "predict", fail)
        page.selectbox(key="network").set_value("midas_v21_small_256").run()
        press(page, "generate depth")
        assert page.error[0].value == "There is no connection."
        assert "Generate the depth map of step 2 anew first." in texts(page, "warning")
        assert "Press *Generate 3D model* again" not in texts(page, "warning")
    assert session_of(page).depth_result is before
    page.selectbox(key="network").set_value("face").run()
    assert not page.error and not page.warning and download_labels(page)


def test_what_is_out_of_date_cannot_be_downloaded(page):
    press(page, "generate depth")
    press(page, "generate model")
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    assert not download_labels(page)


def test_a_depth_map_is_made_after_all_where_a_click_elsewhere_stopped_it(page, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(depth_step, "_generate", lambda *_: None)  # the run ends before anything is there
        press(page, "generate depth")
    assert not download_labels(page)
    page.run()
    assert download_labels(page) and session_of(page).requested_depth is None


def test_a_click_after_the_prediction_keeps_the_map(page, monkeypatch):
    predicted, stopped = [], []

    def predict(network, photo):
        predicted.append(photo)
        return stand_in.predict(network, photo)

    def empty_or_stop(place):
        if predicted and not stopped:
            stopped.append(place)
            raise RerunException(RerunData())
        return empty(place)

    monkeypatch.setattr(inference_queue, "predict", predict)
    monkeypatch.setattr(DeltaGenerator, "empty", empty_or_stop)
    press(page, "generate depth")
    assert len(predicted) == len(stopped) == 1 and download_labels(page)


def test_a_map_that_another_photo_overtook_is_dropped(page, monkeypatch):
    def predict(network, photo):
        session = st.session_state["session"]
        session.set_photo(None)  # as a newer run does; the old run ends at its next message to the page
        session.requested_depth = None
        return stand_in.predict(network, photo)

    monkeypatch.setattr(inference_queue, "predict", predict)
    press(page, "generate depth")
    assert session_of(page).depth_result is None and not download_labels(page)


def test_a_crash_is_not_repeated_at_every_click(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(inference_queue, "predict", lambda *_: 1 / 0)
        press(page, "generate depth")
        assert page.exception
        page.run()
    assert not page.exception and not download_labels(page)


def test_a_wish_is_forgotten_with_its_network(page, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(depth_step, "_generate", lambda *_: None)
        press(page, "generate depth")
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    page.selectbox(key="network").set_value("face").run()
    assert not download_labels(page)


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
    assert "gives no matte: the background stays" in texts(page, "caption")
    assert "this network looks for no eyes" in texts(page, "markdown")


def test_thin_walls_are_named_where_the_model_is_called_ready_to_print(page):
    press(page, "generate depth")
    press(page, "generate model")
    assert "| Ready to print | yes |" in texts(page, "markdown")
    page.selectbox(key="kind").set_value("plaque")
    page.number_input(key="height").set_value(20.0).run()
    press(page, "write files")
    said = texts(page, "markdown")
    measured = float(re.search(r"Walls under 1 mm \| ([\d.]+) % of the surface", said)[1])
    thin = int(re.search(r"Ready to print \| yes, but (\d+) % of it is thinner than 1 mm \|", said)[1])
    assert measured > 1 and abs(thin - measured) < 0.6


def test_makers_are_told_units_and_axes(page):
    press(page, "generate depth")
    press(page, "generate model")
    for fact in ("STL and 3MF are in millimetres with Z up", "GLB is in metres", "Blender", "scale 0.001"):
        assert fact in texts(page, "caption")
