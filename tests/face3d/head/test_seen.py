"""From a depth map with a skin map to the pixels of the head fit."""

from dataclasses import replace

import numpy as np
import pytest

from face3d import synthetic
from face3d.errors import HeadError
from face3d.geometry.camera import project
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.seen import seen_skin
from face3d.structures import SkinMap

SIZE = 96, 80
BOX = (12.0, 6.0, 72.0, 66.0)


def relief_with(skin, stated=None):
    depth = synthetic.head(SIZE)
    faces = tuple(replace(face, skin=skin) for face in depth.faces)
    depth = replace(depth, faces=faces, uncertainty_hw=stated)
    return make_relief(depth, synthetic.photo_of(SIZE), ModelSettings(smoothing_px=0))


def test_each_cell_on_the_relief_is_a_pixel_of_skin_at_its_place():
    """A grid of half the pixels, whose coordinates are the columns and rows of the photo; NaN below."""
    centres = np.arange(30) * 2.0 + 1
    columns, rows = np.meshgrid(BOX[0] + centres, BOX[1] + centres)
    places = np.stack([columns, rows, np.zeros_like(rows)], -1).astype(np.float32)
    places[20:] = np.nan
    stated = np.full(SIZE, 0.02, np.float32)
    relief = relief_with(SkinMap(BOX, places, np.full((30, 30), 0.01, np.float32)), stated)
    seen = seen_skin(relief)
    x, y = project(seen.points_n3, relief.camera)
    assert np.allclose(x, seen.canonical_n3[:, 0], atol=1e-3)
    assert np.allclose(y, seen.canonical_n3[:, 1], atol=1e-3)
    assert y.max() < BOX[1] + 40
    pixels = tuple(seen.canonical_n3[:, [1, 0]].astype(int).T)
    assert relief.known_hw[pixels].all()
    assert np.array_equal(seen.points_n3[:, 2], relief.front_hw[pixels])
    there = np.isfinite(places[..., 0]) & relief.known_hw[rows.astype(int), columns.astype(int)]
    assert len(x) == there.sum() > 200
    assert (seen.point_error_n == np.float32(0.02)).all() and (
        seen.canonical_error_n == np.float32(0.01)
    ).all()


def test_a_network_that_says_nothing_about_the_skin_is_named():
    with pytest.raises(HeadError, match=r"does not say where.* canonical coordinates"):
        seen_skin(relief_with(None))
