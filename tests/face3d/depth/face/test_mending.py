"""The matte mended: what is removed, what is filled, and what stays to the last bit."""

import numpy as np
import pytest

from face3d.depth.face.mending import (
    fill_holes,
    mend,
    remove_hanging_pieces,
    remove_haze,
    remove_stray_regions,
)

HEAD = (20.0, 10.0, 60.0, 60.0)
"""40 pixels wide."""


@pytest.fixture
def person():
    """A sure person, in columns 15 to 64 of 160."""
    matte = np.zeros((100, 160), np.float32)
    matte[8:, 15:65] = 0.95
    return matte


def test_a_region_that_touches_no_head_is_removed(person):
    matte = person.copy()
    matte[40:70, 100:140] = 0.9
    assert np.array_equal(remove_stray_regions(matte, [HEAD]), person)


def test_haze_is_removed_far_from_what_is_sure_and_stays_near_it(person):
    matte = person.copy()
    matte[40:60, 65:120] = 0.55  # joined to the person
    matte[36:40, 75:120] = 0.3  # its soft rim
    mended = remove_haze(matte, [HEAD])
    assert (mended[40:60, 65:74] == np.float32(0.55)).all()  # a quarter of a head's width
    assert not mended[36:60, 76:].any()
    assert np.array_equal(mended[:, :65], person[:, :65])


def test_a_far_region_that_is_sure_enough_stays(person):
    matte = person.copy()
    matte[40:60, 65:120] = 0.66  # a shoulder in shadow, say
    assert np.array_equal(remove_haze(matte, [HEAD]), matte)


@pytest.mark.parametrize(
    ("value", "join", "kept"),
    [
        pytest.param(0.55, 1, False, id="unsure, by a narrow join"),
        pytest.param(0.55, 12, True, id="unsure, by a wide one"),
        pytest.param(0.9, 1, True, id="sure: a hand, say"),
    ],
)
def test_an_unsure_piece_that_hangs_on_the_person_is_removed(person, value, join, kept):
    matte = person.copy()
    matte[60:80, 70:90] = value
    matte[64 : 64 + join, 65:70] = value
    mended = remove_hanging_pieces(matte, [HEAD])
    assert bool((mended[62:78, 72:88] > 0.5).all()) == kept
    assert np.array_equal(mended[:, :60], matte[:, :60])


def test_the_pictures_edge_joins_no_piece_to_the_person(person):
    matte = person.copy()
    matte[60:, 70:90] = 0.55
    matte[-2:, 55:70] = 0.55
    assert (remove_hanging_pieces(matte, [HEAD])[60:90, 72:88] == 0).all()


@pytest.mark.parametrize(
    ("side", "value", "filled"),
    [
        pytest.param(6, 0.45, True, id="small and unsure: a hole"),
        pytest.param(6, 0.1, False, id="small and sure: a gap"),
        pytest.param(28, 0.45, False, id="larger than a hand"),
    ],
)
def test_only_small_unsure_holes_are_filled(person, side, value, filled):
    matte = person.copy()
    hole = np.s_[20 : 20 + side, 25 : 25 + side]
    matte[hole] = value
    mended = fill_holes(matte, [HEAD])
    assert (mended[hole] == (1 if filled else np.float32(value))).all()
    assert ((mended > 0.5) == (person > 0.5)).all() == filled


def test_a_bay_is_no_hole(person):
    person[20:30, :20] = 0.45
    assert np.array_equal(fill_holes(person, [HEAD]), person)


def test_without_a_head_nothing_is_mended():
    rng = np.random.default_rng(3)
    matte = rng.random((40, 50), np.float32)
    assert mend(matte, np.zeros((40, 50, 3), np.uint8), []) is matte


def test_mending_twice_is_mending_once(person):
    matte = person.copy()
    matte[40:60, 65:120] = 0.55
    matte[20:26, 25:31] = 0.45
    matte[5:9, 150:] = 0.8
    grey = np.full((*matte.shape, 3), 128, np.uint8)
    once = mend(matte, grey, [HEAD])
    assert not np.array_equal(once, matte)
    assert np.array_equal(mend(once, grey, [HEAD]), once)
