"""Step 3: the button *Generate 3D model*, the figure to turn, its settings, and the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st
from PIL import Image

from face3d.errors import FaceModelError
from face3d.export import plotly_figure
from face3d.export.images import data_uri
from face3d.export.plotly_figure import Colour
from face3d.geometry.grid import grid, surface_mesh
from face3d.geometry.kinds import settings_of
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, Photo
from generate_3d_model import build_mesh, point_cloud
from page.components.components import show_model
from page.model_controls import MODEL, POINTS, SURFACE, Look, _controls
from page.model_files import _files
from page.preview import preview
from page.session import Depth, Session
from page.session_cache import Result

FIGURE_TEXTURE_SIDE = 512
"""Colours of a figure sit at its vertices, which are farther apart than the pixels of such a texture."""


def model_step(session: Session, depth: Depth | None) -> None:
    """Show step 3. depth: the depth map of step 2, or None where there is none or it is out of date."""
    st.header("3 · 3D model", anchor=False)
    st.markdown(
        "The depth map becomes points, a surface, or a closed solid that can be printed, with the photo as its colours."
    )
    if st.button("Generate 3D model", type="primary", disabled=depth is None, key="generate model"):
        session.modelled, session.files_of = depth, None
    if depth is None:
        st.caption("Generate a depth map first.")
    if session.modelled is None:
        return
    stale = session.modelled is not depth
    if stale:
        remedy = (
            "Press *Generate 3D model* again." if depth else "Generate the depth map of step 2 anew first."
        )
        st.warning(f"Out of date: this model is from an earlier depth map. {remedy}")
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


def _figure(session: Session, made: Depth, look: Look, settings: ModelSettings) -> None:
    """The figure to turn; computed once for each setting."""
    text = session.cache.get_or_make(
        ("figure", made.key, look, settings), lambda: _figure_json(session, made, look, settings)
    )
    still = session.cache.get_or_make(("still", made.key), lambda: _still(session, made))
    description = f"3D model of the face in {session.name or 'the photo'}, shown as {look.shown.lower()}."
    show_model(
        figure_json=text, subject=made.photo.sha256, still=still, description=description, key="model viewer"
    )


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

    kind_settings = settings_of(look.kind, settings) if look.shown == MODEL else settings

    def relief() -> Relief:
        key = ("relief", made.key, kind_settings)
        return session.cache.get_or_make(key, lambda: make_relief(*parts, kind_settings))

    if look.shown == POINTS:
        cloud = shape(POINTS, lambda: point_cloud(relief()))
        traces, corners = (
            plotly_figure.point_traces(cloud, look.colour, look.point_px),
            plotly_figure.extent(*cloud.points_n3.T),
        )
    elif look.shown == SURFACE and look.colour is Colour.DEPTH:
        plane = grid(relief())
        axes = plane.x_hw, plane.y_hw, plane.z_hw
        traces, corners = plotly_figure.surface_traces(*axes), plotly_figure.extent(*axes)
    else:
        mesh = shape(
            SURFACE if look.shown == SURFACE else look.kind,
            lambda: surface_mesh(relief()) if look.shown == SURFACE else build_mesh(relief(), look.kind),
        )
        traces, corners = (
            plotly_figure.mesh_traces(mesh, look.colour),
            plotly_figure.extent(*mesh.vertices_n3.T),
        )
    return plotly_figure.as_json(plotly_figure.make_figure(traces, corners))


def _still(session: Session, made: Depth) -> str:
    """A shaded picture of the surface, for browsers without WebGL."""
    plane = grid(make_relief(*_parts(session, made), ModelSettings()), rim=False)
    return data_uri(Image.fromarray(plotly_figure.shaded_still(plane.x_hw, plane.y_hw, plane.z_hw)), "JPEG")
