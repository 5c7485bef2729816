"""A head keeps its number from frame to frame, whatever its size; another person gets another number."""

import numpy as np
import pytest

from face3d.structures import Face, Photo
from face3d.video.tracks import REMEMBERED, Tracks

RED, BLUE = (200, 40, 40), (40, 40, 200)


def frame(*heads):
    """A picture with heads of one colour each, (left, width, colour), and their faces."""
    rgb_hwc = np.full((100, 300, 3), 128, np.uint8)
    faces = []
    for left, width, colour in heads:
        rgb_hwc[10 : 10 + width, left : left + width] = colour
        faces.append(Face((float(left), 10.0, float(left + width), 10.0 + width)))
    return Photo(rgb_hwc, None, None, "0" * 64), tuple(faces)


def numbers(*frames):
    tracks = Tracks()
    return [tracks.of(*frame(*heads)) for heads in frames]


def test_numbers_are_those_of_the_first_frame_and_stay():
    one, two = (20, 40, RED), (200, 30, BLUE)
    larger = (198, 60, BLUE)
    assert numbers((one, two), (one, two), (larger, one)) == [(1, 2), (1, 2), (2, 1)]


def test_two_heads_that_pass_each_other_keep_their_numbers():
    frames = [((20 + 10 * step, 40, RED), (140 - 10 * step, 40, BLUE)) for step in range(12)]
    assert set(numbers(*frames)) == {(1, 2)}


def test_who_comes_later_has_the_next_number_and_who_was_hidden_his_own():
    one, two, three = (20, 40, RED), (200, 30, BLUE), (100, 30, (40, 200, 40))
    assert numbers((two,), (two, one), (one,), (one, two), (three, one, two)) == [
        (1,),
        (1, 2),
        (2,),
        (2, 1),
        (3, 2, 1),
    ]
    gone = [()] * (REMEMBERED + 1)
    assert numbers((one,), *gone, (one,))[-1] == (2,)


@pytest.mark.parametrize(("second", "number"), [((90, 40, RED), 1), ((250, 40, RED), 2), ((20, 40, BLUE), 2)])
def test_a_head_may_move_far_but_not_to_anywhere_nor_change_its_colours(second, number):
    assert numbers(((45, 40, RED),), (second,))[1] == (number,)
