import numpy as np
import pytest

from face3d.geometry.bas_relief import attenuated, compressed, integrated, slopes
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of

ALL = np.ones((40, 60), bool)


def test_heights_are_found_again_from_their_slopes():
    rng = np.random.default_rng(1)
    height_hw = rng.random((12, 15))
    inside_hw = np.zeros((12, 15), bool)
    inside_hw[3:, 2:11] = True
    height_hw[~inside_hw] = 0
    every_hw = np.ones_like(inside_hw)
    assert np.allclose(integrated(slopes(height_hw, every_hw), inside_hw), height_hw, atol=1e-9)
    lowest_hw = height_hw - height_hw.min()
    assert np.allclose(integrated(slopes(height_hw, every_hw), every_hw), lowest_hw, atol=1e-9)


@pytest.mark.parametrize("strength", [0.0, 5.0])
def test_a_plane_is_attenuated_by_the_logarithm_of_its_slope(strength):
    """Weyrich et al. 2007, equation 2: log(1 + a g) / a, away from the frame."""
    plane_hw = np.indices((40, 60))[1] * 2.0 / 60
    across_hw = attenuated(slopes(plane_hw, ALL), strength).across_hw
    assert across_hw[20, 30] == pytest.approx(np.log(11) / 5 if strength else 2.0)


def test_gentle_slopes_keep_more_than_steep_ones():
    columns = np.indices((40, 60))[1]
    profile_hw = np.where(columns < 30, columns * 0.2, 30 * 0.2 + (columns - 30) * 3.0) / 60
    kept_hw = compressed(profile_hw, ALL, ALL, 0.3) - compressed(profile_hw, ALL, ALL, 0.3)[:, :1]
    gentle, steep = (
        kept_hw[20, 20] / profile_hw[20, 20],
        np.diff(kept_hw)[20, 50] / np.diff(profile_hw)[20, 50],
    )
    assert gentle > 2 * steep > 0


def test_a_jump_does_not_take_the_depth_from_what_is_before_and_behind_it():
    columns = np.indices((40, 60))[1]
    waves_hw = 0.02 * np.sin(columns / 3)
    cliff_hw = waves_hw + np.where(columns < 30, 0, 5.0)
    known_hw = ALL & (abs(columns - 29.5) > 2)
    low, high = (
        np.ptp(compressed(cliff_hw, ALL, known_hw, 0.04)[20, part]) for part in (slice(27), slice(33, 60))
    )
    assert min(low, high) > 0.4 * 0.04


def test_the_relief_of_a_head_lies_between_0_and_its_depth_in_the_order_that_it_had():
    relief = make_relief(head((192, 160)), photo_of((192, 160)), ModelSettings(perspective=False))
    raised_hw = compressed(relief.front_hw, relief.subject_hw, relief.known_hw, 0.04)
    assert raised_hw.min() == 0 and raised_hw.max() == pytest.approx(0.04)
    assert (raised_hw[~relief.subject_hw] == 0).all()
    nose_row = round(192 / 2 - 0.12 * 160)
    for profile in (raised_hw[nose_row, 80:110], raised_hw[nose_row, 79:49:-1]):
        assert (np.diff(profile) < 0).all()  # from the tip over the nostril to the cheek
    before = relief.front_hw[nose_row, 79] - relief.front_hw[nose_row, 67]
    linear = before * 0.04 / np.ptp(relief.front_hw[relief.known_hw])
    assert profile[0] - profile[12] > 1.5 * linear


def test_what_is_shallower_than_the_depth_is_stretched_and_a_flat_subject_stays_flat():
    hill_hw = 0.01 * np.outer(np.hanning(40), np.hanning(60))
    subject_hw = np.zeros((40, 60), bool)
    subject_hw[1:-1, 1:-1] = True
    stretched_hw = compressed(hill_hw, subject_hw, ALL, 0.03)
    assert np.corrcoef(stretched_hw.ravel(), hill_hw.ravel())[0, 1] > 0.999
    assert stretched_hw.max() == pytest.approx(0.03)
    assert (compressed(np.full((40, 60), 0.5), ALL, ALL, 0.03) == 0).all()
