"""Laws of the rules: what is measured decides, and the same photo gets the same advice."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import stand_in
from skimage import data

from face3d.assistant.measures import measure
from face3d.assistant.rules import BLURRED, advise
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthRepresentation, Face, Photo

HEAD = Face((140.0, 20.0, 300.0, 240.0), ((190.0, 110.0), (250.0, 110.0)))


@pytest.fixture(scope="module")
def rgb_hwc():
    """The NASA portrait's upper part, 400 pixels square."""
    return np.ascontiguousarray(data.astronaut()[:400, :400])


def seen(rgb_hwc, face=HEAD, **fields):
    """A photo and a depth map with a face in it."""
    photo = Photo(np.ascontiguousarray(rgb_hwc), None, None, "")
    faces = () if face is None else (face,)
    return photo, replace(stand_in.predict(None, photo), faces=faces, **fields)


def problems(*given):
    return " ".join(advise(*given).problems)


def test_a_sharp_portrait_from_the_front_has_no_problem(rgb_hwc):
    advice = advise(*seen(rgb_hwc))
    assert advice.problems == ()
    assert "One face, seen from the front" in advice.contents
    assert advice.matte == "face"
    assert advice.by == "rules"


def test_advice_is_on_the_face_that_is_modelled(rgb_hwc):
    cut = replace(HEAD, box_xyxy=(HEAD.box_xyxy[0], 0.0, *HEAD.box_xyxy[2:]))
    photo, depth = seen(rgb_hwc)
    depth = replace(depth, faces=(HEAD, cut))
    assert "(top)" not in problems(photo, depth) and "(top)" in problems(photo, depth, 2)
    assert advise(photo, depth, 2).contents.startswith("2 faces, ")
    assert measure(photo, depth, 3) == measure(photo, depth, 2)  # there is no third: the model says it


def test_a_cut_head_can_be_completed_except_below(rgb_hwc):
    box = HEAD.box_xyxy
    above = replace(HEAD, box_xyxy=(box[0], 0.0, *box[2:]))
    below = replace(HEAD, box_xyxy=(*box[:3], 400.0))
    assert "(top): the model ends there, unless it is completed." in problems(*seen(rgb_hwc, above))
    assert "(bottom): the model ends there." in problems(*seen(rgb_hwc, below))


def test_the_same_photo_gets_the_same_advice(rgb_hwc):
    assert advise(*seen(rgb_hwc)) == advise(*seen(rgb_hwc))


def test_blur_noise_and_light_are_named(rgb_hwc):
    rng = np.random.default_rng(0)
    noisy = np.clip(rgb_hwc + rng.normal(size=rgb_hwc.shape) * 25, 0, 255).astype(np.uint8)
    assert "blurred" in problems(*seen(cv2.GaussianBlur(rgb_hwc, (0, 0), 3)))
    assert "noisy" in problems(*seen(noisy))
    assert "under-exposed" in problems(*seen(rgb_hwc // 6))
    assert "over-exposed" in problems(*seen(np.full_like(rgb_hwc, 252)))


def test_sharpness_is_far_from_its_limit_on_both_sides(rgb_hwc):
    blurred = cv2.GaussianBlur(rgb_hwc, (0, 0), HEAD.width / 100)
    assert measure(*seen(rgb_hwc)).sharpness == pytest.approx(0.0019, rel=0.1)
    assert measure(*seen(blurred)).sharpness < BLURRED / 2


def test_noise_is_measured_in_grey_levels():
    rng = np.random.default_rng(0)
    grey = np.clip(128 + rng.normal(size=(400, 400, 1)) * 10, 0, 255)
    measured = measure(*seen(np.repeat(grey, 3, axis=2).astype(np.uint8)))
    assert measured.noise == pytest.approx(10, rel=0.05)
    assert measured.grey


@pytest.mark.parametrize(
    ("face", "said"),
    [
        (Face((140.0, 0.0, 300.0, 240.0), HEAD.eyes_xy), "edge (top)"),
        (Face((140.0, 20.0, 300.0, 240.0), None), "Not both eyes"),
        (Face((140.0, 20.0, 300.0, 240.0), ((150.0, 110.0), (180.0, 110.0))), "far half"),
        (Face((140.0, 20.0, 200.0, 100.0), ((160.0, 60.0), (180.0, 60.0))), "60 pixels wide"),
    ],
)
def test_what_the_head_lacks_is_named(rgb_hwc, face, said):
    assert said in problems(*seen(rgb_hwc, face))


def test_without_a_face_nothing_is_cut_out_and_no_setting_is_advised(rgb_hwc):
    photo, depth = seen(rgb_hwc, None)
    assert (advise(photo, depth).matte, advise(photo, depth).settings) == ("none", ())
    transparent = replace(photo, alpha_hw=np.full(photo.size_hw, 9, np.uint8))
    assert advise(transparent, depth).matte == "alpha"


def test_the_cameras_distance_gives_the_depth_that_relative_networks_leave_open(rgb_hwc):
    """Eyes 63 mm and 60 pixels apart, 400 pixels under 30 degrees: 784 mm away; (784 + 300) / 784 = 1.38."""
    advice = advise(*seen(rgb_hwc, representation=DepthRepresentation.RELATIVE_INVERSE))
    (ratio,) = (setting for setting in advice.settings if setting.name == "near_far_ratio")
    assert ratio.value == pytest.approx(1.38, abs=0.01)
    assert advice.only(["near_far_ratio"]).applied(ModelSettings()) == ModelSettings(
        near_far_ratio=ratio.value
    )


def test_of_several_people_the_first_is_advised(rgb_hwc):
    photo, depth = seen(rgb_hwc)
    advice = advise(photo, replace(depth, faces=(HEAD, Face((320.0, 20.0, 390.0, 120.0)))))
    assert advice.applied(ModelSettings()).face == 1
    assert "2 people" in " ".join(advice.problems)
