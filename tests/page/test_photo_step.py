"""Step 1: good, odd and bad files, the camera, and the faces in a photo."""

import struct
import tomllib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import stand_in
import streamlit as st
from odd_files import BAD_FILES, HEIC_HEADER, REAL_FILES, with_exif, with_true_checksums
from page_visit import download_labels, open_page, press, session_of, texts, upload
from PIL import Image
from sample_files import ASTRONAUT, ASTRONAUT_HWC, MIRRORED, PORTRAIT_HWC, encoded, jpeg

from face3d import photo
from face3d.photo import MAX_BYTES
from face3d.structures import Face
from face3d.video import frames
from page import inference_queue, video_frame
from page.session import Session

ROOT = Path(__file__).parents[2]


@pytest.fixture
def quick_page(monkeypatch):
    """The page with faces found at once, and no HEIC plugin."""
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    monkeypatch.setattr(photo, "heif_available", lambda: False)
    return open_page()


OVER_THE_LIMIT = ASTRONAUT + b"\0" * (33 * 2**20 - len(ASTRONAUT))
REFUSED = BAD_FILES | {
    "heic": (HEIC_HEADER, "HEIC photo"),
    "over the byte limit": (OVER_THE_LIMIT, "more than 32 MB"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_file_is_one_sentence_and_the_page_lives_on(quick_page, kind):
    page, (data, expected) = quick_page, REFUSED[kind]
    upload(page, "holiday.jpg", data)
    assert len(page.error) == 1 and expected in page.error[0].value and page.error[0].value.endswith(".")
    assert not page.exception and "Traceback" not in texts(page, "error", "warning", "markdown")
    assert page.button(key="generate depth").disabled
    upload(page, "astronaut.jpg", ASTRONAUT)
    assert not page.error and not page.button(key="generate depth").disabled


def corrupt_exif():
    """A photo whose EXIF block is noise."""
    good = encoded(PORTRAIT_HWC, "JPEG", exif=with_exif(6, 50))
    at = good.index(b"Exif\0\0") + 6
    return good[:at] + b"\xff" * 40 + good[at + 40 :]


def broken_animation():
    """An animated PNG that claims 2^31 frames."""
    good = REAL_FILES["apng"]
    at = good.index(b"acTL") + 4
    return bytes(with_true_checksums(bytearray(good[:at] + struct.pack(">I", 2**31) + good[at + 4 :])))


GREY = Image.fromarray(PORTRAIT_HWC).convert("L")
ODD_FILES = {
    **{
        f"orientation {number}": encoded(PORTRAIT_HWC[:90, :70], "JPEG", exif=with_exif(number))
        for number in range(1, 9)
    },
    "corrupt exif": corrupt_exif(),
    "broken animation": broken_animation(),
    **{name: REAL_FILES[name] for name in ("cmyk", "sixteen", "apng", "animated webp", "palette")},
    **{mode: encoded(GREY.convert(mode), "PNG") for mode in ("1", "L", "LA")},
    "alpha": encoded(np.dstack([PORTRAIT_HWC, np.tile(np.arange(256, dtype=np.uint8), (256, 1))]), "PNG"),
}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_an_odd_file_is_a_photo_all_the_same(quick_page, kind):
    page = upload(quick_page, "odd.png", ODD_FILES[kind])
    assert not page.error and not page.exception and not page.button(key="generate depth").disabled
    turned = kind in [f"orientation {number}" for number in (5, 6, 7, 8)]
    if kind.startswith("orientation"):
        assert ("90 × 70 pixels" if turned else "70 × 90 pixels") in texts(page, "caption")


def test_a_file_of_any_kind_gets_the_remedy(page):
    assert list(page.file_uploader[0].allowed_type) == []
    upload(page, "clip.gif", b"GIF89a" + bytes(64))
    assert "GIF" in page.error[0].value and "save" in page.error[0].value


@pytest.fixture
def camera(monkeypatch):
    """In place of the camera's widget: `camera.takes` is what it sends next, bytes of a picture or None,
    nothing where it is empty.
    """
    sent = SimpleNamespace(takes=[])

    def widget(_label, *, on_change, args, key):
        if sent.takes:
            data = sent.takes.pop()
            st.session_state[key] = None if data is None else BytesIO(data)
            on_change(*args)

    monkeypatch.setattr(st, "camera_input", widget)
    return sent


def test_what_was_made_of_a_cameras_picture_outlives_the_camera(page, camera):
    camera.takes = [MIRRORED]
    page.segmented_control(key="way").set_value("Camera").run()
    page.run()
    assert any(text.startswith("camera.jpg") for text in (caption.value for caption in page.caption))
    press(page, "generate depth")
    camera.takes = [None]  # Clear photo
    page.run()
    assert not page.error and download_labels(page)
    page.segmented_control(key="way").set_value("File or sample").run()
    assert not page.error and download_labels(page)


def test_a_picture_that_was_never_taken_changes_nothing(page, camera):
    press(page, "generate depth")
    camera.takes = [None]
    page.segmented_control(key="way").set_value("Camera").run()
    assert not page.error and download_labels(page)


def test_a_search_for_faces_that_fails_is_a_warning(monkeypatch):
    monkeypatch.setattr(inference_queue, "find_faces", lambda *_: 1 / 0)
    page = open_page()
    assert "Face detection failed. An unexpected error" in texts(page, "warning") and not page.exception
    assert not page.button(key="generate depth").disabled


def test_a_removed_upload_that_is_not_in_use_changes_nothing(page):
    press(page, "sample 2")
    press(page, "generate depth")
    page.file_uploader[0].set_value(None).run()
    assert session_of(page).photo_name == "portrait_1" and download_labels(page)


def test_a_removed_upload_that_is_in_use_leaves_no_photo(page):
    page.file_uploader[0].set_value(None).run()
    assert texts(page, "info") == "No photo yet." and page.button(key="generate depth").disabled


def test_the_face_is_outlined_before_the_depth_map(page):
    assert "1 face found" in texts(page, "caption")
    assert session_of(page).depth_result is None and len(session_of(page).current_face_search().faces) == 1


SKY = jpeg(
    np.repeat(np.tile(np.linspace(40, 220, 200).astype(np.uint8)[:, None], (1, 260))[..., None], 3, -1)
)
UNIFORM = jpeg(np.full((300, 300, 3), 128, np.uint8))


def test_a_photo_without_a_face_gives_a_warning(page, monkeypatch):
    monkeypatch.setattr(inference_queue, "find_faces", lambda *_: ())
    monkeypatch.setattr(inference_queue, "predict", lambda *of: replace(stand_in.predict(*of), faces=()))
    upload(page, "sky.jpg", SKY)
    assert "No face was found in this photo" in texts(page, "warning")
    press(page, "generate depth")
    assert "the shape is a rough guess" in texts(page, "warning") and not page.exception


def test_a_photo_of_one_colour_gives_a_warning(quick_page):
    upload(quick_page, "grey.jpg", UNIFORM)
    assert "almost one colour" in texts(quick_page, "warning")


HEAD_HWC = ASTRONAUT_HWC[0:320, 60:380]
TWINS = jpeg(np.hstack([HEAD_HWC, HEAD_HWC[:, ::-1]]))
OTHER_TWINS = jpeg(np.hstack([HEAD_HWC[:, ::-1], HEAD_HWC]))


def test_a_head_upside_down_is_turned_at_a_click(page, monkeypatch):
    """The search finds a face in the turned photo only."""

    def upright(network, photo):
        return stand_in.find_faces(network, photo) if photo.rgb_hwc[0, 0, 0] > 128 else ()

    monkeypatch.setattr(inference_queue, "find_faces", upright)
    monkeypatch.setattr(inference_queue, "find_turn", lambda network, photo: 180)
    ramp_hwc = np.repeat(np.linspace(20, 240, 400).astype(np.uint8)[:, None, None], 3, axis=2)
    upload(page, "head.jpg", jpeg(np.repeat(ramp_hwc, 300, axis=1)))
    assert "upside down" in texts(page, "warning") and "No face" not in texts(page, "warning")
    before = session_of(page).photo
    press(page, "turn the photo")
    turned = session_of(page).photo
    assert np.array_equal(turned.rgb_hwc, before.rgb_hwc[::-1, ::-1])
    assert not page.warning and len(session_of(page).current_face_search().faces) == 1


@pytest.fixture
def two_faces(page, monkeypatch):
    """The page, where two faces are found side by side in every photo."""

    def halves(_network, photo):
        height, width = photo.size_hw
        return Face((0, 0, width / 2, height)), Face((width / 2, 0, width, height))

    monkeypatch.setattr(inference_queue, "find_faces", halves)
    return page


def test_of_several_faces_the_picked_one_is_modelled_and_the_photo_stays_whole(two_faces, monkeypatch):
    def pair(network, photo):
        one = stand_in.predict(network, photo)
        return replace(one, faces=one.faces * 2)

    monkeypatch.setattr(inference_queue, "predict", pair)
    upload(two_faces, "twins.jpg", TWINS)
    assert two_faces.radio[0].options == ["Face 1", "Face 2"]
    two_faces.radio[0].set_value("Face 2").run()
    press(two_faces, "generate depth")
    assert session_of(two_faces).depth_result.photo is session_of(two_faces).full_photo
    press(two_faces, "generate model")
    assert session_of(two_faces).model_work.inputs.settings.face == 2


def test_a_network_that_finds_no_people_gets_the_part_around_the_face(two_faces):
    """The choice holds for its photo only."""
    upload(two_faces, "twins.jpg", TWINS)
    two_faces.selectbox(key="network").set_value("midas_v21_small_256").run()
    assert two_faces.radio[0].options == ["Whole photo", "Face 1", "Face 2"]
    two_faces.radio[0].set_value("Face 2").run()
    assert session_of(two_faces).photo.size_hw[1] < 640
    press(two_faces, "generate depth")
    two_faces.radio[0].set_value("Face 1").run()
    assert download_labels(two_faces) == []
    upload(two_faces, "others.jpg", OTHER_TWINS)
    assert two_faces.radio[0].value == "Whole photo"
    assert session_of(two_faces).photo is session_of(two_faces).full_photo


def test_a_video_offers_its_frames_the_sharpest_first(quick_page, talk):
    page = quick_page
    upload(page, "talk.mp4", talk)
    (slider,) = (one for one in page.slider if one.label == "Frame of the video, 0 to 4")
    assert (slider.value, slider.min, slider.max) == (3, 0, 4)
    assert "frame3.png" in texts(page, "caption") and not page.error
    slider.set_value(1).run()
    assert "frame1.png" in texts(page, "caption")
    assert session_of(page).full_photo.size_hw == (256, 256)
    assert not page.button(key="generate depth").disabled


def test_a_video_that_is_too_large_is_one_sentence(monkeypatch):
    """The browser and the server refuse it before, unless they are told otherwise."""
    said = []
    monkeypatch.setattr(st, "error", said.append)
    monkeypatch.setattr(video_frame, "MAX_BYTES", 2**20)
    assert video_frame.chosen_frame(Session(), "talk.mp4", bytes(2**20 + 1), st.empty()) == ("", b"", None)
    assert said == ["talk.mp4 has more than 1 MB. Cut it, or save it smaller."]


def test_a_long_video_says_how_many_of_its_frames_there_are(quick_page, talk, monkeypatch):
    monkeypatch.setattr(frames, "MOST_FRAMES", 3)
    page = upload(quick_page, "talk.mp4", talk)
    assert "the first 3 can be chosen here" in texts(page, "caption") and not page.exception
    assert [one.max for one in page.slider if one.label.startswith("Frame of the video")] == [2]


def test_the_server_takes_what_the_uploader_takes():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 2**20 == video_frame.MAX_BYTES > MAX_BYTES


def test_a_video_without_a_frame_is_one_sentence(quick_page, talk):
    page = quick_page
    upload(page, "talk.mp4", talk[:200])
    assert [error.value for error in page.error] == [
        "talk.mp4 has no frame that can be decoded. "
        "Choose an MP4, MOV or WebM video with H.264, HEVC, VP9 or AV1."
    ]
    assert not page.info  # one sentence, not another that there is no photo
    assert page.button(key="generate depth").disabled and not page.exception
