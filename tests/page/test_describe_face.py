"""*Describe a face*: from words to the chosen photo, by a tiny pipeline of this disk."""

import pytest
import stand_in
from page_visit import open_page, press, session_of, texts
from tiny_pipeline import SIDE, write_pipeline

from face3d.imagine import image_server
from face3d.imagine.draw import MODEL_VARIABLE
from face3d.imagine.picture import Picture
from face3d.imagine.words import PREAMBLE
from page import describe_face, inference_queue
from page.describe_face import DRAWING


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_pipeline(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture
def form(folder, monkeypatch):
    """The page with the form open, the tiny pipeline chosen, and faces found at once."""
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    monkeypatch.setenv(MODEL_VARIABLE, folder)
    for variable in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    return opened()


def opened():
    page = open_page()
    page.segmented_control(key="way").set_value("Describe a face").run()
    return page


def made(page, prompt="An old man"):
    """The page after a picture of two steps was made."""
    page.text_area(key="face prompt").set_value(prompt)
    page.number_input(key=f"face steps {page.selectbox(key='image model').value}").set_value(2)
    page.number_input(key=f"face size {page.selectbox(key='image model').value}").set_value(SIDE)
    press(page, "make picture")
    page.session_state[DRAWING].wait()
    return page.run()


def test_the_picture_of_the_words_becomes_the_photo(form, monkeypatch):
    monkeypatch.setattr(inference_queue, "find_faces", lambda *_: ())
    monkeypatch.setattr(inference_queue, "find_turn", lambda *_: 0)
    assert form.text_area(key="face preamble").value == PREAMBLE
    assert "Licence: its own" in texts(form, "caption")
    made(form)
    assert session_of(form).photo_name == "an_old_man_0" and not form.error and not form.exception
    assert session_of(form).photo.size_hw == (SIDE, SIDE)
    assert session_of(form).file.made_of["prompt"] == "An old man"
    assert "Make another one, of other words or with another seed." in texts(form, "warning")
    press(form, "sample 2")
    assert session_of(form).photo_name == "portrait_1" and session_of(form).file.made_of is None
    press(form, "use picture")
    assert session_of(form).photo_name == "an_old_man_0"


def test_a_picture_does_not_take_the_place_of_what_was_made_meanwhile(form):
    form.text_area(key="face prompt").set_value("A girl")
    press(form, "make picture")
    form.session_state[DRAWING].cancel()
    form.session_state[DRAWING].wait()
    form.session_state[describe_face.BEGUN] = ("another photo", None)
    form.session_state[DRAWING].picture = Picture("a_girl_0", b"", {})
    form.run()
    assert session_of(form).photo_name == "eileen_collins"
    assert form.button(key="use picture")


def test_a_fault_is_one_sentence_and_the_form_lives_on(form):
    press(form, "make picture")
    assert "The description is empty" in texts(form, "error")
    assert form.session_state[DRAWING] is None and session_of(form).photo_name == "eileen_collins"


def test_without_a_model_and_a_server_a_line_says_what_to_install(form, monkeypatch):
    monkeypatch.setattr(describe_face, "find_spec", lambda name: None)
    assert "pip install -r requirements-extra.txt" in texts(form.run(), "info")
    assert not [area for area in form.text_area if area.key == "face prompt"]


def test_a_server_elsewhere_gets_no_words_before_its_box_is_ticked(form, monkeypatch):
    """The box belongs to one picture."""
    asked = []
    monkeypatch.setattr(
        image_server, "draw", lambda words, *_, host_sees_words, **__: asked.append(host_sees_words)
    )
    monkeypatch.setenv("OPENAI_BASE_URL", "https://images.example.org/v1")
    form.run()
    form.selectbox(key="image model").set_value("server").run()
    assert "images.example.org may get these words" in [box.label for box in form.checkbox]
    form.text_area(key="face prompt").set_value("A girl")
    assert form.button(key="make picture").disabled
    form.checkbox(key="face consent 0").set_value(True).run()
    press(form, "make picture")
    form.session_state[DRAWING].wait()
    form.run()
    assert asked == [True] and form.checkbox(key="face consent 1").value is False
    assert form.button(key="make picture").disabled
