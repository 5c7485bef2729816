"""What a visitor does on the page and what the page shows, by Streamlit's AppTest, without a browser."""

from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[1] / "app.py"


def open_page():
    """The page of a new visitor."""
    return AppTest.from_file(str(APP), default_timeout=60).run()


def upload(page, name, data):
    page.get("file_uploader")[0].set_value((name, data, "image/jpeg"))
    return page.run()


def press(page, key):
    return page.button(key=key).click().run()


def texts(page, *kinds):
    return " ".join(str(element.value) for kind in kinds for element in page.get(kind))


def download_labels(page):
    return [button.label for button in page.get("download_button")]


def downloads(page, monkeypatch):
    """What the download buttons give, by the file's name: bytes, or a function that writes them."""
    found = {}
    with monkeypatch.context() as watched:
        watched.setattr(
            st, "download_button", lambda _, data, file_name, **__: found.__setitem__(file_name, data)
        )
        page.run()
    page.run()
    return found


def generate(page):
    press(page, "generate depth")
    press(page, "generate model")
    assert not page.exception and not page.error


def session_of(page):
    """The session state of the page: photos, depth map, model."""
    return page.session_state["session"]
