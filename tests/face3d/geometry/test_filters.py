import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face3d.errors import GeometryError
from face3d.geometry import filters, relief
from face3d.structures import DepthMap, DepthRepresentation

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


def test_inverse_depth_of_known_distances_gives_them_back():
    distances_hw = np.linspace(1, 3, SIZE[0] * SIZE[1], dtype=np.float64).reshape(SIZE)
    depth = DepthMap(
        (7 / distances_hw - 2).astype(np.float32),
        DepthRepresentation.RELATIVE_INVERSE,
        np.ones(SIZE, bool),
        "formula",
    )
    front_hw, _ = relief.to_relief(depth, depth.mask_hw, 1.5, near_far_ratio=3.0)
    found_hw = 1.5 - front_hw
    assert np.allclose(found_hw / found_hw.min(), distances_hw, rtol=1e-4)


def test_a_flat_map_of_any_sense_gives_a_plane():
    for representation in DepthRepresentation:
        depth = DepthMap(np.full(SIZE, 2, np.float32), representation, np.ones(SIZE, bool), "formula")
        front_hw, _ = relief.to_relief(depth, depth.mask_hw, 1.5, near_far_ratio=3.0)
        assert np.isfinite(front_hw).all() and np.ptp(front_hw) < 1e-6


def before_noise(**others):
    """A person of relief 0.05 to 0.15 before a background that no network was asked for: nearer than the
    camera, or far behind.
    """
    mask_hw = np.zeros(SIZE, bool)
    mask_hw[6:20, 8:25] = True
    values_hw = np.where(np.indices(SIZE).sum(axis=0) % 2, np.float32(9), np.float32(-9))
    values_hw[mask_hw] = np.linspace(0.05, 0.15, mask_hw.sum())
    return DepthMap(
        values_hw,
        DepthRepresentation.RELIEF,
        mask_hw,
        "noise",
        back_hw=np.where(mask_hw, -0.1, values_hw),
        **others,
    )


def test_a_person_with_a_matte_stands_before_a_flat_backdrop():
    depth = before_noise(matte_hw=np.ones(SIZE, np.float32))
    everywhere = relief.valid_pixels(depth, foreground_only=False)
    front_hw, back_hw = relief.to_relief(depth, everywhere, 1.5, 2.0)
    inside = depth.mask_hw
    assert (
        everywhere.all()
        and (front_hw[inside] == depth.values_hw[inside]).all()
        and (back_hw[inside] == np.float32(-0.1)).all()
    )
    assert len(np.unique(front_hw[~inside])) == 1 and (back_hw[~inside] == front_hw[~inside]).all()
    assert 0.05 <= front_hw[~inside][0] <= 0.055  # a little behind the person
    assert relief.nearest_relief(depth, everywhere) == pytest.approx(0.15)
    alone_hw, _ = relief.to_relief(depth, inside, 1.5, 2.0)
    assert (alone_hw == np.where(inside, depth.values_hw, 0)).all()


def test_without_a_matte_nothing_is_taken_for_a_background():
    depth = before_noise()
    everywhere = relief.valid_pixels(depth, foreground_only=False)
    assert (
        relief.to_relief(depth, everywhere, 1.5, 2.0)[0] == depth.values_hw
    ).all() and relief.nearest_relief(depth, everywhere) == 9


def test_metres_keep_their_scale():
    depth = DepthMap(
        np.linspace(0.5, 1.5, SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE),
        DepthRepresentation.METRIC,
        np.ones(SIZE, bool),
        "formula",
    )
    front_hw, _ = relief.to_relief(depth, depth.mask_hw, 2.0, near_far_ratio=9.0)
    assert np.ptp(front_hw) * relief.metres_per_width(depth, 2.0) == pytest.approx(1.0, abs=1e-5)


def test_only_pixels_beside_a_jump_are_edges():
    values_hw = np.zeros(SIZE, np.float32)
    values_hw[:, 15:] = -0.5
    edges_hw = relief.depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0.04)
    assert np.flatnonzero(edges_hw.any(axis=0)).tolist() == [14, 15]
    assert not relief.depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0).any()
    values_hw[:, 15:] = -0.05  # 2.5 % of the distance
    assert not relief.depth_edges(values_hw, np.ones(SIZE, bool), 2.0, 0.04).any()


def test_what_lies_outside_the_mask_is_no_edge():
    mask_hw = np.zeros(SIZE, bool)
    mask_hw[5:12, 5:12] = True
    assert not relief.depth_edges(np.where(mask_hw, 0, 100).astype(np.float32), mask_hw, 2.0, 0.04).any()


def test_resampling_averages_masked_pixels_only():
    values_hw, mask_hw = np.full((8, 12), 9, np.float32), np.ones((8, 12), bool)
    values_hw[::2], mask_hw[::2] = 1e6, False
    small_hw, kept_hw = filters.resample(values_hw, mask_hw, (4, 6))
    assert kept_hw.all() and np.allclose(small_hw, 9)


def test_no_usable_pixel_is_an_error_with_a_mend():
    depth = DepthMap(np.zeros(SIZE, np.float32), DepthRepresentation.METRIC, np.ones(SIZE, bool), "formula")
    with pytest.raises(GeometryError, match="no usable pixel"):
        relief.valid_pixels(depth, True)
