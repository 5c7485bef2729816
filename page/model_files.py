"""The files of step 3: written when asked for, one download button each, and the mesh report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from face3d.errors import FaceModelError
from face3d.export import renderings
from face3d.export.html_viewer import write_viewer
from face3d.export.models import WRITERS, report_json
from face3d.geometry.report import THIN_SHARE_PERCENT, THIN_WALL_MM, MeshReport
from face3d.geometry.settings import ModelSettings
from face3d.structures import Mesh
from generate_3d_model import generate_model
from page.model_controls import KIND_TITLES
from page.session import Depth, Session, writing_queue

FILE_LABELS = {
    ".glb": "GLB",
    ".stl": "STL",
    ".ply": "PLY",
    ".obj.zip": "OBJ",
    ".3mf": "3MF",
    ".xyz": "XYZ",
    "_points.ply": "Points, PLY",
    "_viewer.html": "Viewer, one HTML file",
    "_certificate.json": "Certificate",
}
OTHER_TYPES = {"_certificate.json": "application/json", "_viewer.html": "text/html"}
FILE_TYPES = {writer.suffix: writer.mime for writer in WRITERS.values()} | OTHER_TYPES


@dataclass(frozen=True, eq=False)
class Files:
    """The model at life size, its files by suffix, and what it is worth."""

    mesh: Mesh
    by_suffix: dict[str, bytes]
    certificate: MeshReport
    certificate_json: bytes


def _files(session: Session, made: Depth, kind: str, settings: ModelSettings) -> None:
    """The files with their sizes and the certificate: written at once for a new model, on request after a
    change of settings.
    """
    st.subheader("Files", anchor=False)
    wanted = (made.key, kind, settings)
    if session.files_of is None or session.files_of[0] != made.key:
        session.files_of = wanted
    if session.files_of != wanted:
        st.warning("Out of date: these files are from before you changed the settings.")
        st.button(
            "Write the files again", key="write files", on_click=setattr, args=(session, "files_of", wanted)
        )
    _, kind, settings = session.files_of
    place = st.empty()

    def write() -> Files:
        with writing_queue().turn(place.caption):
            place.caption(f"Writing the {KIND_TITLES[kind].lower()} and measuring it …")
            return _write(made, kind, settings, session.name or "3D face")

    try:
        files = session.cache.get_or_make(("files", *session.files_of), write)
    except FaceModelError as error:
        place.error(str(error))
        return
    place.empty()
    _download_buttons(files, f"{session.name or 'photo'}_{kind}")
    _certificate(files.certificate)


def _write(made: Depth, kind: str, settings: ModelSettings, title: str) -> Files:
    """Mesh and points in millimetres, one upon the other, in every format, and the mesh's certificate."""
    model = generate_model(made.depth, made.photo, kind, settings)
    by_suffix = {writer.suffix: writer.write(model.mesh) for writer in WRITERS.values()}
    report = report_json(model.report, {name: by_suffix[row.suffix] for name, row in WRITERS.items()})
    by_suffix |= {
        "_points.ply": WRITERS["ply"].write(model.points()),
        "_viewer.html": write_viewer(model.mesh, title),
    }
    return Files(model.mesh, by_suffix, model.report, report)


def _download_buttons(files: Files, name: str) -> None:
    """A button per file, with its size."""
    with st.container(horizontal=True):
        for suffix, data in [*files.by_suffix.items(), ("_certificate.json", files.certificate_json)]:
            st.download_button(
                f"{FILE_LABELS[suffix]} · {_size(len(data))}",
                data=data,
                file_name=name + suffix,
                mime=FILE_TYPES.get(suffix, "application/octet-stream"),
                on_click="ignore",
                icon=":material/download:",
                key=f"download {suffix}",
            )
        for picture in renderings.PICTURES:  # drawn when its button is pressed
            st.download_button(
                picture.title,
                data=partial(picture.make, files.mesh),
                file_name=name + picture.suffix,
                mime="image/gif" if picture.suffix.endswith(".gif") else "image/png",
                on_click="ignore",
                icon=":material/image:",
                key=f"download {picture.suffix}",
            )
    st.caption(
        "STL and 3MF are in millimetres with Z up, for slicers. GLB is in metres, the others in millimetres: in Blender import those with "
        "scale 0.001. GLB and OBJ carry the photo as texture, PLY and XYZ its colours."
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _certificate(certificate: MeshReport) -> None:
    """What the model is worth, in words."""
    width, height, depth = certificate.size_mm
    percent = certificate.scale_sd_percent
    spread = " ± ?" if percent is None else f" ± {percent:.0f} %" if percent else ""
    texture = certificate.texture_wh
    rows = {
        "Size": f"{width:.0f} × {height:.0f} × {depth:.0f} mm{spread}, {certificate.scale_source}",
        "Closed": "yes, a solid without holes" if certificate.watertight else "no, an open surface",
        "Ready to print": _ready(certificate),
        "Volume": _optional(certificate.volume_cm3, "cm³"),
        "Thinnest wall": _optional(certificate.smallest_wall_mm, "mm"),
        f"Walls under {THIN_WALL_MM:g} mm": _optional(certificate.thin_surface_percent, "% of the surface"),
        "Pieces": f"{certificate.components}"
        + ("" if certificate.genus is None else f", tunnels: {certificate.genus}"),
        "Triangles": f"{certificate.faces:,}, facing {_facing(certificate)}",
        "Faulty triangles": f"{certificate.degenerate_faces} without area, {certificate.self_touching_faces} through each other",
        "Depth levels": f"{certificate.depth_levels:,}",
        "Texture": f"{texture[0]} × {texture[1]} pixels" if texture else "",
        "Face moved by smoothing": _optional(certificate.smoothing_change_mm, "mm (root mean square)"),
        "Texture against the photo": _optional(certificate.reprojection_error_px, "pixels mean error"),
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items() if value]
    with st.expander("Certificate: what this model is worth", expanded=True):
        st.markdown("\n".join(["| Measured on the files | Result |", "|---|---|", *lines]))


def _ready(certificate: MeshReport) -> str:
    """Whether a slicer takes the model as it is, and what would print badly all the same."""
    if not certificate.printable:
        return "no"
    thin = certificate.thin_surface_percent or 0.0
    return (
        "yes"
        if thin <= THIN_SHARE_PERCENT
        else f"yes, but {thin:.0f} % of it is thinner than {THIN_WALL_MM:g} mm"
    )


def _facing(certificate: MeshReport) -> str:
    if not certificate.consistent_winding:
        return "different ways"
    return "the same way" if certificate.outward is None else "outwards" if certificate.outward else "inwards"


def _optional(value: float | None, unit: str) -> str:
    """A number with two or three digits, or nothing."""
    if value is None:
        return ""
    return f"{value:,.{0 if value >= 100 else 1}f} {unit}" if value >= 1 else f"{value:.2g} {unit}"
