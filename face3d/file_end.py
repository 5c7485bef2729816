"""Files that lack only their end, as a copy that was cut short may: all their pixels are there."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

import numpy as np

JPEG_END = b"\xff\xd9"
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Ends the entropy-coded data of a scan, which holds stuffed zeros and restart markers only."""
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
FRAMES, SCAN, END = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}, 0xDA, 0xD9
PROGRESSIVE = {0xC2, 0xCA}
BARE_MARKERS = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length."""
TAIL_BYTES = 64
NEEDED_BYTES = 8
"""More than the code of the last coefficient and the padding after it."""


def png_lacks_end(data: bytes) -> bool:
    """Whether a PNG file ends before its chunk IEND."""
    if not data.startswith(b"\x89PNG"):
        return False
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return False
        at += 12 + length
    return True


def webp_with_padding(data: bytes) -> bytes:
    """A WebP file with the byte that pads its last chunk, if it lacks only that; any other data as it is."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return data
    if struct.unpack_from("<I", data, 4)[0] + 8 != len(data) + 1:
        return data
    at = 12
    while at + 8 <= len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        if at + 8 + length == len(data):
            return data + b"\0"
        at += 8 + length + length % 2
    return data


def jpeg_lacks_end(data: bytes) -> bool:
    """Whether a JPEG file ends within its last scan, without the end marker."""
    return not data.endswith(JPEG_END) and _next_restart(data.removesuffix(JPEG_END[:1])) is not None


def jpeg_with_end(data: bytes, digest: Callable[[bytes], bytes]) -> bytes:
    """A JPEG file with the end marker, which it lacks. Raises ValueError where it lacks more.

    digest: of the pixels that the decoder makes of a file. The decoder fills in silence what is missing, so
    the picture is decoded with different bits after the last ones: it is whole where they change no pixel.
    The file's last bytes must change some: else they are filler, and so may be those before.
    """
    body = data.removesuffix(JPEG_END[:1])
    whole = digest(body + JPEG_END)
    tails = [_tail(seed, _next_restart(body) or 0) + JPEG_END for seed in range(3)]
    if any(digest(body + tail) != whole for tail in tails):
        raise ValueError("the last rows are missing")
    if all(digest(body[:-NEEDED_BYTES] + tail) == whole for tail in tails):
        raise ValueError("the last bytes are no part of the picture")
    return body + JPEG_END


def _tail(seed: int, restart: int) -> bytes:
    """Noise for the decoder to read where it is still in need of bits, before and after a restart marker."""
    noise = np.random.default_rng(seed).integers(0, 255, 2 * TAIL_BYTES).astype(np.uint8).tobytes()
    return noise[:TAIL_BYTES] + bytes((0xFF, 0xD0 + restart)) + noise[TAIL_BYTES:]


def _next_restart(data: bytes) -> int | None:
    """0 to 7, the restart marker that would come next in a JPEG that ends in its last scan.

    None for any other data: also where further scans are to refine the picture.
    """
    at, progressive = 2, False
    missing: set[tuple[int, int]] = set()  # component and coefficient
    while data.startswith(b"\xff\xd8\xff") and at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == END:
            return None
        if marker in BARE_MARKERS or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        segment_end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if segment_end > len(data):
            return None
        segment = data[at + 4 : segment_end]
        if marker in FRAMES:
            progressive = marker in PROGRESSIVE
            missing = {(component, k) for component in segment[6::3] for k in range(64)}
        if marker == SCAN:
            missing -= _finished(segment, progressive)
            following = MARKER.search(data, segment_end)
            if following is None:
                restarts = len(RESTART.findall(data, segment_end))
                return None if missing else restarts % 8
            segment_end = following.start()
        at = segment_end
    return None


def _finished(header: bytes, progressive: bool) -> set[tuple[int, int]]:
    """Components and coefficients that a scan brings to their full precision; `header` without its length."""
    count = header[0] if header else 0
    if len(header) != 4 + 2 * count:
        return set()
    first, last, bits = header[-3:] if progressive else (0, 63, 0)
    components = header[1:-3:2]
    return (
        set() if bits & 15 else {(component, k) for component in components for k in range(first, last + 1)}
    )
