"""Step 2: the picker, networks that fail, and runs that a click interrupts."""

import pytest
import stand_in
import streamlit as st
from page_visit import download_labels, press, session_of, texts
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from face3d.depth import checkpoints
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError, WeightsError
from page import depth_step, inference_queue

pytestmark = pytest.mark.usefixtures("coarse_models")

empty = DeltaGenerator.empty


def test_the_picker_shows_size_place_licence_and_speed_of_every_network(page, monkeypatch, tmp_path):
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    picker = page.selectbox(key="network")
    offered = [name for name, spec in NETWORKS.items() if spec.files]
    assert picker.value == "face"
    assert picker.options[len(offered) :] == ["My own depth map", "Depth inside the photo"]
    for name, label in zip(offered, picker.options, strict=False):
        spec = NETWORKS[name]
        assert label.startswith(spec.title) and label.endswith(spec.size_text)
        page.selectbox(key="network").set_value(name).run()
        place = "Comes with this project" if spec.bundled else f"Will be downloaded, {spec.size_text}"
        [line] = [caption for caption in page.caption if "licence" in caption.value]
        assert line.value.startswith(place) and f"licence: {spec.licence}" in line.value
        assert spec.published is None or spec.speed_text in line.proto.help


@pytest.mark.parametrize(
    "error", [WeightsError("The file x is missing."), DepthError("This photo gives no depth.")]
)
def test_a_failing_network_shows_the_remedy_in_place(page, monkeypatch, error):
    def fail(*_, **__):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(inference_queue, "predict", fail)
        press(page, "generate depth")
    assert page.error[0].value == str(error)
    press(page, "try depth again")
    assert not page.error and download_labels(page)
    assert "try depth again" not in [button.key for button in page.button]


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


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "There is not enough memory."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "There is not enough memory."),
        (ZeroDivisionError(), "ended this step (ZeroDivisionError)"),
    ],
)
def test_an_unexpected_error_is_one_sentence_and_not_repeated_at_every_click(
    page, monkeypatch, error, sentence
):
    def fail(*_):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(inference_queue, "predict", fail)
        press(page, "generate depth")
        assert len(page.error) == 1 and sentence in page.error[0].value and not page.exception
        page.run()
        assert not page.error and not page.exception and not download_labels(page)
    press(page, "generate depth")
    assert not page.error and download_labels(page)


def test_a_request_is_dropped_with_its_network(page, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(depth_step, "_generate", lambda *_: None)
        press(page, "generate depth")
    page.selectbox(key="network").set_value("midas_v21_small_256").run()
    page.selectbox(key="network").set_value("face").run()
    assert not download_labels(page)
