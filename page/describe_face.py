"""*Describe a face* of step 1: words, by which a model makes the picture that then goes a photo's way."""

from __future__ import annotations

import os
from functools import partial
from importlib.util import find_spec
from typing import Any

import streamlit as st
from PIL import Image

from face3d.errors import FaceModelError
from face3d.export.images import data_uri
from face3d.imagine import hub, image_server
from face3d.imagine.draw import default_model, draw, find_model
from face3d.imagine.table import IMAGE_MODELS, SERVER, ImageModel
from face3d.imagine.words import MOST_CHARACTERS, PREAMBLE, SEEDS, SIDES, STEPS, Words
from page.drawing import Drawing
from page.inference_queue import FifoLock
from page.plain_text import as_text
from page.session import Session

DRAWING, BEGUN, DESCRIBED, ASKED = "drawing", "drawing begun", "described picture", "consents asked"
"""Keys of the session state: the picture on its way, what the page held when it was begun, the last picture
that was made, and how many were asked consent for.
"""
POLL_SECONDS = 2.0
"""Streamlit collects garbage after every look, which holds up the thread that imports the library."""
PREVIEW_SIDE = 96
INSTALL = (
    "Nothing on this computer makes pictures from words yet. Install what does, "
    "`pip install -r requirements-extra.txt`, or name a server with the OpenAI image API in "
    "`OPENAI_BASE_URL`; then start the page again."
)


def describe_face(session: Session, in_use: bool) -> bool:
    """Show the form and the picture on its way. Returns whether the picture in DESCRIBED is to be used now.

    in_use: whether it is the chosen photo already.
    """
    names = _offered()
    if not names:
        st.info(INSTALL)
        return False
    model, words, agreed = _form(names)
    drawing: Drawing | None = st.session_state.get(DRAWING)
    if drawing is not None and not drawing.is_done:
        _progress(drawing)
        return False
    use = _taken(session, drawing)
    made = st.session_state.get(DESCRIBED)
    with st.container(horizontal=True):
        icon = ":material/brush:"
        if st.button("Make the picture", icon=icon, disabled=not agreed, key="make picture"):
            _start(session, model, words, agreed)
        if made is not None and not (in_use or use):
            use = st.button("Use the last picture", key="use picture")
    if drawing is not None and drawing.error and drawing is st.session_state[DRAWING]:
        st.error(as_text(drawing.error))
    return use


def _taken(session: Session, drawing: Drawing | None) -> bool:
    """Keep a picture that was finished since the last run. Returns whether it is to be used at once: where
    the visitor has gone on with another photo meanwhile it waits.
    """
    picture = drawing.picture if drawing else None
    if picture is None or picture is st.session_state.get(DESCRIBED):
        return False
    st.session_state[DESCRIBED] = picture
    if picture.note:
        st.toast(as_text(picture.note))
    return bool(st.session_state[BEGUN] == _held(session))


def _form(names: list[str]) -> tuple[ImageModel, dict[str, Any], bool]:
    """The chosen model, the fields of its `Words`, and whether it may get them."""
    fields: dict[str, Any] = {
        "prompt": st.text_area(
            "What the face looks like",
            placeholder="an old man with a white beard, smiling",
            height=80,
            max_chars=MOST_CHARACTERS,
            key="face prompt",
        )
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Made by", names, format_func=_label, label_visibility="collapsed", width=190, key="image model"
        )
        model = find_model(name)
        with st.popover("Settings", icon=":material/tune:"):
            fields |= _settings(model)
    st.caption(_facts(model))
    return model, fields, _consent(model)


def _held(session: Session) -> tuple[object, ...]:
    """What a new photo would take the place of."""
    return session.photo and session.photo.sha256, session.depth_result and session.depth_result.key


@st.cache_resource(show_spinner=False)
def _queue() -> FifoLock:
    """One picture at a time: each takes gigabytes."""
    return FifoLock()


def _offered() -> list[str]:
    """Models that this installation can run, the default first, and a server where one is named."""
    local = find_spec("diffusers") is not None and find_spec("transformers") is not None
    names = [name for name, row in IMAGE_MODELS.items() if local and not row.is_server]
    named = any(map(os.environ.get, ("OPENAI_BASE_URL", "OPENAI_API_KEY")))
    if named and find_spec("openai") is not None:
        names.append(SERVER)
    try:
        first = default_model()
    except FaceModelError:  # the command line says it; here the others are offered
        return names
    wanted = first.name if local or first.is_server else ""
    return [wanted, *(name for name in names if name != wanted)] if wanted else names


def _label(name: str) -> str:
    model = find_model(name)
    return image_server.of_environment().host if model.is_server else model.title


def _settings(model: ImageModel) -> dict[str, Any]:
    """What is seldom changed; the fields of `Words` that it gives."""
    most = MOST_CHARACTERS
    before = st.text_area(
        "Added before your words", PREAMBLE, height=110, max_chars=most, key="face preamble"
    )
    if model.is_server:
        return {"preamble": before}
    negative = st.text_input("Not wanted", max_chars=most, key="face negative")
    with st.container(horizontal=True):
        seed = st.number_input(
            "Seed", *SEEDS, 0, width=150, help="The same seed gives the same picture.", key="face seed"
        )
        steps = st.number_input("Steps", *STEPS, model.steps, width=130, key=f"face steps {model.name}")
        side = st.number_input("Size, px", *SIDES, model.side, 8, width=130, key=f"face size {model.name}")
    return {"preamble": before, "negative": negative, "seed": seed, "steps": steps, "side": side}


def _facts(model: ImageModel) -> str:
    """Licence, download, memory and time in one line."""
    facts = [f"Licence: {model.licence}"]
    if not model.is_server:
        facts += [model.needs, "" if hub.is_here(model) else model.download]
    return as_text(" · ".join(filter(None, facts)))


def _consent(model: ImageModel) -> bool:
    """Whether the words may go to the model; asks, for each picture anew, where they would leave this
    computer.
    """
    if not model.is_server or image_server.of_environment().is_here:
        return True
    asked = st.session_state.setdefault(ASKED, 0)
    host = image_server.of_environment().host
    return st.checkbox(f"{as_text(host)} may get these words", key=f"face consent {asked}")


def _start(session: Session, model: ImageModel, fields: dict[str, Any], agreed: bool) -> None:
    """Begin a picture of what the form says, or say what is wrong with it."""
    try:
        words = Words(**fields)
        if model.is_server:
            image_server.check(words, image_server.of_environment(), agreed)
    except FaceModelError as error:
        st.session_state[DRAWING] = None
        st.error(as_text(str(error)))
        return
    make = partial(draw, words, model, host_sees_words=agreed)
    st.session_state[DRAWING], st.session_state[BEGUN] = Drawing(make, _queue()), _held(session)
    st.session_state[ASKED] = st.session_state.get(ASKED, 0) + 1
    st.rerun()


@st.fragment(run_every=POLL_SECONDS)
def _progress(drawing: Drawing) -> None:
    """How far the picture is, and what it is about to become."""
    if drawing.is_done:
        st.rerun()
    stage = drawing.watch()
    with st.container(horizontal=True, vertical_alignment="center", key="drawing"):
        if stage.preview_hwc is not None:
            picture = Image.fromarray(stage.preview_hwc).resize((PREVIEW_SIDE, PREVIEW_SIDE))
            st.html(f'<img src="{data_uri(picture, "PNG")}" alt="The picture so far">', width="content")
        with st.container(gap="small"):
            st.progress(stage.share, as_text(stage.text))
            st.button("Cancel", on_click=drawing.cancel, icon=":material/close:", key="cancel picture")
