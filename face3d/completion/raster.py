"""Quantities of a surface as layers over a picture, by OpenCV's rasteriser."""

from __future__ import annotations

import cv2
import numpy as np

from face3d.structures import Array

FOV = 1.0
"""Of the rasteriser's pinhole, radians. Any will do: the places are put before it as the picture has them."""
FARTHEST = 1000.0
"""Distance of the surface from that pinhole, beside which its own depth of 1 is small: what lies between two
corners is then linear in the picture, as it is in a texture."""
MAX_CHANNELS = 3
_SETTINGS = cv2.TriangleRasterizeSettings()
_SETTINGS.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
_SETTINGS.setShadingType(cv2.RASTERIZE_SHADING_SHADED)


def rasterise(
    places_n2: Array, away_n: Array, faces_m3: Array, values_nk: Array, size_hw: tuple[int, int]
) -> tuple[Array, Array]:
    """The values of the nearest surface at the middle of each pixel, (h, w, k) float32, 0 where there is
    none, and where there is one, (h, w) bool.

    Args: places_n2: columns and rows in pixels of the picture. away_n: distance, in any unit; its negative
    gives the last surface in place of the first. faces_m3: int32 triangles. values_nk: of each corner.
    """
    height, width = size_hw
    side = max(size_hw)
    low, span = float(away_n.min()), float(np.ptp(away_n)) or 1.0
    distance_n = FARTHEST + (away_n - low) / span
    tangent = np.tan(FOV / 2)
    x_n = (2 * places_n2[:, 0] / side - 1) * tangent * distance_n
    y_n = (1 - 2 * places_n2[:, 1] / side) * tangent * distance_n
    placed_n3 = np.stack([x_n, y_n, -distance_n], -1).astype(np.float32)
    least_k, range_k = values_nk.min(axis=0), np.ptp(values_nk, axis=0)
    share_nk = ((values_nk - least_k) / np.where(range_k > 0, range_k, 1)).astype(np.float32)
    layers, covered_hw = [], np.zeros((side, side), bool)
    for first in range(0, share_nk.shape[1], MAX_CHANNELS):
        part_nk = share_nk[:, first : first + MAX_CHANNELS]
        drawn_hw3, depth_hw = cv2.triangleRasterize(
            placed_n3,
            np.ascontiguousarray(faces_m3, np.int32),
            np.pad(part_nk, ((0, 0), (0, MAX_CHANNELS - part_nk.shape[1]))),
            np.zeros((side, side, MAX_CHANNELS), np.float32),
            np.full((side, side), FARTHEST + 2, np.float32),
            np.eye(4, dtype=np.float32),
            FOV,
            FARTHEST - 1,
            FARTHEST + 3,
            _SETTINGS,
        )
        layers.append(drawn_hw3[..., : part_nk.shape[1]])
        covered_hw = depth_hw < FARTHEST + 1.5
    values_hwk = np.concatenate(layers, -1)[:height, :width] * range_k + least_k
    covered_hw = covered_hw[:height, :width]
    return np.where(covered_hw[..., None], values_hwk, 0).astype(np.float32), covered_hw
