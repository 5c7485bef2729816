"""The face of a solid: what lies directly behind the relief of the face is inside.

So the front is the network's, with glasses and beard. Nostrils and the gap between the lips, which no cell of
a grid resolves, are filled.
"""

from __future__ import annotations

import cv2
import numpy as np

from face3d.geometry.camera import project
from face3d.head.model import load_head_model
from face3d.head.solid import Grid
from face3d.head.whole import WholeHead
from face3d.structures import Array

NARROW_FACE = 6706
"""Vertices of the head model that belong to the narrow face come first."""
HIGHEST = 0.34
"""Canonical height of the brows: above them a fringe would stand out."""
DEEP = 0.16
"""How far behind the relief is inside, head widths: less than a head is deep, more than a nose is."""
EDGE = 0.04
"""How far inside the outline of the narrow face it ends, head widths."""


def fill_behind_face(head: WholeHead, grid: Grid, share: Array) -> None:
    """Raises the share inside (x, y, z) of the cells behind the face's relief, in place."""
    face = head.vertices_v3[:NARROW_FACE].astype(np.float64)
    low = np.floor((face.min(0) - grid.low_3) / grid.cell).astype(int) - 1
    high = np.ceil((face.max(0) - grid.low_3) / grid.cell).astype(int) + 2
    box = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, grid.shape, strict=True))
    middles = np.stack(np.meshgrid(*(grid.middles(axis)[box[axis]] for axis in range(3)), indexing="ij"), -1)
    relief = head.relief
    columns, rows = project(middles, relief.camera)
    across, down = (values.reshape(len(columns), -1).astype(np.float32) for values in (columns, rows))
    region_hw = _region(head)
    height, inside = (
        cv2.remap(layer, across - 0.5, down - 0.5, cv2.INTER_LINEAR).reshape(columns.shape)
        for layer in (relief.front_hw, region_hw)
    )
    behind = (height * relief.camera.unit_per_width - middles[..., 2]) / grid.cell
    filled = np.clip(behind + 0.5, 0, 1) * (behind < DEEP * head.unit / grid.cell) * (inside > 0.5)
    share[box] = np.maximum(share[box], filled)


def _region(head: WholeHead) -> Array:
    """(h, w) float32: 1 at pixels of the face below the brows that the relief knows, 0 elsewhere."""
    model, relief = load_head_model(), head.relief
    triangles = model.skin_triangles_m3[(model.skin_triangles_m3 < NARROW_FACE).all(1)]
    triangles = triangles[model.neutral_v3[triangles, 1].max(1) < HIGHEST]
    corners = np.stack(project(head.vertices_v3[:NARROW_FACE], relief.camera), -1)[triangles]
    mask_hw = np.zeros(relief.front_hw.shape, np.uint8)
    for corner in np.round(corners * 8 - 4).astype(np.int32):
        cv2.fillConvexPoly(mask_hw, corner, 1, shift=3)
    framed = np.pad(mask_hw, 1)
    cv2.floodFill(framed, None, (0, 0), 2)
    mask_hw = (framed[1:-1, 1:-1] != 2).astype(np.uint8)  # with eyes and mouth
    reach = EDGE * head.unit / relief.camera.unit_per_width * relief.front_hw.shape[1]
    inside = cv2.distanceTransform(np.pad(mask_hw, 1), cv2.DIST_L2, 5)[1:-1, 1:-1] > reach
    return (inside & relief.known_hw).astype(np.float32)
