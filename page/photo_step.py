"""Step 1: a photo from a file, the camera, the samples or words, and the search for faces in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from face3d.crop import CROP_MARGIN, PixelBox, cropped, pixel_box, with_margin
from face3d.errors import FaceModelError, PhotoError
from face3d.export.images import data_uri, thumbnail
from face3d.photo import concerns, read_photo
from face3d.structures import Face, Photo
from page.depth_request import OWN_TITLES
from page.depth_view import photo_with_faces
from page.describe_face import DESCRIBED
from page.failures import explained_errors
from page.inference_queue import ReportStatus
from page.photo_framing import framed, framing_controls, offer_to_turn, part_chosen, upright
from page.photo_source import CAMERA, LOST, UPLOAD, WORDS, chosen_file, chosen_way, show_image
from page.plain_text import as_text
from page.session import DEFAULT_NETWORK, FACE_TITLE, STEPS, ChosenFile, FaceSearch, Session, shared_queue
from page.step_frame import THUMBNAIL_SIDE, fold_line, step_frame
from page.video_frame import chosen_frame

SMALL_FACE_SHARE = 0.12
"""Heads narrower than this share of the photo give little detail."""
HEAD_ONLY = "head only"
HEAD_MARGIN = 0.15
"""Margin around the head where nothing else is wanted, in head sizes."""
LOST_TEXT = (
    "The photo is no longer here: the server was restarted, or this page had no connection to it for some "
    "minutes. Choose the photo again."
)


def photo_step(session: Session) -> DeltaGenerator:
    """Show step 1 and set the photos of `session`. Returns a placeholder for `search_faces`."""
    frame = step_frame(session, "photo", "1 · Photo")
    with frame.tools:
        way = chosen_way()
    with frame.body:
        inputs, preview = st.columns([5, 6], gap="large")
        with inputs:
            chosen = chosen_file(session, way)
            scrubber = st.container()
            framing = st.container(horizontal=True, vertical_alignment="center")
        with preview:
            name, data, video = chosen_frame(session, *chosen, scrubber)
            film_fails = bool(chosen[0]) and not name  # the page says why
            photo = None if film_fails else _decode(session, name, data)
            made_of = st.session_state[DESCRIBED].facts if st.session_state["source"] == WORDS else None
            session.file = ChosenFile(name, data, photo, made_of, video) if photo else None
            with framing:
                framing_controls(session, photo)
                help_text = "Crop to the head that was found."
                st.toggle("Head only", key=HEAD_ONLY, help=help_text, disabled=photo is None)
            full_photo = framed(session, photo)
            session.set_full_photo(Path(name).stem, full_photo)
            if photo is None or full_photo is None:
                session.set_photo(None)
            else:
                _choose_part(session, name, full_photo, upright(session, photo))
            offer_to_turn(session, photo)
            placeholder = st.empty()
    if session.photo and (session.depth_result or frame.name in session.folded):
        fold_line(session, frame, _thumbnail(session, session.photo), "The chosen photo", as_text(name))
    return placeholder


def holds_work(session: Session) -> bool:
    """Whether a reload would lose a photo of the visitor's own, or what was made of one."""
    own = session.full_photo is not None and st.session_state.get("source") in (UPLOAD, CAMERA, WORDS)
    return own or session.current_step != STEPS[0] or session.depth_result is not None


def _thumbnail(session: Session, photo: Photo) -> str:
    """The photo to model, small, as a data URI."""
    return session.cache.get_or_make(
        ("thumbnail", photo.sha256), lambda: data_uri(thumbnail(photo.rgb_hwc, THUMBNAIL_SIDE), "JPEG")
    )


def search_faces(session: Session, placeholder: DeltaGenerator) -> None:
    """Find the faces of a new photo after the page is drawn, then run the page again to outline them.

    A click during the search is answered first: the search starts again at the end of that run.
    placeholder: shows the status.
    """
    full_photo = session.full_photo
    if full_photo is None or session.current_face_search() is not None:
        return

    def report_status(text: str) -> None:
        placeholder.caption(f"{text} …")

    try:
        with explained_errors():
            faces, turn = session.cache.get_or_make(
                ("faces", full_photo.sha256), lambda: _faces_and_turn(full_photo, report_status)
            )
        session.face_search = FaceSearch(full_photo.sha256, faces, turn)
    except FaceModelError as error:
        session.face_search = FaceSearch(full_photo.sha256, error=str(error))
    st.rerun()


def _faces_and_turn(photo: Photo, report_status: ReportStatus) -> tuple[tuple[Face, ...], int]:
    """The faces of a photo; where there is none, the turn that stands one upright, 0 for none."""
    faces = shared_queue().find_faces(DEFAULT_NETWORK, photo, report_status)
    return faces, 0 if faces else shared_queue().find_turn(DEFAULT_NETWORK, photo, report_status)


