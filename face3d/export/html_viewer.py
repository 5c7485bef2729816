"""A model in one HTML file for any browser, offline: it contains Plotly's script and the triangles."""

from __future__ import annotations

import json
from pathlib import Path

import plotly.io

from face3d.export.plotly_figure import Colour, as_json, extent, make_figure, mesh_traces
from face3d.geometry.scale import in_millimetres
from face3d.structures import Mesh

RECOVERY_JS = Path(__file__).with_name("webgl_recovery.js").read_text(encoding="utf-8")
"""Functions in JavaScript that draw a plot anew after its WebGL context was lost; the page uses them too."""
VIEWER_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def write_viewer(mesh: Mesh, title: str) -> bytes:
    """UTF-8 HTML, about 5 MB of script plus the model; it makes no request.

    title: any text, shown in the browser's tab.
    Raises: ExportError for a model without metric scale.
    """
    in_millimetres(mesh.vertices_n3[:0], mesh.unit)
    figure = make_figure(mesh_traces(mesh, Colour.PHOTO), extent(*mesh.vertices_n3.T))
    page = plotly.io.to_html(
        json.loads(as_json(figure)),
        include_plotlyjs=True,
        full_html=True,
        default_width="100vw",
        default_height="100vh",
        config={"displaylogo": False},
        post_script=RECOVERY_JS + VIEWER_JS,
        validate=False,
    )
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    page = page.replace(
        "<head>", f"<head><title>{safe}</title><style>body{{margin:0;background:#f4f3f0}}</style>", 1
    )
    return page.encode("utf-8", errors="replace")  # a file name may hold lone surrogates
