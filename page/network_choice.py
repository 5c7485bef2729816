"""Where the depth of step 2 comes from: the picker of networks, and depth that is there already."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec

import streamlit as st

from face3d.depth import checkpoints
from face3d.depth.estimator import BEST, FAST
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily, NetworkSpec
from face3d.errors import DepthError
from face3d.own_depth.embedded import read_embedded
from face3d.own_depth.files import FORMATS, MAX_BYTES, MEANINGS
from page.depth_request import EMBEDDED, OWN, OWN_TITLES, DepthFile
from page.plain_text import as_text
from page.session import DEFAULT_NETWORK, Session

STATED = "stated in the file"
MEANING_TITLES = {
    STATED: "As the file states",
    "inverse": "Larger is nearer, relative (MiDaS)",
    "relief": "Image widths towards the camera",
    "metric": "Metres from the camera",
}
WITH_LEVELS = b"\x89PNG", b"\x93NUMPY"
"""First bytes of files whose numbers may be levels from black to white."""


def pick_network() -> str:
    """The chosen row of NETWORKS, OWN or EMBEDDED.

    The labels are the same at every run: the browser sends the chosen label back, and a label that is no
    longer an option counts as no choice.
    """
    names = [name for name, spec in NETWORKS.items() if not spec.needs_checkpoint]
    names += OWN_TITLES
    return st.selectbox(
        "Depth network",
        names,
        index=names.index(DEFAULT_NETWORK),
        format_func=_label,
        label_visibility="collapsed",
        width=220,
        key="network",
    )


def ask_for_quality(network: str) -> str:
    """One of QUALITIES, asked for of the bundled network only."""
    if network != DEFAULT_NETWORK:
        return FAST
    help_text = "Steadier details, in about twice the time: the mean over two scales in place of one."
    return BEST if st.toggle("Best quality", key="best quality", help=help_text) else FAST


def _label(name: str) -> str:
    if name in OWN_TITLES:
        return OWN_TITLES[name]
    spec = NETWORKS[name]
    return " · ".join(part for part in (spec.title, spec.size_text) if part)


def network_details(session: Session, name: str) -> DepthFile | None:
    """Show what there is to know about the choice, and the widgets of depth that is no network's.

    Returns the depth in place of a network's, or None.
    """
    if name == OWN:
        return _own_file(session)
    if name == EMBEDDED:
        return _embedded_file(session)
    _network_facts(NETWORKS[name], has_depth=_fault_of_embedded(session) == "")
    return None


def _network_facts(spec: NetworkSpec, has_depth: bool) -> None:
    """A line about a network: where its weights are and their licence; speed and accuracy as its help.

    has_depth: whether the photo's file holds depth, which is said then.
    """
    status = checkpoints.status(spec).text
    facts = [status[:1].upper() + status[1:]]
    if spec.family is NetworkFamily.TRANSFORMERS and find_spec("transformers") is None:
        facts.append("needs the packages of requirements-extra.txt")
    facts.append(f"licence: {spec.licence}")
    if has_depth:
        facts.append(f"this photo has depth inside: choose *{OWN_TITLES[EMBEDDED]}* to use it")
    speed = [spec.speed_text] if spec.published else []
    measured = " · ".join([*speed, checkpoints.accuracy_text(spec)])
    st.caption(" · ".join(facts), help=f"{measured[:1].upper()}{measured[1:].rstrip('.')}.")


def _own_file(session: Session) -> DepthFile:
    """Show the uploader of a depth map, what its values mean and, where it has levels, their range."""
    upload_column, meaning_column = st.columns([5, 6], gap="medium")
    upload = upload_column.file_uploader(
        f"Depth map of this photo ({FORMATS})",
        max_upload_size=MAX_BYTES // 2**20,
        key=f"depth file {session.visit.token}",
    )
    data = upload.getvalue() if upload else b""
    with meaning_column:
        meaning = st.selectbox(
            "Its values", list(MEANING_TITLES), format_func=MEANING_TITLES.__getitem__, key="depth meaning"
        )
        black = white = None
        if data.startswith(WITH_LEVELS):
            help_text = (
                "What the darkest and the lightest level stand for: metres, or image widths. "
                "0 and 65.535 for millimetres in 16 bits; empty where nothing is known."
            )
            with st.container(horizontal=True):
                black = st.number_input("Black is", value=None, key="depth black", help=help_text, width=150)
                white = st.number_input("White is", value=None, key="depth white", width=150)
    return DepthFile(data, upload.name if upload else "", False, MEANINGS.get(meaning), black, white)


def _embedded_file(session: Session) -> DepthFile | None:
    """Say whether the photo's file holds depth."""
    fault = _fault_of_embedded(session)
    if fault:
        st.warning(as_text(fault))
    elif fault == "":
        st.caption("From the photo's own file, as the telephone measured or estimated it.")
    return session.file and DepthFile(session.file.data, session.file.name, embedded=True)


def _fault_of_embedded(session: Session) -> str | None:
    """Why there is no depth in the photo's file, '' where there is, None without a photo."""
    file = session.file
    if file is None:
        return None

    def look() -> str:
        try:
            read_embedded(file.data, file.name)
        except DepthError as error:
            return str(error)
        return ""

    return session.cache.get_or_make(("embedded", hashlib.sha256(file.data).hexdigest()), look)
