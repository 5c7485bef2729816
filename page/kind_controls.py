"""The widgets of step 3 that one kind of model has: the measures of plates, and what a bust stands on."""

from __future__ import annotations

import streamlit as st

from face3d.geometry.bend import BENDS
from face3d.geometry.kinds import KINDS
from face3d.geometry.settings import ModelSettings

BASE_TITLES = {"auto": "None unless it would tip over", "square": "Square block", "round": "Round block"}
PLATE_NUMBERS: dict[str, tuple[tuple[str, str, float, float, float, str], ...]] = {
    "plaque": (
        ("plaque depth", "Depth, mm", 1.0, 50.0, 1.0, "From the plate to the highest point."),
        ("plaque base", "Plate, mm", 0.4, 50.0, 0.5, "Thickness of the plate."),
        ("plaque frame", "Frame, mm", 0.0, 50.0, 0.5, "Height of the frame above the plate; 0: none."),
    ),
    "lithophane": (
        ("lithophane thin", "Thin, mm", 0.2, 2.0, 0.1, "Thickness where the photo is white."),
        ("lithophane thick", "Thick, mm", 2.1, 20.0, 0.1, "Thickness where it is black, and of the frame."),
        ("lithophane gamma", "Gamma", 0.2, 5.0, 0.1, "Above 1 the middle tones are thicker, so darker."),
    ),
}
"""Of each plate: key of the number, title, least and largest value, step, explanation."""


def plate_controls(kind: str) -> None:
    """Show the shape and the measures of a plaque or a lithophane."""
    if KINDS[kind].of_light:
        help_text = "Curved: a third of a circle. Cylinder: all around a lamp."
        shapes = [name.capitalize() for name in BENDS]
        st.segmented_control("Shape", shapes, required=True, key="lithophane shape", help=help_text)
    for column, (key, title, low, high, step, explanation) in zip(
        st.columns(3), PLATE_NUMBERS[kind], strict=True
    ):
        column.number_input(title, low, high, step=step, format="%.1f", key=key, help=explanation)
    if KINDS[kind].of_light:
        share = f"{100 * ModelSettings().plaque_border:g} % of the photo's width"
        st.number_input(
            "Frame, mm wide",
            min_value=0.0,
            max_value=100.0,
            value=None,
            step=0.5,
            format="%.1f",
            placeholder=share,
            key="lithophane frame",
            help=f"0: none. Empty: {share}. It is as thick as black.",
        )


def bust_controls() -> None:
    """Show what a bust stands on, and whether it is hollow."""
    st.selectbox("Base", list(BASE_TITLES), format_func=BASE_TITLES.__getitem__, key="base")
    wall, drain = st.columns(2)
    wall.number_input(
        "Hollow, wall in mm",
        min_value=0.4,
        max_value=50.0,
        value=None,
        step=0.2,
        format="%.1f",
        placeholder="solid",
        key="wall",
        help="Empty: solid. Least thickness of the walls; 2 mm suit most printers.",
    )
    if st.session_state["wall"] is not None:
        explanation = "Diameter of the hole in the floor, for resin or powder."
        drain.number_input(
            "Drain hole, mm", 0.5, 50.0, step=0.5, format="%.1f", key="drain", help=explanation
        )
