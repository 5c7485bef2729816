"""The skin of a relief's person as the head fit takes it: pixels with their points and places."""

from __future__ import annotations

import numpy as np

from face3d.errors import HeadError
from face3d.geometry.camera import unproject
from face3d.geometry.relief import Relief
from face3d.head.fit import SeenSkin
from face3d.structures import Array, DepthRepresentation

UNSTATED = 0.01
"""Expected error of relief where a network states none, image widths."""


def seen_skin(relief: Relief) -> SeenSkin:
    """Each cell of the skin map of the relief's person that lies on the relief.

    Raises: HeadError where the network gives no such map.
    """
    skin = relief.depth.faces[0].skin if relief.depth.faces else None
    if skin is None:
        raise HeadError(
            "The network does not say where on the head the skin lies. Use one with canonical coordinates."
        )
    height, width = relief.depth.size_hw
    left, top, right, bottom = skin.box_xyxy
    rows, columns = np.nonzero(np.isfinite(skin.canonical_hwc).all(-1))
    x = left + (columns + 0.5) * (right - left) / skin.canonical_hwc.shape[1]
    y = top + (rows + 0.5) * (bottom - top) / skin.canonical_hwc.shape[0]
    across, down = np.floor(x).astype(int), np.floor(y).astype(int)
    inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    inside[inside] = relief.known_hw[down[inside], across[inside]]
    rows, columns, x, y = rows[inside], columns[inside], x[inside], y[inside]
    pixels = down[inside], across[inside]
    stated = _relief_error(relief)[pixels] * relief.camera.unit_per_width
    return SeenSkin(
        unproject(x, y, relief.front_hw[pixels], relief.camera),
        stated,
        skin.canonical_hwc[rows, columns],
        skin.uncertainty_hw[rows, columns],
        relief.camera,
    )


def _relief_error(relief: Relief) -> Array:
    """(h, w) float32, image widths."""
    depth = relief.depth
    if depth.uncertainty_hw is None or depth.representation is not DepthRepresentation.RELIEF:
        return np.full(depth.size_hw, UNSTATED, np.float32)
    return depth.uncertainty_hw
