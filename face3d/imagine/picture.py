"""`Picture`: the PNG file that was made of words, which says so, and the facts about how it was made."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from face3d.imagine.table import ImageModel
from face3d.imagine.words import Words
from face3d.photo import read_photo
from face3d.structures import Array, Photo

SOURCE = "photo-to-3d-face, a picture made of words"
"""Of the text `Source` in each file (PNG specification, 3rd edition, 11.3.3): the picture shows nobody."""

PHOTO = "_photo.png"
"""What follows the name in the file that the command line writes of it."""


@dataclass(frozen=True, eq=False)
class Stage:
    """How far a picture is. text: for people. share: of the work, 0..1. preview_hwc: (h, w, 3) uint8 or None,
    what the picture is about to become.
    """

    text: str
    share: float
    preview_hwc: Array | None = None


Report = Callable[[Stage], object]
"""Told how far a picture is. What it raises ends the work and reaches the caller."""


@dataclass(frozen=True)
class Picture:
    """A picture that was made of words.

    name: what its files begin with. png: the file. facts: how it was made, for the mesh report. note: what
    people should know, or ''.
    """

    name: str
    png: bytes
    facts: dict[str, Any]
    note: str = ""

    @classmethod
    def of(cls, rgb_hwc: Array, words: Words, model: ImageModel, note: str = "") -> Picture:
        """The picture of pixels (h, w, 3) uint8. The words are in its facts, but not in its file."""
        info = PngInfo()
        info.add_text("Source", SOURCE)
        file = io.BytesIO()
        Image.fromarray(rgb_hwc).save(file, "PNG", compress_level=3, pnginfo=info)
        facts = asdict(words) | {"model": model.title, "source": model.source, "licence": model.licence}
        return cls(words.name, file.getvalue(), facts, note)

    def photo(self, name: str) -> Photo:
        """The picture by the way of every photo. Raises PhotoError."""
        return read_photo(self.png, name)


def is_of_words(path: Path) -> bool:
    """Whether a file begins like those of `Picture`; also False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return f"Source\0{SOURCE}".encode("latin-1") in file.read(1024)
    except OSError:
        return False
