"""The components' Python side: it mounts them; what they do stands in the .js files beside this one.

`st.plotly_chart` throws the camera away whenever the figure changes (streamlit #8882), so the model is shown
by a component that hosts Plotly itself. The browser fetches plotly.min.js of the installed package from this
server; nothing comes from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly
from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

HERE = Path(__file__).parent
PLOTLY_FOLDER = Path(plotly.__file__).parent / "package_data"
PLOTLY_URL = f"component/page.components.components.plotly/plotly.min.js?{plotly.__version__}"
"""Where `declare_component` serves the folder, relative to the page: component/<this module>.<name>/."""


def _component(name: str) -> Any:
    """The component whose .js and .css files lie beside this module."""
    js, css = ((HERE / f"{name}{suffix}").read_text(encoding="utf-8") for suffix in (".js", ".css"))
    return component(f"photo_to_3d_face.{name}", js=js, css=css, isolate_styles=False)


_MODEL = _component("model_viewer")
_PICTURES = _component("picture_viewer")


def show_model(*, figure_json: str, subject: str, still: str, description: str, key: str) -> None:
    """A figure to turn, with buttons for views, full screen and a picture.

    figure_json: a Plotly figure. subject: the camera is kept while this stays the same and starts anew when
    it changes.
    still: data URI of the picture shown where the browser has no WebGL. description: the figure in words, for
    screen readers.
    """
    declare_component("plotly", path=PLOTLY_FOLDER)
    data = {
        "figure": figure_json,
        "subject": subject,
        "still": still,
        "description": description,
        "plotly": PLOTLY_URL,
    }
    _MODEL(data=data, key=key)


def show_pictures(*, data: dict[str, Any], key: str) -> None:
    """Photo and depth under a slider or side by side, with the value under the pointer. data: see
    `depth_pictures.viewer_data`.
    """
    _PICTURES(data=data, key=key)
