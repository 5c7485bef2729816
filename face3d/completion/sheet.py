"""The hidden side of a bust as a layer over the picture: the place in space behind each of its pixels."""

from __future__ import annotations

import numpy as np

from face3d.completion.raster import rasterise
from face3d.geometry.camera import project
from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.relief import Relief
from face3d.geometry.texture import seen_triangles
from face3d.structures import Array

TRIANGLES = 60_000
"""Of the solid on its working grid."""


def hidden_sheet(relief: Relief, size_hw: tuple[int, int]) -> tuple[Array, Array]:
    """Points (h, w, 3) float32 of the bust's last hidden surface behind each pixel of a grid, and where there
    is one, (h, w) bool.

    Raises: GeometryError where the relief gives no bust.
    """
    assert relief.settings == settings_of("bust", relief.settings)
    shape = KINDS["bust"].build(relief, TRIANGLES)
    hidden_m = ~seen_triangles(shape.vertices_n3, shape.faces_m3, relief.camera, 0, shape.photo_rows)
    columns_n, rows_n = project(shape.vertices_n3, relief.camera)
    height, width = relief.camera.size_hw
    places_n2 = np.stack([columns_n * size_hw[1] / width, rows_n * size_hw[0] / height], -1)
    points_n3 = shape.vertices_n3.astype(np.float64)
    return rasterise(places_n2, points_n3[:, 2], shape.faces_m3[hidden_m], points_n3, size_hw)
