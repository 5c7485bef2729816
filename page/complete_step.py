"""*Complete the model*, between model and files: try an engine, look at before and after, keep or discard."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import streamlit as st

from face3d.completion.marked import as_marked
from face3d.completion.stage import complete
from face3d.completion.table import COMPLETIONS, DEFAULT_COMPLETION
from face3d.crop import PixelBox
from face3d.depth import checkpoints
from face3d.errors import CompletionError, FaceModelError
from face3d.framing import Framing
from face3d.geometry.kinds import KINDS
from face3d.photo import MAX_BYTES, accepted_suffixes, read_photo
from face3d.structures import Array, Photo
from page.closed_popover import held_while_closed
from page.failures import explained_errors
from page.model_controls import MODEL
from page.plain_text import as_text
from page.session import ENGINE, DepthResult, Session, writing_lock

NOTHING, BOX, FILE = "Nothing", "A box", "A mask file"
CHOICES: dict[str, Any] = {
    ENGINE: DEFAULT_COMPLETION,
    "hidden how": NOTHING,
    "hidden across": (40, 60),
    "hidden down": (40, 60),
}
"""Initial values of the widgets, by key."""
LEAST_CONFIDENCE = 0.005
"""Mean confidence below which none is shown."""
MARKED_RGB = (255, 80, 60)
THUMBNAIL_PX = 240


def complete_step(
    session: Session, result: DepthResult, face: int, kind: str
) -> tuple[DepthResult, DepthResult]:
    """Show the step. Returns what is to be shown, and what the files are to be written from.

    face: number of the face whose person is modelled. kind: of the model, a row of KINDS.
    """
    for name in ("tried", "kept"):
        if (held := getattr(session, name)) and not _is_of(held, result, face):
            setattr(session, name, None)
    shown = st.empty()
    if session.tried is None and session.kept is None:
        with shown.container(gap="small"):
            _offer(session, result, face, kind)
    # What was completed takes the place of the question in the same run.
    if session.tried is not None:
        with shown.container(gap="small"):
            st.caption(f"**Complete the model** · {_summary(session.tried, kind)}")
        return session.tried, result
    if session.kept is not None:
        with shown.container():
            _kept(session, session.kept, kind)
        return session.kept, session.kept
    return result, result


def _is_of(held: DepthResult, result: DepthResult, face: int) -> bool:
    """Whether a completion is one of this depth map and this person."""
    return held.key._replace(completed_as=()) == result.key and held.key.completed_as[0] == str(face)


def _offer(session: Session, result: DepthResult, face: int, kind: str) -> None:
    """The engines, what hides the person, and the button. Choices are kept while the step shows a result."""
    for key, value in (CHOICES | session.completion_choices).items():
        st.session_state.setdefault(key, value)
    with st.container(horizontal=True, vertical_alignment="bottom", key="engine and parts"):
        engine = st.selectbox(
            "Complete the model",
            list(COMPLETIONS),
            format_func=lambda name: COMPLETIONS[name].title,
            help="What the photo does not show: "
            + "; ".join(f"{row.title}: {row.summary}" for row in COMPLETIONS.values())
            + ". What it shows stays as it is. The shape of a whole head is the head model's, and so are its "
            "colours until an engine gives them.",
            key=ENGINE,
            width="stretch",
        )
        parts = st.popover("Hidden parts", on_change="rerun", key="hidden parts")
        with held_while_closed(parts, CHOICES.keys() - {ENGINE}):
            hidden_hw = _hidden_parts(result.photo, session.framing())
        pressed = st.button("Complete", on_click=_show_model, key="complete model")
    session.completion_choices = {key: st.session_state[key] for key in CHOICES}
    spec, pipeline = COMPLETIONS[engine], ""
    if spec.needs_checkpoint:
        pipeline = st.text_input("Folder or hub id of the pipeline", key="completion pipeline")
    elif spec.files:
        st.caption(f"{spec.title}: {spec.licence}, {checkpoints.status(spec).text}")
    advised, session.completion_advised = session.completion_advised, False
    if nothing := _adds_nothing(kind):
        st.caption(f"{nothing} An engine adds what is marked, and a head that the photo's edge cuts.")
    if not (pressed or advised):
        return
    try:
        with explained_errors():
            session.tried = _completed(session, result, engine, face, hidden_hw, pipeline)
    except FaceModelError as error:
        st.error(as_text(str(error)))


def _show_model() -> None:
    """Before and after are those of the files."""
    st.session_state["show"] = MODEL


def _hidden_parts(photo: Photo, framing: Framing | None) -> Array | None:
    """(h, w) bool: what the visitor marks as hidden by something; None for nothing.

    framing: what the photo is of the file's, which a mask may be of.
    """
    how = st.segmented_control(
        "Something covers the person",
        [NOTHING, BOX, FILE],
        required=True,
        help="A hand, a microphone, sunglasses: colour and depth there are completed too.",
        key="hidden how",
    )
    height, width = photo.size_hw
    if how == BOX:
        st.slider("From left to right, %", 0, 100, key="hidden across")
        st.slider("From top to bottom, %", 0, 100, key="hidden down")
        left, top, right, bottom = marked_box((height, width), st.session_state)
        hidden_hw = np.zeros((height, width), bool)
        hidden_hw[top:bottom, left:right] = True
    elif how == FILE:
        suffixes = list(accepted_suffixes())
        file = st.file_uploader(
            "White where the person is hidden",
            type=suffixes,
            max_upload_size=MAX_BYTES // 2**20,
            key="hidden file",
        )
        if file is None:
            return None
        try:
            mask = read_photo(file.getvalue(), file.name)
            if framing is not None:
                mask = framing.mask(mask, "The mask of what is hidden", CompletionError)
            hidden_hw = as_marked(mask, photo.size_hw)
        except FaceModelError as error:
            st.error(as_text(str(error)))
            return None
    else:
        return None
    st.image(_with_marks(photo.rgb_hwc, hidden_hw))
    return hidden_hw


def marked_box(size_hw: tuple[int, int], choices: Mapping[Any, Any]) -> PixelBox:
    """The pixels of a photo that a box marks. choices: values of the step's widgets, by key."""
    (left, right), (top, bottom) = (choices[f"hidden {axis}"] for axis in ("across", "down"))
    height, width = size_hw
    return left * width // 100, top * height // 100, right * width // 100, bottom * height // 100


