"""Pictures of a depth map for the page: layers, colour maps, near and far clip, histogram, and the values
under the pointer.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb, sequential

from face3d.export.images import data_uri, thumbnail
from face3d.structures import Array, DepthMap, DepthRepresentation, Photo

PICTURE_SIDE = 900
VALUES_SIDE = 256
HISTOGRAM_BARS = 64
OUTSIDE_CODE = 65535
"""Marks a pixel without a value; the codes below it span the layer's range."""


class Layer(Enum):
    """What a picture of a depth map shows."""

    DEPTH = "Depth"
    MATTE = "Matte"
    UNCERTAINTY = "Uncertainty"
    BACK_UNCERTAINTY = "Back error"


class View(Enum):
    """How photo and layer stand."""

    SLIDER = "slider"
    SIDE = "side"


def _table(colours: list[str]) -> Array:
    """(256, 3) uint8: a colour map from evenly spaced hexadecimal colours."""
    anchors_n3 = np.array([hex_to_rgb(colour) for colour in colours], np.float64)
    places = np.linspace(0, 1, len(anchors_n3))
    return (
        np.stack([np.interp(np.linspace(0, 1, 256), places, anchors_n3[:, c]) for c in range(3)], axis=1)
        .round()
        .astype(np.uint8)
    )


COLOUR_MAPS = {
    "Grey": _table(["#000000", "#ffffff"]),
    "Cividis": _table(sequential.Cividis),
    "Viridis": _table(sequential.Viridis),
    "Inferno": _table(sequential.Inferno),
    "Turbo": _table(sequential.Turbo),
}

# Unit and digits of a value under the pointer, by what the numbers mean.
UNITS = {
    DepthRepresentation.RELIEF: ("image widths towards you", 3),
    DepthRepresentation.RELATIVE_INVERSE: ("(relative, larger = nearer, no unit)", 3),
    DepthRepresentation.METRIC: ("m from the camera", 3),
}
MEANINGS = {
    DepthRepresentation.RELIEF: "Lighter is nearer. The numbers are heights in image widths: true proportions, but not metres.",
    DepthRepresentation.RELATIVE_INVERSE: "Lighter is nearer. The numbers are relative, not metres: which is nearer is known, by how much is not.",
    DepthRepresentation.METRIC: "Lighter is nearer. The numbers are metres from the camera, as the network estimates them.",
}


@dataclass(frozen=True)
class PictureSettings:
    """What the user chose.

    colour_map: a key of COLOUR_MAPS. far_near: shares of the layer's range, 0 <= far < near <= 1, over which
    the colour map is spread.
    """

    layer: Layer = Layer.DEPTH
    colour_map: str = "Grey"
    far_near: tuple[float, float] = (0.0, 1.0)
    view: View = View.SLIDER


def layers_of(depth: DepthMap) -> list[Layer]:
    """The layers that this depth map has."""
    extra = {Layer.MATTE: depth.matte_hw} | _stated_errors(depth)
    return [Layer.DEPTH, *(layer for layer, values_hw in extra.items() if values_hw is not None)]


def _stated_errors(depth: DepthMap) -> dict[Layer, Array | None]:
    return {Layer.UNCERTAINTY: depth.uncertainty_hw, Layer.BACK_UNCERTAINTY: depth.thickness_uncertainty_hw}


def shares_and_values(depth: DepthMap, layer: Layer) -> tuple[Array, Array, Array]:
    """A layer as shares (h, w) float32 in 0..1, its values (h, w) float32 in their own unit, and where it has
    any (h, w) bool.
    """
    if layer is Layer.MATTE and depth.matte_hw is not None:
        return depth.matte_hw, depth.matte_hw, np.ones(depth.size_hw, bool)
    if (stated_hw := _stated_errors(depth).get(layer)) is not None:
        highest = float(stated_hw[depth.mask_hw].max()) if depth.mask_hw.any() else 0.0
        shares_hw = np.where(depth.mask_hw, stated_hw, 0) / (highest or 1.0)
        return shares_hw.astype(np.float32), stated_hw, depth.mask_hw
    return depth.nearness_hw(), depth.values_hw, depth.mask_hw


def colour_picture(
    shares_hw: Array, known_hw: Array, colour_map: str, far_near: tuple[float, float]
) -> Image.Image:
    """A picture in false colours: shares clipped to `far_near` and spread over the colour map, black where
    nothing is known.
    """
    far, near = far_near
    spread_hw = np.clip((shares_hw - far) / max(near - far, 1e-6), 0, 1)
    rgb_hwc = COLOUR_MAPS[colour_map][np.round(spread_hw * 255).astype(np.uint8)]
    return Image.fromarray(np.where(known_hw[..., None], rgb_hwc, 0).astype(np.uint8))


def histogram(shares_hw: Array, known_hw: Array) -> list[float]:
    """HISTOGRAM_BARS numbers in 0..1, far to near, the highest 1; empty where nothing is known."""
    counts, _ = np.histogram(shares_hw[known_hw], HISTOGRAM_BARS, (0, 1))
    return (counts / counts.max()).round(3).tolist() if counts.max() else []


