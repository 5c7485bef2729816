"""The command line that makes the present model, to copy, and its settings as a file."""

from __future__ import annotations

from typing import Any

import streamlit as st

from face3d.batch.complete_options import NO_COMPLETION
from face3d.batch.model_options import options_of
from face3d.batch.outputs import STRIP_FORMAT
from face3d.batch.settings_file import as_command, as_toml, for_other_photos
from face3d.bundled import FOLDER, sample_portraits
from face3d.depth.estimator import FAST
from face3d.export.models import WRITERS
from face3d.export.renderings import PICTURES
from face3d.geometry.settings import ModelSettings
from face3d.imagine.table import IMAGE_MODELS
from face3d.matte.table import DEFAULT_MATTE
from page.complete_step import BOX, FILE, marked_box
from page.depth_request import EMBEDDED, OWN
from page.network_choice import STATED
from page.photo_step import CAMERA
from page.session import DEFAULT_NETWORK, ChosenFile, DepthResult, Session

PICTURE_FORMATS = [picture.format for picture in PICTURES]
CAMERA_FIRST = "The camera's picture is no file yet. Save it first, in the folder where you run the command."


def command_panel(
    session: Session, result: DepthResult, kind: str, settings: ModelSettings, name: str, advised: bool
) -> None:
    """Show the command under a button.

    name: of the files, without their endings. advised: whether the mesh report lists advice.
    """
    if session.file is None:
        return
    chosen = chosen_options(session, result, kind, settings)
    with st.popover("Command line", icon=":material/terminal:", width="stretch"):
        st.caption("Copy as command: it writes the same files, byte by byte, into the folder output/.")
        st.code(as_command(_photo_named(session.file), chosen), language=None, wrap_lines=True)
        if st.session_state.get("source") == CAMERA:
            st.caption(CAMERA_FIRST)
            st.download_button(
                "Save the picture",
                data=session.file.data,
                file_name=session.file.name,
                mime="image/jpeg",
                on_click="ignore",
                icon=":material/photo_camera:",
                width="stretch",
                key="save camera picture",
            )
        if advised:
            st.caption("Its mesh report does not say that settings were advised.")
        st.caption(
            "The same settings as a file, for `--settings` and other photos, without what fits this one:"
        )
        st.download_button(
            "Save settings",
            data=as_toml(for_other_photos(chosen)),
            file_name=f"{name}.toml",
            mime="application/toml",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
            key="save settings",
        )


def chosen_options(
    session: Session, result: DepthResult, kind: str, settings: ModelSettings
) -> dict[str, Any]:
    """What was chosen on the page, by the options of the command line that say the same."""
    key, chosen = result.key, {"model": kind, "formats": [*WRITERS, "html", *PICTURE_FORMATS, STRIP_FORMAT]}
    found = _words(session) | chosen | _depth(session, result) | _completion(session, result)
    if session.file and session.file.video:
        found["frame"] = session.file.video[1]
    if degrees := session.turned_degrees():
        found["rotate"] = str(degrees)
    if session.crop:
        found["crop"] = list(session.crop)
    if key.quality != FAST:
        found["quality"] = key.quality
    if key.matte != DEFAULT_MATTE:
        found["matte"] = key.matte
    if key.matte == "file":
        found["mask"] = _uploaded(f"mask {session.visit.token}")
    if key.refined:
        found["refine-matte"] = True
    return found | options_of(settings, key.matte)


def _photo_named(file: ChosenFile) -> str | None:
    """How the command names the photo: a sample by its path from the folder of convert.py; None for words."""
    if file.made_of:
        return None
    samples = {path.name: path for path in sample_portraits()}
    sample = samples.get(st.session_state.get("source", ""))
    if sample is not None:
        return sample.relative_to(FOLDER.parent).as_posix()
    return file.video[0] if file.video else file.name


def _words(session: Session) -> dict[str, Any]:
    """The words of a picture that takes the place of a photo."""
    facts = session.file and session.file.made_of
    if not facts:
        return {}
    names = {"negative": "negative-prompt", "side": "image-size"}
    words = ("prompt", "preamble", "negative", "seed", "steps", "side")
    said = {names.get(word, word): facts[word] for word in words if facts[word] not in (None, "")}
    titles = {row.title: name for name, row in IMAGE_MODELS.items()}
    return said | {"image-model": titles.get(facts["model"], facts["source"])}


def _depth(session: Session, result: DepthResult) -> dict[str, Any]:
    """Where the depth comes from."""
    network = result.key.network
    if network == EMBEDDED:
        return {"depth-map": "embedded"}
    if network != OWN:
        return {} if network == DEFAULT_NETWORK else {"network": network}
    found: dict[str, Any] = {"depth-map": _uploaded(f"depth file {session.visit.token}")}
    meaning = st.session_state.get("depth meaning", STATED)
    if meaning != STATED:
        found["depth-meaning"] = meaning
    ends = [st.session_state.get(f"depth {end}") for end in ("black", "white")]
    return found if None in ends else found | {"depth-range": ends}


def _completion(session: Session, result: DepthResult) -> dict[str, Any]:
    """What completes the sides that the photo does not show."""
    if not result.key.completed_as:
        return {"complete": NO_COMPLETION}
    _, engine, pipeline, marks = result.key.completed_as
    found: dict[str, Any] = {"complete": engine}
    if pipeline:
        found["complete-pipeline"] = pipeline
    how = session.completion_choices.get("hidden how")
    if marks and how == FILE:
        found["hidden"] = _uploaded("hidden file")
    elif marks and how == BOX and session.photo:
        left, top, right, bottom = marked_box(session.photo.size_hw, session.completion_choices)
        if left < right and top < bottom:  # else nothing is marked
            found["hidden-box"] = [left, top, right, bottom]
    return found


def _uploaded(key: str) -> str:
    """The name of the file in an uploader."""
    upload = st.session_state.get(key)
    return upload.name if upload else "FILE"
