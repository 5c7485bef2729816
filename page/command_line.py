"""The command line that makes the present model, to copy, and its settings as a file."""

from __future__ import annotations

from typing import Any

import streamlit as st

from face3d.batch.complete_options import NO_COMPLETION
from face3d.batch.model_options import options_of
from face3d.batch.settings_file import as_command, as_toml
from face3d.depth.estimator import FAST
from face3d.export.models import WRITERS
from face3d.geometry.settings import ModelSettings
from face3d.imagine.table import IMAGE_MODELS
from face3d.matte.table import DEFAULT_MATTE
from page.complete_step import FILE
from page.depth_request import EMBEDDED, OWN
from page.network_choice import STATED
from page.session import DEFAULT_NETWORK, DepthResult, Session

NOT_SAID = (
    "What you marked by a box is not in the command: save it as a picture, white where the person is "
    "hidden, and name that with `--hidden`."
)


def command_panel(
    session: Session, result: DepthResult, kind: str, settings: ModelSettings, name: str, advised: bool
) -> None:
    """Show the command under a button.

    name: of the files, without their endings. advised: whether the mesh report lists advice.
    """
    if session.file is None:
        return
    chosen = chosen_options(session, result, kind, settings)
    video, _ = session.file.video or (None, None)
    photo = None if session.file.made_of else video or session.file.name
    with st.popover("Command line", icon=":material/terminal:", width="stretch"):
        st.caption("Copy as command: it writes the same files, byte by byte, into the folder output/.")
        st.code(as_command(photo, chosen), language=None, wrap_lines=True)
        if result.key.completed_as and "hidden" not in chosen and result.key.completed_as[-1]:
            st.caption(NOT_SAID)
        if advised:
            st.caption("Its mesh report does not say that settings were advised.")
        st.caption("The same settings as a file, for `--settings` and other photos:")
        st.download_button(
            "Save settings",
            data=as_toml(chosen),
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
    key, chosen = result.key, {"model": kind, "formats": [*WRITERS, "html"]}
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
    found = {"complete": engine}
    if pipeline:
        found["complete-pipeline"] = pipeline
    if marks and session.completion_choices.get("hidden how") == FILE:
        found["hidden"] = _uploaded("hidden file")
    return found


def _uploaded(key: str) -> str:
    """The name of the file in an uploader."""
    upload = st.session_state.get(key)
    return upload.name if upload else "FILE"
