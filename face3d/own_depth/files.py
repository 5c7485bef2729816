"""Untrusted bytes of a depth map to `OwnDepth`: PNG, NPY, PFM and OpenEXR.

Whatever the bytes are, `read_depth_file` returns an `OwnDepth` or raises `DepthError`: one sentence or two,
with the remedy. Nothing is unpickled, and sizes are checked before pixels are decoded.

Sources: NumPy, "NEP 1: a simple file format for NumPy arrays"; P. Debevec, "PFM portable floatmap image
format" (rows from the bottom up; a negative scale marks little-endian numbers).
"""

from __future__ import annotations

import io
import re
import tempfile
import tokenize
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from PIL import Image

from face3d.damage import DAMAGE
from face3d.errors import DepthError
from face3d.own_depth.values import OwnDepth, between, between_inverse, check_size, checked
from face3d.photo import MAX_PIXELS, short_name
from face3d.structures import Array, DepthRepresentation

MAX_BYTES = 64 * 2**20
"""Eight million values of 64 bits: twice the pixels that a photo is reduced to."""
MEANINGS = {
    "inverse": DepthRepresentation.RELATIVE_INVERSE,
    "relief": DepthRepresentation.RELIEF,
    "metric": DepthRepresentation.METRIC,
}
"""The meanings of values, by the name that the user gives."""
WRITTEN_HERE = b"tEXtSoftware\0photo-to-3d-face"
"""In PNG files of this program, in which level 0 is outside the foreground; with 16 bits, 1 is farthest."""
FORMATS = "PNG, OpenEXR, NPY or PFM"
_PFM_HEADER = re.compile(rb"(P[Ff])\s+(\d{1,9})\s+(\d{1,9})\s+([-+.\deE]{1,30})\s")


@dataclass(frozen=True, eq=False)
class _Stored:
    """What a file holds.

    values_hw: (h, w) of any number type. known_hw: (h, w) bool, or None where every value counts.
    levels: whether the numbers are levels from black to white, of 8 or 16 bits, whose unit is open.
    black: the level of black.
    meaning: where the file states it.
    """

    values_hw: Array
    known_hw: Array | None = None
    levels: bool = False
    black: int = 0
    meaning: DepthRepresentation | None = None


def read_depth_file(
    data: bytes,
    name: str,
    meaning: DepthRepresentation | None = None,
    black_white: tuple[float, float] | None = None,
) -> OwnDepth:
    """The depth values of an untrusted file.

    name: of the file, for the error message.
    meaning: of its values; None takes what the file states, which only EXR files written here do.
    black_white: what black and white of a PNG (or of integers of 8 or 16 bits) stand for: metres, or image
    widths for relief. Between them distances are linear, or their inverse for RELATIVE_INVERSE, which
    becomes METRIC by it; without it, it stays relative.
    Raises DepthError.
    """
    name = short_name(name)
    if not data:
        raise DepthError(f"{name} is empty. Choose the depth map again.")
    if len(data) > MAX_BYTES:
        raise DepthError(
            f"{name} has more than {MAX_BYTES // 2**20} MB. Save it smaller, or with 32 bits a value."
        )
    reader = next((read for mark, read in READERS.items() if data.startswith(mark)), None)
    if reader is None:
        raise DepthError(f"{name} is no depth map that can be read. Choose a {FORMATS} file.")
    try:
        stored = reader(data, name)
    except (*DAMAGE, tokenize.TokenError) as error:  # NumPy's, of a header that ends too early
        raise DepthError(f"{name} is damaged and cannot be read. Copy or save it again.") from error
    meaning = meaning or stored.meaning
    if meaning is None:
        raise DepthError(
            f"{name} does not say what its values are. State it, on the page under *Its values*, or by "
            "--depth-meaning: inverse (larger is nearer, as of MiDaS), relief (image widths towards the "
            "camera) or metric (metres from the camera)."
        )
    values_hw, meaning = _in_units(stored, meaning, black_white, name)
    if stored.known_hw is not None:
        values_hw = np.where(stored.known_hw, values_hw, np.nan)
    return checked(values_hw, meaning, name)


