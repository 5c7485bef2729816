"""The files of step 3: each is written when its download button is pressed; and the report of the model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from face3d.assistant.advice import Advice
from face3d.batch import outputs
from face3d.batch.outputs import name_of
from face3d.errors import FaceModelError
from face3d.export import renderings
from face3d.export.html_viewer import still_picture, write_viewer
from face3d.export.models import WRITERS, report_json, write
from face3d.export.strip import strip_png
from face3d.geometry.settings import ModelSettings
from generate_3d_model import Model, generate_model
from page.command_line import command_panel
from page.inference_queue import FifoLock, ReportStatus
from page.model_controls import KIND_TITLES
from page.model_report import show_report
from page.model_work import ModelInputs, ModelWork
from page.plain_text import as_text
from page.session import DepthResult, Session, writing_lock

STRIP = outputs.FORMATS[outputs.STRIP_FORMAT]
FILE_LABELS = {
    ".glb": "GLB",
    ".stl": "STL",
    ".ply": "PLY",
    ".obj.zip": "OBJ",
    ".3mf": "3MF",
    ".usdz": "USDZ",
    ".xyz": "XYZ",
    "_points.ply": "Points, PLY",
    ".html": "Viewer, one HTML file",
    STRIP: "Photo, depth and model, PNG",
    "_report.json": "Mesh report",
}
OTHER_TYPES = {"_report.json": "application/json", ".html": "text/html", STRIP: "image/png"}
FILE_TYPES = {writer.suffix: writer.mime for writer in WRITERS.values()} | OTHER_TYPES
FORMATS = {writer.suffix: file_format for file_format, writer in WRITERS.items()}
PICTURES = {picture.suffix: picture for picture in renderings.PICTURES}
FORMAT_GROUPS = {
    "To print: millimetres, Z up": (".stl", ".3mf"),
    "For 3D programs and phones": (".glb", ".usdz", ".obj.zip", ".ply"),
    "Points without a surface": ("_points.ply", ".xyz"),
    "To look at, show and read": (".html", *PICTURES, STRIP, "_report.json"),
}
"""All that is offered, by what it is for."""


@dataclass(frozen=True, eq=False)
class ModelFiles:
    """The files of one model, for download buttons: they are asked for on threads without a page.

    Files and pictures are kept in the session's cache, so what holds several of them writes none again.
    name: of the files, without their endings. title: of the viewer's page. advice, made_of: for the report,
    see `report_json`. queue: one visitor's file is written at a time.
    """

    session: Session
    result: DepthResult
    inputs: ModelInputs
    name: str
    title: str
    advice: tuple[Advice, ...]
    made_of: dict[str, Any] | None
    queue: FifoLock

    def file(self, suffix: str) -> bytes:
        """A file by one of FILE_LABELS, or a picture by its suffix. Raises: FaceModelError."""
        if suffix == "_report.json":
            models = {file_format: self.file(row.suffix) for file_format, row in WRITERS.items()}
            advice = [one.as_json() for one in self.advice]
            return report_json(self.model().report, models, advice, self.made_of)
        key = "file", self.name, suffix, *self.inputs
        return self.session.cache.get_or_make(key, partial(self._write, suffix))

    def still(self) -> str:
        """A picture of the model for browsers without WebGL, as a data URI."""
        key = "still", *self.inputs
        return self.session.cache.get_or_make(key, lambda: still_picture(self.model().mesh))

    def zip(self) -> bytes:
        """Every file that is offered, pictures too. It holds no times: a zip has none before 1980."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for suffix in (*FILE_LABELS, *PICTURES):
                inside = zipfile.ZipInfo(self.name + suffix)
                archive.writestr(inside, self.file(suffix), zipfile.ZIP_DEFLATED, 1)
        return buffer.getvalue()

    def model(self, report_status: ReportStatus = lambda _: None) -> Model:
        """The model at full resolution and its report, made once."""
        make = partial(_build, self.result, self.inputs, self.queue, report_status)
        return self.session.cache.get_or_make(("solid", *self.inputs), make)

    def _write(self, suffix: str) -> bytes:
        model = self.model()
        with self.queue.hold(lambda _: None):
            if suffix in PICTURES:
                return PICTURES[suffix].make(model.mesh)
            if suffix == STRIP:
                return strip_png(self.result.photo, self.result.depth_map, model.mesh)
            if suffix == "_points.ply":
                return write("ply", model.points())
            if suffix == ".html":
                return write_viewer(model.exported, self.title)
            return write(FORMATS[suffix], model.exported, self.name)


