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
from page.closed_popover import held_while_closed
from page.components import recalled, remember
from page.kind_controls import bust_controls, plate_controls
from page.session import DepthResult, Session

KIND_TITLES = {
    "bust": "Bust",
    "head": "Head, animated",
    "two-sided": "Two-sided bust",
    "shell": "Shell",
    "plaque": "Plaque",
    "lithophane": "Lithophane",
}
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

EDGE_TOLERANCES = 0.0, 0.5
"""Least and largest value of the slider, in steps of a hundredth."""
REMEMBERED: dict[str, Any] = {
    "show": SURFACE,
    "model colours": "Grey",
    "kind": "bust",
    "smoothing": 1.0,
    "edge tolerance": 0.04,
    "detail": "Normal",
    "point size": 1.0,
    "relief strength": 2.0,
    "background": False,
    "outliers": True,
    "print size": "life",
    "height": None,
    "base": "auto",
    "wall": None,
    "drain": 4.0,
    "plaque depth": 12.0,
    "plaque base": 3.0,
    "plaque frame": 4.0,
    "lithophane shape": "Flat",
    "lithophane thin": 0.8,
    "lithophane thick": 3.2,
    "lithophane gamma": 1.0,
    "lithophane frame": None,
    "perspective": True,
}
"""Initial values of the widgets whose value is kept for the next photo, by key. The field of view is not
among them: it belongs to the photo."""

ALWAYS_SHOWN = {"show", "model colours", "kind", "print size", "height"}
"""Those of them that stand beside *More settings*, not in it."""
FIELD_OF_VIEW = "field of view"


@dataclass(frozen=True)
class FigureSettings:
    """What the figure shows, in which colours, and the size of its points: 1 leaves no gap between them."""

    shown: str
    colour: Colour
    kind: str
    point_size: float


def recall_view(session: Session) -> None:
    """Begin with what this browser's visitor chose last to be shown."""
    view = recalled("view")
    if view in VIEW_TITLES:
        session.widget_values.setdefault("show", view)


def model_controls(
    session: Session, result: DepthResult, shows: DeltaGenerator, choices: DeltaGenerator
) -> tuple[FigureSettings, ModelSettings, DeltaGenerator]:
    """Show the widgets of the model with the visitor's last values. Returns their values, and where the
    advice belongs.

    The values are set through the session state only: Streamlit warns where a widget has a default as well.
    shows: where the widgets stand that choose what is seen. choices: those of the model.
    """
    for key, value in (REMEMBERED | session.widget_values).items():
        st.session_state.setdefault(key, value)
    with shows:
        _views()
    cut_out = result.depth_map.matte_hw is not None and result.key.matte != "none"
    with choices:
        _kind_and_size()
        with st.container(horizontal=True):
            more = st.popover(
                "More settings",
                icon=":material/tune:",
                width="stretch",
                on_change="rerun",
                key="more settings",
            )
            advice_place = st.popover("Advice", icon=":material/lightbulb:", width="stretch")
        with held_while_closed(more, (*REMEMBERED.keys() - ALWAYS_SHOWN, FIELD_OF_VIEW)):
            _details(result, cut_out)
            fov_degrees = _projection(result.photo)
    given = {key: st.session_state[key] for key in REMEMBERED}
    # A browser can send a choice that is none, though one is required.
    values = {key: REMEMBERED[key] if value is None else value for key, value in given.items()}
    session.widget_values = values
    remember("view", values["show"])
    settings = ModelSettings(
        smoothing_px=values["smoothing"],
        edge_tolerance=values["edge tolerance"],
        foreground_only=result.key.matte != "none" and not (cut_out and values["background"]),
        remove_outliers=values["outliers"],
        near_far_ratio=values["relief strength"],
        **size_settings(values["print size"], values["height"]),
        base=values["base"],
        wall_mm=values["wall"],
        drain_mm=values["drain"],
        plaque_depth_mm=values["plaque depth"],
        plaque_base_mm=values["plaque base"],
        plaque_frame_mm=values["plaque frame"],
        lithophane_shape=values["lithophane shape"].lower(),
        lithophane_thin_mm=values["lithophane thin"],
        lithophane_thick_mm=values["lithophane thick"],
        lithophane_gamma=values["lithophane gamma"],
        lithophane_frame_mm=values["lithophane frame"],
        perspective=values["perspective"],
        fov_degrees=fov_degrees,
    )
    settings = replace(settings, **DETAIL[values["detail"]])
    colour = COLOURS[values["model colours"]]
    figure = FigureSettings(values["show"], colour, values["kind"], values["point size"])
    return figure, settings, advice_place


