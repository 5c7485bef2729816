"""The controls of step 3: kind, view, colours and settings of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from face3d.export.plotly_figure import Colour
from face3d.geometry.kinds import KINDS
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthRepresentation
from page.session import Depth, Session

KIND_TITLES = {"bust": "Bust", "shell": "Shell", "plaque": "Plaque"}
SURFACE, POINTS, MODEL = "Surface", "Points", "Model"
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
    "height": None,
    "perspective": True,
}
"""Widgets of this step by key, with the values they start with. What a visitor chose stays for the next
photo; the field of view does not: it belongs to the photo."""
POINT_PX = {"Light": 3.0, "Normal": 2.0, "Fine": 1.5}


@dataclass(frozen=True)
class Look:
    """What the figure shows and in which colours."""

    shown: str
    colour: Colour
    kind: str
    point_px: float


def _controls(session: Session, made: Depth) -> tuple[Look, ModelSettings]:
    """The widgets beside the figure, as this visitor left them. Values come from the session alone: Streamlit
    warns of another default.
    """
    chosen = REMEMBERED | session.chosen
    for key, value in chosen.items():
        st.session_state.setdefault(key, value)
    st.segmented_control("Show", [SURFACE, POINTS, MODEL], required=True, key="show")
    st.segmented_control("Colours", list(COLOURS), required=True, key="model colours")
    st.selectbox(
        "Kind of model",
        list(KIND_TITLES),
        format_func=KIND_TITLES.__getitem__,
        key="kind",
        help=_kinds_help(),
    )
    st.slider("Smoothing, pixels", 0.0, 8.0, step=0.5, key="smoothing")
    st.select_slider("Detail", list(DETAIL), key="detail")
    if made.depth.representation is DepthRepresentation.RELATIVE_INVERSE:
        explained = "Farthest over nearest distance. This network leaves it open: raise it for a deeper face, lower it for a flatter one."
        st.slider("Relief strength", 1.05, 4.0, step=0.05, key="relief strength", help=explained)
    matted = made.depth.matte_hw is not None
    if matted:
        st.toggle("Keep the background", key="background")
    else:
        st.caption("This network does not tell the person from the background.")
    st.toggle("Remove stray points", key="outliers")
    explained = "Empty: from the distance between the eyes, or as the network measured it."
    st.number_input(
        "Height, mm",
        5.0,
        5000.0,
        None,
        10.0,
        format="%.0f",
        placeholder="life size",
        key="height",
        help=explained,
    )
    with st.expander("Camera"):
        measured = made.photo.fov_degrees
        explained = "From the file." if measured else "The file does not say; 30° suits a portrait."
        fov = st.slider(
            "Field of view, degrees",
            5,
            100,
            round(measured) if measured else 30,
            key="field of view",
            help=explained,
        )
        st.toggle("Perspective", key="perspective", help="Off: parallel rays, as if from far away.")
    session.chosen = chosen = {key: st.session_state[key] for key in REMEMBERED}
    settings = ModelSettings(
        smoothing_px=chosen["smoothing"],
        foreground_only=not (matted and chosen["background"]),
        remove_outliers=chosen["outliers"],
        near_far_ratio=chosen["relief strength"],
        height_mm=chosen["height"],
        perspective=chosen["perspective"],
        fov_degrees=float(fov) if not measured or fov != round(measured) else None,
    )
    settings = replace(settings, **DETAIL[chosen["detail"]])
    return Look(
        chosen["show"], COLOURS[chosen["model colours"]], chosen["kind"], POINT_PX[chosen["detail"]]
    ), settings


def _kinds_help() -> str:
    return "; ".join(f"{title}: {KINDS[kind].summary}" for kind, title in KIND_TITLES.items())
