"""Laws of the rim of a surface on a grid: on the outline, without teeth, and not across cuts."""

import numpy as np
import pytest

from face3d.geometry.silhouette import BLEND_CELLS, smooth_rim

SIDE, RADIUS = 64, 20.3
ROWS, COLUMNS = np.indices((SIDE, SIDE), dtype=np.float64)
MIDDLE = 31.4
FROM_MIDDLE = np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE)
DISC = FROM_MIDDLE < RADIUS


def rim_of(values_hw, mask_hw, largest_step=np.inf):
    rows_hw, columns_hw, values_hw, with_rim_hw = smooth_rim(
        values_hw.astype(np.float32), mask_hw, largest_step
    )
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
    """Along the ring round a ball, and along the outermost cells within it, depth differs about half as much
    as it did.
    """
    ball_hw = np.sqrt(np.clip(RADIUS**2 - FROM_MIDDLE**2, 0, None))
    _, _, values_hw, _, ring_hw = rim_of(ball_hw, DISC)
    outermost_hw = DISC & (FROM_MIDDLE > RADIUS - 1)
    assert values_hw[ring_hw].std() < 0.6 * ball_hw[outermost_hw].std()
    assert values_hw[outermost_hw].std() < 0.7 * ball_hw[outermost_hw].std()


def test_far_from_the_rim_nothing_changes():
    noise_hw = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    values_hw = rim_of(noise_hw, DISC)[2]
    inner_hw = FROM_MIDDLE < RADIUS - BLEND_CELLS - 2
    assert values_hw[inner_hw] == pytest.approx(noise_hw[inner_hw], abs=1e-6)


def halves(width):
    """A disc in two halves, 0 and 1 deep, with a gap between them."""
    gap_hw = (COLUMNS >= 31) & (31 + width > COLUMNS)
    return np.where(COLUMNS < 31, 0.0, 1.0), DISC & ~gap_hw, gap_hw


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_a_cut_between_two_depths_is_not_bridged_and_stays_where_it_is(width):
    depths_hw, mask_hw, _ = halves(width)
    _, _, values_hw, with_rim_hw, _ = rim_of(depths_hw, mask_hw, 0.5)
    corners = np.stack(
        [
            layer[i : SIDE - 1 + i, j : SIDE - 1 + j]
            for layer in (values_hw, with_rim_hw)
            for i in (0, 1)
            for j in (0, 1)
        ]
    )
    whole_hw = corners[4:].astype(bool).all(axis=0)
    assert np.ptp(corners[:4], axis=0)[whole_hw].max() < 0.5
    beside_hw = mask_hw & (np.abs(ROWS - MIDDLE) < 8)
    assert np.abs(values_hw - depths_hw)[beside_hw].max() < 0.02


@pytest.mark.parametrize("width", [1, 4])
def test_a_gap_within_one_surface_is_closed(width):
    depths_hw, mask_hw, gap_hw = halves(width)
    with_rim_hw = rim_of(depths_hw, mask_hw, 2.0)[3]
    assert with_rim_hw[gap_hw & (np.abs(ROWS - MIDDLE) < 8)].all()


def test_no_point_of_the_rim_passes_the_mask():
    mask_hw = (np.abs(ROWS - MIDDLE) < 1) & (COLUMNS > 10) & (COLUMNS < 50)
    rows_hw, _, _, _, ring_hw = rim_of(np.zeros((SIDE, SIDE)), mask_hw)
    beside_hw = ring_hw & (COLUMNS > 15) & (COLUMNS < 45)
    middle = ROWS[mask_hw].mean()
    assert ((rows_hw - middle)[beside_hw] * (ROWS - middle)[beside_hw] >= -1e-6).all()


@pytest.mark.parametrize("mask_hw", [np.ones((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)])
def test_without_an_outline_there_is_no_rim(mask_hw):
    noise_hw = np.random.default_rng(1).normal(size=(SIDE, SIDE)).astype(np.float32)
    rows_hw, columns_hw, values_hw, with_rim_hw, ring_hw = rim_of(noise_hw, mask_hw)
    assert not ring_hw.any() and (with_rim_hw == mask_hw).all()
    assert (values_hw == noise_hw).all() and (rows_hw == ROWS).all() and (columns_hw == COLUMNS).all()


@pytest.mark.parametrize("mask_hw", [ROWS > 40, ROWS + COLUMNS > 60])
def test_the_rim_stays_in_the_picture_and_the_frame_is_none(mask_hw):
    rows_hw, columns_hw, values_hw, *_ = rim_of(ROWS / SIDE, mask_hw)
    assert min(rows_hw.min(), columns_hw.min()) >= 0 and max(rows_hw.max(), columns_hw.max()) <= SIDE - 1
    assert (values_hw == (ROWS / SIDE).astype(np.float32))[52:, 56:].all()


@pytest.mark.parametrize("shape", [(1, 8), (8, 1), (2, 2)])
def test_a_grid_of_a_row_or_a_few_cells_is_no_error(shape):
    mask_hw = np.zeros(shape, bool)
    mask_hw.flat[0] = True
    values_hw, with_rim_hw = smooth_rim(np.ones(shape, np.float32), mask_hw, np.inf)[2:]
    assert values_hw[with_rim_hw] == pytest.approx(1)