def _views() -> None:
    """What is shown, and in which colours."""
    title = VIEW_TITLES.__getitem__
    st.segmented_control(
        "Show", list(VIEW_TITLES), format_func=title, required=True, label_visibility="collapsed", key="show"
    )
    st.segmented_control(
        "Colours",
        list(COLOURS),
        required=True,
        disabled=_shows_model(),  # in the photo's colours, or clay by its own button
        label_visibility="collapsed",
        key="model colours",
    )


def _kind_and_size() -> None:
    """The kind, which is shown as soon as it is chosen, and the size."""

    def show_kind() -> None:
        st.session_state["show"] = MODEL

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
            width="stretch",
            key="print size",
        )


def _details(result: DepthResult, cut_out: bool) -> None:
    """The settings that most models do without."""
    kind = KINDS[st.session_state["kind"]]
    of_light = kind.of_light and _shows_model()
    if kind.can_be_hollow:
        bust_controls()
    if kind.plate:
        plate_controls(st.session_state["kind"])
    if st.session_state["show"] == POINTS:
        st.slider("Size of the points", 0.2, 2.0, step=0.1, key="point size", help="1: they just touch.")
    explanation = "Takes small bumps away, and fine detail with them; 0: none."
    st.slider("Smoothing, pixels", 0.0, 8.0, step=0.5, format="%.1f", key="smoothing", help=explanation)
    explanation = "Jump in distance, as a share of it, at which the surface is cut; 0: never."
    st.slider("Edge tolerance", *EDGE_TOLERANCES, key="edge tolerance", help=explanation, disabled=of_light)
    st.select_slider("Detail", list(DETAIL), key="detail", help="More of it makes larger files.")
    if result.depth_map.representation is DepthRepresentation.RELATIVE_INVERSE:
        explanation = (
            "Farthest over nearest distance. Relative depth does not determine it: "
            "raise it for a deeper face, lower it for a flatter one."
        )
        st.slider(
            "Relief strength",
            1.05,
            4.0,
            step=0.05,
            key="relief strength",
            help=explanation,
            disabled=of_light,
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if cut_out:
            st.toggle("Keep the background", key="background")
        else:
            st.caption("Nothing is cut out in step 2: the background stays.")
        st.toggle("Remove stray points", key="outliers", disabled=of_light)


def _shows_model() -> bool:
    """Whether the stage shows the kind that was chosen: surface and points are those of the depth map."""
    return bool(st.session_state["show"] == MODEL)


def height_control(session: Session) -> None:
    """The height of the model, where it is neither life size nor one of the print sizes. It stands beside the
    download, whether there is one or not, and page.css writes its name into it.
    """
    st.session_state.setdefault("height", session.widget_values.get("height"))
    st.number_input(
        "Height, mm",
        min_value=5.0,
        max_value=5000.0,
        value=None,
        step=10.0,
        format="%.0f",
        placeholder="auto",
        label_visibility="collapsed",
        width=165,
        key="height",
    )


def size_settings(print_size: str, height_mm: float | None) -> dict[str, Any]:
    """Fields of `ModelSettings`: a height counts in place of the print size."""
    return PRINT_SIZES[print_size] if height_mm is None else {"height_mm": height_mm}


def _projection(photo: Photo) -> float | None:
    """Show the widgets of the projection. Returns the field of view in degrees, None for the photo's own."""
    from_file = photo.fov_degrees
    start = round(from_file) if from_file else 30
    explanation = "From the file." if from_file else "Not in the file; 30° suits a portrait."
    st.session_state.setdefault(FIELD_OF_VIEW, start)
    parallel = KINDS[st.session_state["kind"]].plate and _shows_model()
    fov = st.slider("Field of view, degrees", 5, 100, key=FIELD_OF_VIEW, help=explanation, disabled=parallel)
    explanation = "Off: parallel rays, as if from far away. Plates are always made so."
    st.toggle("Perspective", key="perspective", help=explanation, disabled=parallel)
    return None if from_file and fov == start else float(fov)


def _kinds_help() -> str:
    return "; ".join(f"{title}: {KINDS[kind].summary}" for kind, title in KIND_TITLES.items())
