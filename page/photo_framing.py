"""Turn and crop of the chosen photo, before anything is computed from it."""

from __future__ import annotations

from math import ceil

import streamlit as st

from face3d.crop import PixelBox, cropped
from face3d.photo import MAX_ASPECT, MIN_SIDE
from face3d.structures import Photo
from page.session import Session

WHOLE = (0, 100)
"""Edges of a crop that leaves everything, in percent."""


def framed(session: Session, photo: Photo | None) -> Photo | None:
    """The photo of a file as the visitor turned and cropped it."""
    return None if photo is None else _cropped(session, upright(session, photo))


def upright(session: Session, photo: Photo) -> Photo:
    """The photo of a file as the visitor turned it, not cropped."""
    degrees = session.turns.get(photo.sha256, 0)
    if not degrees:
        return photo
    return session.cache.get_or_make(("turned", photo.sha256, degrees), lambda: photo.turned(degrees))


def _cropped(session: Session, photo: Photo) -> Photo:
    """The photo between the edges of its sliders."""
    box = part_chosen(photo)
    if box is None:
        return photo
    return session.cache.get_or_make(("cropped", photo.sha256, box), lambda: cropped(photo, box))


def part_chosen(photo: Photo) -> PixelBox | None:
    """The pixels of a turned photo between the edges of its sliders; None for the whole photo, also where
    they leave too narrow a strip.
    """
    edges = [st.session_state.get(key, WHOLE) for key in _edge_keys(photo)]
    height, width = photo.size_hw
    left, right = _pixels(edges[0], width)
    top, bottom = _pixels(edges[1], height)
    sides = right - left, bottom - top
    if edges == [WHOLE, WHOLE] or max(sides) > MAX_ASPECT * min(sides):
        return None
    return left, top, right, bottom


def _edge_keys(photo: Photo) -> tuple[str, str]:
    """Keys of the two sliders: of the turned photo, so that another one starts whole."""
    return f"crop across {photo.sha256}", f"crop down {photo.sha256}"


def _pixels(edges_percent: tuple[int, int], length: int) -> tuple[int, int]:
    """First and last pixel of a crop, at least MIN_SIDE apart."""
    low, high = (percent / 100 * length for percent in edges_percent)
    first = min(int(low), max(0, length - MIN_SIDE))
    return first, max(ceil(high), first + MIN_SIDE)


def framing_controls(session: Session, photo: Photo | None) -> None:
    """Show the widgets that turn and crop. photo: of the file; None where there is none."""
    with st.popover("Crop and turn", icon=":material/crop_rotate:", disabled=photo is None):
        if photo is None:
            return
        with st.container(horizontal=True):
            for label, degrees in (("Turn left", 270), ("Turn right", 90)):
                st.button(label, on_click=turn, args=(session, photo.sha256, degrees), key=f"turn {degrees}")
        for label, key in zip(
            ("From left to right, %", "From top to bottom, %"),
            _edge_keys(upright(session, photo)),
            strict=True,
        ):
            st.slider(label, *WHOLE, WHOLE, key=key)


def offer_to_turn(session: Session, photo: Photo | None) -> None:
    """A button that stands the head of a file's photo upright, where the search found it turned."""
    search = session.current_face_search()
    if photo is None or search is None or not search.turn:
        return
    how = "upside down" if search.turn == 180 else "lying on its side"
    st.warning(f"The head in this photo is {how}, and heads are measured upright.")
    st.button(
        "Turn the photo upright",
        type="primary",
        icon=":material/rotate_right:",
        on_click=turn,
        args=(session, photo.sha256, search.turn),
        key="turn the photo",
    )


def turn(session: Session, photo_sha256: str, degrees: int) -> None:
    """Turn the photo of a file clockwise by this much more."""
    session.turns[photo_sha256] = (session.turns.get(photo_sha256, 0) + degrees) % 360
