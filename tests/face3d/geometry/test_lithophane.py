from dataclasses import replace

import numpy as np
import pytest

from face3d.geometry.lithophane import (
    CLEAR_MM,
    lithophane_texture,
    luminance,
    thickness_mm,
    translucence,
)
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_bright_is_thin_and_the_ends_are_as_stated(gamma):
    settings = ModelSettings(lithophane_thin_mm=0.6, lithophane_thick_mm=3.0, lithophane_gamma=gamma)
    thick = thickness_mm(np.linspace(0, 1, 50), settings)
    assert thick[0] == pytest.approx(3.0) and thick[-1] == pytest.approx(0.6) and (np.diff(thick) < 0).all()
    assert thickness_mm(np.array(0.5), settings) == pytest.approx(3.0 - 2.4 * 0.5**gamma)


def test_luminance_is_that_of_the_light_and_white_around_the_person():
    depth, photo = head((96, 80)), photo_of((96, 80))
    rgb_hwc = np.zeros((96, 80, 3), np.uint8)
    rgb_hwc[:, :40] = 128, 128, 128
    rgb_hwc[:, 40:] = 0, 255, 0
    cut = luminance(make_relief(depth, replace(photo, rgb_hwc=rgb_hwc), ModelSettings()))
    whole = make_relief(depth, replace(photo, rgb_hwc=rgb_hwc), ModelSettings(foreground_only=False))
    assert cut[0, 0] == 1 and luminance(whole)[0, 0] == pytest.approx(128 / 255, abs=1e-3)
    # Green is 0.7152 of the light of white (BT.709), which a display of gamma 2.2 encodes as 0.859.
    assert cut[60, 30] == pytest.approx(128 / 255, abs=1e-3) and cut[60, 50] == pytest.approx(0.859, abs=1e-3)


def test_light_falls_by_the_same_share_with_each_millimetre():
    settings = ModelSettings()
    shown = translucence(np.array([0.8, 0.8 + CLEAR_MM, 0.8 + 2 * CLEAR_MM]), settings)
    light = shown**2.2
    assert light[0] == 1 and light[1] == pytest.approx(np.exp(-1)) and light[2] == pytest.approx(np.exp(-2))


def test_its_texture_is_lit_where_it_is_thin_and_its_frame_is_dark():
    relief = make_relief(head((96, 80)), photo_of((96, 80)), ModelSettings())
    texture_hwc = lithophane_texture(relief, 5)
    assert texture_hwc.shape == (106, 90 + 45, 3)
    assert (texture_hwc[6, 6] == (255, 236, 208)).all() and texture_hwc[0, 0].max() < 90
    grey, bright = luminance(relief)[40:60, 30:50].ravel(), texture_hwc[45:65, 35:55, 0].ravel()
    assert (np.diff(bright[np.argsort(grey)].astype(int)) >= 0).all()
