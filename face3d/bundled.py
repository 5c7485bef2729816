"""Where the bundled files are: the weights of the face network, the head model and the sample portraits."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent / "assets"
_CHECKOUT = Path(__file__).resolve().parent.parent / "assets"

FOLDER = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
"""In an installed package `face3d/assets`, in a checkout `assets`."""


def sample_portraits() -> list[Path]:
    """The bundled portraits, in order: an astronaut's by NASA, then people who do not exist."""
    return sorted((FOLDER / "samples").glob("*.jpg"))
