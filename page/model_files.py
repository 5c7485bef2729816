"""The files of step 3: writing and download buttons."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from face3d.assistant.advice import Advice
from face3d.errors import FaceModelError
from face3d.export import renderings
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.geometry.report import MeshReport
from face3d.geometry.settings import ModelSettings
from face3d.structures import Mesh
from generate_3d_model import Model, generate_model
from page.command_line import command_panel
from page.failures import explained_errors
from page.model_controls import KIND_TITLES
from page.model_report import show_report
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


def model_files(
    session: Session, result: DepthResult, kind: str, settings: ModelSettings, advice: tuple[Advice, ...]
) -> None:
    """Show the files and the mesh report. advice: what was applied to the settings.

    The files of a new model are written at once. After a change of settings they are written on request.
    """
    current = FileInputs(result.key, kind, settings, advice)
    if session.file_inputs is None or session.file_inputs.depth_key != result.key:
        session.file_inputs = current
    if session.file_inputs != current:
        st.warning("Out of date: these files are from before you changed the settings.")
        rewrite = partial(setattr, session, "file_inputs", current)
        st.button("Write the files again", key="write files", on_click=rewrite, width="stretch")
    _, kind, settings, advice = session.file_inputs
    name, title = _file_name(session, kind, settings), _photo_title(session, settings)
    placeholder = st.empty()

    def write_files() -> ModelFiles:
        with writing_lock().hold(placeholder.caption):
            placeholder.caption(f"Writing the {KIND_TITLES[kind].lower()} and measuring it …")
            made_of = session.file.made_of if session.file else None
            return _write(_solid(session, result, kind, settings), name, title, advice, made_of)

    try:
        with explained_errors():
            files = session.cache.get_or_make(("files", name, *session.file_inputs), write_files)
    except FaceModelError as error:
        placeholder.error(as_text(str(error)))
        return
    placeholder.empty()
    _download_buttons(files, name, settings.height_mm is not None or settings.longest_mm is not None)
    command_panel(session, result, kind, settings, name, bool(advice))
    show_report(files.report, advice)


def model_glb(session: Session, result: DepthResult, kind: str, settings: ModelSettings) -> bytes:
    """The file GLB of these settings, as it is offered; its model is kept for the other files.

    Raises: FaceModelError where these settings give no model.
    """
    name = _file_name(session, kind, settings)

    def make() -> bytes:
        placeholder = st.empty()
        with writing_lock().hold(placeholder.caption):
            placeholder.caption(f"Building the {KIND_TITLES[kind].lower()} and measuring it …")
            data = write("glb", _solid(session, result, kind, settings).mesh, name)
        placeholder.empty()
        return data

    return session.cache.get_or_make(("glb", name, result.key, kind, settings), make)


def _photo_title(session: Session, settings: ModelSettings) -> str:
    """The photo's name, and which person's model it is where that is not the first."""
    return (session.photo_name or "photo") + (f"_face{settings.face}" if settings.face > 1 else "")


def _file_name(session: Session, kind: str, settings: ModelSettings) -> str:
    """The name of the files, without their endings: that of the command line's."""
    return f"{_photo_title(session, settings)}_{kind}"


def _solid(session: Session, result: DepthResult, kind: str, settings: ModelSettings) -> Model:
    """The model at full resolution and its report, computed once."""
    make = partial(generate_model, result.depth_map, result.photo, kind, settings, result.completion)
    return session.cache.get_or_make(("solid", result.key, kind, settings), make)


def _write(
    model: Model, name: str, title: str, advice: tuple[Advice, ...], made_of: dict[str, Any] | None
) -> ModelFiles:
    """Mesh and points in millimetres and in one frame, in every format, and the mesh report.

    name: of the files, without their endings. title: of the viewer's page. advice, made_of: for the report,
    see `report_json`.
    """
    models = {file_format: write(file_format, model.mesh, name) for file_format in WRITERS}
    by_suffix = {WRITERS[file_format].suffix: data for file_format, data in models.items()}
    by_suffix["_points.ply"] = write("ply", model.points())
    by_suffix["_viewer.html"] = write_viewer(model.mesh, title)
    by_suffix["_report.json"] = report_json(model.report, models, [one.as_json() for one in advice], made_of)
    return ModelFiles(model.mesh, model.report, by_suffix)


def _download_buttons(files: ModelFiles, name: str, sized: bool) -> None:
    """The file that most visitors want, all files in one, and each of the others.

    sized: whether a size to print was chosen. Models are labelled with their size; pictures are made when
    pressed.
    """
    main = ".stl" if sized else ".glb"

    def file_button(suffix: str, kind: Literal["primary", "secondary"]) -> None:
        data, prefix = files.by_suffix[suffix], "Download " if kind == "primary" else ""
        st.download_button(
            f"{prefix}{FILE_LABELS[suffix]} · {_size_text(len(data))}",
            data=data,
            file_name=name + suffix,
            mime=FILE_TYPES.get(suffix, "application/octet-stream"),
            type=kind,
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
            key=f"download {suffix}",
        )

    file_button(main, "primary")
    with st.container(horizontal=True):
        st.download_button(
            "All files (zip)",
            data=partial(_all_files, files, name),
            file_name=f"{name}.zip",
            mime="application/zip",
            on_click="ignore",
            icon=":material/folder_zip:",
            width="stretch",
            key="download all",
        )
        with st.popover("More formats", width="stretch"):
            for suffix in files.by_suffix:
                if suffix != main:
                    file_button(suffix, "secondary")
            for picture in renderings.PICTURES:
                st.download_button(
                    picture.title,
                    data=partial(picture.make, files.mesh),
                    file_name=name + picture.suffix,
                    mime=picture.mime,
                    on_click="ignore",
                    icon=":material/image:",
                    width="stretch",
                    key=f"download {picture.suffix}",
                )
            st.caption(
                "STL and 3MF are in millimetres with Z up, for slicers. GLB is in metres, and so is USDZ, "
                "which iPhones show in the room; the others are in millimetres: in Blender import those with "
                "scale 0.001. GLB, USDZ and OBJ contain the photo as texture, PLY and XYZ its colours."
            )


def _all_files(files: ModelFiles, name: str) -> bytes:
    """A zip of every file that is offered, pictures too. It holds no times: a zip has none before 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for suffix, data in files.by_suffix.items():
            archive.writestr(zipfile.ZipInfo(name + suffix), data, zipfile.ZIP_DEFLATED, 1)
        for picture in renderings.PICTURES:
            inside = zipfile.ZipInfo(name + picture.suffix)
            archive.writestr(inside, picture.make(files.mesh), zipfile.ZIP_DEFLATED, 1)
    return buffer.getvalue()


def _size_text(byte_count: int) -> str:
    return f"{byte_count / 1e6:.1f} MB" if byte_count >= 1e5 else f"{byte_count / 1e3:.0f} kB"
