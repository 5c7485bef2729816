"""Colour maps, and pictures of a quantity in their colours."""

from __future__ import annotations

import numpy as np
from plotly.colors import hex_to_rgb, sequential

from face3d.structures import Array


def _colour_map(colours: list[str]) -> Array:
    """(256, 3) uint8: linear interpolation of evenly spaced hexadecimal colours."""
    anchors_n3 = np.array([hex_to_rgb(colour) for colour in colours], np.float64)
    positions, samples = np.linspace(0, 1, len(anchors_n3)), np.linspace(0, 1, 256)
    channels = [np.interp(samples, positions, anchor_n) for anchor_n in anchors_n3.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)


COLOUR_MAPS = {
    "Grey": _colour_map(["#000000", "#ffffff"]),
    "Cividis": _colour_map(sequential.Cividis),
    "Viridis": _colour_map(sequential.Viridis),
    "Inferno": _colour_map(sequential.Inferno),
    "Turbo": _colour_map(sequential.Turbo),
}
"""By title: 256 colours each, from the low to the high end."""


def coloured(scaled_hw: Array, known_hw: Array, colour_map: str, far_near: tuple[float, float]) -> Array:
    """(h, w, 3) uint8: values in 0..1 in the colours of one of the COLOUR_MAPS.

    far_near: the part of 0..1 that the colours span, far < near; values beyond it have the colour of its end.
    known_hw: (h, w) bool; other pixels are black.
    """
    far, near = far_near
    clipped_hw = np.clip((scaled_hw - far) / max(near - far, 1e-6), 0, 1)
    rgb_hwc = COLOUR_MAPS[colour_map][np.round(clipped_hw * 255).astype(np.uint8)]
    return np.where(known_hw[..., None], rgb_hwc, 0).astype(np.uint8)
