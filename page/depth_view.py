"""Pictures of a depth map for the page: layers, colour maps, clip, histogram, values under the pointer."""

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
"""Code of a pixel without a value; the codes below it span the range of the layer."""


class Layer(Enum):
    """A layer of a depth map."""

    DEPTH = "Depth"
    MATTE = "Matte"
    UNCERTAINTY = "Uncertainty"
    BACK_UNCERTAINTY = "Back error"


class Comparison(Enum):
    """Arrangement of photo and layer."""

    SLIDER = "slider"
    SIDE_BY_SIDE = "side"


def _colour_map(colours: list[str]) -> Array:
    """(256, 3) uint8: linear interpolation of evenly spaced hexadecimal colours."""
    anchors_n3 = np.array([hex_to_rgb(colour) for colour in colours], np.float64)
    positions, samples = np.linspace(0, 1, len(anchors_n3)), np.linspace(0, 1, 256)
    channels = [np.interp(samples, positions, anchor_n) for anchor_n in anchors_n3.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)


COLOUR_MAPS = {
    "Grey": _colour_map(["#000000", "#ffffff"]),
    "Cividis": _colour_map(sequential.Cividis),
    "Viridis": _colour_map(sequential.Viridis),
    "Inferno": _colour_map(sequential.Inferno),
    "Turbo": _colour_map(sequential.Turbo),
}

UNITS = {
    DepthRepresentation.RELIEF: ("image widths towards the camera", 3),
    DepthRepresentation.RELATIVE_INVERSE: ("(relative, larger = nearer, no unit)", 3),
    DepthRepresentation.METRIC: ("m from the camera", 3),
}
"""Unit and digits of a value under the pointer."""
MEANINGS = {
    DepthRepresentation.RELIEF: (
        "Lighter is nearer. The values are heights in image widths: true proportions, but not metres."
    ),
    DepthRepresentation.RELATIVE_INVERSE: (
        "Lighter is nearer. The values are relative, not metres: they give the order, not the distances."
    ),
    DepthRepresentation.METRIC: (
        "Lighter is nearer. The values are metres from the camera, estimated by the network."
    ),
}
"""What the values of a depth map mean, for the visitor."""
LAYER_UNITS = {
    Layer.MATTE: ("foreground, from 0 to 1", 2),
    Layer.UNCERTAINTY: ("expected error, same unit as depth", 4),
    Layer.BACK_UNCERTAINTY: ("expected error of the thickness, same unit as depth", 4),
}
"""Unit and digits of the layers other than depth."""
ENDS = {
    Layer.DEPTH: ("far", "near"),
    Layer.MATTE: ("background", "person"),
    Layer.UNCERTAINTY: ("small error", "large error"),
    Layer.BACK_UNCERTAINTY: ("small error", "large error"),
}
"""Labels of the low and the high end of a layer's histogram."""


@dataclass(frozen=True)
class PictureSettings:
    """Choices of the visitor.

    colour_map: a key of COLOUR_MAPS. far_near: the part of the layer's range that the colour map spans,
    0 <= far < near <= 1.
    """

    layer: Layer = Layer.DEPTH
    colour_map: str = "Grey"
    far_near: tuple[float, float] = (0.0, 1.0)
    comparison: Comparison = Comparison.SLIDER


def layers_of(depth_map: DepthMap) -> list[Layer]:
    """The layers that this depth map has."""
    extra = {Layer.MATTE: depth_map.matte_hw} | _stated_errors(depth_map)
    return [Layer.DEPTH, *(layer for layer, values_hw in extra.items() if values_hw is not None)]


def _stated_errors(depth_map: DepthMap) -> dict[Layer, Array | None]:
    return {
        Layer.UNCERTAINTY: depth_map.uncertainty_hw,
        Layer.BACK_UNCERTAINTY: depth_map.thickness_uncertainty_hw,
    }


def layer_arrays(depth_map: DepthMap, layer: Layer) -> tuple[Array, Array, Array]:
    """A layer as three (h, w) arrays: float32 scaled to 0..1, float32 in its own unit, bool where known."""
    mask_hw, matte_hw = depth_map.mask_hw, depth_map.matte_hw
    if layer is Layer.MATTE and matte_hw is not None:
        return matte_hw, matte_hw, np.ones(depth_map.size_hw, bool)
    if (error_hw := _stated_errors(depth_map).get(layer)) is not None:
        highest = float(error_hw[mask_hw].max()) if mask_hw.any() else 0.0
        scaled_hw = np.where(mask_hw, error_hw, 0) / (highest or 1.0)
        return scaled_hw.astype(np.float32), error_hw, mask_hw
    return depth_map.nearness_hw(), depth_map.values_hw, mask_hw


