"""What the page remembers: a setting outlives its photo, the choice of a face does not."""

import numpy as np
import pytest
import stand_in
from page_visit import download_labels, generate, open_page, press, session_of, upload
from sample_files import ASTRONAUT, MIRRORED, jpeg
from skimage.data import astronaut

from face3d.structures import DepthMap, DepthRepresentation, Face
from page import inference_queue, model_controls

PORTRAIT_HWC = astronaut()[0:320, 60:380]
TWINS = jpeg(np.hstack([PORTRAIT_HWC, PORTRAIT_HWC[:, ::-1]]))
OTHER_TWINS = jpeg(np.hstack([PORTRAIT_HWC[:, ::-1], PORTRAIT_HWC]))


pytestmark = pytest.mark.usefixtures("coarse_models")


@pytest.fixture
def page(remembering, monkeypatch):
    """The page with a network that answers at once, and faces found by the bundled one."""
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    return open_page()


@pytest.fixture
def two_faces(page, monkeypatch):
    """The page, where two faces are found side by side in every photo."""

    def halves(_network, photo):
        height, width = photo.size_hw
        return Face((0, 0, width / 2, height)), Face((width / 2, 0, width, height))

    monkeypatch.setattr(inference_queue, "find_faces", halves)
    return page


def test_of_several_faces_one_is_picked_before_the_depth_map(page):
    upload(page, "twins.jpg", TWINS)
    assert page.radio[0].options == ["Whole photo", "Face 1", "Face 2"]
    page.radio[0].set_value("Face 2").run()
    press(page, "generate depth")
    cut = session_of(page).depth_result.photo
    assert cut.size_hw[1] < 640 and cut.sha256 != session_of(page).full_photo.sha256
    page.radio[0].set_value("Face 1").run()
    assert download_labels(page) == []


def test_a_file_of_any_kind_is_answered_with_what_to_do(page):
    assert list(page.file_uploader[0].allowed_type) == []
    upload(page, "clip.gif", b"GIF89a" + bytes(64))
    assert "GIF" in page.error[0].value and "save" in page.error[0].value


def test_a_face_that_was_picked_cuts_no_other_photo(two_faces):
    upload(two_faces, "twins.jpg", TWINS)
    two_faces.radio[0].set_value("Face 2").run()
    assert session_of(two_faces).photo is not session_of(two_faces).full_photo
    upload(two_faces, "others.jpg", OTHER_TWINS)
    assert (
        two_faces.radio[0].value == "Whole photo"
        and session_of(two_faces).photo is session_of(two_faces).full_photo
    )


CHANGED = {
    "show": "Points",
    "model colours": "Photo",
    "kind": "plaque",
    "smoothing": 3.0,
    "detail": "Light",
    "relief strength": 1.5,
    "background": True,
    "outliers": False,
    "height": 80.0,
    "perspective": False,
}


def test_every_setting_of_the_model_outlives_its_photo(page, monkeypatch):
    """All of them but the field of view, which belongs to the photo."""

    def relative(network, photo):
        seen = stand_in.predict(network, photo)
        return DepthMap(
            seen.values_hw, DepthRepresentation.RELATIVE_INVERSE, seen.mask_hw, "face", matte_hw=seen.matte_hw
        )

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
    _, kind, settings = session_of(page).file_inputs
    assert (kind, settings.height_mm, settings.foreground_only, settings.perspective) == (
        "plaque",
        80,
        False,
        False,
    )


def test_a_background_that_is_kept_is_not_asked_of_a_network_without_a_matte(page, monkeypatch):
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate(page)
    page.toggle(key="background").set_value(True).run()

    def bare(network, photo):
        seen = stand_in.predict(network, photo)
        return DepthMap(seen.values_hw, DepthRepresentation.RELIEF, seen.mask_hw, "face")

    monkeypatch.setattr(inference_queue, "predict", bare)
    upload(page, "mirrored.jpg", MIRRORED)
    generate(page)
    assert session_of(page).file_inputs.settings.foreground_only
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    upload(page, "astronaut.jpg", ASTRONAUT)
    generate(page)
    assert page.toggle(key="background").value and not session_of(page).file_inputs.settings.foreground_only
