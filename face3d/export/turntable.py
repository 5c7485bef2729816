"""One turn around a model as a film: an endless GIF, or MP4 with VP9, which browsers play."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from face3d.errors import ExportError
from face3d.export.own_films import MP4, marked
from face3d.export.views import View, draw, prepare, turn_framing
from face3d.structures import Array, Mesh

SIZE_PX = 640
FRAMES = 72
FRAME_MS = 60
"""A GIF counts hundredths of a second. One turn takes 4.3 s."""
TURN_FILL = 0.75
"""Share of the picture's side that the model takes at its widest, in all frames."""
PALETTE_FRAMES = 8
"""Frames, evenly spaced, from which the palette of a GIF is made."""


def turntable(mesh: Mesh, size_px: int, frames: int) -> Iterator[Array]:
    """(size, size, 3) uint8 pictures of one turn around the model, starting in front of it; one framing."""
    model = prepare(mesh)
    framing = turn_framing(model, TURN_FILL)
    for frame in range(frames):
        yield draw(model, View(size_px, yaw_degrees=360 * frame / frames, framing=framing))


def turntable_gif(mesh: Mesh, size_px: int | None = None, frames: int | None = None) -> bytes:
    """An endless GIF of one turn. Its frames share one palette, undithered, so that nothing flickers.

    size_px, frames: SIZE_PX and FRAMES where they are None.
    """
    pictures = [Image.fromarray(rgb_hwc) for rgb_hwc in turntable(mesh, size_px or SIZE_PX, frames or FRAMES)]
    palette = _palette(pictures[:: max(1, len(pictures) // PALETTE_FRAMES)])
    first, *others = (picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures)
    packed = io.BytesIO()
    first.save(packed, "GIF", save_all=True, append_images=others, duration=FRAME_MS, loop=0)
    return packed.getvalue()


def _palette(pictures: list[Image.Image]) -> Image.Image:
    """256 colours of the model, and white, as a picture that has them as its palette.

    The background does not count, and a colour counts by the root of its area: a small badge keeps its own.
    """
    rgb_k3 = np.concatenate([np.asarray(picture).reshape(-1, 3) for picture in pictures])
    rgb_k3 = rgb_k3[(rgb_k3 < 255).any(axis=1)]
    alike_k = (rgb_k3 >> 2).astype(np.int32) @ [1 << 12, 1 << 6, 1]
    _, index_u, count_u = np.unique(alike_k, return_index=True, return_counts=True)
    rgb_k3 = np.repeat(rgb_k3[index_u], np.ceil(np.sqrt(count_u)).astype(int), axis=0)
    rgb_k3 = np.concatenate([rgb_k3, np.full((1 + len(rgb_k3) // 100, 3), 255, np.uint8)])
    return Image.fromarray(rgb_k3[None]).quantize(256, method=Image.Quantize.MEDIANCUT)


def turntable_mp4(mesh: Mesh, size_px: int | None = None, frames: int | None = None) -> bytes:
    """The same turn as MP4 with VP9.

    OpenCV encodes it. Its builds have no encoder of H.264; their MPEG-4 part 2 is played by no browser.
    Raises: ExportError where this build of OpenCV has no encoder of VP9, or the temporary folder no room.
    """
    side = size_px or SIZE_PX
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turntable.mp4"
        codec = cv2.VideoWriter.fourcc(*"vp09")
        film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, 1000 / FRAME_MS, (side, side))
        if not film.isOpened():
            raise ExportError("The OpenCV of this computer cannot write VP9. Choose the GIF.")
        for rgb_hwc in turntable(mesh, side, frames or FRAMES):
            film.write(cv2.cvtColor(rgb_hwc, cv2.COLOR_RGB2BGR))
        film.release()
        if not cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).isOpened():  # the writer tells of no full disk
            raise ExportError(
                f"There is no room for the film in {Path(folder).parent}. Make room there, or name another "
                "folder in TMPDIR."
            )
        return marked(path.read_bytes(), MP4)
