"""Where the bundled files are: the weights of the face network and the sample portraits."""

from __future__ import annotations

from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent / "assets"
_CHECKOUT = Path(__file__).resolve().parent.parent / "assets"

FOLDER = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
"""In an installed package `face3d/assets`, in a checkout `assets`."""


def sample_portraits() -> list[Path]:
    """The bundled portraits of people who do not exist, in order."""
    return sorted((FOLDER / "samples").glob("*.jpg"))
