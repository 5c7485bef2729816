import math

import numpy as np
import pytest

from face3d.errors import PhotoError
from face3d.structures import Photo

PHOTO = Photo(
    np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3),
    np.arange(4 * 6, dtype=np.uint8).reshape(4, 6),
    60.0,
    "digest",
)


def test_a_quarter_turn_is_clockwise():
    """The pixel of the upper left corner comes to the upper right."""
    turned = PHOTO.turned(90)
    assert turned.size_hw == (6, 4)
    assert np.array_equal(turned.rgb_hwc[0, -1], PHOTO.rgb_hwc[0, 0])
    assert turned.alpha_hw[0, -1] == PHOTO.alpha_hw[0, 0]
    assert turned.sha256 != PHOTO.sha256


def test_four_quarter_turns_give_the_photo_back():
    turned = PHOTO.turned(90).turned(90).turned(180)
    assert np.array_equal(turned.rgb_hwc, PHOTO.rgb_hwc)
    assert np.array_equal(turned.alpha_hw, PHOTO.alpha_hw)
    assert turned.fov_degrees == pytest.approx(60)


def test_the_field_of_view_is_that_of_the_side_that_lies_across():
    """Half the picture's width over its distance is the tangent of half the angle."""
    distance = 3 / math.tan(math.radians(30))
    assert math.tan(math.radians(PHOTO.turned(270).fov_degrees / 2)) == pytest.approx(2 / distance)
    assert PHOTO.turned(180).fov_degrees == 60


def test_another_angle_is_refused():
    assert PHOTO.turned(0) is PHOTO
    with pytest.raises(PhotoError, match="0, 90, 180 or 270"):
        PHOTO.turned(45)
