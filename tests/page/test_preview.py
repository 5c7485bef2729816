"""Laws of the smaller depth map: nothing where it is small enough, means elsewhere, foreground and background
apart.
"""

from dataclasses import replace

import numpy as np
import pytest

from face3d.geometry.grid import grid
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation, SkinMap
from face3d.synthetic import head, photo_of
from page import preview


def test_what_is_small_enough_stays():
    depth, photo = head(), photo_of((96, 80))
    assert preview.preview(depth, photo) == (depth, photo)


def test_every_layer_shrinks_with_its_photo(monkeypatch):
    monkeypatch.setattr(preview, "PREVIEW_SIDE", 48)
    depth, photo = head(), photo_of((96, 80), fov_degrees=40.0)
    nowhere = np.zeros((3, 4, 3), np.float32)
    skin = SkinMap((8.0, 6.0, 48.0, 56.0), nowhere, nowhere[..., 0], nowhere[..., 0])
    depth = replace(depth, faces=(replace(depth.faces[0], skin=skin),))
    smaller, picture = preview.preview(depth, photo)
    assert smaller.size_hw == picture.size_hw == (48, 40) and picture.fov_degrees == 40.0
    for name in ("values_hw", "back_hw", "matte_hw"):
        assert getattr(smaller, name).shape == (48, 40)
    assert np.array(smaller.faces[0].box_xyxy) == pytest.approx(np.array(depth.faces[0].box_xyxy) / 2)
    assert np.array(smaller.faces[0].eyes_xy) == pytest.approx(np.array(depth.faces[0].eyes_xy) / 2)
    assert smaller.faces[0].skin.box_xyxy == (4.0, 3.0, 24.0, 28.0)


def test_foreground_and_background_do_not_mix(monkeypatch):
    monkeypatch.setattr(preview, "PREVIEW_SIDE", 10)
    mask_hw = np.zeros((30, 20), bool)
    mask_hw[:, 7:] = True  # the border runs through the blocks of 3 pixels
    depth = DepthMap(
        np.where(mask_hw, 2, -1).astype(np.float32), DepthRepresentation.RELIEF, mask_hw, "formula"
    )
    smaller, _ = preview.preview(depth, photo_of((30, 20)))
    assert set(np.unique(smaller.values_hw)) == {-1.0, 2.0}
    assert (smaller.values_hw[smaller.mask_hw] == 2).all()


def test_the_surface_keeps_its_shape(monkeypatch):
    size_hw = (480, 400)
    depth, photo, settings = head(size_hw), photo_of(size_hw), ModelSettings(grid_side=60, smoothing_px=0.0)
    before = grid(make_relief(depth, photo, settings))
    monkeypatch.setattr(preview, "PREVIEW_SIDE", 240)
    after = grid(make_relief(*preview.preview(depth, photo), settings))
    both = np.isfinite(before.z_hw) & np.isfinite(after.z_hw)
    assert both.sum() > 0.97 * np.isfinite(before.z_hw).sum()
    assert np.median(np.abs(before.z_hw - after.z_hw)[both]) < 1e-3
