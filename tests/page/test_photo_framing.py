"""Turn and crop of the photo before the depth map."""

import numpy as np
import pytest
from page_visit import press, session_of
from sample_files import ASTRONAUT_HWC

from face3d.photo import MIN_SIDE


def sliders(page):
    return [slider for slider in page.slider if str(slider.key).startswith("crop ")]


def modelled(page):
    return session_of(page).photo


def test_what_is_modelled_is_the_part_between_the_edges(page):
    whole = modelled(page)
    across, down = sliders(page)
    across.set_value((25, 75))
    down.set_value((0, 50)).run()
    part = modelled(page)
    assert np.array_equal(part.rgb_hwc, whole.rgb_hwc[:256, 128:384]) and part.sha256 != whole.sha256
    press(page, "generate depth")
    assert session_of(page).depth_result.photo is part
    across, down = sliders(page)
    across.set_value((0, 100))
    down.set_value((0, 100)).run()
    assert modelled(page).sha256 == whole.sha256 and session_of(page).depth_result is None


@pytest.mark.parametrize("edges", [(0, 0), (50, 50), (100, 100)])
def test_a_crop_keeps_a_usable_size(page, edges):
    for slider in sliders(page):
        slider.set_value(edges).run()
    assert modelled(page).size_hw == (MIN_SIDE, MIN_SIDE) and not page.exception


def test_a_strip_too_narrow_to_use_leaves_the_photo_whole(page):
    sliders(page)[0].set_value((50, 50)).run()
    assert modelled(page).size_hw == ASTRONAUT_HWC.shape[:2] and not page.exception


def test_four_turns_are_none_and_a_turned_photo_starts_whole(page):
    whole = modelled(page)
    sliders(page)[0].set_value((25, 75)).run()
    press(page, "turn 90")
    assert np.array_equal(modelled(page).rgb_hwc, np.rot90(whole.rgb_hwc, -1))
    for _ in range(3):
        press(page, "turn 90")
    assert modelled(page).sha256 == whole.sha256


def test_head_only_is_the_head_that_was_found(page):
    left, top, right, bottom = session_of(page).current_face_search().faces[0].box_xyxy
    page.toggle(key="head only").set_value(True).run()
    height, width = modelled(page).size_hw
    size = max(right - left, bottom - top)
    assert right - left < width < 1.4 * size and bottom - top < height < 1.4 * size
    page.toggle(key="head only").set_value(False).run()
    assert modelled(page) is session_of(page).full_photo