def level_shares(levels_hw: Array, black: int = 0) -> Array:
    """Levels of 8 or 16 bits as shares of the way from the level `black` to white, 0..1."""
    return (levels_hw.astype(np.float64) - black) / (np.iinfo(levels_hw.dtype).max - black)


def _in_units(
    stored: _Stored, meaning: DepthRepresentation, black_white: tuple[float, float] | None, name: str
) -> tuple[Array, DepthRepresentation]:
    """The values in the unit of the meaning that is returned with them."""
    if not stored.levels:
        if black_white is not None:
            raise DepthError(
                f"{name} has values with a unit of their own. Leave out black and white (--depth-range)."
            )
        return stored.values_hw, meaning
    shares_hw, inverse = (
        level_shares(stored.values_hw, stored.black),
        meaning is DepthRepresentation.RELATIVE_INVERSE,
    )
    if black_white is None:
        if inverse:
            return shares_hw, meaning
        unit = "metres" if meaning is DepthRepresentation.METRIC else "image widths"
        example = "; 0 65.535 for millimetres in 16 bits" if unit == "metres" else ", for example 0 0.5"
        raise DepthError(
            f"{name} has levels without a unit. State the {unit} that black and white stand for "
            f"(--depth-range BLACK WHITE){example}."
        )
    black, white = black_white
    if not np.isfinite(black_white).all() or black == white:
        raise DepthError("Black and white stand for the same (--depth-range). Give two different numbers.")
    if meaning is not DepthRepresentation.RELIEF and min(black, white) < 0:
        raise DepthError("Black or white is a distance below 0 (--depth-range). Give metres from the camera.")
    if not inverse:
        return between(shares_hw, black, white), meaning
    if min(black, white) == 0:
        raise DepthError(
            "Black or white of an inverse depth map is 0 (--depth-range). Give distances above 0 metres."
        )
    return between_inverse(shares_hw, black, white), DepthRepresentation.METRIC


def _read_png(data: bytes, name: str) -> _Stored:
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DepthError(
            f"{name} has more than {MAX_PIXELS // 10**6} million pixels. Save it smaller."
        ) from error
    check_size(picture.size[::-1], name)
    if picture.mode not in ("L", "LA", "I;16", "RGB", "RGBA"):
        raise DepthError(f"{name} is a PNG of few colours or of two. Save it as grey with 8 or 16 bits.")
    values = np.asarray(picture)
    known_hw = values[..., -1] > 127 if picture.mode in ("LA", "RGBA") else None
    values_hw = _one_channel(values[..., :-1] if known_hw is not None else values, name)
    if WRITTEN_HERE not in data[:1024]:
        return _Stored(values_hw, known_hw, levels=True)
    return _Stored(values_hw, values_hw > 0, levels=True, black=int(picture.mode == "I;16"))


def _read_npy(data: bytes, name: str) -> _Stored:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, column_major, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, column_major, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise DepthError(
            f"{name} is an NPY file of version {version[0]}. Save it by numpy.save as plain numbers."
        )
    if dtype.kind not in "fiu":
        raise DepthError(f"{name} holds {dtype} instead of numbers. Save it as float32.")
    shape = tuple(size for size in shape if size != 1) if len(shape) > 2 else shape
    if len(shape) != 2:
        raise DepthError(
            f"{name} has the shape {' x '.join(map(str, shape)) or 'of one number'}. Save rows x columns, "
            "one value per pixel."
        )
    check_size(shape, name)
    values = np.frombuffer(data, dtype, shape[0] * shape[1], stream.tell())
    values_hw = values.reshape(shape, order="F" if column_major else "C")
    levels = dtype.kind == "u" and dtype.itemsize <= 2
    return _Stored(values_hw.astype(dtype.newbyteorder("=")), levels=levels)


