"""The matte below the head by colours."""

import numpy as np
import pytest

from face3d.depth.face.colour_cut import cut_by_colours

HEAD = 70.0, 10.0, 130.0, 80.0
BODY = np.s_[90:200, 40:160]


@pytest.fixture
def photo():
    """A pink head and a red body before a grey wall, and what the network may say of it: it knows the head
    and the upper part of the body, finds no arm, and takes a piece of the wall for half a person.
    """
    rng = np.random.default_rng(0)
    rgb = np.full((200, 200, 3), 120.0)
    rgb[10:95, 75:125] = 220, 170, 150
    rgb[BODY] = 200, 40, 30
    rgb += rng.normal(0, 6, rgb.shape)
    person = np.zeros((200, 200), bool)
    person[10:95, 75:125] = person[BODY] = True
    matte = person * np.float32(0.97)
    matte[130:200, 40:160] = 0.45
    matte[100:190, 40:65] = 0.02
    matte[60:100, 10:40] = 0.4
    return np.clip(rgb, 0, 255).astype(np.uint8), person, matte


def test_below_the_head_colours_decide_where_the_network_is_unsure(photo):
    rgb, person, matte = photo
    cut = cut_by_colours(matte, rgb, [HEAD])
    assert ((matte > 0.5) != person).mean() > 0.2
    assert ((cut > 0.5) != person).mean() < 0.01
    assert cut.min() >= 0 and cut.max() <= 1 and cut.dtype == np.float32
    assert np.array_equal(cut, cut_by_colours(matte, rgb, [HEAD])), "the same each time"


def test_the_head_keeps_its_matte(photo):
    rgb, _, matte = photo
    matte[10:40, 75:125] = 0.6
    inner = np.s_[20:70, 85:115]
    assert np.allclose(cut_by_colours(matte, rgb, [HEAD])[inner], matte[inner], atol=0.02)


def test_where_the_network_is_sure_it_is_not_asked_twice(photo):
    rgb, person, matte = photo
    sure = person * np.float32(0.99)
    assert cut_by_colours(sure, rgb, [HEAD]) is sure
    everything = np.full_like(matte, 0.6)
    everything[:90] = 0.9
    assert cut_by_colours(everything, rgb, [HEAD]) is everything, "no background from which it could learn"


def test_a_small_hole_in_the_body_is_filled_and_a_gap_stays(photo):
    rgb, _, matte = photo
    rgb[150:155, 100:105] = 255
    rgb[150:190, 70:90] = 120
    cut = cut_by_colours(matte, rgb, [HEAD])
    assert (cut[150:155, 100:105] > 0.5).all() and (cut[160:180, 75:85] < 0.5).all()
