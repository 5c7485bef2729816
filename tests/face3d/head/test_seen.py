"""From a depth map with a skin map to the pixels of the head fit."""

from dataclasses import replace

import numpy as np
import pytest

from face3d import synthetic
from face3d.errors import HeadError
from face3d.geometry.camera import project
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.seen import SkinGrid, seen_skin
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
    likely = np.ones((30, 30), np.float32)
    likely[:, 25:] = 0.4
    relief = relief_with(SkinMap(BOX, places, np.full((30, 30), 0.01, np.float32), likely), stated)
    seen = seen_skin(relief)
    x, y = project(seen.points_n3, relief.camera)
    assert np.allclose(x, seen.canonical_n3[:, 0], atol=1e-3)
    assert np.allclose(y, seen.canonical_n3[:, 1], atol=1e-3)
    assert y.max() < BOX[1] + 40 and x.max() < BOX[0] + 50
    pixels = tuple(seen.canonical_n3[:, [1, 0]].astype(int).T)
    assert relief.known_hw[pixels].all()
    assert np.array_equal(seen.points_n3[:, 2], relief.front_hw[pixels])
    there = np.isfinite(places[..., 0]) & relief.known_hw[rows.astype(int), columns.astype(int)]
    there &= likely > 0.5
    assert len(x) == there.sum() > 200
    assert (seen.point_error_n == np.float32(0.02)).all() and (
        seen.canonical_error_n == np.float32(0.01)
    ).all()


def test_pixels_know_their_cell_of_the_skin_map():
    """Cells two pixels wide, one of them not on the head, one of them hair."""
    places = np.random.default_rng(0).normal(size=(30, 30, 3)).astype(np.float32)
    places[3, 4] = np.nan
    likely = np.full((30, 30), 0.9, np.float32)
    likely[3, 5] = 0.2
    grid = SkinGrid.of(relief_with(SkinMap(BOX, places, likely, likely)))
    rows, columns = np.array([12, 13, 12, 13, 5, 12, 66]), np.array([22, 21, 23, 24, 21, 11, 71])
    down, across, inside = grid.cells(rows, columns)
    assert down[:4].tolist() == [3] * 4 and across[:4].tolist() == [5, 4, 5, 6]
    assert inside.tolist() == [True] * 4 + [False] * 3
    on_head, skin = grid.at(rows, columns)
    assert on_head.tolist() == [True, False, True, True] + [False] * 3
    assert np.allclose(skin, [0.2, 0, 0.2, 0.9, 0, 0, 0])
    found = grid.places(rows, columns)
    assert np.array_equal(found[3], places[3, 6])
    assert np.isnan(found[[0, 1, 2, 4, 5, 6]]).all()


def test_a_network_that_says_nothing_about_the_skin_is_named():
    with pytest.raises(HeadError, match=r"does not say where.* canonical coordinates"):
        seen_skin(relief_with(None))
    nobody = relief_with(None)
    nobody = replace(nobody, depth=replace(nobody.depth, faces=()))
    assert nobody.depth.detects_faces
    with pytest.raises(HeadError, match=r"No head was found.*face is larger"):
        seen_skin(nobody)
