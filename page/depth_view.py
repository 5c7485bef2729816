"""Pictures of a depth map for the page: layers, legends, clip, histogram, values under the pointer."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from face3d.export.colour_maps import COLOUR_MAPS, coloured
from face3d.export.depth_maps import normal_picture
from face3d.export.images import data_uri, thumbnail
from face3d.geometry.normal_map import relief_normals
from face3d.structures import Array, DepthMap, DepthRepresentation, Photo

PICTURE_SIDE = 900
VALUES_SIDE = 256
HISTOGRAM_BARS = 64
GRADIENT_STOPS = 17
OUTSIDE_CODE = 65535
"""Code of a pixel without a value; the codes below it span the range of the layer."""


class Layer(Enum):
    """A layer of a depth map."""

    DEPTH = "Depth"
    NORMALS = "Normals"
    MATTE = "Matte"
    UNCERTAINTY = "Uncertainty"
    BACK_UNCERTAINTY = "Back error"
    FIT = "Fit"


class Comparison(Enum):
    """Arrangement of photo and layer."""

    SLIDER = "slider"
    SIDE_BY_SIDE = "side"


UNITS = {
    DepthRepresentation.RELIEF: ("image widths towards the camera", 3),
    DepthRepresentation.RELATIVE_INVERSE: ("(relative, larger = nearer, no unit)", 3),
    DepthRepresentation.METRIC: ("m from the camera", 3),
}
"""Unit and digits of a value under the pointer."""
MEANINGS = {
    DepthRepresentation.RELIEF: ("The values are heights in image widths: true proportions, but not metres."),
    DepthRepresentation.RELATIVE_INVERSE: (
        "The values are relative, not metres: they give the order, not the distances."
    ),
    DepthRepresentation.METRIC: "The values are metres from the camera.",
}
"""What the values of a depth map mean, for the visitor."""
LIGHTER = "Lighter is nearer."
LAYER_MEANINGS = {
    Layer.NORMALS: "Which way the surface faces, as colours.",
    Layer.MATTE: "What belongs to the person: white stays, black is cut out.",
    Layer.UNCERTAINTY: "How far the depth may be off: about two of three errors are smaller.",
    Layer.BACK_UNCERTAINTY: "How far the hidden side may be off: about two of three errors are smaller.",
    Layer.FIT: "A head model over the photo, fitted to the skin. Colours show how far the skin is off it.",
}
"""What the layers other than depth show, for the visitor."""
ERROR_UNITS = {
    DepthRepresentation.RELIEF: "image widths",
    DepthRepresentation.RELATIVE_INVERSE: "(no unit)",
    DepthRepresentation.METRIC: "m",
}
ERROR_DIGITS = 4
LAYER_UNITS = {
    Layer.NORMALS: ("degrees between the surface and the picture", 0),
    Layer.MATTE: ("(0 is background, 1 the person)", 2),
}
"""Unit and digits of the layers that are neither depth nor an error of it."""
ENDS = {
    Layer.DEPTH: ("far", "near"),
    Layer.NORMALS: ("facing the camera", "edge on"),
    Layer.MATTE: ("background", "person"),
    Layer.UNCERTAINTY: ("small error", "large error"),
    Layer.BACK_UNCERTAINTY: ("small error", "large error"),
}
"""Labels of the low and the high end of a layer's histogram."""
NORMALS_LEGEND = "The surface faces: red, to the right; green, up; blue, the camera."


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
    return [
        Layer.DEPTH,
        Layer.NORMALS,
        *(layer for layer, values_hw in extra.items() if values_hw is not None),
        *([Layer.FIT] if any(face.skin for face in depth_map.faces[:1]) else []),
    ]


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
    if layer is Layer.NORMALS:
        slope_hw = np.degrees(np.arccos(np.clip(relief_normals(depth_map)[..., 2], -1, 1)))
        return slope_hw / 90, slope_hw, mask_hw
    if (error_hw := _stated_errors(depth_map).get(layer)) is not None:
        highest = float(error_hw[mask_hw].max()) if mask_hw.any() else 0.0
        scaled_hw = np.where(mask_hw, error_hw, 0) / (highest or 1.0)
        return scaled_hw.astype(np.float32), error_hw, mask_hw
    return depth_map.nearness_hw(), depth_map.values_hw, mask_hw


def histogram(scaled_hw: Array, known_hw: Array) -> list[float]:
    """HISTOGRAM_BARS numbers in 0..1, far to near, the highest 1; empty where no pixel is known."""
    counts, _ = np.histogram(scaled_hw[known_hw], HISTOGRAM_BARS, (0, 1))
    return (counts / counts.max()).round(3).tolist() if counts.max() else []


def viewer_data(photo: Photo, depth_map: DepthMap, settings: PictureSettings) -> dict[str, Any]:
    """All data of the picture viewer, ready for JSON; of the layers that are pictures of values."""
    layer = settings.layer
    scaled_hw, values_hw, known_hw = (
        _sampled(array_hw, PICTURE_SIDE) for array_hw in layer_arrays(depth_map, layer)
    )
    unit, digits = _unit(depth_map, layer)
    return (
        frame_data(photo, settings, values_hw, known_hw)
        | {"unit": unit, "digits": digits}
        | (
            _in_directions(depth_map, known_hw)
            if layer is Layer.NORMALS
            else _in_colours(depth_map, settings, scaled_hw, values_hw, known_hw)
        )
    )