def _read_pfm(data: bytes, name: str) -> _Stored:
    header = _PFM_HEADER.match(data)
    if header is None:
        raise ValueError("no header of a PFM file")
    kind, columns, rows, scale = header.groups()
    if kind == b"PF":
        raise DepthError(f"{name} has three channels. Save it with one, as a grey PFM (Pf).")
    size_hw = int(rows), int(columns)
    check_size(size_hw, name)
    order = "<" if float(scale) < 0 else ">"
    values = np.frombuffer(data, f"{order}f4", size_hw[0] * size_hw[1], header.end())
    return _Stored(values.reshape(size_hw)[::-1])


def _read_exr(data: bytes, name: str) -> _Stored:
    with tempfile.TemporaryDirectory() as folder:  # older releases of the library read paths only
        path = Path(folder) / "depth.exr"
        path.write_bytes(data)
        parts = OpenEXR.File(str(path), True, True).parts
        sizes = [_exr_size(part.header, name) for part in parts]
        samples = [
            rows * columns * len(part.header["channels"])
            for part, (rows, columns) in zip(parts, sizes, strict=True)
        ]
        if sum(samples) > MAX_PIXELS:
            raise DepthError(f"{name} has too many channels. Save the depth alone, as one channel Z.")
        with redirect_stdout(io.StringIO()):  # where it prints what is damaged
            parts = OpenEXR.File(str(path), True).parts
    number, channel = _exr_depth(parts, name)
    part = parts[number]
    values_hw = part.channels[channel].pixels
    if values_hw.shape != sizes[number]:
        raise DepthError(f"{name} has a depth channel of fewer pixels than the picture. Save it in full.")
    stated = part.header.get("representation")
    known = {meaning.value: meaning for meaning in DepthRepresentation}
    return _Stored(values_hw, meaning=known.get(stated) if isinstance(stated, str) else None)


def _exr_size(header: dict[str, Any], name: str) -> tuple[int, int]:
    """Rows and columns of a part of an EXR file, checked."""
    if header["type"] not in (OpenEXR.scanlineimage, OpenEXR.tiledimage):
        raise DepthError(f"{name} is a deep EXR. Save it as a flat one with one channel Z.")
    low, high = header["dataWindow"]
    size_hw = int(high[1]) - int(low[1]) + 1, int(high[0]) - int(low[0]) + 1
    check_size(size_hw, name)
    return size_hw


def _exr_depth(parts: list[Any], name: str) -> tuple[int, str]:
    """Part and channel that hold the depth: the only one, or the first whose name says so."""
    found = [(number, channel) for number, part in enumerate(parts) for channel in part.channels]
    if not found:
        raise ValueError("no channel could be read")
    named = [one for one in found if one[1].rpartition(".")[2] == "Z" or "depth" in one[1].lower()]
    if named or len(found) == 1:
        return (named or found)[0]
    if {channel for _, channel in found} == {"R", "G", "B"} and len(parts) == 1:
        _one_channel(np.stack([parts[0].channels[channel].pixels for channel in "RGB"], -1), name)
        return 0, "R"
    listed = ", ".join(short_name(channel) for _, channel in found[:4])
    raise DepthError(f"{name} has the channels {listed} and none named Z. Save the depth as one channel Z.")


def _one_channel(values: Array, name: str) -> Array:
    """(h, w) of grey values that are stored once or three times. Raises DepthError for colours."""
    if values.ndim == 2:
        return values
    if (values != values[..., :1]).any():
        raise DepthError(
            f"{name} is in colours, from which depth cannot be told. Save it as grey, one channel."
        )
    return values[..., 0]


READERS: dict[bytes, Callable[[bytes, str], _Stored]] = {
    b"\x89PNG\r\n": _read_png,
    b"\x93NUMPY": _read_npy,
    b"\x76\x2f\x31\x01": _read_exr,
    b"Pf": _read_pfm,
    b"PF": _read_pfm,
}
"""By the first bytes of a file."""