def colour_picture(
    scaled_hw: Array, known_hw: Array, colour_map: str, far_near: tuple[float, float]
) -> Image.Image:
    """A picture in false colours. The colour map spans `far_near`; unknown pixels are black."""
    far, near = far_near
    clipped_hw = np.clip((scaled_hw - far) / max(near - far, 1e-6), 0, 1)
    rgb_hwc = COLOUR_MAPS[colour_map][np.round(clipped_hw * 255).astype(np.uint8)]
    return Image.fromarray(np.where(known_hw[..., None], rgb_hwc, 0).astype(np.uint8))


def histogram(scaled_hw: Array, known_hw: Array) -> list[float]:
    """HISTOGRAM_BARS numbers in 0..1, far to near, the highest 1; empty where no pixel is known."""
    counts, _ = np.histogram(scaled_hw[known_hw], HISTOGRAM_BARS, (0, 1))
    return (counts / counts.max()).round(3).tolist() if counts.max() else []


def viewer_data(photo: Photo, depth_map: DepthMap, settings: PictureSettings) -> dict[str, Any]:
    """All data of the picture viewer, ready for JSON."""
    layer, name = settings.layer, settings.layer.value
    scaled_hw, values_hw, known_hw = (
        _sampled(array_hw, PICTURE_SIDE) for array_hw in layer_arrays(depth_map, layer)
    )
    picture = colour_picture(scaled_hw, known_hw, settings.colour_map, settings.far_near)
    codes_hw, low, step = _quantised(_sampled(values_hw, VALUES_SIDE), _sampled(known_hw, VALUES_SIDE))
    unit, digits = UNITS[depth_map.representation] if layer is Layer.DEPTH else LAYER_UNITS[layer]
    low_end, high_end = ENDS[layer]
    height, width = depth_map.size_hw
    return {
        "mode": settings.comparison.value,
        "photo": data_uri(thumbnail(photo.rgb_hwc, PICTURE_SIDE), "JPEG"),
        "photoAlt": "The photo",
        "layer": data_uri(picture, "PNG"),
        "layerName": name,
        "layerAlt": f"{name} of the photo, colour map {settings.colour_map.lower()}",
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
        "histogram": histogram(scaled_hw, known_hw),
        "histogramAlt": f"Histogram of the layer {name.lower()}, from {low_end} to {high_end}",
        "ends": [low_end, high_end],
        "clip": list(settings.far_near),
    }


def photo_with_faces(
    photo: Photo, boxes_xyxy: list[tuple[float, float, float, float]], picked: int | None
) -> Image.Image:
    """The photo reduced to PICTURE_SIDE with outlined faces; several faces are numbered from 1.

    picked: index of the face with a bright outline; None for all of them.
    """
    picture = thumbnail(photo.rgb_hwc, PICTURE_SIDE)
    scale = picture.width / photo.size_hw[1]
    draw = ImageDraw.Draw(picture)
    for number, box in enumerate(boxes_xyxy):
        bright = picked in (None, number)
        left, top, right, bottom = (side * scale for side in box)
        ink, width = ("#ffffff", 3) if bright else ("#9a9da1", 2)
        draw.rounded_rectangle((left, top, right, bottom), radius=14, outline="#1b1d20", width=5)
        draw.rounded_rectangle((left, top, right, bottom), radius=14, outline=ink, width=width)
        if len(boxes_xyxy) > 1:
            draw.rounded_rectangle((left + 8, top + 8, left + 42, top + 42), radius=10, fill="#1b1d20")
            draw.text((left + 25, top + 25), str(number + 1), ink, anchor="mm", font_size=24)
    return picture


def _sampled(layer_hw: Array, side: int) -> Array:
    """Every nth pixel, so that the longer side is at most `side`. No value is interpolated."""
    height, width = layer_hw.shape
    scale = min(1.0, side / max(height, width))
    rows, columns = (
        ((np.arange(max(1, round(n * scale))) + 0.5) / max(1, round(n * scale)) * n).astype(int)
        for n in (height, width)
    )
    return layer_hw[rows[:, None], columns]


def _quantised(values_hw: Array, known_hw: Array) -> tuple[Array, float, float]:
    """Codes (h, w) uint16, low and step: value = low + code * step; OUTSIDE_CODE where unknown."""
    if not known_hw.any():
        return np.full(values_hw.shape, OUTSIDE_CODE, np.uint16), 0.0, 0.0
    low, high = float(values_hw[known_hw].min()), float(values_hw[known_hw].max())
    step = (high - low) / (OUTSIDE_CODE - 1) or 1.0
    steps_hw = (np.where(known_hw, values_hw, low).astype(np.float64) - low) / step
    codes_hw = np.where(known_hw, steps_hw, OUTSIDE_CODE)
    return codes_hw.round().astype(np.uint16), low, step