def _with_marks(rgb_hwc: Array, hidden_hw: Array) -> Array:
    """A small picture of the photo with what is marked."""
    scale = THUMBNAIL_PX / max(hidden_hw.shape)
    size_wh = round(hidden_hw.shape[1] * scale), round(hidden_hw.shape[0] * scale)
    small_hwc = cv2.resize(rgb_hwc, size_wh, interpolation=cv2.INTER_AREA)
    share_hw1 = 0.6 * cv2.resize(hidden_hw.astype(np.float32), size_wh)[..., None]
    return np.round(small_hwc + share_hw1 * (np.array(MARKED_RGB) - small_hwc)).astype(np.uint8)


def _completed(
    session: Session, result: DepthResult, engine: str, face: int, hidden_hw: Array | None, pipeline: str
) -> DepthResult:
    """The depth map and the photo completed; kept for when it is asked for again."""
    marks = "" if hidden_hw is None else hashlib.sha256(np.packbits(hidden_hw).tobytes()).hexdigest()
    completed_as = str(face), engine, pipeline, marks
    placeholder = st.empty()

    def progress(done: int, total: int | None) -> None:
        placeholder.progress(done / total if total else 0.0, f"Downloading {COMPLETIONS[engine].title} …")

    def make() -> DepthResult:
        with writing_lock().hold(placeholder.caption):
            placeholder.caption("Completing what the photo does not show …")
            found = complete(
                result.depth_map,
                result.photo,
                engine,
                face=face,
                hidden_hw=hidden_hw,
                checkpoint=pipeline or None,
                progress=progress,
            )
        return replace(
            result,
            photo=found.photo,
            depth_map=found.depth,
            completion=found.completion,
            key=result.key._replace(completed_as=completed_as),
        )

    try:
        return session.cache.get_or_make(("completed", result.key, completed_as), make)
    finally:
        placeholder.empty()


def judge(session: Session, tried: DepthResult) -> None:
    """Show what to do with a completion that is shown beside what was before."""

    def decide(kept: DepthResult | None) -> None:
        session.kept, session.tried = kept, None

    with st.container(horizontal=True, key="judge completion"):
        st.button("Keep", type="primary", on_click=decide, args=(tried,), key="keep completion")
        st.button("Discard", on_click=decide, args=(None,), key="discard completion")


def _kept(session: Session, kept: DepthResult, kind: str) -> None:
    """What the files are written from, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center", key="kept completion"):
        st.caption(f"**Completed** · {_summary(kept, kind)}", width="stretch")
        st.button(
            "Undo",
            on_click=setattr,
            args=(session, "kept", None),
            key="undo completion",
            width=72,
        )


def _adds_nothing(kind: str) -> str:
    """Why an engine colours nothing of what the photo does not show of this kind, '' where it does."""
    row = KINDS[kind]
    if row.from_head and not row.closed:
        return "The head model gives the colours of what the photo does not show of a head in parts."
    return "" if row.closed and not row.plate else "This kind of model has no hidden side."


def _summary(completed: DepthResult, kind: str) -> str:
    """The engine, how sure it is, and what it could not do."""
    completion = completed.completion
    if completion is None:
        return ""
    title = COMPLETIONS[completion.engine].title
    if (nothing := _adds_nothing(kind)) and completion.marked_hw is None:
        return f"{title}: {nothing}"
    if completion.confidence >= LEAST_CONFIDENCE:
        said = f"{title}, {100 * completion.confidence:.0f} % as sure as if it had been seen."
    elif completion.engine == "symmetry" and not completion.note:
        said = f"{title} finds little here: the head faces the camera."
        said += " The head model gives the colours." if KINDS[kind].from_head else ""
    else:
        said = f"{title}: made up from what is around."
    return f"{said} {as_text(completion.note)}"
