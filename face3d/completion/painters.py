"""The engines that paint holes of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from face3d.completion.hidden_side import Painter
from face3d.completion.table import CompletionSpec
from face3d.depth.download import Progress
from face3d.structures import Array

TELEA_RADIUS = 5.0
"""Pixels from which Telea's method takes the colour of the next one."""


def find_painter(
    spec: CompletionSpec, checkpoint: str | None = None, progress: Progress | None = None
) -> Painter | None:
    """The painter of an engine, ready to paint; None for those that work on the head's surface.

    Raises: CompletionError where a package is missing or the checkpoint is of no use; WeightsError where it
    is not available.
    """
    # Imported here because torch and diffusers take seconds.
    match spec.name:
        case "telea":
            return by_telea
        case "lama":
            from face3d.completion.lama import lama_painter

            return lama_painter(spec, progress)
        case "diffusers":
            from face3d.completion.pipelines import pipeline_painter

            return pipeline_painter(checkpoint)
    return None


def by_telea(rgb_hwc: Array, hole_hw: Array) -> Array:
    """The holes painted inwards along lines of equal brightness.

    Source: Telea, "An image inpainting technique based on the fast marching method", J. Graphics Tools 9(1),
    2004; OpenCV's.
    """
    return np.asarray(cv2.inpaint(rgb_hwc, hole_hw.astype(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA))
