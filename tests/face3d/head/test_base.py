"""What a bust stands on."""

import numpy as np

from face3d.head.base import keep_largest_piece, leave_out_thin_ends, needs_block


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
