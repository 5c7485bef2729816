"""Step 3: the button *Generate 3D model*, the figure to turn, its settings, and the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st
from PIL import Image

import figures
import pictures
from certificate import THIN_SHARE_PERCENT, THIN_WALL_MM, Certificate, certified_model
from depth_pictures import data_uri
from errors import FaceModelError
from export_3d_model import WRITERS
from figures import Colour
from generate_3d_model import KINDS, ModelSettings, build_mesh, grid, point_cloud, settings_of, surface_mesh
from preview import preview
from session_cache import Result
from stages import DepthMap, Mesh, Photo, Sense
from steps.state import Depth, Session, workbench
from viewer import show_model
from viewer_html import write_viewer

KIND_TITLES = {"bust": "Bust", "shell": "Shell", "relief": "Relief"}
SURFACE, POINTS, MODEL = "Surface", "Points", "Model"
COLOURS = {"Grey": Colour.DEPTH, "Photo": Colour.PHOTO}
DETAIL: dict[str, dict[str, Any]] = {
    "Light": {"grid_side": 128, "point_budget": 15_000, "face_budget": 15_000},
    "Normal": {"grid_side": 256, "point_budget": 50_000, "face_budget": 60_000},
    "Fine": {"grid_side": 400, "point_budget": 100_000, "face_budget": 100_000},
}
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
FIGURE_TEXTURE_SIDE = 512
"""Colours of a figure sit at its vertices, which are farther apart than the pixels of such a texture."""
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
"""Widgets of this step by key, with the values they start with. What a visitor chose stays for the next photo; the field of view does not:
it belongs to the photo."""
POINT_PX = {"Light": 3.0, "Normal": 2.0, "Fine": 1.5}


@dataclass(frozen=True)
class Look:
    """What the figure shows and in which colours."""

    shown: str
    colour: Colour
    kind: str
    point_px: float


@dataclass(frozen=True, eq=False)
class Files:
    """The model at life size, its files by suffix, and what it is worth."""

    mesh: Mesh
    by_suffix: dict[str, bytes]
    certificate: Certificate
    certificate_json: bytes


def model_step(session: Session, depth: Depth | None) -> None:
    """Show step 3. depth: the depth map of step 2, or None where there is none or it is out of date."""
    st.header("3 · 3D model", anchor=False)
    st.markdown("The depth map becomes points, a surface, or a closed solid that can be printed, with the photo as its colours.")
    if st.button("Generate 3D model", type="primary", disabled=depth is None, key="generate model"):
        session.modelled, session.files_of = depth, None
    if depth is None:
        st.caption("Generate a depth map first.")
    if session.modelled is None:
        return
    stale = session.modelled is not depth
    if stale:
        mend = "Press *Generate 3D model* again." if depth else "Generate the depth map of step 2 anew first."
        st.warning(f"Out of date: this model is from an earlier depth map. {mend}")
    with st.container(key="stale model" if stale else "model"):
        _model(session, session.modelled, stale)


@st.fragment
def _model(session: Session, made: Depth, stale: bool) -> None:
    """Figure, settings and, unless it is out of date, files. Only this is run again when its widgets move."""
    stage, controls = st.columns([7, 3], gap="large")
    with controls:
        look, settings = _controls(session, made)
    with stage:
        try:
            _figure(session, made, look, replace(settings, height_mm=None))  # the size changes files only
        except FaceModelError as error:
            st.error(str(error))
            return
    if not stale:
        _files(session, made, look.kind, settings)


def _controls(session: Session, made: Depth) -> tuple[Look, ModelSettings]:
    """The widgets beside the figure, as this visitor left them. Values come from the session alone: Streamlit warns of another default."""
    chosen = REMEMBERED | session.chosen
    for key, value in chosen.items():
        st.session_state.setdefault(key, value)
    st.segmented_control("Show", [SURFACE, POINTS, MODEL], required=True, key="show")
    st.segmented_control("Colours", list(COLOURS), required=True, key="model colours")
    st.selectbox("Kind of model", list(KIND_TITLES), format_func=KIND_TITLES.__getitem__, key="kind", help=_kinds_help())
    st.slider("Smoothing, pixels", 0.0, 8.0, step=0.5, key="smoothing")
    st.select_slider("Detail", list(DETAIL), key="detail")
    if made.depth.sense is Sense.RELATIVE_INVERSE:
        explained = "Farthest over nearest distance. This network leaves it open: raise it for a deeper face, lower it for a flatter one."
        st.slider("Relief strength", 1.05, 4.0, step=0.05, key="relief strength", help=explained)
    matted = made.depth.matte_hw is not None
    if matted:
        st.toggle("Keep the background", key="background")
    else:
        st.caption("This network does not tell the person from the background.")
    st.toggle("Remove stray points", key="outliers")
    explained = "Empty: from the distance between the eyes, or as the network measured it."
    st.number_input("Height, mm", 5.0, 5000.0, None, 10.0, format="%.0f", placeholder="life size", key="height", help=explained)
    with st.expander("Camera"):
        measured = made.photo.fov_degrees
        explained = "From the file." if measured else "The file does not say; 30° suits a portrait."
        fov = st.slider("Field of view, degrees", 5, 100, round(measured) if measured else 30, key="field of view", help=explained)
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
    return Look(chosen["show"], COLOURS[chosen["model colours"]], chosen["kind"], POINT_PX[chosen["detail"]]), settings


def _kinds_help() -> str:
    return "; ".join(f"{title}: {KINDS[kind].summary}" for kind, title in KIND_TITLES.items())


def _figure(session: Session, made: Depth, look: Look, settings: ModelSettings) -> None:
    """The figure to turn; computed once for each setting."""
    text = session.cache.get_or_make(("figure", made.key, look, settings), lambda: _figure_json(session, made, look, settings))
    still = session.cache.get_or_make(("still", made.key), lambda: _still(session, made))
    description = f"3D model of the face in {session.name or 'the photo'}, shown as {look.shown.lower()}."
    show_model(figure_json=text, subject=made.photo.sha256, still=still, description=description, key="model viewer")


def _parts(session: Session, made: Depth) -> tuple[DepthMap, Photo]:
    """Depth map and photo as large as figures need them."""
    return session.cache.get_or_make(("preview", made.key), lambda: preview(made.depth, made.photo))


def _figure_json(session: Session, made: Depth, look: Look, settings: ModelSettings) -> str:
    """The figure as Plotly's JSON. Its shape is kept, so another colour is no other shape."""
    parts = _parts(session, made)
    scale = parts[0].size_hw[1] / made.depth.size_hw[1]
    settings = replace(settings, smoothing_px=settings.smoothing_px * scale, texture_side=FIGURE_TEXTURE_SIDE)

    def shape(name: str, make: Callable[[], Result]) -> Result:
        return session.cache.get_or_make(("shape", made.key, name, settings), make)

    if look.shown == POINTS:
        cloud = shape(POINTS, lambda: point_cloud(*parts, settings))
        traces, corners = figures.point_traces(cloud, look.colour, look.point_px), figures.extent(*cloud.points_n3.T)
    elif look.shown == SURFACE and look.colour is Colour.DEPTH:
        plane = grid(*parts, settings)
        axes = plane.x_hw, plane.y_hw, plane.z_hw
        traces, corners = figures.surface_traces(*axes), figures.extent(*axes)
    else:
        mesh = shape(
            SURFACE if look.shown == SURFACE else look.kind,
            lambda: surface_mesh(*parts, settings) if look.shown == SURFACE else build_mesh(*parts, look.kind, settings),
        )
        traces, corners = figures.mesh_traces(mesh, look.colour), figures.extent(*mesh.vertices_n3.T)
    return figures.as_json(figures.make_figure(traces, corners))


