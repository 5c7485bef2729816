"""A browser page whose session the server has dropped: never another photo in place of the visitor's."""

import pytest
import stand_in
from page_visit import download_labels, open_page, press, session_of, texts, upload
from sample_files import ASTRONAUT, MIRRORED
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from page import inference_queue

NO_LONGER_HERE = "The photo is no longer here"


@pytest.fixture
def page(monkeypatch):
    """The page with faces and depth maps made at once."""
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    monkeypatch.setattr(inference_queue, "find_faces", stand_in.find_faces)
    return open_page()


def lose(page):
    """The server drops the session; the browser keeps the values of its widgets."""
    for key in ("session", "source"):
        del page.session_state[key]


def test_a_new_visit_starts_with_the_first_sample(page):
    page.run()
    assert session_of(page).photo_name == "eileen_collins" and not page.warning


def test_a_lost_visit_asks_for_the_photo_again(page, monkeypatch):
    upload(page, "astronaut.jpg", ASTRONAUT)
    lose(page)
    monkeypatch.setattr(LocalScriptRunner, "register_file", lambda *_: None)  # its files are dropped too
    press(page, "generate depth")
    assert NO_LONGER_HERE in texts(page, "warning") and not page.exception
    assert session_of(page).photo is None and not download_labels(page)
    assert page.button(key="generate depth").disabled and page.file_uploader[0].value is None
    page.run()
    assert NO_LONGER_HERE in texts(page, "warning")


def test_what_is_chosen_after_the_loss_is_taken(page):
    press(page, "sample 2")
    lose(page)
    press(page, "sample 3")
    assert session_of(page).photo_name == "portrait_2" and not page.warning
    lose(page)
    page.run()
    assert NO_LONGER_HERE in texts(page, "warning")
    lose(page)
    upload(page, "mirrored.jpg", MIRRORED)
    assert session_of(page).photo_name == "mirrored" and not page.warning
