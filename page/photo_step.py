"""Step 1: a photo from a file, the camera, or the samples."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from face3d.bundled import sample_portraits
from face3d.errors import FaceModelError, PhotoError
from face3d.export.images import data_uri, small
from face3d.photo import MAX_BYTES, accepted_suffixes, concerns, crop_to, read_photo
from face3d.structures import Face, Photo
from page.depth_view import photo_with_faces
from page.session import START_NETWORK, FaceSearch, Session, shared_queue

SMALL_FACE_SHARE = 0.12
"""Heads narrower than this share of the photo give little detail."""


def photo_step(session: Session) -> Any:
    """Show step 1 and put the photo to go on with into `session`; the place for the progress of
    `look_for_faces`.
    """
    st.header("1 · Photo", anchor=False)
    st.markdown(
        "Choose one photo of a face, from the front or a little from the side. It stays in this computer's memory and is stored nowhere."
    )
    inputs, preview = st.columns([5, 6], gap="large")
    with inputs:
        name, data = _chosen_file()
    with preview:
        whole = _decoded(session, name, data)
        session.choose(Path(name).stem, whole)
        session.work_on(None if whole is None else _one_face(session, name, whole))
        return st.empty()


def look_for_faces(session: Session, place: Any) -> None:
    """Find the faces of a new photo once the page stands, and draw it again with their outlines.

    A click meanwhile is heard: the search then starts again at the end of the run that answers it. place:
    where its progress is shown.
    """
    whole = session.whole
    if whole is None or session.searched() is not None:
        return

    def report_status(text: str) -> None:
        place.caption(f"{text} …")

    try:
        faces = session.cache.get_or_make(
            ("faces", whole.sha256), lambda: shared_queue().faces(START_NETWORK, whole, report_status)
        )
        session.search = FaceSearch(whole.sha256, faces)
    except FaceModelError as error:
        session.search = FaceSearch(whole.sha256, trouble=str(error))
    st.rerun()


def _take(source: str) -> None:
    st.session_state["source"] = source


def _chosen_file() -> tuple[str, bytes]:
    """Name and bytes of what was chosen last: upload, camera picture or sample; empty where nothing was."""
    first = sample_portraits()[:1]
    source = st.session_state.setdefault("source", first[0].name if first else "upload")
    kinds = ", ".join(suffix.upper() for suffix in accepted_suffixes() if suffix not in ("jpeg", "jfif"))
    # Files of every kind are let through: what is wrong with one, and what to do, is said in one sentence by
    # who reads it.
    upload = st.file_uploader(
        f"Photo file ({kinds}, up to {MAX_BYTES // 2**20} MB)",
        max_upload_size=MAX_BYTES // 2**20,
        on_change=_take,
        args=("upload",),
        key="upload",
    )
    _sample_buttons()
    _camera()
    if source == "camera":
        return "camera.jpg", st.session_state["camera picture"]
    by_name = {path.name: path for path in sample_portraits()}
    if source in by_name:
        return source, by_name[source].read_bytes()
    return (upload.name, upload.getvalue()) if upload else ("", b"")


def _sample_buttons() -> None:
    """One button per bundled portrait, under its picture."""
    if not sample_portraits():
        return
    st.markdown("Or try a sample. These people do not exist.")
    with st.container(horizontal=True, gap="small"):
        for number, path in enumerate(sample_portraits(), 1):
            with st.container(width=94, gap="xsmall"):
                _picture(_thumbnail(path), f"Sample portrait {number}")
                st.button(
                    f"Sample {number}",
                    key=f"sample {number}",
                    on_click=_take,
                    args=(path.name,),
                    width="stretch",
                )


@st.cache_data(max_entries=16, show_spinner=False)
def _thumbnail(path: Path) -> str:
    """A bundled portrait, small."""
    return data_uri(small(read_photo(path.read_bytes(), path.name).rgb_hwc, 188), "JPEG")


def _picture(source: str, alt: str) -> None:
    """A picture with a text for those who do not see it; `st.image` has none, and would give a visitor's
    photo an address of its own.
    """
    st.html(f'<img src="{source}" alt="{alt}">')


def _camera() -> None:
    """The camera; the browser asks for it only once the switch is on."""
    if st.toggle("Use the camera", key="camera on"):
        st.camera_input("Take a picture", on_change=_take_picture, key="camera")


def _take_picture() -> None:
    """Keep a new picture: the widget forgets it when the camera is switched off or cleared for another."""
    picture = st.session_state["camera"]
    if picture is not None:
        st.session_state["camera picture"] = picture.getvalue()
        _take("camera")


def _decoded(session: Session, name: str, data: bytes) -> Photo | None:
    """The photo of a file, or None with the reason on the page."""
    if not data and not name:
        st.info("No photo yet.")
        return None
    try:
        return session.cache.get_or_make(
            ("photo", hashlib.sha256(data).hexdigest()), lambda: read_photo(data, name)
        )
    except PhotoError as error:
        st.error(str(error))
        return None


def _one_face(session: Session, name: str, whole: Photo) -> Photo:
    """The whole photo, or its part around the face that the user picked; shown with what was found in it."""
    search = session.searched()
    faces = search.faces if search else ()
    chosen = _pick_face(whole, faces)
    boxes = [face.box_xyxy for face in faces]
    outlined = ("outlined", whole.sha256, len(boxes), chosen)
    source = session.cache.get_or_make(
        outlined, lambda: data_uri(photo_with_faces(whole, boxes, chosen), "JPEG")
    )
    _picture(source, "The chosen photo")
    st.caption(_facts(name, whole, faces))
    for sentence in [*concerns(whole), *_face_concerns(whole, search)]:
        st.warning(sentence)
    return (
        whole
        if chosen is None
        else session.cache.get_or_make(("cut", whole.sha256, chosen), lambda: crop_to(whole, boxes[chosen]))
    )


def _pick_face(whole: Photo, faces: tuple[Face, ...]) -> int | None:
    """Index of the face to cut out, or None for the whole photo. The choice is this photo's alone."""
    if len(faces) < 2:
        return None
    options = {"Whole photo": None, **{f"Face {number}": number - 1 for number in range(1, len(faces) + 1)}}
    st.info(f"{len(faces)} faces were found, the largest is number 1. Pick one to model it alone.")
    return options[st.radio("Which face", list(options), horizontal=True, key=f"face {whole.sha256}")]


def _facts(name: str, photo: Photo, faces: tuple[Face, ...]) -> str:
    """Size, field of view and faces in one line."""
    height, width = photo.size_hw
    view = (
        f"field of view {photo.fov_degrees:.0f}° from the file"
        if photo.fov_degrees
        else "no field of view in the file"
    )
    found = {0: "", 1: " · 1 face found"}.get(len(faces), f" · {len(faces)} faces found")
    return f"{name} · {width} × {height} pixels · {view}{found}"


def _face_concerns(photo: Photo, search: FaceSearch | None) -> list[str]:
    """A warning where no face was found, where the largest is small, or where nobody could look; one sentence
    or two.
    """
    if search is None:
        return []
    if search.trouble:
        return [f"Nobody could look for faces in this photo. {search.trouble}"]
    if not search.faces:
        return ["No face was found in this photo. Choose one with a larger face, seen from the front."]
    if search.faces[0].width >= SMALL_FACE_SHARE * photo.size_hw[1]:
        return []
    return ["The face is small in this photo; crop the photo to head and shoulders for a finer model."]
