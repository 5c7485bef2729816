"""A mark in the films that are written here: a later run could take them for videos of the user."""

from __future__ import annotations

import struct
from pathlib import Path

MARK = b"photo-to-3d-face"
MP4, MATROSKA = ".mp4", ".mkv"
FREE_BOX, VOID_ELEMENT = b"free", 0xEC


def marked(film: bytes, ending: str) -> bytes:
    """A film with `MARK` at its end, in a part that players pass over; data of other formats as it is.

    ending: of the file, without or with what stands before the dot.
    Sources: ISO/IEC 14496-12, 8.1.2 (the box `free`); RFC 8794, 11.3.2 (the element Void).
    """
    if ending.endswith(MP4):
        return film + struct.pack(">I4s", 8 + len(MARK), FREE_BOX) + MARK
    if ending.endswith(MATROSKA):
        return film + bytes((VOID_ELEMENT, 0x80 | len(MARK))) + MARK
    return film


def is_marked(path: Path) -> bool:
    """Whether a file ends like those of `marked`; also False where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(-len(MARK), 2)
            return file.read() == MARK
    except OSError:  # also where it is shorter
        return False
