"""What is cut out of the photo in step 2: the picker of mattes, and the mask of the visitor's own."""

from __future__ import annotations

import hashlib

import streamlit as st

from face3d.depth import checkpoints
from face3d.errors import PhotoError
from face3d.matte import refine, rembg
from face3d.matte.table import DEFAULT_MATTE, MATTES
from face3d.photo import MAX_BYTES, read_photo
from face3d.structures import Photo
from page.plain_text import as_text
from page.session import Session

LABELS = {
    "face": "Keep the person",
    "alpha": "Keep what is not transparent",
    "file": "Keep what my mask shows",
    "none": "Keep everything",
}
MATTE_KEY = "matte"


def matte_label(name: str) -> str:
    """A row of MATTES as the picker has it: what stays, or by what, how large and under which licence."""
    spec = MATTES[name]
    size = spec.size_text.removeprefix("about ")
    return LABELS.get(name) or f"{spec.title} · {size} · {spec.licence}"


def pick_matte() -> str:
    """The chosen row of MATTES."""
    names = list(MATTES)
    st.session_state.setdefault(MATTE_KEY, DEFAULT_MATTE)
    return st.selectbox(
        "Background",
        names,
        format_func=matte_label,
        label_visibility="collapsed",
        width=225,
        key=MATTE_KEY,
    )


def ask_to_refine(matte: str) -> bool:
    """Whether the matte's edge is to be refined; asked where that is possible."""
    if matte == "none" or not refine.available():
        return False
    help_text = "Compute the edge of what stays anew from the photo's colours, for hair: some seconds more."
    return st.toggle("Fine edge", key="refine matte", help=help_text)


def matte_details(session: Session, name: str) -> Photo | None:
    """Show what there is to know about a matte other than the default. Returns the mask for `file`."""
    if name == "file":
        return _mask(session)
    if name == "alpha" and session.photo and session.photo.alpha_hw is None:
        st.warning("This photo has no transparent pixel. Keep the person, or cut out by another matte.")
    if MATTES[name].of_rembg:
        _facts_of_rembg(name)
    return None


def _facts_of_rembg(name: str) -> None:
    spec = MATTES[name]
    if not rembg.available():
        st.warning(
            f"{spec.title} needs the package rembg. Install it with "
            "`pip install -r requirements-extra.txt`, or choose another matte."
        )
        return
    status = checkpoints.status(spec).text
    st.caption(f"{spec.title}: {spec.summary} · {status} · licence: {spec.licence}")


def _mask(session: Session) -> Photo | None:
    """Show the uploader of a mask. Returns it as it is; None without one that can be read."""
    upload = st.file_uploader(
        "Mask: a picture of the photo's size, whole or cropped, white or opaque where something stays",
        max_upload_size=MAX_BYTES // 2**20,
        key=f"mask {session.visit.token}",
    )
    if upload is None:
        return None
    data = upload.getvalue()
    try:
        return session.cache.get_or_make(
            ("mask", hashlib.sha256(data).hexdigest()), lambda: read_photo(data, upload.name)
        )
    except PhotoError as error:
        st.error(as_text(str(error)))
        return None
