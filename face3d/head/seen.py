"""The skin of a relief's person as the head fit takes it: pixels with their points and places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from face3d.errors import HeadError
from face3d.geometry.camera import unproject
from face3d.geometry.relief import Relief
from face3d.head.fit import SeenSkin
from face3d.structures import Array, DepthRepresentation, SkinMap

UNSTATED = 0.01
"""Expected error of relief where a network states none, image widths."""
LIKELY = 0.5
"""Probability from which a cell of the skin map is taken to be skin."""


@dataclass(frozen=True, eq=False)
class SkinGrid:
    """The skin map of the relief's person by pixels of the depth map."""

    skin: SkinMap

    @classmethod
    def of(cls, relief: Relief) -> SkinGrid:
        """Raises: HeadError where no head was found and where the network gives no such map."""
        depth = relief.depth
        if depth.detects_faces and not depth.faces:
            raise HeadError("No head was found here. Use a photo in which the face is larger or less turned.")
        skin = depth.faces[0].skin if depth.faces else None
        if skin is None:
            raise HeadError(
                "This network does not say where on the head skin lies. "
                "Choose one with canonical coordinates, as the bundled one has."
            )
        return cls(skin)

    def cells(self, rows_n: Array, columns_n: Array) -> tuple[Array, Array, Array]:
        """Row and column of the cell in which the middle of each pixel lies, and whether it is on the map."""
        left, top, right, bottom = self.skin.box_xyxy
        height, width = self.skin.skin_hw.shape
        down = np.floor((rows_n + 0.5 - top) / (bottom - top) * height).astype(int)
        across = np.floor((columns_n + 0.5 - left) / (right - left) * width).astype(int)
        inside = (down >= 0) & (down < height) & (across >= 0) & (across < width)
        return np.clip(down, 0, height - 1), np.clip(across, 0, width - 1), inside

    def at(self, rows_n: Array, columns_n: Array) -> tuple[Array, Array]:
        """Whether pixels lie on the head (n,) bool, and how likely they are its skin (n,)."""
        down, across, inside = self.cells(rows_n, columns_n)
        on_head = inside & np.isfinite(self.skin.canonical_hwc[down, across]).all(-1)
        return on_head, np.where(on_head, self.skin.skin_hw[down, across], 0)

    def places(self, rows_n: Array, columns_n: Array) -> Array:
        """(n, 3) canonical coordinates of pixels; NaN where no skin is likely."""
        down, across, inside = self.cells(rows_n, columns_n)
        likely = inside & (self.skin.skin_hw[down, across] > LIKELY)
        return np.where(likely[:, None], self.skin.canonical_hwc[down, across], np.nan)


def seen_skin(relief: Relief) -> SeenSkin:
    """Each cell of the skin map of the relief's person that lies on the relief.

    Raises: HeadError where the network gives no such map.
    """
    skin = SkinGrid.of(relief).skin
    height, width = relief.depth.size_hw
    left, top, right, bottom = skin.box_xyxy
    rows, columns = np.nonzero(np.isfinite(skin.canonical_hwc).all(-1) & (skin.skin_hw > LIKELY))
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
