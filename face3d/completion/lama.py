"""LaMa, a network that continues patterns into a hole: its published ONNX, of 512 x 512 pixels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from face3d.completion.hidden_side import Painter
from face3d.completion.table import CompletionSpec
from face3d.depth import checkpoints
from face3d.depth.download import Progress
from face3d.errors import CompletionError
from face3d.structures import Array

SIDE = 512


def lama_painter(spec: CompletionSpec, progress: Progress | None = None) -> Painter:
    """LaMa ready to paint. The network sees pictures of `SIDE` x `SIDE`: others are scaled to that and back.

    Source: Suvorov et al., "Resolution-robust large mask inpainting with Fourier convolutions", WACV 2022.
    Raises: CompletionError where the file is none of LaMa; WeightsError where it is not available.
    """
    path = checkpoints.find_or_fetch(spec, progress=progress)
    session = _session(path, path.stat().st_mtime_ns)
    image, mask = (given.name for given in session.get_inputs())

    def paint(rgb_hwc: Array, hole_hw: Array) -> Array:
        small_hwc = cv2.resize(rgb_hwc, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        hole = cv2.resize(hole_hw.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA) > 0
        picture = (small_hwc.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        found = session.run(None, {image: picture, mask: hole.astype(np.float32)[None, None]})[0][0]
        painted_hwc = np.round(np.clip(found.transpose(1, 2, 0), 0, 255)).astype(np.uint8)  # it gives 0..255
        painted_hwc = cv2.resize(painted_hwc, hole_hw.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return np.where(hole_hw[..., None], painted_hwc, rgb_hwc)

    return paint


@lru_cache(maxsize=1)
def _session(path: Path, _changed: int) -> Any:
    """The network in a file; the last one is kept."""
    import onnxruntime

    damaged = f"{path} is damaged or not LaMa's. Remove it, so that it is fetched again."
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        raise CompletionError(damaged) from error
    shapes = [given.shape[1:] for given in session.get_inputs()]
    if shapes != [[3, SIDE, SIDE], [1, SIDE, SIDE]]:
        raise CompletionError(damaged)
    return session
