"""Plotly figures as dictionaries: `..._traces` make the data, `make_figure` the scene, `as_json` the text.

Coordinates are those of the project (docs/conventions.md): +Z towards the viewer, +Y up, so the first view is
from the front. Arrays stay float32 and are sent as typed arrays. Colours take one byte per point where Plotly
allows it. Plotly's own Python classes are not used: they take most of a second to check the colours of 25,000
vertices one by one.
"""

from __future__ import annotations

import base64
import json
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image

from face3d.geometry.texture import vertex_colours
from face3d.structures import Array, Mesh, PointCloud

Trace = dict[str, Any]


class Colour(Enum):
    """Source of a figure's colours."""

    DEPTH = "grey by depth"
    PHOTO = "colours of the photo"


FARTHEST_GREY, NEAREST_GREY = 80, 235
"""The far end is lighter than black, so that its shape is visible on the dark background of the viewer."""
DEPTH_SCALE = [
    [0.0, f"rgb({FARTHEST_GREY},{FARTHEST_GREY},{FARTHEST_GREY})"],
    [1.0, f"rgb({NEAREST_GREY},{NEAREST_GREY},{NEAREST_GREY})"],
]
START_EYE = {"x": 0.0, "y": 0.0, "z": 1.5}
MATT = {"specular": 0.05, "roughness": 0.8, "fresnel": 0.03}
GREY_LIGHT = {
    "lighting": {"ambient": 0.24, "diffuse": 0.74, **MATT},
    "lightposition": {"x": -10_000, "y": 10_000, "z": 8_500},
}
"""From the upper left, and never beyond white: the shape of a grey surface is visible by its shading only."""
PHOTO_LIGHT = {
    "lighting": {"ambient": 0.85, "diffuse": 0.35, **MATT},
    "lightposition": {"x": -4_000, "y": 8_000, "z": 14_000},
}
"""From the front: the photo already contains shading."""
GREYS = [[0.0, "rgb(0,0,0)"], [1.0, "rgb(255,255,255)"]]
TAN_HALF_VIEW = 0.4142
"""Tangent of half of Plotly's field of view, 45 degrees."""
STAGE_PX = 620
"""Height of the viewer's stage for which the points' size is chosen."""
COVER = 2.2
"""Diameter of a point over its distance to the next that leaves no hole between them: `points.apart` leaves
none wider than twice the distance, and few so wide."""
STILL_LIGHT = np.array([-0.35, 0.5, 0.79], np.float32)
PALETTE_COLOURS = 256


def point_px(distance: float, extent_23: Array, share: float = 1.0) -> float:
    """Diameter in pixels of points `distance` apart, data units, that leave no gap in the first view.

    extent_23: see `make_figure`. share: of that diameter.
    """
    reach = max(float((extent_23[1] - extent_23[0]).max()) / 2, 1e-6)
    seen = 2 * START_EYE["z"] * TAN_HALF_VIEW  # of a scene whose cube has a side of 1
    return max(0.5, share * COVER * distance / (2 * reach) / seen * STAGE_PX)


def point_traces(cloud: PointCloud, colour: Colour, size_px: float = 2.0) -> list[Trace]:
    """A scatter of `cloud`, shaded grey by its normals where it has any, or in its colours.

    size_px: diameter of a point in pixels.
    """
    marker: dict[str, Any] = {"size": size_px, "showscale": False}
    if colour is Colour.DEPTH and cloud.normals_n3 is not None:
        lit_n = np.clip(cloud.normals_n3 @ STILL_LIGHT, 0, 1)
        grey_n = FARTHEST_GREY / 2 + (NEAREST_GREY - FARTHEST_GREY / 2) * lit_n
        marker |= {"color": np.round(grey_n).astype(np.uint8), "colorscale": GREYS, "cmin": 0, "cmax": 255}
    elif colour is Colour.DEPTH:
        marker |= {"color": cloud.points_n3[:, 2], "colorscale": DEPTH_SCALE}
    else:
        index_n, scale = _palette(cloud.colours_n3)
        marker |= {"color": index_n, "colorscale": scale, "cmin": 0, "cmax": PALETTE_COLOURS - 1}
    x, y, z = np.ascontiguousarray(cloud.points_n3.T)
    return [
        {
            "type": "scatter3d",
            "x": x,
            "y": y,
            "z": z,
            "mode": "markers",
            "marker": marker,
            "hoverinfo": "skip",
        }
    ]


def surface_traces(x_hw: Array, y_hw: Array, z_hw: Array) -> list[Trace]:
    """A grey surface through a grid of points: three (h, w) float32 arrays, NaN where there is no surface."""
    x_hw, y_hw, z_hw = _without_empty_border(x_hw, y_hw, z_hw)
    trace: Trace = {"type": "surface", "x": x_hw, "y": y_hw, "z": z_hw, "hoverinfo": "skip"}
    no_contours = {axis: {"highlight": False} for axis in "xyz"}
    return [trace | {"colorscale": DEPTH_SCALE, "showscale": False, "contours": no_contours} | GREY_LIGHT]


