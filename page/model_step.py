"""Step 3: the button *Generate 3D model*, the 3D figure, its widgets, and the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from PIL import Image

from face3d.errors import FaceModelError
from face3d.export import plotly_figure
from face3d.export.images import data_uri
from face3d.export.plotly_figure import Colour
from face3d.geometry.grid import grid
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, Photo
from generate_3d_model import build_mesh, even_points
from page.advice_panel import advice_panel
from page.advice_settings import in_effect
from page.complete_step import complete_step, judge
from page.components import show_model
from page.failures import explained_errors
from page.model_controls import (
    MODEL,
    POINTS,
    SURFACE,
    FigureSettings,
    height_control,
    model_controls,
    recall_view,
)
from page.model_files import model_files, model_on_stage
from page.plain_text import as_text
from page.preview import preview
from page.session import DepthResult, Session
from page.session_cache import Result
from page.step_frame import step_frame

FIGURE_TEXTURE_SIDE = 512
"""A figure has one colour per vertex, and its vertices are farther apart than the pixels of this texture."""


def model_step(session: Session, depth_result: DepthResult | None) -> None:
    """Show step 3. depth_result: of step 2, or None where there is none or it is out of date."""
    recall_view(session)
    frame = step_frame(session, "model", "3 · 3D model")
    with frame.tools:
        pressed = st.button(
            "Generate 3D model",
            type="primary",
            disabled=depth_result is None,
            on_click=session.turn_to,
            args=("model",),
            key="generate model",
        )
    if pressed:
        session.model_source = depth_result
        session.tried = session.kept = None
    with frame.body:
        if depth_result is None:
            st.caption("Generate a depth map first.")
        if session.model_source is None:
            return
        stale = session.model_source is not depth_result
        if stale:
            remedy = "Generate the depth map of step 2 anew first."
            if depth_result:
                remedy = "Press *Generate 3D model* again."
            st.warning(f"Out of date: this model is from an earlier depth map. {remedy}")
        with st.container(key="stale model" if stale else "model"):
            _model(session, session.model_source, stale)


@st.fragment
def _model(session: Session, result: DepthResult, stale: bool) -> None:
    """Figure, widgets and, unless the model is out of date, files. Its widgets rerun this fragment only."""
    left, right = st.columns([7, 4], gap="medium")
    with left:
        shows = st.container(horizontal=True, vertical_alignment="center", key="what to show")
    with right:
        choices = st.container(gap="small", key="choices")
        completing = st.container(gap="small", key="complete")
        files = st.container(gap="small", key="files")
    with files.container(horizontal=True, key="download and height"):
        download = st.container()
        height_control(session)
    figure, settings, advice_place = model_controls(session, result, shows, choices)
    settings = replace(settings, face=min(session.face, max(1, len(result.depth_map.faces))))
    shown = written = result
    if not stale:
        with completing:
            shown, written = complete_step(session, result, settings.face, figure.kind)
    with left:
        try:
            with explained_errors():
                if session.tried is None or stale:
                    _stage(session, shown, figure, settings)
                else:
                    _before_and_after(session, result, session.tried, figure, settings)
            is_shown = True
        except FaceModelError as error:
            st.error(as_text(str(error)))
            is_shown = False
    report = None
    if is_shown and not stale:
        engine = written.completion.engine if written.completion else None
        advice = in_effect(session.applied, result.key, settings, engine)
        with files:
            report = model_files(session, written, figure.kind, settings, advice, download)
    with advice_place, st.container(gap="small", key="advice"):  # late: an answer may be waited for
        advice_panel(session, result, settings)
    if report:
        report()


def _before_and_after(
    session: Session,
    before: DepthResult,
    after: DepthResult,
    figure: FigureSettings,
    settings: ModelSettings,
) -> None:
    """Two stages beside each other, under one camera, and below them what to do with the second."""
    with st.container(key="before and after"):
        left, right = st.columns(2, gap="small")
        with right:
            st.markdown("**After**")
            _stage(session, after, figure, settings, subject=before.photo.sha256)
        with left:
            st.markdown("**Before**")
            _stage(session, before, figure, settings, beside=True)
    judge(session, after)


def _stage(
    session: Session,
    result: DepthResult,
    figure: FigureSettings,
    settings: ModelSettings,
    *,
    beside: bool = False,
    subject: str = "",
) -> None:
    """Show the GLB of the files, or a figure, which is computed once per combination of settings.

    beside: whether it is the second stage, which the buttons of the first one move. subject: see
    `show_model`, default: the photo.
    """
    progress = st.empty()  # for either: a viewer at another place would be made anew, and the page would jump
    if figure.shown == MODEL:
        glb, still = model_on_stage(session, result, figure.kind, settings, progress)
        shown: dict[str, Any] = {"glb": glb, "still": still}
    else:
        settings = replace(settings, height_mm=None, longest_mm=None)  # the size changes files only
        key = ("figure", result.key, figure, settings)
        make = partial(_figure_json, session, result, figure, settings)
        make_still = partial(_still, session, result, settings)
        shown = {
            "figure_json": session.cache.get_or_make(key, make),
            "still": session.cache.get_or_make(("still", result.key, settings), make_still),
        }
    title = session.photo_name or "the photo"
    show_model(
        **shown,
        subject=subject or result.photo.sha256,
        description=f"3D model of the face in {title}, shown as {figure.shown.lower()}.",
        plain=beside,
        key="model viewer before" if beside else "model viewer",
    )


def _parts(session: Session, result: DepthResult) -> tuple[DepthMap, Photo]:
    """Depth map and photo at the size that figures need."""
    return session.cache.get_or_make(("preview", result.key), lambda: preview(result.depth_map, result.photo))


def _relief(session: Session, result: DepthResult, settings: ModelSettings) -> Relief:
    """The relief of figures, of the settings of the model."""
    parts = _parts(session, result)
    scale = parts[0].size_hw[1] / result.depth_map.size_hw[1]
    settings = replace(settings, smoothing_px=settings.smoothing_px * scale, texture_side=FIGURE_TEXTURE_SIDE)
    key = ("relief", result.key, settings)
    return session.cache.get_or_make(key, lambda: make_relief(*parts, settings))


def _figure_json(
    session: Session, result: DepthResult, figure: FigureSettings, settings: ModelSettings
) -> str:
    """The figure as Plotly's JSON. Its shape is cached apart, so a change of colours reuses it."""
    relief = partial(_relief, session, result, settings)

    def shape(name: str, make: Callable[[], Result]) -> Result:
        return session.cache.get_or_make(("shape", result.key, name, settings), make)

    if figure.shown == POINTS:
        cloud, apart = shape(POINTS, lambda: even_points(relief()))
        corners = plotly_figure.extent(*cloud.points_n3.T)
        size_px = plotly_figure.point_px(apart, corners, figure.point_size)
        traces = plotly_figure.point_traces(cloud, figure.colour, size_px)
    elif figure.colour is Colour.DEPTH:
        plane = grid(relief())
        axes = plane.x_hw, plane.y_hw, plane.z_hw
        traces, corners = plotly_figure.surface_traces(*axes), plotly_figure.extent(*axes)
    else:
        mesh = shape(SURFACE, lambda: build_mesh(relief(), "shell"))
        traces = plotly_figure.mesh_traces(mesh, figure.colour)
        corners = plotly_figure.extent(*mesh.vertices_n3.T)
    return plotly_figure.as_json(plotly_figure.make_figure(traces, corners))


def _still(session: Session, result: DepthResult, settings: ModelSettings) -> str:
    """A shaded picture of the surface, for browsers without WebGL."""
    plane = grid(_relief(session, result, settings), rim=False)
    return data_uri(Image.fromarray(plotly_figure.shaded_still(plane.x_hw, plane.y_hw, plane.z_hw)), "JPEG")
