"""Laws of the division of a matte among the heads, on maps made by hand."""

import numpy as np
import pytest

from face3d.depth.face.inference import Box
from face3d.depth.face.people import divide_matte

SIZE_HW = (240, 400)
ROWS, COLUMNS = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]] + 0.5


def person(centre_x, head_y, scale=1.0):
    """Head and shoulders: an ellipse over a wider one that leaves the picture below."""
    head_hw = np.hypot((COLUMNS - centre_x) / (30 * scale), (ROWS - head_y) / (40 * scale)) < 1
    shoulders_y = head_y + 110 * scale
    body_hw = np.hypot((COLUMNS - centre_x) / (75 * scale), (ROWS - shoulders_y) / (75 * scale)) < 1
    return head_hw | body_hw | ((shoulders_y < ROWS) & (np.abs(COLUMNS - centre_x) < 75 * scale))


def box(centre_x, head_y, scale=1.0):
    return Box(round(centre_x - 30 * scale), round(head_y - 40 * scale), round(60 * scale), round(80 * scale))


def test_one_head_has_the_whole_matte():
    matte_hw = person(200, 80).astype(np.float32)
    owner_hw = divide_matte(matte_hw, np.zeros(SIZE_HW, np.float32), [box(200, 80)])
    assert np.array_equal(owner_hw, matte_hw)


@pytest.mark.parametrize("scale", [1, 3])
def test_people_who_do_not_touch_are_divided_between_them(scale):
    """At any size of the maps, to a pixel."""
    left_hw, right_hw = person(100, 80), person(310, 70)
    enlarge = np.ones((scale, scale))
    matte_hw = np.kron(left_hw | right_hw, enlarge).astype(np.float32)
    boxes = [
        Box(b.left * scale, b.top * scale, b.width * scale, b.height * scale)
        for b in (box(310, 70), box(100, 80))
    ]
    owner_hw = divide_matte(matte_hw, np.zeros(matte_hw.shape, np.float32), boxes)
    assert np.array_equal(owner_hw == 1, np.kron(right_hw, enlarge) > 0)
    assert np.array_equal(owner_hw == 2, np.kron(left_hw, enlarge) > 0)


@pytest.mark.parametrize("apart", [120, 140, 150])
def test_people_who_overlap_are_parted_at_the_jump_in_depth(apart):
    """The nearer one covers the other's shoulder; the border is the nearer one's outline."""
    near_hw, far_hw = person(130, 90), person(130 + apart, 80) & ~person(130, 90)
    relief_hw = np.where(near_hw, 0.3, np.where(far_hw, 0.0, -1)).astype(np.float32)
    owner_hw = divide_matte(
        (near_hw | far_hw).astype(np.float32), relief_hw, [box(130, 90), box(130 + apart, 80)]
    )
    assert (owner_hw == 1)[near_hw].mean() > 0.98
    assert (owner_hw == 2)[far_hw].mean() > 0.98


def test_touching_people_at_one_distance_are_parted_halfway():
    both_hw = person(130, 80) | person(270, 80)
    owner_hw = divide_matte(
        both_hw.astype(np.float32), np.zeros(SIZE_HW, np.float32), [box(130, 80), box(270, 80)]
    )
    left_hw = both_hw & (COLUMNS < 200)
    assert ((owner_hw == 1) == left_hw)[both_hw].mean() > 0.98


def test_a_head_beside_the_matte_takes_nothing():
    matte_hw = person(100, 80).astype(np.float32)
    boxes = [box(310, 70), box(100, 80)]
    owner_hw = divide_matte(matte_hw, np.zeros(SIZE_HW, np.float32), boxes)
    assert np.array_equal(owner_hw == 2, matte_hw > 0)
    nothing_hw = divide_matte(np.zeros(SIZE_HW, np.float32), np.zeros(SIZE_HW, np.float32), boxes)
    assert not nothing_hw.any()
