"""A video as the photo's source: a slider over its frames, and the frame that is chosen."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import cv2
import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from face3d.errors import VideoError
from face3d.video.frames import Film, open_film
from face3d.video.names import frame_name, is_video
from page.plain_text import as_text
from page.session import Session

MAX_BYTES = 128 * 2**20
"""Of a video, about a minute of a phone's. It is held in memory, twice while a frame is decoded."""
LOOKED_AT = 9
"""Frames, evenly spaced, of which the sharpest is shown first."""
SHARPNESS_SIDE = 256
"""Longest side at which sharpness is compared, pixels: noise is none."""


def chosen_frame(
    session: Session, name: str, data: bytes, place: DeltaGenerator
) -> tuple[str, bytes, tuple[str, int] | None]:
    """Name and PNG of the frame that is chosen of a video, with the video's name and the frame's number; a
    photo's are returned unchanged, with None.

    Empty where the video cannot be read, with the reason on the page. place: of the slider.
    """
    if not is_video(name):
        return name, data, None
    digest = hashlib.sha256(data).hexdigest()
    if len(data) > MAX_BYTES:
        st.error(as_text(f"{name} has more than {MAX_BYTES // 2**20} MB. Cut it, or save it smaller."))
        return "", b"", None
    try:
        film, first = session.cache.get_or_make(("film", digest), lambda: _looked_into(data, name))
        film = replace(film, source=data)
        with place:
            number = _slider(film, first)
        png = session.cache.get_or_make(("frame", digest, number), lambda: film.png_at(number))
    except VideoError as error:
        st.error(as_text(str(error)))
        return "", b"", None
    return f"{frame_name(name, number)}.png", png, (name, number)


def _looked_into(data: bytes, name: str) -> tuple[Film, int]:
    """The film without its bytes, which would fill the cache, and the number of the sharpest of a few of its
    frames.
    """
    film = open_film(data, name)
    numbers = sorted({round(place) for place in np.linspace(0, film.count - 1, LOOKED_AT)})
    return replace(film, source=b""), max(numbers, key=lambda number: _sharpness(film, number))


def _sharpness(film: Film, number: int) -> float:
    try:
        rgb_hwc = film.photo_at(number).rgb_hwc
    except VideoError:
        return -1.0
    scale = min(1.0, SHARPNESS_SIDE / max(rgb_hwc.shape))
    small = cv2.resize(rgb_hwc, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def _slider(film: Film, first: int) -> int:
    """The number of the frame that the visitor has chosen; at first the sharpest one."""
    if film.count < 2:
        return 0
    if film.is_longer:
        st.caption(f"The video has more frames; the first {film.count:,} can be chosen here.")
    return int(
        st.slider(
            f"Frame of the video, 0 to {film.count - 1}",
            0,
            film.count - 1,
            value=first,
            help=f"{film.count} frames, {film.rate:.3g} a second. Arrow keys go one frame on or back. "
            "At first it is the sharpest of a few.",
            key=f"frame of {film.digest}",
        )
    )
