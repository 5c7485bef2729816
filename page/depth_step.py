"""Step 2: the network, the button *Generate depth map*, and the depth map over the photo."""

from __future__ import annotations

from functools import partial
from time import perf_counter

import streamlit as st

from face3d.batch.outputs import name_of
from face3d.depth import checkpoints
from face3d.depth.download import Progress
from face3d.depth.estimator import BEST, FAST
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import Downloadable
from face3d.errors import FaceModelError
from face3d.export.colour_maps import COLOUR_MAPS
from face3d.export.depth_maps import DEPTH_COLOUR, DEPTH_WRITERS, depth_colour
from face3d.matte.table import MATTES
from face3d.structures import DepthMap
from page.components import show_pictures
from page.depth_request import OWN_TITLES, DepthRequest
from page.depth_view import (
    Comparison,
    Layer,
    PictureSettings,
    depth_thumbnail,
    layers_of,
    meaning,
    viewer_data,
)
from page.failures import explained_errors
from page.fit_view import FIT_HELP, fit_viewer_data
from page.inference_queue import Downloading, ReportStatus
from page.matte_choice import ask_to_refine, matte_details, matte_label, pick_matte
from page.network_choice import ask_for_quality, network_details, pick_network
from page.plain_text import as_text
from page.session import DEFAULT_NETWORK, DepthResult, Session, shared_queue
from page.step_frame import THUMBNAIL_SIDE, StepFrame, fold_line, step_frame

FILE_LABELS = {
    "_depth.png": "PNG, 8-bit",
    "_depth16.png": "PNG, 16-bit",
    "_depth.npy": "NPY, float32",
    "_depth.exr": "EXR, float32",
    "_normals.png": "Normal map, OpenGL",
    "_normals_directx.png": "Normal map, DirectX",
    DEPTH_COLOUR: "PNG in these colours",
}
LAYERS_HELP = (
    "Depth: what the model is made of. Normals: which way the surface faces. Matte: what belongs to the "
    "person. Uncertainty: how far the depth may be off. Back error: how far the hidden side may be off."
)
QUALITY_TEXTS = {FAST: ", normal quality", BEST: ", best quality"}
RETRY_KEY = "try depth again"
COMPARISONS = {"Slider": Comparison.SLIDER, "Side by side": Comparison.SIDE_BY_SIDE}


def depth_step(session: Session) -> DepthResult | None:
    """Show step 2. Returns the depth map for step 3, or None where there is none or it is out of date."""
    frame = step_frame(session, "depth", "2 · Depth map")
    with frame.tools:
        network, matte = pick_network(), pick_matte()
        quality, refine = ask_for_quality(network), ask_to_refine(matte)
        pressed = st.button(
            "Generate depth map",
            type="primary",
            disabled=session.photo is None,
            on_click=session.turn_to,
            args=("depth",),
            key="generate depth",
        )
    with frame.body:
        request = _request(session, network, quality, matte, refine)
        return _depth(session, frame, request, pressed)


def _request(session: Session, network: str, quality: str, matte: str, refine: bool) -> DepthRequest | None:
    """Show the details of the choices. Returns what is to be made; None without a photo."""
    depth_file, mask = network_details(session, network), matte_details(session, matte)
    framing = session.framing()
    if session.photo is None or framing is None:
        return None
    return DepthRequest(session.photo, network, matte, framing, mask, depth_file, refine, quality)


def _depth(
    session: Session, frame: StepFrame, request: DepthRequest | None, pressed: bool
) -> DepthResult | None:
    """Everything under the title of step 2. pressed: *Generate depth map* was, for this run."""
    pressed = pressed or bool(st.session_state.get(RETRY_KEY))  # that button was drawn in an earlier run
    key = request.key if request else None
    session.requested_depth = key if pressed or session.requested_depth == key else None
    # One element whatever it holds: at another place in the page the pictures below would be sent anew.
    with st.container(key="depth progress"):
        if request is None:
            st.caption("Choose a photo first.")
        elif session.requested_depth:
            _generate(session, request)
    result = session.depth_result
    if result is None or request is None or result.photo.sha256 != request.photo.sha256:
        return None
    stale = result.key != key
    if stale:
        edge = ", with a fine edge" if result.key.refined else ""
        best = ", of the best quality" if result.key.quality == BEST else ""
        made_of = f"{result.key.network_title}{best}, *{matte_label(result.key.matte)}*{edge}"
        st.warning(f"Out of date: this map is from {made_of}. Press *Generate depth map* again.")
    with st.container(key="stale depth" if stale else "depth"):
        _pictures(session, result, stale)
    if session.model_source is not None or frame.name in session.folded:
        thumbnail = session.cache.get_or_make(
            ("depth thumbnail", result.key), lambda: depth_thumbnail(result.depth_map, THUMBNAIL_SIDE)
        )
        fold_line(session, frame, thumbnail, "The depth map", _made_by(result))
    return None if stale else result


