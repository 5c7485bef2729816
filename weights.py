"""Where checkpoints come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from errors import WeightsError
from networks import NetworkSpec

Progress = Callable[[int, int | None], None]
BUNDLED_FOLDER = Path(__file__).resolve().parent / "assets"


def find_or_fetch(spec: NetworkSpec, *, checkpoint: Path | str | None = None, progress: Progress | None = None) -> Path:
    """The checkpoint of `spec` on this machine."""
    path = Path(checkpoint) if checkpoint is not None else BUNDLED_FOLDER / spec.files[0].name
    if not path.exists():
        raise WeightsError(f"The checkpoint {path} is missing.")
    return path
