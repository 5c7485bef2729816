"""Mattes of the package rembg, with checkpoints from this project's store instead of its own download."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from face3d.depth import checkpoints
from face3d.depth.download import Progress
from face3d.errors import MatteError
from face3d.matte.table import MatteSpec
from face3d.structures import Array


def available() -> bool:
    """Whether rembg is installed, with what it computes by."""
    return find_spec("rembg") is not None


def require_rembg(spec: MatteSpec) -> None:
    """Raises MatteError where rembg is not installed; called before any work."""
    if not available():
        raise MatteError(
            f"The matte {spec.name} needs the package rembg. Install it with "
            "`pip install -r requirements-extra.txt`, or choose another matte."
        )


def fetch(spec: MatteSpec, progress: Progress | None = None) -> Path:
    """The checkpoint of a matte, fetched where it is not in the store.

    Raises: MatteError where rembg is not installed; WeightsError where the checkpoint is not available.
    """
    require_rembg(spec)
    return checkpoints.find_or_fetch(spec, progress=progress)


def rembg_matte(spec: MatteSpec, rgb_hwc: Array, progress: Progress | None = None) -> Array:
    """(h, w) float32 in 0..1: rembg's mask for a photo (h, w, 3) uint8, preparation and scaling included.

    Raises: MatteError where rembg is not installed or cannot read the file; WeightsError where the checkpoint
    is not available.
    """
    path = fetch(spec, progress)
    mask = _session(spec.name, path, path.stat().st_mtime_ns).predict(Image.fromarray(rgb_hwc))[0]
    return np.asarray(mask, np.float32) / 255


@lru_cache(maxsize=1)
def _session(name: str, path: Path, _changed: int) -> Any:
    """rembg's session of a model, reading `path`; the last one is kept."""
    import onnxruntime
    from rembg.sessions import sessions_class

    base: Any = next(session for session in sessions_class if session.name() == name)

    class Stored(base):
        """The session without its download."""

        @classmethod
        def download_models(cls, *_arguments: Any, **_options: Any) -> str:
            """The file in the store."""
            return str(path)

    try:
        return Stored(name, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        raise MatteError(f"{path} is damaged or no model. Remove it, so that it is fetched again.") from error