def viewer_data(photo: Photo, depth: DepthMap, settings: PictureSettings) -> dict[str, Any]:
    """Everything that the picture viewer shows, ready for JSON."""
    shares_hw, values_hw, known_hw = (
        _sampled(layer, PICTURE_SIDE) for layer in shares_and_values(depth, settings.layer)
    )
    picture = colour_picture(shares_hw, known_hw, settings.colour_map, settings.far_near)
    codes_hw, low, step = _coded(_sampled(values_hw, VALUES_SIDE), _sampled(known_hw, VALUES_SIDE))
    unit, digits = (
        UNITS[depth.representation] if settings.layer is Layer.DEPTH else LAYER_UNITS[settings.layer]
    )
    height, width = depth.size_hw
    return {
        "mode": settings.view.value,
        "photo": data_uri(thumbnail(photo.rgb_hwc, PICTURE_SIDE), "JPEG"),
        "photoAlt": "The photo",
        "layer": data_uri(picture, "PNG"),
        "layerName": settings.layer.value,
        "layerAlt": f"{settings.layer.value} of the photo, colour map {settings.colour_map.lower()}",
        "width": width,
        "height": height,
        "values": base64.b64encode(codes_hw.astype("<u2").tobytes()).decode(),
        "gridHeight": codes_hw.shape[0],
        "gridWidth": codes_hw.shape[1],
        "low": low,
        "step": step,
        "unit": unit,
        "digits": digits,
        "hint": "Move over the picture to read values.",
        "histogram": histogram(shares_hw, known_hw),
        "histogramAlt": "Histogram of the layer {}, from {} to {}".format(
            settings.layer.value.lower(), *ENDS[settings.layer]
        ),
        "ends": list(ENDS[settings.layer]),
        "clip": list(settings.far_near),
    }


ENDS = {
    Layer.DEPTH: ("far", "near"),
    Layer.MATTE: ("background", "person"),
    Layer.UNCERTAINTY: ("sure", "unsure"),
    Layer.BACK_UNCERTAINTY: ("sure", "unsure"),
}
"""What the low and the high end of a layer's histogram mean."""
LAYER_UNITS = {
    Layer.MATTE: ("of 1 belongs to the person", 2),
    Layer.UNCERTAINTY: ("expected error, same unit as depth", 4),
    Layer.BACK_UNCERTAINTY: ("expected error of the thickness, same unit as depth", 4),
}


def photo_with_faces(
    photo: Photo, boxes_xyxy: list[tuple[float, float, float, float]], chosen: int | None
) -> Image.Image:
    """The photo reduced to PICTURE_SIDE with the outline of each face, numbered from 1 where there are
    several.

    chosen: index of the face that stays bright; None for all of them.
    """
    picture = thumbnail(photo.rgb_hwc, PICTURE_SIDE)
    scale = picture.width / photo.size_hw[1]
    draw = ImageDraw.Draw(picture)
    for number, box in enumerate(boxes_xyxy):
        bright = chosen in (None, number)
        left, top, right, bottom = (side * scale for side in box)
        ink, width = ("#ffffff", 3) if bright else ("#9a9da1", 2)
        draw.rounded_rectangle((left, top, right, bottom), radius=14, outline="#1b1d20", width=5)
        draw.rounded_rectangle((left, top, right, bottom), radius=14, outline=ink, width=width)
        if len(boxes_xyxy) > 1:
            draw.rounded_rectangle((left + 8, top + 8, left + 42, top + 42), radius=10, fill="#1b1d20")
            draw.text((left + 25, top + 25), str(number + 1), ink, anchor="mm", font_size=24)
    return picture


def _sampled(layer_hw: Array, side: int) -> Array:
    """Every nth pixel, so that the longer side is at most `side`: values stay exact."""
    height, width = layer_hw.shape
    scale = min(1.0, side / max(height, width))
    rows, columns = (
        ((np.arange(max(1, round(n * scale))) + 0.5) / max(1, round(n * scale)) * n).astype(int)
        for n in (height, width)
    )
    return layer_hw[rows[:, None], columns]


def _coded(values_hw: Array, known_hw: Array) -> tuple[Array, float, float]:
    """Values as codes (h, w) uint16 with value = low + code * step, OUTSIDE_CODE where unknown."""
    if not known_hw.any():
        return np.full(values_hw.shape, OUTSIDE_CODE, np.uint16), 0.0, 0.0
    low, high = float(values_hw[known_hw].min()), float(values_hw[known_hw].max())
    step = (high - low) / (OUTSIDE_CODE - 1) or 1.0
    codes_hw = np.where(
        known_hw, (np.where(known_hw, values_hw, low).astype(np.float64) - low) / step, OUTSIDE_CODE
    )
    return codes_hw.round().astype(np.uint16), low, step
