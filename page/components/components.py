"""The Python side of the components. Their behaviour is in the .js files beside this one.

`st.plotly_chart` resets the camera whenever the figure changes (streamlit #8882), so the model is shown by a
component that hosts Plotly itself, and three.js for the GLB. The browser fetches plotly.min.js of the
installed package and three.min.js of the offline viewer from this server and makes no other request.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import plotly
from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

from face3d.export.html_viewer import THREE_FOLDER, viewer_css, viewer_js

HERE = Path(__file__).parent
PLOTLY_FOLDER = Path(plotly.__file__).parent / "package_data"
PLOTLY_URL = f"component/{__name__}.plotly/plotly.min.js?{plotly.__version__}"
"""Where `declare_component` serves the folder, relative to the page: component/<this module>.<name>/."""
THREE_URL = f"component/{__name__}.three/three.min.js?{(THREE_FOLDER / 'three.min.js').stat().st_size}"


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _component(name: str, js: str = "", css: str | None = None) -> Any:
    """The component of the .js file of this name. js: what comes before it."""
    return component(f"photo_to_3d_face.{name}", js=js + _text(f"{name}.js"), css=css, isolate_styles=False)


_MODEL = _component("model_viewer", viewer_js() + _text("plotly_figure.js"), viewer_css())
_PICTURES = _component("picture_viewer", css=_text("picture_viewer.css"))
_WATCH = _component("page_watch", css=_text("page_watch.css"))
_MEMORY = _component("browser_memory")


def show_model(
    *,
    figure_json: str = "",
    glb: bytes = b"",
    subject: str,
    still: str,
    description: str,
    plain: bool = False,
    key: str,
) -> None:
    """Show a 3D figure or a GLB with buttons for standard views, full screen and a picture.

    figure_json: a Plotly figure; or glb: a GLB. subject: the camera is kept while this is the same, and reset
    when it changes; viewers with the same one share it. plain: without buttons.
    still: data URI of the picture shown where the browser has no WebGL.
    description: text of the figure for screen readers.
    """
    data = {
        "figure": figure_json,
        "glb": base64.b64encode(glb).decode("ascii"),
        "subject": subject,
        "still": still,
        "description": description,
        "plain": plain,
        "plotly": PLOTLY_URL,
        "three": THREE_URL,
    }
    _MODEL(data=data, key=key)


def show_pictures(*, data: dict[str, Any], key: str) -> None:
    """Show photo and depth map under a slider or side by side, with the value under the pointer.

    data: from `depth_view.viewer_data`.
    """
    _PICTURES(data=data, key=key)


def watch_page(*, step: str, turn: int, unsaved: bool) -> None:
    """Bring a step into view at each new number `turn`, and warn before work is lost.

    From the second step on the browser fetches ahead what draws the figure of the third.
    step: the container with the key "step " and this name. unsaved: whether a reload would lose work.
    """
    declare_component("plotly", path=PLOTLY_FOLDER)
    declare_component("three", path=THREE_FOLDER)
    ahead = [THREE_URL, PLOTLY_URL] if step != "photo" else []
    _WATCH(data={"step": step, "turn": turn, "unsaved": unsaved, "ahead": ahead}, key="page watch")


def remember(name: str, value: str) -> None:
    """Keep a choice in the browser for the next visit."""
    _MEMORY(data={"name": name, "value": value}, key=f"remember {name}")


def recalled(name: str) -> str | None:
    """The choice that `remember` kept in this browser; None where there is none, and in a visit's first
    run.
    """
    result = _MEMORY(data={"name": name, "value": None}, key=f"recall {name}", on_value_change=lambda: None)
    value = result.get("value")  # of a page that was changed it can be anything
    return value if isinstance(value, str) else None
