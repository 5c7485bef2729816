"""The widgets of step 3: what the figure shows, and the kind and settings of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from face3d.export.plotly_figure import Colour
from face3d.geometry.kinds import KINDS
from face3d.geometry.scale import PRINT_SIZES
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthRepresentation, Photo
from page.components import recalled, remember
from page.session import DepthResult, Session

KIND_TITLES = {"bust": "Bust", "shell": "Shell", "plaque": "Plaque", "lithophane": "Lithophane"}
SIZE_TITLES = {
    "life": "Life size",
    "keychain": "Keychain, 40 mm high",
    "figure": "Figure, 100 mm high",
    "bed-220": "As large as a 220 mm bed takes",
    "bed-256": "As large as a 256 mm bed takes",
}
SURFACE, POINTS, MODEL = "Surface", "Points", "Model"
VIEW_TITLES = {SURFACE: "Surface", POINTS: "Points", MODEL: "Model, as in the files"}
COLOURS = {"Grey": Colour.DEPTH, "Photo": Colour.PHOTO}
DETAIL: dict[str, dict[str, Any]] = {
    "Light": {"grid_side": 128, "point_budget": 15_000, "face_budget": 15_000},
    "Normal": {"grid_side": 256, "point_budget": 50_000, "face_budget": 60_000},
    "Fine": {"grid_side": 400, "point_budget": 100_000, "face_budget": 100_000},
}

REMEMBERED: dict[str, Any] = {
    "show": SURFACE,
    "model colours": "Grey",
    "kind": "bust",
    "smoothing": 1.0,
    "detail": "Normal",
    "relief strength": 2.0,
    "background": False,
    "outliers": True,
    "print size": "life",
    "height": None,
    "plaque depth": 12.0,
    "perspective": True,
}
"""Initial values of the widgets whose value is kept for the next photo, by key. The field of view is not
among them: it belongs to the photo."""
POINT_PX = {"Light": 3.0, "Normal": 2.0, "Fine": 1.5}


@dataclass(frozen=True)
class FigureSettings:
    """What the figure shows, in which colours, and the diameter of its points in pixels."""

    shown: str
    colour: Colour
    kind: str
    point_px: float


def recall_view(session: Session) -> None:
    """Begin with what this browser's visitor chose last to be shown."""
    view = recalled("view")
    if view in VIEW_TITLES:
        session.widget_values.setdefault("show", view)


def model_controls(
    session: Session, result: DepthResult, shows: DeltaGenerator, choices: DeltaGenerator
) -> tuple[FigureSettings, ModelSettings]:
    """Show the widgets of the model with the visitor's last values.

    The values are set through the session state only: Streamlit warns where a widget has a default as well.
    shows: where the widgets stand that choose what is seen. choices: those of the model.
    """
    for key, value in (REMEMBERED | session.widget_values).items():
        st.session_state.setdefault(key, value)
    with shows:
        _views()
    has_matte = result.depth_map.matte_hw is not None
    with choices:
        _kind_and_size(session)
        with st.popover("More settings", icon=":material/tune:", width="stretch"):
            _details(result, has_matte)
            fov_degrees = _projection(result.photo)
    session.widget_values = values = {key: st.session_state[key] for key in REMEMBERED}
    remember("view", values["show"])
    settings = ModelSettings(
        smoothing_px=values["smoothing"],
        foreground_only=not (has_matte and values["background"]),
        remove_outliers=values["outliers"],
        near_far_ratio=values["relief strength"],
        **size_settings(values["print size"], values["height"]),
        plaque_depth_mm=values["plaque depth"],
        perspective=values["perspective"],
        fov_degrees=fov_degrees,
    )
    settings = replace(settings, **DETAIL[values["detail"]])
    colour, point_px = COLOURS[values["model colours"]], POINT_PX[values["detail"]]
    return FigureSettings(values["show"], colour, values["kind"], point_px), settings


def _views() -> None:
    """What is shown, and in which colours."""
    title = VIEW_TITLES.__getitem__
    st.segmented_control(
        "Show", list(VIEW_TITLES), format_func=title, required=True, label_visibility="collapsed", key="show"
    )
    shows_model = st.session_state["show"] == MODEL  # in the photo's colours, or clay by its own button
    st.segmented_control(
        "Colours",
        list(COLOURS),
        required=True,
        disabled=shows_model,
        label_visibility="collapsed",
        key="model colours",
    )


def _kind_and_size(session: Session) -> None:
    """The kind, which is shown and written as soon as it is chosen, and the size."""

    def show_kind() -> None:
        st.session_state["show"] = MODEL
        session.file_inputs = None

    with st.container(horizontal=True):
        st.selectbox(
            "Kind of model",
            list(KIND_TITLES),
            format_func=KIND_TITLES.__getitem__,
            on_change=show_kind,
            help=_kinds_help(),
            width=150,
            key="kind",
        )
        st.selectbox(
            "Print size",
            list(SIZE_TITLES),
            format_func=SIZE_TITLES.__getitem__,
            on_change=lambda: setattr(session, "file_inputs", None),
            width="stretch",
            key="print size",
        )
    if st.session_state["kind"] == "plaque":
        explanation = "From the plate to the highest point. Fine detail is kept, large depths are compressed."
        st.number_input("Depth of the relief, mm", 1.0, 50.0, step=1.0, key="plaque depth", help=explanation)


def _details(result: DepthResult, has_matte: bool) -> None:
    """The settings that most models do without."""
    st.slider("Smoothing, pixels", 0.0, 8.0, step=0.5, key="smoothing")
    st.select_slider("Detail", list(DETAIL), key="detail")
    if result.depth_map.representation is DepthRepresentation.RELATIVE_INVERSE:
        explanation = (
            "Farthest over nearest distance. Relative depth does not determine it: "
            "raise it for a deeper face, lower it for a flatter one."
        )
        st.slider("Relief strength", 1.05, 4.0, step=0.05, key="relief strength", help=explanation)
    if has_matte:
        st.toggle("Keep the background", key="background")
    else:
        st.caption("This network gives no matte: the background stays.")
    st.toggle("Remove stray points", key="outliers")
    explanation = (
        "Counts in place of the print size. Empty: the print size; life size is measured by the eyes."
    )
    st.number_input(
        "Height, mm",
        min_value=5.0,
        max_value=5000.0,
        value=None,
        step=10.0,
        format="%.0f",
        placeholder="as the print size",
        key="height",
        help=explanation,
    )


def size_settings(print_size: str, height_mm: float | None) -> dict[str, Any]:
    """Fields of `ModelSettings`: a height counts in place of the print size."""
    return PRINT_SIZES[print_size] if height_mm is None else {"height_mm": height_mm}


def _projection(photo: Photo) -> float | None:
    """Show the widgets of the projection. Returns the field of view in degrees, None for the photo's own."""
    from_file = photo.fov_degrees
    start = round(from_file) if from_file else 30
    explanation = "From the file." if from_file else "Not in the file; 30° suits a portrait."
    fov = st.slider("Field of view, degrees", 5, 100, start, key="field of view", help=explanation)
    st.toggle("Perspective", key="perspective", help="Off: parallel rays, as if from far away.")
    return None if from_file and fov == start else float(fov)


def _kinds_help() -> str:
    return "; ".join(f"{title}: {KINDS[kind].summary}" for kind, title in KIND_TITLES.items())
