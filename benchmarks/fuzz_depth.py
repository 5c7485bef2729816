"""Photos with depth inside, as phones save them: GDepth in JPEG, an auxiliary image in HEIC; and a depth EXR.

Sources: Google, "Depthmap metadata"; Adobe, XMP specification part 3, 1.1.3.1 (extended XMP); ISO/IEC
14496-12 (boxes) and 23008-12 (auxC, auxl).
"""

from __future__ import annotations

import base64
import io
import struct
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import OpenEXR
from PIL import Image

from face3d.photo import heif_available
from face3d.structures import Array

GDEPTH = "http://ns.google.com/photos/1.0/depthmap/"
XMP, EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
DEPTH_IMAGE = b"urn:mpeg:hevc:2015:auxid:2\0"


def depth_photos(photo: Image.Image, shares_hw: Array) -> dict[str, bytes]:
    """By name a file of each kind. shares_hw: the depth, 0 to 1."""
    levels = Image.fromarray((shares_hw * 255).astype(np.uint8))
    files = {"embedded.jpg": _gdepth(photo, levels), "depth.exr": _exr(shares_hw), "photo.mpo": _mpo(photo)}
    if heif_available():
        files["embedded.heic"] = _heic(photo, levels)
    return files


def _mpo(photo: Image.Image) -> bytes:
    packed = io.BytesIO()
    photo.save(packed, "MPO", save_all=True, append_images=[photo.rotate(180)])
    return packed.getvalue()


def _exr(shares_hw: Array) -> bytes:
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "depth.exr")
        OpenEXR.File(header, {"Z": shares_hw.astype(np.float32)}).write(str(path))
        return path.read_bytes()


def _gdepth(photo: Image.Image, levels: Image.Image) -> bytes:
    """The properties in the main packet, the picture in the extended one, in two pieces."""
    packed, depth = io.BytesIO(), io.BytesIO()
    photo.save(packed, "JPEG", quality=80)
    levels.save(depth, "PNG")
    main = _packet('GDepth:Format="RangeInverse" GDepth:Near="0.5" GDepth:Far="2.0"')
    more = _packet(f'GDepth:Data="{base64.b64encode(depth.getvalue()).decode()}"')
    half = len(more) // 2
    segments = [XMP + main]
    for start, piece in ((0, more[:half]), (half, more[half:])):
        segments.append(EXTENSION + b"A" * 32 + struct.pack(">II", len(more), start) + piece)
    data = packed.getvalue()
    marked = (b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments)
    return data[:2] + b"".join(marked) + data[2:]


def _packet(attributes: str) -> bytes:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    inside = f'<rdf:Description xmlns:GDepth="{GDEPTH}" {attributes}/>'
    packet = f'<rdf:RDF xmlns:rdf="{rdf}">{inside}</rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{packet}</x:xmpmeta>'.encode()


def _heic(photo: Image.Image, levels: Image.Image) -> bytes:
    """Two pictures, the second made the depth image of the first: the encoder has no word for that."""
    import pillow_heif

    file, packed = pillow_heif.HeifFile(), io.BytesIO()
    file.add_from_pillow(photo)
    file.add_from_pillow(levels)
    file.save(packed, quality=60)
    return _with_depth_image(packed.getvalue())


def _with_depth_image(data: bytes) -> bytes:
    """The second picture of a HEIF file as libheif writes it, as the auxiliary depth image of the first."""
    file = dict(_boxes(data))
    meta = dict(_boxes(file[b"meta"][4:]))
    properties = dict(_boxes(meta[b"iprp"]))
    number = len(list(_boxes(properties[b"ipco"]))) + 1
    properties[b"ipco"] += _box(b"auxC", bytes(4) + DEPTH_IMAGE)
    listed = properties[b"ipma"]  # version 0: items, each with its number and those of its properties
    second = 8 + 3 + listed[8 + 2]
    more = listed[second + 2] + 1
    properties[b"ipma"] = listed[: second + 2] + bytes([more]) + listed[second + 3 :] + bytes([number])
    meta[b"iprp"] = _packed(properties)
    meta[b"iref"] = bytes(4) + _box(b"auxl", struct.pack(">HHH", 2, 1, 1))
    longer = len(_packed(meta)) + 4 - len(file[b"meta"])
    places = bytearray(meta[b"iloc"])  # version 0: items of 18 bytes, in the middle the offset in the file
    for at in (18, 36):
        places[at : at + 4] = struct.pack(">I", struct.unpack(">I", places[at : at + 4])[0] + longer)
    meta[b"iloc"] = bytes(places)
    file[b"meta"] = file[b"meta"][:4] + _packed(meta)
    return _packed(file)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box."""
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + length]
        at += length


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _packed(boxes: Mapping[bytes, bytes]) -> bytes:
    return b"".join(_box(kind, body) for kind, body in boxes.items())
