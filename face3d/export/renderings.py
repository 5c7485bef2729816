"""Pictures of a model as files: from any direction, turntable, stereo pair, red-cyan anaglyph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.export.images import picture_png
from face3d.export.turntable import turntable_gif, turntable_mp4
from face3d.export.views import View, draw, prepare
from face3d.structures import Array, Mesh

PICTURE_PX = 1600
FRONT = (0.0, 0.0, 1.0)
STEREO_BASE_SHARE = 1 / 30
"""Stereo base over viewing distance, the rule of thumb of stereo photography (Ferwerda, The World of 3-D,
1987)."""


def picture_from(mesh: Mesh, direction_xyz: tuple[float, float, float], *, background: bool = True) -> bytes:
    """PNG of PICTURE_PX a side, the model seen from a direction, upright, on white or transparent.

    direction_xyz: from the model's centre to the viewer, of any length; (0, 0, 1) is in front, +Y above.
    Raises: GeometryError for a mesh without triangles, or a direction without a length.
    """
    view = View(PICTURE_PX).from_direction(direction_xyz)
    return picture_png(draw(prepare(mesh), view if background else replace(view, background_rgb=None)))


def stereo_views(mesh: Mesh, size_px: int = 512) -> tuple[Array, Array]:
    """Views of the left and the right eye, (size, size, 3) uint8 each; no parallax at the model's centre."""
    model, half = prepare(mesh), STEREO_BASE_SHARE / 2
    return draw(model, View(size_px, eye_offset=-half)), draw(model, View(size_px, eye_offset=half))


def stereo_pair(mesh: Mesh, size_px: int = 512) -> Array:
    """(size, 2 size, 3) uint8: the left eye's picture on the left, for parallel viewing."""
    return np.hstack(stereo_views(mesh, size_px))


def anaglyph(mesh: Mesh, size_px: int = 512) -> Array:
    """(size, size, 3) uint8 for red-cyan glasses, red on the left eye.

    Red is the left picture's grey, green and blue are the right picture's own.

    Source: the "half-colour" anaglyph of Dubois, "A projection method to generate anaglyph stereo images",
    ICASSP 2001, section 1.
    """
    left_hwc, right_hwc = stereo_views(mesh, size_px)
    return np.dstack([cv2.cvtColor(left_hwc, cv2.COLOR_RGB2GRAY), right_hwc[..., 1:]])


@dataclass(frozen=True)
class Picture:
    """A picture file of a model. suffix: ending of the file name. make: mesh -> bytes of the file."""

    format: str
    title: str
    suffix: str
    mime: str
    make: Callable[[Mesh], bytes]


PICTURES = (
    Picture("png", "Picture, PNG", "_view.png", "image/png", lambda mesh: picture_from(mesh, FRONT)),
    Picture(
        "cutout",
        "Picture without background, PNG",
        "_cutout.png",
        "image/png",
        lambda mesh: picture_from(mesh, FRONT, background=False),
    ),
    Picture("gif", "Turntable, GIF", "_turntable.gif", "image/gif", turntable_gif),
    Picture("mp4", "Turntable, MP4", "_turntable.mp4", "video/mp4", turntable_mp4),
    Picture(
        "anaglyph", "Red-cyan, PNG", "_anaglyph.png", "image/png", lambda mesh: picture_png(anaglyph(mesh))
    ),
    Picture(
        "stereo", "Stereo pair, PNG", "_stereo.png", "image/png", lambda mesh: picture_png(stereo_pair(mesh))
    ),
)