def model_files(
    session: Session,
    result: DepthResult,
    kind: str,
    settings: ModelSettings,
    advice: tuple[Advice, ...],
    main_place: DeltaGenerator,
) -> Callable[[], None]:
    """Show the download buttons of a model, and begin to build it. advice: what was applied to the settings.
    main_place: for the file that most visitors want.

    Returns what shows the mesh report: it waits for the model.
    """
    files = _files_of(session, result, kind, settings, advice)
    work = _work_on(session, files)
    place, main_place = st.empty(), main_place.empty()
    with place.container(gap="small"):
        sized = settings.height_mm is not None or settings.longest_mm is not None
        _download_buttons(files, sized, main_place)
        command_panel(session, result, kind, settings, files.name, bool(advice))
        report_place = st.empty()

    def show() -> None:
        try:
            report = work.wait(report_place.caption).report
        except FaceModelError as error:
            main_place.empty()
            place.error(as_text(str(error)))
            return
        with report_place.container(gap="small"):
            show_report(report, advice)

    return show


def model_on_stage(
    session: Session, result: DepthResult, kind: str, settings: ModelSettings, progress: DeltaGenerator
) -> tuple[bytes, str]:
    """The file GLB of these settings, as it is offered, and a still picture of it as a data URI.

    progress: an empty element, for what is being done.

    Raises: FaceModelError where these settings give no model.
    """
    files = _files_of(session, result, kind, settings)
    _work_on(session, files).wait(progress.caption)
    progress.empty()
    return files.file(".glb"), files.still()


def _files_of(
    session: Session,
    result: DepthResult,
    kind: str,
    settings: ModelSettings,
    advice: tuple[Advice, ...] = (),
) -> ModelFiles:
    """The files of the model that these settings give."""
    name, title = _file_name(session, kind, settings), _photo_title(session, settings)
    made_of = session.file.made_of if session.file else None
    inputs = ModelInputs(result.key, kind, settings)
    return ModelFiles(session, result, inputs, name, title, advice, made_of, writing_lock())


def _work_on(session: Session, files: ModelFiles) -> ModelWork:
    """The work on a model; begun, in place of that on another one, where it is not under way."""
    work = session.model_work
    if work is None or work.failed or work.inputs != files.inputs:
        if work is not None:
            work.give_up()
        work = session.model_work = ModelWork(files.inputs, files.model)
    return work


def _build(result: DepthResult, inputs: ModelInputs, queue: FifoLock, report_status: ReportStatus) -> Model:
    """The model and its report, when its turn has come."""
    with queue.hold(report_status):
        report_status(f"Building the {KIND_TITLES[inputs.kind].lower()} and measuring it …")
        return generate_model(result.depth_map, result.photo, inputs.kind, inputs.settings, result.completion)


def _photo_title(session: Session, settings: ModelSettings) -> str:
    """The photo's name, and which person's model it is where that is not the first."""
    return name_of(session.photo_name or "photo", settings.face)


def _file_name(session: Session, kind: str, settings: ModelSettings) -> str:
    """The name of the files, without their endings: that of the command line's."""
    return f"{_photo_title(session, settings)}_{kind}"


def _more_formats(button: Callable[..., None], main: str) -> None:
    """Show a button for each file but the main one, by what it is for. button: shows one."""
    with st.container(gap="xsmall", key="formats"):
        for number, (use, suffixes) in enumerate(FORMAT_GROUPS.items()):
            st.caption(f"**{use}**")
            with st.container(horizontal=True, gap="xsmall", key=f"formats {number}"):
                for suffix in suffixes:
                    if suffix in PICTURES:
                        button(PICTURES[suffix].title, suffix, PICTURES[suffix].mime, width="content")
                    elif suffix != main:
                        mime = FILE_TYPES.get(suffix, "application/octet-stream")
                        button(FILE_LABELS[suffix], suffix, mime, width="content")
        st.caption(
            "GLB, USDZ and OBJ contain the photo as texture, PLY and XYZ its colours. GLB and USDZ are in "
            "metres, the others in millimetres: in Blender import those with scale 0.001."
        )


def _download_buttons(files: ModelFiles, sized: bool, main_place: DeltaGenerator) -> None:
    """The file that most visitors want, all files in one, and each of the others.

    sized: whether a size to print was chosen. main_place: for the first of them.
    """
    main = ".stl" if sized else ".glb"

    def button(
        label: str,
        suffix: str,
        mime: str,
        icon: str = "",
        kind: Literal["primary", "secondary"] = "secondary",
        width: Literal["stretch", "content"] = "stretch",
    ) -> None:
        st.download_button(
            label,
            data=files.zip if suffix == ".zip" else partial(files.file, suffix),
            file_name=files.name + suffix,
            mime=mime,
            type=kind,
            on_click="ignore",
            icon=f":material/{icon}:" if icon else None,
            width=width,
            key=f"download {suffix}",
        )

    with main_place:
        button(f"Download {FILE_LABELS[main]}", main, FILE_TYPES[main], "download", "primary")
    with st.container(horizontal=True):
        button("All files (zip)", ".zip", "application/zip", "folder_zip")
        with st.popover("More formats", width="stretch"):
            _more_formats(button, main)