def _generate(session: Session, asked: DepthRequest) -> None:
    """Predict the depth map and show the progress.

    On failure: show the remedy and a button to try again, and keep the previous depth map.
    """
    was_on_disk = _is_on_disk(asked)
    placeholder = st.empty()
    with placeholder.container():
        bar = st.progress(0.0, "Starting")

    def report_status(text: str) -> None:
        bar.progress(0.0, text + " …")

    shown_text = ""

    def downloading(title: str) -> Progress:
        def report(done: int, total: int | None) -> None:
            nonlocal shown_text
            of_total = f" of {total / 1e6:.0f}" if total else ""
            text = f"Downloading {title}: {done / 1e6:.0f}{of_total} MB"
            if text != shown_text:  # called many times per MB
                shown_text = text
                bar.progress(min(1.0, done / total) if total else 0.0, text)

        return report

    start = perf_counter()
    try:
        with explained_errors():  # a rerun keeps the request, an error does not
            depth_map = _predict(asked, report_status, downloading)
    except FaceModelError as error:
        session.requested_depth = None
        placeholder.error(as_text(str(error)))
        st.button("Try again", key=RETRY_KEY, icon=":material/refresh:")
        return
    if session.requested_depth == asked.key:  # else a newer run works on another photo or network
        session.requested_depth = None
        session.depth_result = DepthResult(asked.photo, asked.key, depth_map, perf_counter() - start)
    placeholder.empty()  # a click elsewhere may stop the run here
    if session.face_search and session.face_search.error:
        session.face_search = None  # the cause may be gone: search again
    if not was_on_disk:
        st.rerun()  # to update the line under the picker


def _predict(asked: DepthRequest, report_status: ReportStatus, downloading: Downloading) -> DepthMap:
    """The depth map of a request, in its turn. Raises: FaceModelError."""
    photo, queue, waiting = asked.photo, shared_queue(), (report_status, downloading)
    matte, mask, refine, quality = asked.matte, asked.framed_mask(), asked.refine, asked.quality
    if asked.depth_file is None:
        return queue.predict(
            asked.network, photo, *waiting, quality=quality, matte=matte, mask=mask, refine=refine
        )
    own = partial(asked.depth_file.depth_map, asked.framing)
    return queue.cut_out(own, photo, *waiting, matte=matte, mask=mask, refine=refine)


def _is_on_disk(asked: DepthRequest) -> bool:
    """Whether nothing has to be fetched for a request."""
    rows: list[Downloadable] = [] if asked.depth_file else [NETWORKS[asked.network]]
    if MATTES[asked.matte].of_rembg:
        rows.append(MATTES[asked.matte])
    return all(checkpoints.status(row).available for row in rows)


def _made_by(result: DepthResult) -> str:
    if result.key.network in OWN_TITLES:
        return f"From: {result.key.network_title}."
    passes = QUALITY_TEXTS.get(result.depth_map.quality or "", "")
    return f"Made by {result.key.network_title} in {result.seconds:.1f} s{passes}."


def _summary(result: DepthResult, settings: PictureSettings) -> None:
    """What the layer shows, which network made it, and a warning where no face was found."""
    depth_map = result.depth_map
    st.markdown(f"{meaning(depth_map, settings)} {_made_by(result)}")
    if not depth_map.detects_faces or depth_map.faces:
        return
    if result.key.network == DEFAULT_NETWORK:
        st.warning("No face was found, so the shape is a rough guess.")
    else:
        st.warning("No face was found, so nothing is cut out. *Keep everything* suits statues and things.")


@st.fragment
def _pictures(session: Session, result: DepthResult, stale: bool) -> None:
    """Photo and layer to compare, their widgets, and the files. The widgets rerun this fragment only."""
    left, right = st.columns([7, 5], gap="medium")
    with right:
        summary = st.container()
        settings = _picture_controls(result)
        with summary:
            _summary(result, settings)
        if not stale:
            _downloads(session, result, settings)
    with left:
        picture = fit_viewer_data if settings.layer is Layer.FIT else viewer_data
        data = session.cache.get_or_make(
            ("pictures", result.key, settings),
            lambda: picture(result.photo, result.depth_map, settings),
        )
        show_pictures(data=data, key="pictures")


def _picture_controls(result: DepthResult) -> PictureSettings:
    """Show the widgets beside the pictures."""
    layers = {layer.value: layer for layer in layers_of(result.depth_map)}
    more_help = FIT_HELP if Layer.FIT.value in layers else ""
    layer = st.segmented_control(
        "Layer",
        list(layers),
        default=Layer.DEPTH.value,
        required=True,
        help=LAYERS_HELP + more_help,
        key="layer",
    )
    fixed = layer in (Layer.NORMALS.value, Layer.FIT.value)  # their colours are not of a colour map
    with st.container(horizontal=True, vertical_alignment="bottom"):
        comparison = st.segmented_control(
            "Compare", list(COMPARISONS), default="Slider", required=True, key="compare"
        )
        colour_map = st.selectbox("Colours", list(COLOUR_MAPS), key="colours", width=150, disabled=fixed)
    far, near = st.slider("Shown range, % from far to near", 0, 100, (0, 100), key="clip", disabled=fixed)
    far_near = far / 100, max(near, far + 1) / 100
    # A browser can send a choice that is none, though one is required.
    shown, arranged = layers.get(layer, Layer.DEPTH), COMPARISONS.get(comparison, Comparison.SLIDER)
    return PictureSettings(shown, colour_map, far_near, arranged)


def _downloads(session: Session, result: DepthResult, settings: PictureSettings) -> None:
    """One button per file; a file is written when its button is pressed."""
    in_colours = partial(depth_colour, colour_map=settings.colour_map, far_near=settings.far_near)
    with st.popover("Download the depth map", icon=":material/download:"):
        for suffix, write in (DEPTH_WRITERS | {DEPTH_COLOUR: in_colours}).items():
            st.download_button(
                FILE_LABELS.get(suffix, suffix),
                data=partial(write, result.depth_map),
                file_name=f"{name_of(session.photo_name or 'photo')}{suffix}",
                mime="image/png" if suffix.endswith(".png") else "application/octet-stream",
                on_click="ignore",
                icon=":material/download:",
                width="stretch",
                key=f"download {suffix}",
            )
