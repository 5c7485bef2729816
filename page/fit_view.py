"""The layer *Fit*: a wire frame of the fitted head over the photo, and a map of how far skin is off it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from face3d.errors import HeadError
from face3d.export.colour_maps import coloured
from face3d.export.images import data_uri, thumbnail
from face3d.geometry.camera import project
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.fit import SeenSkin, fit_head
from face3d.head.model import load_head_model
from face3d.head.seen import seen_skin
from face3d.head.wire import wire_frame
from face3d.structures import Array, DepthMap, Photo
from page.depth_view import PICTURE_SIDE, PictureSettings, frame_data, gradient
from page.preview import preview

FIT_HELP = " Fit: a head model, fitted to the skin of the person who covers most of the picture."
INK, DIMMED = "#9be8ff", 0.62
"""Colour of the lines, and how light the photo is under them."""
COLOUR_MAP, FARTHEST, OPACITY = "Turbo", 5.0, 0.45
"""Of the map: its colours, the distance of its high end in % of the head's width, how much of it is seen."""
GRID_SIDE = 96
"""Cells of the values under the pointer: coarser than those of the network, so that no gaps are left."""
SMOOTHER = 2
"""Lines are drawn so many times larger, and the picture reduced."""


def fit_viewer_data(photo: Photo, depth_map: DepthMap, settings: PictureSettings) -> dict[str, Any]:
    """All data of the picture viewer for this layer, ready for JSON; the reason where no head fits."""
    small_map, small_photo = preview(depth_map, photo)
    model = load_head_model()
    lines: Array = np.empty((0, 2, 2), np.float32)
    percent_hw: Array = np.full((1, 1), np.nan, np.float32)
    try:
        seen = seen_skin(make_relief(small_map, small_photo, ModelSettings()))
        fit = fit_head(model, seen)
        lines = wire_frame(model, fit) / small_map.size_hw[1]
        percent_hw = _on_grid(seen, 100 * fit.distances(model, seen))
        said = [
            f"Off by {100 * fit.residual:.1f} % of the head's width, {fit.residual_mm:.1f} mm; "
            f"{100 * fit.used:.0f} % of its pixels agree"
        ]
    except HeadError as error:
        said = [str(error)]
    hint = {} if len(lines) else {"hint": ""}
    return (
        frame_data(photo, settings, percent_hw, np.isfinite(percent_hw))
        | hint
        | {
            "layer": data_uri(_with_lines(_with_map(photo, percent_hw), lines), "JPEG"),
            "layerAlt": f"A wire frame of the fitted head over the photo. {'. '.join(said)}",
            "unit": "% of the head's width between the skin and the fitted head",
            "digits": 1,
            "histogram": [],
            "histogramAlt": "",
            "ends": ["0 %", f"{FARTHEST:g} % or more", *said] if len(lines) else said,
            "scale": gradient(COLOUR_MAP, (0.0, 1.0)) if len(lines) else "",
        }
    )


def _on_grid(seen: SeenSkin, values_n: Array) -> Array:
    """Values of pixels of skin on a coarse grid over the whole photo, NaN elsewhere."""
    height, width = seen.camera.size_hw
    scale = min(1.0, GRID_SIDE / max(height, width))
    grid_hw = np.full((max(1, round(height * scale)), max(1, round(width * scale))), np.nan, np.float32)
    columns, rows = project(seen.points_n3, seen.camera)
    down = (rows / height * grid_hw.shape[0]).astype(int).clip(0, grid_hw.shape[0] - 1)
    across = (columns / width * grid_hw.shape[1]).astype(int).clip(0, grid_hw.shape[1] - 1)
    grid_hw[down, across] = values_n
    return grid_hw


def _with_map(photo: Photo, percent_hw: Array) -> Image.Image:
    """The photo, dimmed, with the colours of distances over the whole of it where they are known."""
    picture = thumbnail(photo.rgb_hwc, PICTURE_SIDE).point(lambda value: round(DIMMED * value))
    known_hw = np.isfinite(percent_hw)
    scaled_hw = np.nan_to_num(percent_hw) / FARTHEST
    colours = Image.fromarray(coloured(scaled_hw, known_hw, COLOUR_MAP, (0.0, 1.0)))
    shares = Image.fromarray((255 * OPACITY * known_hw).astype(np.uint8))
    return Image.composite(
        colours.resize(picture.size, Image.Resampling.BILINEAR),
        picture,
        shares.resize(picture.size, Image.Resampling.BILINEAR),
    )


def _with_lines(picture: Image.Image, lines_n22: Array) -> Image.Image:
    """A picture with segments whose ends are in widths of it."""
    size = picture.size
    picture = picture.resize((size[0] * SMOOTHER, size[1] * SMOOTHER))
    draw = ImageDraw.Draw(picture)
    for ends in (lines_n22 * picture.width).reshape(-1, 4).tolist():
        draw.line(ends, fill=INK, width=SMOOTHER)
    return picture.resize(size, Image.Resampling.BOX)
