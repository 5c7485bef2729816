"""Step 2: the button *Generate depth map*, the network, and the depth map beside the photo."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from time import perf_counter

import streamlit as st

from face3d.depth import checkpoints
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily, NetworkSpec
from face3d.errors import FaceModelError
from face3d.export.depth_maps import DEPTH_WRITERS
from face3d.structures import Photo
from page.components.components import show_pictures
from page.depth_view import COLOUR_MAPS, MEANINGS, Layer, PictureSettings, View, layers_of, viewer_data
from page.session import START_NETWORK, Depth, Session, shared_queue

FILE_LABELS = {"_depth.png": "PNG, 8-bit", "_depth16.png": "PNG, 16-bit", "_depth.npy": "NPY, float32"}
TRY_AGAIN = "try depth again"
VIEW_LABELS = {"Slider": View.SLIDER, "Side by side": View.SIDE}


def depth_step(session: Session) -> Depth | None:
    """Show step 2; the depth map to go on with, or None where there is none or it is out of date."""
    st.header("2 · Depth map", anchor=False)
    st.markdown(
        "A neural network estimates how near each part of the face is. Nothing is sent anywhere: it runs on this computer."
    )
    photo = session.photo
    spec = _pick_network()
    pressed = st.button("Generate depth map", type="primary", disabled=photo is None, key="generate depth")
    pressed = pressed or bool(st.session_state.get(TRY_AGAIN))  # a button of the run before this one
    this = None if photo is None else (photo.sha256, spec.name)
    session.wanted = this if pressed or session.wanted == this else None
    if photo is None:
        st.caption("Choose a photo first.")
    elif session.wanted:
        _generate(session, photo, spec)
    if session.depth is None or photo is None or session.depth.photo.sha256 != photo.sha256:
        return None
    stale = session.depth.network != spec.name
    if stale:
        st.warning(
            f"Out of date: this map is by {NETWORKS[session.depth.network].title}. Press *Generate depth map* again."
        )
    with st.container(key="stale depth" if stale else "depth"):
        _findings(session.depth)
        _pictures(session, session.depth)
        if not stale:
            _downloads(session, session.depth)
    return None if stale else session.depth


def _pick_network() -> NetworkSpec:
    """The chosen row of the table, described in one line under the widget.

    The labels are the same at every run: the browser sends the chosen one back, and one that has changed
    counts as no choice.
    """
    names = [name for name, spec in NETWORKS.items() if not spec.needs_checkpoint]
    name = st.selectbox(
        "Depth network", names, index=names.index(START_NETWORK), format_func=_label, key="network"
    )
    spec = NETWORKS[name]
    location = checkpoints.status(spec).text
    speed = [spec.speed_text] if spec.published else []
    lacking = spec.family is NetworkFamily.TRANSFORMERS and find_spec("transformers") is None
    needs = ["needs the packages of requirements-extra.txt"] if lacking else []
    st.caption(
        " · ".join(
            [
                location[:1].upper() + location[1:],
                *needs,
                f"licence: {spec.licence}",
                *speed,
                checkpoints.accuracy_text(spec),
            ]
        )
    )
    return spec


def _label(name: str) -> str:
    spec = NETWORKS[name]
    return " · ".join(part for part in (spec.title, spec.size_text) if part)


def _generate(session: Session, photo: Photo, spec: NetworkSpec) -> None:
    """Predict with progress by name; on failure say what to do, in place, with a button that does it, and
    keep the map there was.
    """
    wish = session.wanted
    was_available = checkpoints.status(spec).available
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Starting")

    def report_status(text: str) -> None:
        bar.progress(0.0, text + " …")

    shown = ""

    def progress(done: int, total: int | None) -> None:
        nonlocal shown
        whole = f" of {total / 1e6:.0f}" if total else ""
        text = f"Downloading {spec.title}: {done / 1e6:.0f}{whole} MB"
        if text != shown:  # called many times per MB
            shown = text
            bar.progress(min(1.0, done / total) if total else 0.0, text)

    start = perf_counter()
    try:
        depth = shared_queue().predict(spec.name, photo, report_status, progress)
    except FaceModelError as error:
        session.wanted = None
        place.error(str(error))
        st.button("Try again", key=TRY_AGAIN, icon=":material/refresh:")
        return
    except (
        Exception
    ):  # not a click elsewhere, whose stop is no Exception: the wish would fail again at every run
        session.wanted = None
        raise
    if session.wanted == wish:  # else another run goes on already, with another photo or network
        session.wanted, session.depth = None, Depth(photo, spec.name, depth, perf_counter() - start)
    place.empty()  # a click elsewhere may stop the run here
    if session.search and session.search.error:
        session.search = None  # the cause may be gone: detect again
    if not was_available:
        st.rerun()  # the line under the picker changes


def _findings(made: Depth) -> None:
    """What the depth map is, in one sentence, and what is doubtful about it."""
    title = NETWORKS[made.network].title
    st.markdown(f"{MEANINGS[made.depth.representation]} Made by {title} in {made.seconds:.1f} s.")
    if made.depth.detects_faces and not made.depth.faces:
        st.warning("No face was found, so the shape is a rough guess.")


@st.fragment
def _pictures(session: Session, made: Depth) -> None:
    """Photo and layer to compare. Only this is run again when its widgets move."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control(
            "Compare", list(VIEW_LABELS), default="Slider", required=True, key="compare"
        )
        names = {layer.value: layer for layer in layers_of(made.depth)}
        layer = st.segmented_control(
            "Layer", list(names), default=Layer.DEPTH.value, required=True, key="layer"
        )
        colours = st.selectbox("Colours", list(COLOUR_MAPS), key="colours", width=160)
    far, near = st.slider("Far and near clip, % of the range", 0, 100, (0, 100), key="clip")
    settings = PictureSettings(
        names[layer], colours, (far / 100, max(near, far + 1) / 100), VIEW_LABELS[view]
    )
    data = session.cache.get_or_make(
        ("pictures", made.key, settings), lambda: viewer_data(made.photo, made.depth, settings)
    )
    show_pictures(data=data, key="pictures")


def _downloads(session: Session, made: Depth) -> None:
    """One button per file; a file is written when its button is pressed."""
    with st.container(horizontal=True):
        for suffix, write in DEPTH_WRITERS.items():
            st.download_button(
                FILE_LABELS.get(suffix, suffix),
                data=partial(write, made.depth),
                file_name=f"{session.name or 'photo'}{suffix}",
                mime="image/png" if suffix.endswith(".png") else "application/octet-stream",
                on_click="ignore",
                icon=":material/download:",
                key=f"download {suffix}",
            )
