"""A model in one HTML file for any browser, offline: the GLB, and the viewer that the page has too.

Scripts and styles are in viewer/. They read as one script, in the order of `SCRIPT_FILES`.
"""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from PIL import Image

from face3d.export.animated_glb import write_animated_glb
from face3d.export.glb import write_glb
from face3d.export.images import data_uri
from face3d.export.views import View, render
from face3d.export.writable import check_writable
from face3d.geometry.parts import AnimatedHead
from face3d.structures import Mesh

FOLDER = Path(__file__).with_name("viewer")
THREE_FOLDER = FOLDER / "three"
SCRIPT_FILES = (
    "webgl_recovery",
    "framing",
    "turntable",
    "light",
    "ground",
    "model_scene",
    "expressions",
    "viewer",
)
STILL_PX = 800
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src data: blob:"
)
"""What the browser lets the file do: run what is inside, fetch nothing from elsewhere."""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def viewer_js() -> str:
    """The viewer's classes. They expect three.js, as THREE_FOLDER has it, as an argument."""
    return "".join(_text(FOLDER / f"{name}.js") for name in SCRIPT_FILES)


def viewer_css() -> str:
    """Styles of the viewer, in terms of Streamlit's variables of colours and font."""
    return _text(FOLDER / "viewer.css")


def still_picture(mesh: Mesh) -> str:
    """The mesh from the front in its colours, transparent around it: for browsers without WebGL; a data URI.

    Raises: GeometryError for a mesh without triangles.
    """
    return data_uri(Image.fromarray(render(mesh, View(STILL_PX, background_rgb=None))), "WEBP")


def write_viewer(model: Mesh | AnimatedHead, title: str) -> bytes:
    """UTF-8 HTML, less than 0.7 MB of script plus the model as GLB; it makes no request.

    title: any text, shown in the browser's tab and above the model.
    Raises: ExportError, see `check_writable`.
    """
    mesh = model.as_one() if isinstance(model, AnimatedHead) else model
    check_writable(mesh)
    data = write_animated_glb(model, title) if isinstance(model, AnimatedHead) else write_glb(mesh, title)
    glb = base64.b64encode(data).decode("ascii")
    safe = escape(title)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{safe}</title>
<style>{viewer_css()}{_text(FOLDER / "viewer_file.css")}</style>
<!-- The viewer contains three.js:
{_text(THREE_FOLDER / "LICENSE")}-->
</head>
<body>
<main><h1>{safe}</h1><img class="mv-still" src="{still_picture(mesh)}" alt="3D model of {safe}."></main>
<script type="text/plain" id="glb">{glb}</script>
<script>{_text(THREE_FOLDER / "three.min.js")}</script>
<script>
{viewer_js()}{_text(FOLDER / "viewer_file.js")}</script>
</body>
</html>
"""
    return page.encode("utf-8", errors="replace")  # a file name may hold lone surrogates
