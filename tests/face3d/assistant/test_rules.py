"""Laws of the rules: what is measured decides, and the same photo gets the same advice."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import stand_in
from skimage import data

import depth_estimation
from face3d.assistant.measures import PLACES, measure
from face3d.assistant.rules import BLURRED, EYES_COVERED, advise
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthRepresentation, Face, Photo, SkinMap

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


def with_skin(bare=(), lit=1.0):
    """A photo whose left half has so much of the other's light, and HEAD with skin outside `bare` places."""
    skin_hw = np.ones((100, 100), np.float32)
    apart = HEAD.eyes_xy[1][0] - HEAD.eyes_xy[0][0]
    for name in bare:
        ends = np.multiply(PLACES[name], apart) + np.array([220, 110, 220, 110])
        left, top, right, bottom = np.round(ends / 4).astype(int)
        skin_hw[top:bottom, left:right] = 0
    missing = np.full((100, 100, 3), np.nan, np.float32)
    skin = SkinMap((0.0, 0.0, 400.0, 400.0), missing, np.zeros((100, 100), np.float32), skin_hw)
    rgb_hwc = 200 + np.random.default_rng(0).normal(size=(400, 400, 1)) * [4, 4, 3]
    rgb_hwc[:, :220] *= lit ** (1 / 2.2)
    return seen(np.round(rgb_hwc).astype(np.uint8), replace(HEAD, skin=skin))


@pytest.mark.parametrize(
    ("bare", "said"),
    [
        (["eyes"], "covers the eyes, as dark glasses"),
        (["forehead"], "Hair or a hat covers the forehead"),
        (["mouth"], "covers the mouth, as a beard, a microphone or a hand"),
        (["left"], "The left side of the face in the picture is covered"),
    ],
)
def test_what_covers_a_face_is_told_by_where_no_skin_is_seen(bare, said):
    assert problems(*with_skin()) == ""
    assert problems(*with_skin(bare)).startswith(("Something", "Hair", "The left")) and said in problems(
        *with_skin(bare)
    )
    assert (advise(*with_skin(bare)).completion == "symmetry") == (bare in (["eyes"], ["left"]))


def test_of_a_head_that_is_turned_far_no_side_is_called_covered():
    photo, depth = with_skin(["left"])
    turned = replace(depth.faces[0], box_xyxy=(180.0, 20.0, 340.0, 240.0))
    assert "covered" not in problems(photo, replace(depth, faces=(turned,)))


def test_dark_glasses_are_told_by_the_bundled_network(rgb_hwc):
    """The sample has none, and hair on her forehead."""
    network, glasses = depth_estimation.load_network(), rgb_hwc.copy()
    plain = Photo(rgb_hwc, None, None, "")
    face = network.find_faces(plain)[0]
    for x, y in np.round(face.eyes_xy).astype(int).tolist():
        apart = face.eyes_xy[1][0] - face.eyes_xy[0][0]
        cv2.ellipse(glasses, (x, y), (int(0.38 * apart), int(0.28 * apart)), 0, 0, 360, (15, 15, 18), -1)
    shares = [
        measure(photo, network.predict(photo)).skin for photo in (plain, replace(plain, rgb_hwc=glasses))
    ]
    assert shares[0].eyes > 0.8 and shares[1].eyes < EYES_COVERED - 0.1
    assert min(*shares[0][2:], *shares[1][2:4]) > 0.6


def test_an_engine_is_advised_where_it_adds_to_the_head_model(rgb_hwc):
    """docs/completion.md: beside a strong lamp symmetry is nearer to the far half of a turned head."""
    assert advise(*seen(rgb_hwc)).completion is None
    above = replace(HEAD, box_xyxy=(140.0, 0.0, 300.0, 240.0))
    assert advise(*seen(rgb_hwc, above)).completion == "symmetry"
    photo, depth = with_skin(lit=0.5)
    assert measure(photo, depth).lit == pytest.approx(2, rel=0.02)
    assert advise(photo, depth).completion is None  # seen from the front
    turned = replace(depth.faces[0], box_xyxy=(165.0, 20.0, 325.0, 240.0))
    advice = advise(photo, replace(depth, faces=(turned,)))
    assert advice.completion == "symmetry" and "from one side" in advice.completion_reason


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
