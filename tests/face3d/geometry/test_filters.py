import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face3d.geometry import filters
from face3d.geometry.filters import fill_by_diffusion

SIZE = (23, 31)
masks = hnp.arrays(bool, SIZE).filter(np.any)


@given(masks, st.floats(-1, 1, width=32), st.floats(0, 8))
def test_smoothing_leaves_a_constant_map_constant_whatever_lies_outside(mask_hw, value, sigma):
    values_hw = np.where(mask_hw, np.float32(value), np.float32(1000))
    for smoothed_hw in (
        filters.smooth(values_hw, mask_hw, sigma),
        filters.smooth_within_edges(values_hw, mask_hw, sigma, 0.1),
    ):
        assert np.abs(smoothed_hw[mask_hw] - value).max() <= 1e-6
        assert (smoothed_hw[~mask_hw] == 0).all()


@given(masks, st.integers(0, 1000))
def test_smoothing_stays_between_the_least_and_the_largest_value(mask_hw, seed):
    values_hw = np.random.default_rng(seed).random(SIZE, np.float32)
    for smoothed_hw in (
        filters.smooth(values_hw, mask_hw, 2.0),
        filters.smooth_within_edges(values_hw, mask_hw, 2.0, 0.1),
    ):
        inside = values_hw[mask_hw]
        assert (
            smoothed_hw[mask_hw].min() >= inside.min() - 1e-5
            and smoothed_hw[mask_hw].max() <= inside.max() + 1e-5
        )


def test_smoothing_by_nothing_changes_nothing():
    values_hw = np.random.default_rng(1).random(SIZE, np.float32)
    assert (filters.smooth(values_hw, np.ones(SIZE, bool), 0) == values_hw).all()


def test_a_step_survives_the_edge_aware_filter_and_not_the_gaussian():
    values_hw = np.zeros(SIZE, np.float32)
    values_hw[:, 15:] = 1
    everywhere = np.ones(SIZE, bool)
    assert np.abs(filters.smooth_within_edges(values_hw, everywhere, 3, 0.1) - values_hw).max() < 0.01
    assert np.abs(filters.smooth(values_hw, everywhere, 3) - values_hw).max() > 0.3


def test_noise_shrinks_under_both_filters():
    values_hw = np.random.default_rng(2).normal(0, 0.01, SIZE).astype(np.float32)
    everywhere = np.ones(SIZE, bool)
    assert filters.smooth(values_hw, everywhere, 2).std() < 0.3 * values_hw.std()
    assert filters.smooth_within_edges(values_hw, everywhere, 2, 0.1).std() < 0.5 * values_hw.std()


def test_resampling_averages_masked_pixels_only():
    values_hw, mask_hw = np.full((8, 12), 9, np.float32), np.ones((8, 12), bool)
    values_hw[::2], mask_hw[::2] = 1e6, False
    small_hw, kept_hw = filters.resample(values_hw, mask_hw, (4, 6))
    assert kept_hw.all() and np.allclose(small_hw, 9)


@given(masks, st.integers(0, 999))
def test_diffusion_keeps_what_is_known_and_stays_within_it(known_hw, seed):
    values_hwc = np.random.default_rng(seed).random((*SIZE, 3), np.float32)
    filled_hwc = fill_by_diffusion(values_hwc, known_hw)
    known = values_hwc[known_hw]
    assert np.abs(filled_hwc[known_hw] - known).max() < 1e-6
    assert (filled_hwc >= known.min(axis=0) - 1e-4).all() and (filled_hwc <= known.max(axis=0) + 1e-4).all()


def test_diffusion_takes_the_nearer_colour():
    values_hwc, known_hw = np.zeros((*SIZE, 1), np.float32), np.zeros(SIZE, bool)
    known_hw[:, :5] = known_hw[:, -5:] = True
    values_hwc[:, -5:] = 1
    row = fill_by_diffusion(values_hwc, known_hw)[18, :, 0]
    assert row[10] < 0.35 < 0.65 < row[-10]
