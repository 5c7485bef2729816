"""The files of step 3: writing, download buttons, and the mesh report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from face3d.errors import FaceModelError
from face3d.export import renderings
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.geometry.kinds import KINDS
from face3d.geometry.report import FILAMENT_MM, MeshReport
from face3d.geometry.settings import ModelSettings
from face3d.structures import Mesh
from generate_3d_model import Model, generate_model
from page.failures import explained_errors
from page.model_controls import KIND_TITLES
from page.plain_text import as_text
from page.session import DepthResult, FileInputs, Session, writing_lock

FILE_LABELS = {
    ".glb": "GLB",
    ".stl": "STL",
    ".ply": "PLY",
    ".obj.zip": "OBJ",
    ".3mf": "3MF",
    ".usdz": "USDZ",
    ".xyz": "XYZ",
    "_points.ply": "Points, PLY",
    "_viewer.html": "Viewer, one HTML file",
    "_report.json": "Mesh report",
}
OTHER_TYPES = {"_report.json": "application/json", "_viewer.html": "text/html"}
FILE_TYPES = {writer.suffix: writer.mime for writer in WRITERS.values()} | OTHER_TYPES


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """The model in millimetres, its mesh report, and the bytes of its files by suffix."""

    mesh: Mesh
    report: MeshReport
    by_suffix: dict[str, bytes]


def model_files(session: Session, result: DepthResult, kind: str, settings: ModelSettings) -> None:
    """Show the files and the mesh report.

    The files of a new model are written at once. After a change of settings they are written on request.
    """
    st.subheader("Files", anchor=False)
    current = FileInputs(result.key, kind, settings)
    if session.file_inputs is None or session.file_inputs.depth_key != result.key:
        session.file_inputs = current
    if session.file_inputs != current:
        st.warning("Out of date: these files are from before you changed the settings.")
        rewrite = partial(setattr, session, "file_inputs", current)
        st.button("Write the files again", key="write files", on_click=rewrite)
    _, kind, settings = session.file_inputs
    name = _file_name(session, kind)
    placeholder = st.empty()

    def write_files() -> ModelFiles:
        with writing_lock().hold(placeholder.caption):
            placeholder.caption(f"Writing the {KIND_TITLES[kind].lower()} and measuring it …")
            return _write(_solid(session, result, kind, settings), name)

    try:
        with explained_errors():
            files = session.cache.get_or_make(("files", name, *session.file_inputs), write_files)
    except FaceModelError as error:
        placeholder.error(as_text(str(error)))
        return
    placeholder.empty()
    _download_buttons(files, name)
    _mesh_report(files.report)


def model_glb(session: Session, result: DepthResult, kind: str, settings: ModelSettings) -> bytes:
    """The file GLB of these settings, as it is offered; its model is kept for the other files.

    Raises: FaceModelError where these settings give no model.
    """
    name = _file_name(session, kind)

    def make() -> bytes:
        placeholder = st.empty()
        with writing_lock().hold(placeholder.caption):
            placeholder.caption(f"Building the {KIND_TITLES[kind].lower()} and measuring it …")
            data = write("glb", _solid(session, result, kind, settings).mesh, name)
        placeholder.empty()
        return data

    return session.cache.get_or_make(("glb", name, result.key, kind, settings), make)


def _file_name(session: Session, kind: str) -> str:
    """The name of the files, without their endings."""
    return f"{session.photo_name or 'photo'}_{kind}"


def _solid(session: Session, result: DepthResult, kind: str, settings: ModelSettings) -> Model:
    """The model at full resolution and its report, computed once."""
    make = partial(generate_model, result.depth_map, result.photo, kind, settings)
    return session.cache.get_or_make(("solid", result.key, kind, settings), make)


def _write(model: Model, name: str) -> ModelFiles:
    """Mesh and points in millimetres and in one frame, in every format, and the mesh report.

    name: of the files, without their endings.
    """
    models = {file_format: write(file_format, model.mesh, name) for file_format in WRITERS}
    by_suffix = {WRITERS[file_format].suffix: data for file_format, data in models.items()}
    by_suffix["_points.ply"] = write("ply", model.points())
    by_suffix["_viewer.html"] = write_viewer(model.mesh, name)
    by_suffix["_report.json"] = report_json(model.report, models)
    return ModelFiles(model.mesh, model.report, by_suffix)


def _download_buttons(files: ModelFiles, name: str) -> None:
    """One button per file. Models are labelled with their size; pictures are made when pressed."""
    with st.container(horizontal=True):
        for suffix, data in files.by_suffix.items():
            st.download_button(
                f"{FILE_LABELS[suffix]} · {_size_text(len(data))}",
                data=data,
                file_name=name + suffix,
                mime=FILE_TYPES.get(suffix, "application/octet-stream"),
                on_click="ignore",
                icon=":material/download:",
                key=f"download {suffix}",
            )
        for picture in renderings.PICTURES:
            st.download_button(
                picture.title,
                data=partial(picture.make, files.mesh),
                file_name=name + picture.suffix,
                mime=picture.mime,
                on_click="ignore",
                icon=":material/image:",
                key=f"download {picture.suffix}",
            )
    st.caption(
        "STL and 3MF are in millimetres with Z up, for slicers. GLB is in metres, and so is USDZ, which "
        "iPhones show in the room; the others are in millimetres: in Blender import those with scale 0.001. "
        "GLB, USDZ and OBJ contain the photo as texture, PLY and XYZ its colours."
    )


def _size_text(byte_count: int) -> str:
    return f"{byte_count / 1e6:.1f} MB" if byte_count >= 1e5 else f"{byte_count / 1e3:.0f} kB"


def _mesh_report(report: MeshReport) -> None:
    """Show the mesh report as a table."""
    tunnels = "" if report.genus is None else f", tunnels: {report.genus}"
    texture = report.texture_wh
    rows = {
        "Person": report.person,
        "Size": _size(report),
        "Closed": "yes, a solid without holes" if report.watertight else "no, an open surface",
        "Ready to print": _print_readiness(report),
        "Stands": report.standing,
        "Volume": _optional(report.volume_cm3, "cm³"),
        "Filament": _filament(report),
        "Thinnest wall": _optional(report.smallest_wall_mm, "mm"),
        f"Walls under {KINDS[report.kind].thin_wall_mm:g} mm": _optional(
            report.thin_surface_percent, "% of the surface"
        ),
        "Pieces": f"{report.components}{tunnels}",
        "Triangles": f"{report.faces:,}, facing {_facing(report)}",
        "Faulty triangles": f"{report.degenerate_faces} degenerate, {report.self_touching_faces} crossing",
        "Depth levels": f"{report.depth_levels:,}",
        "Texture": f"{texture[0]} × {texture[1]} pixels" if texture else "",
        "Change by smoothing": _optional(report.smoothing_change_mm, "mm (root mean square)"),
        "Reprojection error": _optional(report.reprojection_error_px, "pixels (mean)"),
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items() if value]
    with st.expander("Mesh report", expanded=True):
        st.markdown("\n".join(["| Measured on the mesh | Result |", "|---|---|", *lines]))


def _size(report: MeshReport) -> str:
    """Width, height and depth with the deviation, and their source."""
    if report.size_mm is None:
        return report.scale_source
    percent = report.scale_sd_percent
    deviation = " ± ?" if percent is None else f" ± {percent:.0f} %" if percent else ""
    return f"{' × '.join(f'{length:.0f}' for length in report.size_mm)} mm{deviation}, {report.scale_source}"


def _filament(report: MeshReport) -> str:
    """Weight and length of filament, or '' for an open surface."""
    if report.weight_g is None or report.filament_m is None:
        return ""
    return f"{report.weight_g:,.0f} g of PLA, {report.filament_m:,.1f} m of {FILAMENT_MM:g} mm filament"


def _print_readiness(report: MeshReport) -> str:
    """Whether a slicer accepts the mesh without repair, and what a home printer may not."""
    if report.faces_found == 0:
        return "no, no face was found: the model is of no known use"
    answer = "yes" if report.printable else "no"
    return f"{answer}, but {report.reservations}" if report.printable and report.reservations else answer


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
