"""The mesh report of step 3: three answers for everyone, and what else was measured with an explanation."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from face3d.assistant.advice import Advice
from face3d.completion.table import COMPLETIONS
from face3d.geometry.kinds import KINDS
from face3d.geometry.report import FILAMENT_MM, MeshReport
from page.advice_settings import described
from page.plain_text import as_text

ASKED = {"rules": "the rules", "openai": "a chat server"}
"""Who advised, by `Advice.by`."""


class Row(NamedTuple):
    """One measurement: its name, the result, '' for none, and what it means."""

    name: str
    result: str
    meaning: str


def show_report(report: MeshReport, advice: tuple[Advice, ...]) -> None:
    """Show size, closed and standing, ready to print; the rest folded, each with what it means."""
    first = {
        "Size": _size(report),
        "Closed and standing": _closed_and_standing(report),
        "Ready to print": _print_readiness(report),
    }
    st.markdown("  \n".join(f"**{title}** {value}" for title, value in first.items()))
    with st.popover("More about this model", icon=":material/info:", width="stretch"):
        rows = [row for row in [*_rows(report), *map(_advised, advice)] if row.result]
        st.markdown(
            "\n\n".join(f"**{title}** {result}  \n:small[{meaning}]" for title, result, meaning in rows)
        )


def _advised(advice: Advice) -> Row:
    """What was applied of an advice."""
    said = [described(line) for line in advice.settings]
    if advice.completion:
        said.append(f"Complete the model: {COMPLETIONS[advice.completion].title}")
    lines = as_text(", ".join(said))
    return Row(f"Advised by {ASKED[advice.by]}", lines, "Settings that were applied as they were advised.")


def _rows(report: MeshReport) -> list[Row]:
    """All that is measured beyond the first answers."""
    texture, head = report.texture_wh, report.head
    thin_mm = KINDS[report.kind].thin_wall_mm
    return [
        Row("Person", report.person, "Whose face of the photo the model is of."),
        Row(
            "Head model",
            f"off by {head.residual_mm:.1f} mm, {head.residual_percent:.1f} % of the width" if head else "",
            "Between the seen skin and the head model that was fitted to it (root mean square).",
        ),
        Row(
            "Seen in the photo",
            f"{head.seen_percent:.0f} % of the skin; hair on {head.hair_percent:.0f} % of the skull"
            if head
            else "",
            "The rest is the head model's shape, in colours spread from what is seen.",
        ),
        Row("No whole head", report.head_refused or "", "Why front and back are joined instead."),
        Row("Scale", report.scale_source, "What the size was taken from, and how sure it is."),
        Row("Standing", report.standing, "How far it can be tilted before it falls."),
        Row("Volume", _optional(report.volume_cm3, "cm³"), "Space inside the closed surface."),
        Row("Material", _filament(report), "If it is printed solid; with infill it takes less."),
        Row("Thinnest wall", _optional(report.smallest_wall_mm, "mm"), "Nozzles print lines of 0.4 mm."),
        Row(
            f"Thinner than {thin_mm:g} mm",
            _optional(report.thin_surface_percent, "% of the surface"),
            "Such walls may break, or not be printed.",
        ),
        Row("Pieces", str(report.components), "Parts that do not touch each other; a print is one."),
        Row("Holes through it", _optional_count(report.genus), "As the hole of a ring; a head has none."),
        Row("Triangles", f"{report.faces:,}, facing {_facing(report)}", "The surface is made of these."),
        Row(
            "Faulty triangles",
            f"{report.degenerate_faces} without area, {report.self_touching_faces} crossing others",
            "Slicers repair these, not always well.",
        ),
        Row(
            "Completed", _completed(report), "Colours, and where marked depth, that the photo does not show."
        ),
        Row(
            "Colours of what is not seen",
            (report.unseen_colours or "").replace("outline", "spread from the outline"),
            "The head model: what is seen, of this side and the other, spread over its surface.",
        ),
        Row("Fewer triangles", report.fewer_triangles, "What was asked for is the largest number."),
        Row("Depth levels", f"{report.depth_levels:,}", "Different depths in the map; few give steps."),
        Row("Texture", f"{texture[0]} × {texture[1]} pixels" if texture else "", "The photo on the surface."),
        Row(
            "Moved by smoothing",
            _optional(report.smoothing_change_mm, "mm"),
            "How far the face was moved (root mean square).",
        ),
        Row(
            "Off the photo",
            _optional(report.reprojection_error_px, "pixels"),
            "Between model and photo, seen from the camera (mean).",
        ),
    ]


def _completed(report: MeshReport) -> str:
    """How much of the surface a completion made, by what, and how sure it is; '' without one."""
    if report.completion is None or report.completed_percent is None:
        return ""
    title, sure = COMPLETIONS[report.completion].title, report.completion_confidence or 0.0
    return f"{report.completed_percent:.0f} % of the surface by {title}, {100 * sure:.0f} % as sure as seen"


def _size(report: MeshReport) -> str:
    """Width, height and depth with the deviation."""
    if report.size_mm is None:
        return "unknown"
    percent = report.scale_sd_percent
    deviation = " ± ?" if percent is None else f" ± {percent:.0f} %" if percent else ""
    return f"{' × '.join(f'{length:.0f}' for length in report.size_mm)} mm{deviation}"


def _closed_and_standing(report: MeshReport) -> str:
    """Whether it is a solid, and whether that stands by itself."""
    if report.head and not KINDS[report.kind].closed:
        return "no, parts that move: choose the bust to print it"
    if not report.watertight:
        return "no, an open surface: choose another kind to print it"
    if not report.stands:
        return f"closed, but it does not stand: {report.standing.removeprefix('no, ')}"
    return "yes, a solid that lies on its back" if KINDS[report.kind].lies else "yes, a solid that stands"


def _print_readiness(report: MeshReport) -> str:
    """Whether a slicer accepts the mesh without repair, and what a home printer may not."""
    if report.faces_found == 0:
        return "no, no face was found: the model is of no known use"
    answer = "yes" if report.printable else "no"
    return f"{answer}, but {report.reservations}" if report.printable and report.reservations else answer


def _filament(report: MeshReport) -> str:
    """Weight and length of filament, or '' for an open surface."""
    if report.weight_g is None or report.filament_m is None:
        return ""
    length = _optional(report.filament_m, "m")
    return f"{report.weight_g:,.0f} g of PLA, {length} of {FILAMENT_MM:g} mm filament"


def _facing(report: MeshReport) -> str:
    """The side that the triangles face."""
    if not report.consistent_winding:
        return "different ways"
    return "the same way" if report.outward is None else "outwards" if report.outward else "inwards"


def _optional(value: float | None, unit: str) -> str:
    """A number of two or three digits with its unit, or '' for None."""
    if value is None:
        return ""
    return f"{value:,.{0 if value >= 100 else 1}f} {unit}" if value >= 1 else f"{value:.2g} {unit}"


def _optional_count(value: int | None) -> str:
    return "" if value is None else "none" if value == 0 else str(value)