def mesh_traces(mesh: Mesh, colour: Colour) -> list[Trace]:
    """The triangles of `mesh`: grey by depth, or coloured by its vertices or texture where it has any.

    Indices take two bytes where the number of vertices allows it.
    """
    x, y, z = np.ascontiguousarray(mesh.vertices_n3.T)
    index_type = np.uint16 if len(mesh.vertices_n3) <= 2**16 else np.int32
    i, j, k = np.ascontiguousarray(mesh.faces_m3.T.astype(index_type))
    paint: dict[str, Any] = {"intensity": z, "colorscale": DEPTH_SCALE, "showscale": False, **GREY_LIGHT}
    if colour is Colour.PHOTO and (mesh.colours_n3 is not None or mesh.texture_hwc is not None):
        digits = vertex_colours(mesh).tobytes().hex()
        paint = {"vertexcolor": ["#" + digits[at : at + 6] for at in range(0, len(digits), 6)], **PHOTO_LIGHT}
    return [{"type": "mesh3d", "x": x, "y": y, "z": z, "i": i, "j": j, "k": k, "hoverinfo": "skip", **paint}]


def make_figure(traces: list[Trace], extent_23: Array) -> dict[str, Any]:
    """The scene around `traces`: no axes, true proportions, orbit about +Y, first view from the front.

    extent_23: (2, 3) lower and upper corner of the data, from `extent`. The scene is a cube about its centre,
    so neither the framing nor a kept camera depends on the depth of the model.
    """
    centre_3 = extent_23.mean(axis=0)
    reach = max(float((extent_23[1] - extent_23[0]).max()) / 2, 1e-6)
    scene: dict[str, Any] = {
        f"{axis}axis": {
            "visible": False,
            "range": [float(middle - reach), float(middle + reach)],
            "showspikes": False,
        }
        for axis, middle in zip("xyz", centre_3, strict=True)
    }
    scene |= {
        "aspectmode": "cube",  # the ranges are equally long; "data" would scale by the extent of the traces
        "dragmode": "orbit",
        "bgcolor": "rgba(0,0,0,0)",
        "camera": {"up": {"x": 0, "y": 1, "z": 0}, "center": {"x": 0, "y": 0, "z": 0}, "eye": START_EYE},
    }
    layout = {
        "scene": scene,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "uirevision": "kept",
    }
    return {"data": traces, "layout": layout}


def as_json(figure: dict[str, Any]) -> str:
    """The figure as Plotly's JSON, every array as a typed array."""
    return json.dumps(figure, default=_typed_array)


def _typed_array(array: Array) -> dict[str, str]:
    """Plotly's form of an array: element type, base64 of the little-endian bytes, shape if it is not 1-D."""
    element_type = array.dtype.str[1:]
    packed = base64.b64encode(np.ascontiguousarray(array, f"<{element_type}").tobytes()).decode()
    shape = {"shape": ", ".join(map(str, array.shape))} if array.ndim > 1 else {}
    return {"dtype": element_type, "bdata": packed, **shape}


def extent(x: Array, y: Array, z: Array) -> Array:
    """(2, 3) float32: lower and upper corner of the finite points; a unit cube where there is none."""
    points_n3 = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    points_n3 = points_n3[np.isfinite(points_n3).all(axis=1)]
    if not len(points_n3):
        return np.array([[-0.5] * 3, [0.5] * 3], np.float32)
    return np.stack([points_n3.min(axis=0), points_n3.max(axis=0)])


def shaded_still(x_hw: Array, y_hw: Array, z_hw: Array) -> Array:
    """(h, w) uint8: a grid of points shaded from the upper left, 0 where there is none; front view.

    For browsers without WebGL.
    """
    points_hw3 = np.stack([x_hw, y_hw, z_hw], axis=2)
    normals_hw3 = np.cross(np.gradient(points_hw3, axis=0), np.gradient(points_hw3, axis=1))
    lengths_hw = np.linalg.norm(normals_hw3, axis=2)
    lengths_hw[lengths_hw == 0] = 1
    lit_hw = 0.25 + 0.75 * np.clip((normals_hw3 @ STILL_LIGHT) / lengths_hw, 0, 1)
    return (np.nan_to_num(lit_hw) * 255).round().astype(np.uint8)


def _without_empty_border(x_hw: Array, y_hw: Array, z_hw: Array) -> list[Array]:
    """The grid cropped to the rows and columns that hold a point; its first point where there is none."""
    known_hw = np.isfinite(z_hw)
    rows, columns = np.flatnonzero(known_hw.any(axis=1)), np.flatnonzero(known_hw.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else np.s_[:1, :1]
    return [np.ascontiguousarray(layer_hw[window]) for layer_hw in (x_hw, y_hw, z_hw)]


def _palette(colours_n3: Array) -> tuple[Array, list[list[Any]]]:
    """Colours as one byte per point: (n,) uint8 indices, and the palette as a Plotly colour scale."""
    strip = Image.fromarray(
        colours_n3.reshape(1, -1, 3) if len(colours_n3) else np.zeros((1, 1, 3), np.uint8)
    )
    indexed = strip.quantize(PALETTE_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat = (indexed.getpalette() or [])[: 3 * PALETTE_COLOURS]
    flat += [0] * (3 * PALETTE_COLOURS - len(flat))
    rows = [flat[at : at + 3] for at in range(0, len(flat), 3)]
    scale = [
        [number / (PALETTE_COLOURS - 1), f"rgb({red},{green},{blue})"]
        for number, (red, green, blue) in enumerate(rows)
    ]
    return np.asarray(indexed).reshape(-1)[: len(colours_n3)], scale
