"""The part of a photo in a box."""

import numpy as np
import pytest
from sample_files import ASTRONAUT_HWC

from face3d.crop import cropped, pixel_box, with_margin
from face3d.structures import Photo


def test_a_head_is_cut_out_with_room_and_a_narrower_view():
    whole = Photo(ASTRONAUT_HWC, None, 60.0, "0")
    box = with_margin((180, 60, 270, 190))
    cut = cropped(whole, box)
    assert np.array_equal(cut.rgb_hwc, whole.rgb_hwc[0:268, 102:348]) and cut.sha256 != whole.sha256
    assert pixel_box(whole.size_hw, box) == (102, 0, 348, 268)
    assert cut.fov_degrees == pytest.approx(
        2 * np.degrees(np.arctan(np.tan(np.radians(30)) * cut.size_hw[1] / 512))
    )


def test_a_part_of_a_part_is_one_part():
    whole = Photo(ASTRONAUT_HWC, None, 60.0, "0")
    outer, inner = (100, 50, 400, 500), (20, 10, 250, 300)
    at_once = cropped(whole, (120, 60, 350, 350))
    in_steps = cropped(cropped(whole, outer), inner)
    assert np.array_equal(at_once.rgb_hwc, in_steps.rgb_hwc)
    assert at_once.fov_degrees == pytest.approx(in_steps.fov_degrees)