def _still(session: Session, made: Depth) -> str:
    """A shaded picture of the surface, for browsers without WebGL."""
    plane = grid(*_parts(session, made), ModelSettings(), rim=False)
    return data_uri(Image.fromarray(figures.shaded_still(plane.x_hw, plane.y_hw, plane.z_hw)), "JPEG")


def _files(session: Session, made: Depth, kind: str, settings: ModelSettings) -> None:
    """The files with their sizes and the certificate: written at once for a new model, on request after a change of settings."""
    st.subheader("Files", anchor=False)
    wanted = (made.key, kind, settings)
    if session.files_of is None or session.files_of[0] != made.key:
        session.files_of = wanted
    if session.files_of != wanted:
        st.warning("Out of date: these files are from before you changed the settings.")
        st.button("Write the files again", key="write files", on_click=setattr, args=(session, "files_of", wanted))
    _, kind, settings = session.files_of
    place = st.empty()

    def write() -> Files:
        with workbench().turn(place.caption):
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
    mesh, placement, certificate = certified_model(made.depth, made.photo, kind, settings)
    points = placement.place(point_cloud(made.depth, made.photo, settings_of(kind, settings)))
    by_suffix = {writer.suffix: writer.write(mesh) for writer in WRITERS.values()}
    by_suffix |= {"_points.ply": WRITERS["ply"].write(points), "_viewer.html": write_viewer(mesh, title)}
    return Files(mesh, by_suffix, certificate, certificate.as_json({name: by_suffix[writer.suffix] for name, writer in WRITERS.items()}))


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
        for picture in pictures.PICTURES:  # drawn when its button is pressed
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


def _certificate(certificate: Certificate) -> None:
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
        "Pieces": f"{certificate.components}" + ("" if certificate.genus is None else f", tunnels: {certificate.genus}"),
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


def _ready(certificate: Certificate) -> str:
    """Whether a slicer takes the model as it is, and what would print badly all the same."""
    if not certificate.printable:
        return "no"
    thin = certificate.thin_surface_percent or 0.0
    return "yes" if thin <= THIN_SHARE_PERCENT else f"yes, but {thin:.0f} % of it is thinner than {THIN_WALL_MM:g} mm"


def _facing(certificate: Certificate) -> str:
    if not certificate.consistent_winding:
        return "different ways"
    return "the same way" if certificate.outward is None else "outwards" if certificate.outward else "inwards"


def _optional(value: float | None, unit: str) -> str:
    """A number with two or three digits, or nothing."""
    if value is None:
        return ""
    return f"{value:,.{0 if value >= 100 else 1}f} {unit}" if value >= 1 else f"{value:.2g} {unit}"
