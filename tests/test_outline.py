"""Laws of the rim of a surface on a grid: on the outline, without teeth, and not across cuts."""

import numpy as np
import pytest

from outline import BLEND_CELLS, smooth_rim

SIDE, RADIUS = 64, 20.3
ROWS, COLUMNS = np.indices((SIDE, SIDE), dtype=np.float64)
MIDDLE = 31.4
FROM_MIDDLE = np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE)
DISC = FROM_MIDDLE < RADIUS


def rim_of(values_hw, mask_hw, largest_step=np.inf):
    rows_hw, columns_hw, values_hw, with_rim_hw = smooth_rim(values_hw.astype(np.float32), mask_hw, largest_step)
    return rows_hw, columns_hw, values_hw, with_rim_hw, with_rim_hw & ~mask_hw


def test_the_rim_of_a_disc_is_a_circle():
    rows_hw, columns_hw, _, with_rim_hw, ring_hw = rim_of(np.zeros((SIDE, SIDE)), DISC)
    assert (with_rim_hw >= DISC).all() and ring_hw.any()
    assert np.hypot(rows_hw - MIDDLE, columns_hw - MIDDLE)[ring_hw] == pytest.approx(RADIUS, abs=0.5)
    kept_hw = ~ring_hw
    assert (rows_hw == ROWS)[kept_hw].all() and (columns_hw == COLUMNS)[kept_hw].all()


def test_a_plane_stays_a_plane():
    plane_hw = 0.02 * ROWS - 0.03 * COLUMNS + 5
    rows_hw, columns_hw, values_hw, with_rim_hw, _ = rim_of(plane_hw, DISC)
    expected_hw = 0.02 * rows_hw - 0.03 * columns_hw + 5
    assert values_hw[with_rim_hw] == pytest.approx(expected_hw[with_rim_hw], abs=0.02)


def test_the_rim_of_a_ball_has_no_teeth():
    """Along the ring round a ball, depth differs about half as much as along its outermost cells."""
    ball_hw = np.sqrt(np.clip(RADIUS**2 - FROM_MIDDLE**2, 0, None))
    _, _, values_hw, _, ring_hw = rim_of(ball_hw, DISC)
    outermost_hw = DISC & (FROM_MIDDLE > RADIUS - 1)
    assert values_hw[ring_hw].std() < 0.6 * ball_hw[outermost_hw].std()


def test_far_from_the_rim_nothing_changes():
    noise_hw = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    values_hw = rim_of(noise_hw, DISC)[2]
    inner_hw = FROM_MIDDLE < RADIUS - BLEND_CELLS - 2
    assert values_hw[inner_hw] == pytest.approx(noise_hw[inner_hw], abs=1e-6)


@pytest.mark.parametrize(("step", "closes"), [(0.5, False), (2.0, True)])
def test_a_cut_between_two_depths_stays_open(step, closes):
    mask_hw, gap = DISC.copy(), np.s_[:, 30:32]
    mask_hw[gap] = False
    with_rim_hw = rim_of(np.where(COLUMNS < 31, 0.0, 1.0), mask_hw, step)[3]
    assert with_rim_hw[20:44, 30:32].all() == closes
    assert with_rim_hw[20:44, 30:32].any() == closes


@pytest.mark.parametrize("mask_hw", [np.ones((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)])
def test_without_an_outline_there_is_no_rim(mask_hw):
    noise_hw = np.random.default_rng(1).normal(size=(SIDE, SIDE)).astype(np.float32)
    rows_hw, columns_hw, values_hw, with_rim_hw, ring_hw = rim_of(noise_hw, mask_hw)
    assert not ring_hw.any() and (with_rim_hw == mask_hw).all()
    assert (values_hw == noise_hw).all() and (rows_hw == ROWS).all() and (columns_hw == COLUMNS).all()


def test_the_rim_stays_in_the_picture():
    mask_hw = ROWS > 40
    rows_hw, columns_hw, *_ = rim_of(np.zeros((SIDE, SIDE)), mask_hw)
    assert (columns_hw >= 0).all() and (columns_hw <= SIDE - 1).all() and (rows_hw >= 0).all() and (rows_hw <= SIDE - 1).all()
