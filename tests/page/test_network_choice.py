"""Depth of the visitor's own in step 2."""

import numpy as np
import pytest
from depth_files import gdepth, npy, phone_jpeg
from page_visit import press, session_of, texts, upload
from sample_files import ASTRONAUT_HWC

from face3d.structures import DepthRepresentation
from page.depth_request import EMBEDDED, OWN

pytestmark = pytest.mark.usefixtures("coarse_models", "stand_in_network")

METRES_HW = np.linspace(0.5, 1.5, 512 * 512, dtype=np.float32).reshape(512, 512)


def test_a_depth_map_of_the_visitors_own_takes_the_place_of_a_network(page):
    page.selectbox(key="network").set_value(OWN).run()
    press(page, "generate depth")
    assert page.error[0].value == "There is no depth map yet. Choose its file, or a network."
    page.file_uploader[1].set_value(("depth.npy", npy(METRES_HW), "")).run()
    press(page, "generate depth")
    assert len(page.error) == 1 and "does not say what its values are" in page.error[0].value
    page.selectbox(key="depth meaning").set_value("metric").run()
    press(page, "generate depth")
    depth = session_of(page).depth_result.depth_map
    assert not page.error and depth.network == "own depth map"
    assert depth.representation is DepthRepresentation.METRIC and (depth.values_hw == METRES_HW).all()
    press(page, "generate model")
    assert not page.error and not page.exception
    page.number_input(key="depth black").set_value(1.0).run()
    assert "Out of date" in texts(page, "warning")
    press(page, "generate depth")
    assert "Give both numbers" in page.error[0].value
    page.number_input(key="depth black").set_value(None).run()
    page.toggle(key="head only").set_value(True).run()
    press(page, "generate depth")
    left, top, right, bottom = session_of(page).crop
    part = session_of(page).depth_result.depth_map
    assert not page.error and (part.values_hw == METRES_HW[top:bottom, left:right]).all()


def test_depth_inside_a_photo_is_named_and_used(page):
    page.selectbox(key="network").set_value(EMBEDDED).run()
    assert "has no depth map inside" in texts(page, "warning")
    page.selectbox(key="network").set_value("face").run()
    levels_hw = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (64, 1))
    upload(page, "phone.jpg", phone_jpeg(ASTRONAUT_HWC, *gdepth(levels_hw)))
    assert "this photo has depth inside" in texts(page, "caption")
    page.selectbox(key="network").set_value(EMBEDDED).run()
    press(page, "generate depth")
    assert not page.error and session_of(page).depth_result.depth_map.network == "the photo's own depth map"
    assert "From: Depth inside the photo." in texts(page, "markdown")
