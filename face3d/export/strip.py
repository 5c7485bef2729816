"""Photo, depth map and model beside each other in one picture: for slides, and small for a contact sheet."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from face3d.export.images import data_uri, picture_png, thumbnail
from face3d.export.views import View, render
from face3d.structures import Array, DepthMap, Mesh, Photo

SIDE_PX = 640
"""Of each of the three squares: together they are as wide as a slide."""
SHEET_PX = 256
"""Height of the picture on a contact sheet."""


def strip_png(photo: Photo, depth: DepthMap, mesh: Mesh) -> bytes:
    """PNG of three squares, transparent around what they show: photo, depth (near = light), model.

    Raises: GeometryError for a mesh without triangles.
    """
    grey_hwc = np.repeat(depth.as_grey()[..., None], 3, axis=2)
    inside_hw = np.where(depth.mask_hw, 255, 0).astype(np.uint8)
    model_hwc = render(mesh, View(SIDE_PX, background_rgb=None))
    whole_hw = np.full(photo.size_hw, 255, np.uint8)
    squares = (
        _square(np.dstack([photo.rgb_hwc, whole_hw])),
        _square(np.dstack([grey_hwc, inside_hw])),
        model_hwc,
    )
    return picture_png(np.hstack(squares))


def strip_uri(png: bytes) -> str:
    """Such a picture, small, as a data URI. Raises: OSError for bytes of another kind."""
    picture = Image.open(io.BytesIO(png), formats=["PNG"])
    return data_uri(picture.resize((round(picture.width * SHEET_PX / picture.height), SHEET_PX)), "WEBP")


def _square(rgba_hwc: Array) -> Array:
    """A picture, reduced where it is larger, in the middle of a square of SIDE_PX."""
    small = thumbnail(rgba_hwc, SIDE_PX)
    square_hwc = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    left, top = (SIDE_PX - small.width) // 2, (SIDE_PX - small.height) // 2
    square_hwc[top : top + small.height, left : left + small.width] = np.asarray(small)
    return square_hwc
