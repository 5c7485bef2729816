"""Pictures as PNG, JPEG and data URI."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from face3d.errors import ExportError
from face3d.structures import Array


def data_uri(picture: Image.Image, file_format: str) -> str:
    """The picture as a data URI: no request fetches it and no server stores it."""
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **({"compress_level": 3} if file_format == "PNG" else {"quality": 88}))
    return f"data:image/{file_format.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def thumbnail(rgb_hwc: Array, side: int) -> Image.Image:
    """A picture whose longer side is at most `side`."""
    picture = Image.fromarray(rgb_hwc)
    picture.thumbnail((side, side), reducing_gap=2.0)
    return picture


JPEG_QUALITY = 92


class _StoredJpeg(JpegImageFile):
    """A JPEG that is saved as the bytes it was opened from; Pillow would compress it a second time."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.data_of_file = data

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """As JPEG, to an open file, which is all that trimesh asks for."""
        fp.write(self.data_of_file)


def jpeg_bytes(rgb_hwc: Array) -> bytes:
    """The picture as a JPEG file, made from pixels alone, without EXIF."""
    ok, data = cv2.imencode(
        ".jpg", cv2.cvtColor(rgb_hwc, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not ok:
        raise ExportError("The texture could not be compressed. Choose a smaller texture.")
    return data.tobytes()


def jpeg_image(rgb_hwc: Array) -> Image.Image:
    """`jpeg_bytes` as Pillow's image, which trimesh embeds."""
    return _StoredJpeg(jpeg_bytes(rgb_hwc))


SOFTWARE_TEXT = b"tEXtSoftware\0photo-to-3d-face"
"""Type and data of a chunk in every PNG file written here (PNG specification, 3rd edition, 11.3.3)."""
_HEADER_BYTES = 33
"""Signature and IHDR chunk, with which each PNG file begins."""


def encode_png(picture: Array) -> bytes:
    """PNG of a grey (h, w), BGR (h, w, 3) or BGRA (h, w, 4) picture, uint8 or uint16, with `SOFTWARE_TEXT`.

    Of 8 bits, zlib looks for runs alone: photos and renderings become a tenth smaller, in two thirds of the
    time. Those of 16 bits would become larger.
    Raises: ExportError.
    """
    strategy = (
        cv2.IMWRITE_PNG_STRATEGY_RLE if picture.dtype.itemsize == 1 else cv2.IMWRITE_PNG_STRATEGY_DEFAULT
    )
    parameters = [cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_STRATEGY, strategy]
    ok, data = cv2.imencode(".png", picture, parameters)
    if not ok:
        raise ExportError("The picture could not be written as PNG. Choose a smaller photo.")
    chunk = struct.pack(">I", len(SOFTWARE_TEXT) - 4) + SOFTWARE_TEXT
    chunk += struct.pack(">I", zlib.crc32(SOFTWARE_TEXT))
    return data[:_HEADER_BYTES].tobytes() + chunk + data[_HEADER_BYTES:].tobytes()


def has_software_text(path: Path) -> bool:
    """Whether a file begins like the PNG files of `encode_png`; also False where it cannot be read."""
    try:
        with path.open("rb") as file:
            begin = file.read(1024)
    except OSError:
        return False
    return begin.startswith(b"\x89PNG") and SOFTWARE_TEXT in begin


def picture_png(rgb_hwc: Array) -> bytes:
    """PNG of an RGB (h, w, 3) or RGBA (h, w, 4) uint8 picture."""
    swap = cv2.COLOR_RGB2BGR if rgb_hwc.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return encode_png(cv2.cvtColor(rgb_hwc, swap))
