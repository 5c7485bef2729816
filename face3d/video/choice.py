"""How well a frame suits a model: the head sharp, large, whole, and towards the camera."""

from __future__ import annotations

from face3d.assistant.measures import measure
from face3d.structures import DepthMap, Photo

LEAST_SHARP = 1e-3
"""Variance of the Laplacian of a sharp head, see `Measures.sharpness`: more is no better."""
LARGE_PX = 200.0
"""Width of a head in pixels: more is no better."""
TURNED = 0.5
"""Turn of a head, see `Measures.turn`, at which a frame has lost its value."""


def suitability(photo: Photo, depth: DepthMap, face: int = 1) -> float:
    """0..1; 0 where no face is found. A product: one fault spoils a frame.

    face: the number of the one that is to be modelled.
    """
    seen = measure(photo, depth, face)
    if len(depth.faces) < face or seen.sharpness is None or seen.head_px is None:
        return 0.0
    sharp = min(1.0, seen.sharpness / LEAST_SHARP)
    large = min(1.0, seen.head_px / LARGE_PX)
    front = 0.5 if seen.turn is None else max(0.0, 1 - abs(seen.turn) / TURNED)
    return sharp * large * (0.05 + 0.95 * front) * 0.5 ** len(seen.cut_edges)
