"""Where the photo of step 1 comes from: a file, a bundled sample, the camera or words."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from face3d.bundled import sample_portraits
from face3d.export.images import data_uri, thumbnail
from face3d.photo import MAX_BYTES, accepted_formats, read_photo
from page import video_frame
from page.describe_face import DESCRIBED, describe_face
from page.session import Session

UPLOAD, CAMERA, WORDS, LOST = "upload", "camera", "words", "lost visit"
"""Where the chosen photo comes from, beside the names of the samples; LOST: it is no longer here."""
WAYS = FROM_FILE, FROM_CAMERA, FROM_WORDS = "File or sample", "Camera", "Describe a face"


def _set_source(source: str) -> None:
    st.session_state["source"] = source


def chosen_way() -> str:
    """Which of WAYS the visitor chose. A browser can send a choice that is none."""
    return (
        st.segmented_control(
            "Where the photo comes from",
            WAYS,
            default=FROM_FILE,
            required=True,
            label_visibility="collapsed",
            key="way",
        )
        or FROM_FILE
    )


def chosen_file(session: Session, way: str) -> tuple[str, bytes]:
    """Name and bytes of the last choice: upload, camera picture, sample or words; empty where there is none.

    Where the visit was lost, only what this run brings counts as a choice. way: see `chosen_way`.
    """
    first = sample_portraits()[:1]
    st.session_state.setdefault("source", first[0].name if first else UPLOAD)
    visit_was_lost = session.visit.resume()
    if visit_was_lost:
        _set_source(LOST)
    upload_key, camera_key = f"upload {session.visit.token}", f"camera {session.visit.token}"
    # Hidden where another way is open: an uploader that leaves the page loses its file.
    with st.container(key=f"{'open' if way == FROM_FILE else 'folded'} files"):
        upload = _uploader(upload_key, visit_was_lost)
        _sample_buttons()
    if way == FROM_CAMERA:
        _camera(camera_key, visit_was_lost)
    if way == FROM_WORDS and describe_face(session, in_use=st.session_state["source"] == WORDS):
        _set_source(WORDS)
    source = st.session_state["source"]
    if visit_was_lost and source == LOST and any(map(st.session_state.get, (upload_key, camera_key))):
        session.visit.renew()  # the browser shows files that are no longer here
        st.rerun()
    if source == CAMERA:
        return "camera.jpg", st.session_state["camera picture"]
    if source == WORDS:
        picture = st.session_state[DESCRIBED]
        return f"{picture.name}.png", picture.png
    by_name = {path.name: path for path in sample_portraits()}
    if source in by_name:
        return source, by_name[source].read_bytes()
    return (upload.name, upload.getvalue()) if upload and source == UPLOAD else ("", b"")


def _uploader(key: str, visit_was_lost: bool) -> UploadedFile | None:
    """The uploader. It accepts every file type; the decoder names the fault of a bad file and the remedy."""
    upload = st.file_uploader(
        f"Photo file ({', '.join(accepted_formats())}, up to {MAX_BYTES // 2**20} MB), or a video up to "
        f"{video_frame.MAX_BYTES // 2**20} MB",
        max_upload_size=video_frame.MAX_BYTES // 2**20,
        on_change=_choose_upload,
        args=(key,),
        key=key,
    )
    if visit_was_lost and upload:  # callbacks run from the second run of a session only
        _set_source(UPLOAD)
    return upload


def _choose_upload(key: str) -> None:
    """Choose a new upload. To remove an upload chooses nothing: a sample that is in use stays."""
    if st.session_state[key] is not None:
        _set_source(UPLOAD)


def _sample_buttons() -> None:
    """One button per bundled portrait, under its picture."""
    if not sample_portraits():
        return
    st.markdown("Or try a sample: a portrait by NASA, or people who do not exist.")
    with st.container(horizontal=True, gap="small", key="samples"):
        for number, path in enumerate(sample_portraits(), 1):
            with st.container(width=80, gap="xsmall", key=f"portrait {number}"):
                show_image(_sample_thumbnail(path), f"Sample portrait {number}")
                if st.button(f"Sample {number}", key=f"sample {number}", width="stretch"):
                    _set_source(path.name)


@st.cache_data(max_entries=16, show_spinner=False)
def _sample_thumbnail(path: Path) -> str:
    """A bundled portrait, small."""
    return data_uri(thumbnail(read_photo(path.read_bytes(), path.name).rgb_hwc, 160), "JPEG")


def show_image(source: str, alt: str) -> None:
    """Show an image with a text alternative; `st.image` has none, and would serve the photo at a URL."""
    st.html(f'<img src="{source}" alt="{alt}">')


def _camera(key: str, visit_was_lost: bool) -> None:
    """The camera. The browser asks for permission only after this is chosen."""
    picture = st.camera_input("Take a picture", on_change=_keep_camera_picture, args=(key,), key=key)
    if visit_was_lost and picture:  # as in `_uploader`
        _keep_camera_picture(key)


def _keep_camera_picture(key: str) -> None:
    """Keep a new picture: the widget drops it when the camera is switched off or cleared."""
    picture = st.session_state[key]
    if picture is not None:
        st.session_state["camera picture"] = picture.getvalue()
        _set_source(CAMERA)