def frame_data(photo: Photo, settings: PictureSettings, values_hw: Array, known_hw: Array) -> dict[str, Any]:
    """What the picture viewer needs with any layer: the photo, and the values (h, w) under the pointer where
    they are known, over the whole photo.
    """
    codes_hw, low, step = _quantised(_sampled(values_hw, VALUES_SIDE), _sampled(known_hw, VALUES_SIDE))
    height, width = photo.size_hw
    return {
        "mode": settings.comparison.value,
        "photo": data_uri(thumbnail(photo.rgb_hwc, PICTURE_SIDE), "JPEG"),
        "photoAlt": "The photo",
        "layerName": settings.layer.value,
        "width": width,
        "height": height,
        "values": base64.b64encode(codes_hw.astype("<u2").tobytes()).decode(),
        "gridHeight": codes_hw.shape[0],
        "gridWidth": codes_hw.shape[1],
        "low": low,
        "step": step,
        "hint": "Point at the picture to read values.",
        "clip": list(settings.far_near),
    }


def _in_directions(depth_map: DepthMap, known_hw: Array) -> dict[str, Any]:
    """The picture of the normals, whose colours are directions; and their legend."""
    rgb_hwc = _sampled(normal_picture(depth_map), PICTURE_SIDE)
    return {
        "layer": data_uri(Image.fromarray(np.where(known_hw[..., None], rgb_hwc, 0).astype(np.uint8)), "PNG"),
        "layerAlt": f"Normals of the photo. {NORMALS_LEGEND}",
        "histogram": [],
        "histogramAlt": "",
        "ends": [NORMALS_LEGEND],
        "scale": "",
    }


def _in_colours(
    depth_map: DepthMap, settings: PictureSettings, scaled_hw: Array, values_hw: Array, known_hw: Array
) -> dict[str, Any]:
    """The picture of a quantity in a colour map, its histogram and its legend."""
    layer, name = settings.layer, settings.layer.value
    rgb_hwc = coloured(scaled_hw, known_hw, settings.colour_map, settings.far_near)
    low_end, high_end = ENDS[layer]
    return {
        "layer": data_uri(Image.fromarray(rgb_hwc), "PNG"),
        "layerAlt": f"{name} of the photo, colour map {settings.colour_map.lower()}",
        "histogram": histogram(scaled_hw, known_hw),
        "histogramAlt": f"Histogram of the layer {name.lower()}, from {low_end} to {high_end}",
        "ends": _legend(depth_map, layer, values_hw[known_hw]),
        "scale": gradient(settings.colour_map, settings.far_near),
    }


def _legend(depth_map: DepthMap, layer: Layer, values_n: Array) -> list[str]:
    """What the two ends of the colours mean, with their values and the unit of these."""
    unit, digits = _unit(depth_map, layer)
    if layer is Layer.MATTE:
        return ["background: 0", "person: 1"]
    if not len(values_n):
        return list(ENDS[layer])
    if layer is Layer.DEPTH:
        ends = (float(values_n.min()), float(values_n.max()))
        ends = ends[::-1] if depth_map.representation is DepthRepresentation.METRIC else ends
    else:
        ends = (0.0, float(values_n.max()))
    low, high = (f"{word}: {value:.{digits}f}" for word, value in zip(ENDS[layer], ends, strict=True))
    return [low, f"{high} {unit}"]


def _unit(depth_map: DepthMap, layer: Layer) -> tuple[str, int]:
    """Unit and digits of a value of a layer."""
    if layer is Layer.DEPTH:
        return UNITS[depth_map.representation]
    return LAYER_UNITS.get(layer) or (ERROR_UNITS[depth_map.representation], ERROR_DIGITS)


def meaning(depth_map: DepthMap, settings: PictureSettings) -> str:
    """What the shown layer says, for the visitor, in a sentence or two."""
    if settings.layer is not Layer.DEPTH:
        return LAYER_MEANINGS[settings.layer]
    values = MEANINGS[depth_map.representation]
    return f"{LIGHTER} {values}" if settings.colour_map == "Grey" else values


def gradient(colour_map: str, far_near: tuple[float, float]) -> str:
    """The colours under a histogram, as a CSS background: those of the clip, its ends' beyond it."""
    shares = np.linspace(0, 1, GRADIENT_STOPS)
    far, near = far_near
    stops = (
        f"rgb({red} {green} {blue}) {100 * (far + share * (near - far)):.1f}%"
        for share, (red, green, blue) in zip(
            shares, COLOUR_MAPS[colour_map][np.round(255 * shares).astype(int)].tolist(), strict=True
        )
    )
    return f"linear-gradient(to right, {', '.join(stops)})"


def depth_thumbnail(depth_map: DepthMap, side: int) -> str:
    """A grey picture of the depth, its longer side `side` pixels, as a data URI."""
    scaled_hw, _, known_hw = layer_arrays(depth_map, Layer.DEPTH)
    rgb_hwc = coloured(scaled_hw, known_hw, "Grey", (0.0, 1.0))
    return data_uri(thumbnail(rgb_hwc, side), "JPEG")


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
    """Every nth pixel, so that the longer side is at most `side`; (h, w) or (h, w, c). Nothing is
    interpolated.
    """
    height, width = layer_hw.shape[:2]
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
