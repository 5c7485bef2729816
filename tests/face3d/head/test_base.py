"""What a bust stands on."""

import numpy as np
import pytest

from face3d.head.base import keep_largest_piece, leave_out_thin_ends, needs_block, with_block
from face3d.head.solid import Grid


def two_pieces(high):
    """A field with a large and a small piece; they join at the top where `high` is beyond it."""
    share = np.zeros((20, 12, 20), np.float32)
    share[2:12, :10, 2:18] = 1
    share[15:18, :high, 4:16] = 1
    share[2:18, 10:12, 4:16] = high > 9
    return share


def test_what_nothing_joins_to_the_largest_piece_goes():
    share = two_pieces(6)
    assert needs_block(share, 0)
    keep_largest_piece(share)
    assert not share[13:].any() and (share[2:12, :10, 2:18] == 1).all() and not needs_block(share, 0)


def test_what_joins_it_higher_up_stays_and_needs_a_block():
    share = two_pieces(10)
    before = share.copy()
    keep_largest_piece(share)
    assert (share == before).all() and needs_block(share, 0)


def test_a_sliver_at_the_foot_goes_and_what_is_higher_stays():
    cell = 0.02
    share = np.zeros((40, 40, 20), np.float32)
    share[5:20, 2:30] = 1  # a body
    share[20:38, 2:6] = 1  # the end of its shoulder, 0.08 head widths high
    share[10:14, 2:30, 4:8] = 0
    share[10:14, 12:30, 4:8] = 1  # an arm above a gap
    left = share.copy()
    leave_out_thin_ends(left, 2, cell)
    assert not left[24:].any()
    assert np.array_equal(left[:17], share[:17])


@pytest.mark.parametrize("is_round", [False, True])
def test_a_block_reaches_below_the_middle_of_the_mass(is_round):
    share = np.zeros((30, 40, 30), np.float32)
    share[10:14, 2:20, 10:14] = 1  # a narrow stand
    share[10:28, 20:38, 10:28] = 1  # what leans far to one side
    middle = 14.0
    grid, found, top = with_block(Grid(np.zeros(3), 1.0, share.shape), share, 2, is_round=is_round)
    block = found[:, round(top - grid.low_3[1]) - 1] > 0.5
    x, z = (np.flatnonzero(block.any(axis)) for axis in (1, 0))
    for used, low in ((x, grid.low_3[0]), (z, grid.low_3[2])):
        assert low + used[0] + 1 < middle < low + used[-1] - 5