def _decode(session: Session, name: str, data: bytes) -> Photo | None:
    """The photo of a file, or None with the reason on the page."""
    if not data and not name:
        if st.session_state["source"] == LOST:
            st.warning(LOST_TEXT)
        else:
            st.info("No photo yet.")
        return None
    try:
        return session.cache.get_or_make(
            ("photo", hashlib.sha256(data).hexdigest()), lambda: read_photo(data, name)
        )
    except PhotoError as error:
        st.error(as_text(str(error)))
        return None


def _choose_part(session: Session, name: str, full_photo: Photo, whole: Photo) -> None:
    """Set the photo to model: the full photo, or its part around one head; shown with faces and warnings.

    whole: the turned photo, of which the full one is a part or all.

    The bundled network finds the people itself, and depth that no network makes is of all of them: for
    these the picked face is noted, and the photo is cropped to a head only where the visitor wants that.
    """
    search = session.current_face_search()
    faces = search.faces if search else ()
    finds_people = st.session_state.get("network", DEFAULT_NETWORK) in (DEFAULT_NETWORK, *OWN_TITLES)
    picked = _pick_face(full_photo, faces, finds_people)
    boxes = [face.box_xyxy for face in faces]
    box: PixelBox | None = None
    if faces and st.session_state.get(HEAD_ONLY):
        box = pixel_box(full_photo.size_hw, with_margin(boxes[picked or 0], HEAD_MARGIN))
    elif picked is not None and not finds_people:
        box = pixel_box(full_photo.size_hw, with_margin(boxes[picked], CROP_MARGIN))
    framed_box = part_chosen(whole)
    left, top = framed_box[:2] if framed_box else (0, 0)
    part = (box[0] + left, box[1] + top, box[2] + left, box[3] + top) if box else framed_box
    photo = full_photo if box is None or part is None else _crop(session, whole, part)
    picks_person = photo is full_photo and picked is not None  # else the picker crops the photo
    session.face = picked + 1 if picks_person and picked is not None else 1
    session.face_picker = _picker_key(full_photo, finds_people) if picks_person else None
    shown, shown_boxes = (photo, []) if photo is not full_photo and len(faces) == 1 else (full_photo, boxes)
    source = session.cache.get_or_make(
        ("outlined", shown.sha256, len(shown_boxes), picked),
        lambda: data_uri(photo_with_faces(shown, shown_boxes, picked), "JPEG"),
    )
    show_image(source, "The chosen photo")
    st.caption(_description(name, full_photo, faces))
    for warning in [*concerns(full_photo), *_face_warnings(full_photo, search)]:
        st.warning(warning)
    session.set_photo(photo, part)


def _crop(session: Session, photo: Photo, box: PixelBox) -> Photo:
    return session.cache.get_or_make(("crop", photo.sha256, box), lambda: cropped(photo, box))


def _pick_face(full_photo: Photo, faces: tuple[Face, ...], finds_people: bool) -> int | None:
    """Index of the picked face, or None for the full photo. The choice holds for this photo only.

    finds_people: the network models one person; another one models all that it sees.
    """
    if len(faces) < 2:
        return None
    options: dict[str, int | None] = {} if finds_people else {"Whole photo": None}
    options |= {FACE_TITLE.format(number): number - 1 for number in range(1, len(faces) + 1)}
    st.info(
        f"{len(faces)} faces were found; number 1 covers most of the photo. "
        + ("The model is of one person." if finds_people else "Pick one to crop the photo to it.")
    )
    key = _picker_key(full_photo, finds_people)
    return options.get(st.radio("Which face", list(options), horizontal=True, key=key))


def _picker_key(full_photo: Photo, finds_people: bool) -> str:
    return f"face {full_photo.sha256} {finds_people}"


def _description(name: str, photo: Photo, faces: tuple[Face, ...]) -> str:
    """Size, field of view where the file states it, and number of faces in one line."""
    height, width = photo.size_hw
    view = f" · field of view {photo.fov_degrees:.0f}°, from the file" if photo.fov_degrees else ""
    found = {0: "", 1: " · 1 face found"}.get(len(faces), f" · {len(faces)} faces found")
    return f"{as_text(name)} · {width} × {height} pixels{view}{found}"


def _face_warnings(photo: Photo, search: FaceSearch | None) -> list[str]:
    """A warning where face detection failed, found no face, or found small ones only."""
    if search is None:
        return []
    if search.error:
        return [f"Face detection failed. {as_text(search.error)}"]
    if search.turn:
        return []  # `_offer_to_turn` says it
    if not search.faces and st.session_state["source"] == WORDS:
        return ["No face was found in this picture. Make another one, of other words or with another seed."]
    if not search.faces:
        return ["No face was found in this photo. Choose one with a larger face, seen from the front."]
    if search.faces[0].width < SMALL_FACE_SHARE * photo.size_hw[1]:
        return ["The face is small in this photo; crop the photo to head and shoulders for a finer model."]
    return []
