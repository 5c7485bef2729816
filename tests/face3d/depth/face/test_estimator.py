"""The bundled network on a real photograph, and laws of its depth maps."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, chelsea, coffee, moon

from face3d.depth.estimator import BEST, FAST
from face3d.depth.face.canvas import Canvas, upsample_whole
from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.inference import Box, predict_crop
from face3d.depth.face.network import load_face_network
from face3d.structures import DepthRepresentation, Photo

WEIGHTS = Path(__file__).resolve().parents[4] / "assets" / "face_depth.safetensors"


def photo_of(rgb):
    return Photo(np.ascontiguousarray(rgb), None, None, "0" * 64)


@pytest.fixture(scope="module")
def estimator():
    return FaceEstimator(load_face_network(WEIGHTS))


@pytest.fixture(scope="module")
def portrait():
    """Head and shoulders of the test photograph, 320 x 360: columns 60..380, rows 0..360 of the original."""
    return astronaut()[0:360, 60:380]


@pytest.fixture(scope="module")
def depth(estimator, portrait):
    return estimator.predict(photo_of(portrait))


@pytest.fixture(scope="module")
def best(estimator, portrait):
    return replace(estimator, quality=BEST).predict(photo_of(portrait))


# Landmarks in the original photograph, (x, y), written down by hand from the picture.
NOSE_TIP = (223, 127)
INNER_EYE_CORNERS = ((213, 104), (237, 105))
PUPILS = ((203, 101), (246, 104))
EAR_REGIONS = ((177, 125), (274, 130))
NECK = (222, 205)
HAIR = ((222, 40), (165, 90))
FLAG = ((75, 190), (70, 170))


def at(map_hw, point_xy, radius=2):
    x, y = point_xy[0] - 60, point_xy[1]
    return float(np.median(map_hw[y - radius : y + radius + 1, x - radius : x + radius + 1]))


def in_box(depth):
    """(h, w) bool: the box of the first head."""
    left, top, right, bottom = (int(value) for value in depth.faces[0].box_xyxy)
    head_hw = np.zeros(depth.size_hw, bool)
    head_hw[max(0, top) : bottom, max(0, left) : right] = True
    return head_hw


@pytest.mark.parametrize("quality", [FAST, BEST])
def test_a_head_that_fills_the_photo_has_its_skin_too(estimator, quality):
    """It has no crop of its own: the prediction for the whole photo is its prediction."""
    left, top = 150, 20
    close = astronaut()[top:190, left:300]
    skin = replace(estimator, quality=quality).predict(photo_of(close)).faces[0].skin
    assert skin.box_xyxy == (0, 0, close.shape[1], close.shape[0])
    height, width = skin.skin_hw.shape
    column, row = (NOSE_TIP[0] - left) * width / 150, (NOSE_TIP[1] - top) * height / 170
    nose = skin.canonical_hwc[int(row), int(column)]
    assert skin.skin_hw[int(row), int(column)] > 0.9
    assert abs(nose[0]) < 0.06 and nose[2] > 0.45  # in the middle, and in front


def test_nose_before_eyes_before_ears_and_neck(depth):
    eyes = [at(depth.values_hw, corner) for corner in INNER_EYE_CORNERS]
    behind = [at(depth.values_hw, point) for point in (*EAR_REGIONS, NECK)]
    assert at(depth.values_hw, NOSE_TIP) > max(eyes)
    assert min(eyes) > max(behind)


def test_the_matte_covers_face_and_hair_and_not_the_flag(depth):
    for point in (NOSE_TIP, *INNER_EYE_CORNERS, *HAIR):
        assert at(depth.matte_hw, point) > 0.5, point
    for point in FLAG:
        assert at(depth.matte_hw, point) < 0.5, point


def test_faces_are_found_without_the_depth_map(estimator, portrait, depth):
    assert estimator.find_faces(photo_of(portrait)) == depth.faces


def test_the_face_and_its_eyes_are_found(depth):
    assert depth.representation is DepthRepresentation.RELIEF
    left, top, right, bottom = depth.faces[0].box_xyxy
    assert left < NOSE_TIP[0] - 60 < right
    assert top < NOSE_TIP[1] < bottom
    for found, pupil in zip(depth.faces[0].eyes_xy, PUPILS, strict=True):
        assert np.hypot(found[0] - (pupil[0] - 60), found[1] - pupil[1]) < 8


@pytest.mark.parametrize("quality", [75, None])
def test_the_helmet_and_the_flag_beside_her_are_no_heads(estimator, quality):
    """The whole photograph, as JPEG or raw: one person, with a helmet, a flag and a rocket around her."""
    rgb = astronaut()
    if quality:
        rgb = cv2.imdecode(
            cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED
        )
    faces = estimator.predict(photo_of(rgb)).faces
    assert len(faces) == 1
    left, top, right, bottom = faces[0].box_xyxy
    assert left < NOSE_TIP[0] < right
    assert top < NOSE_TIP[1] < bottom
    for found, corner in zip(faces[0].eyes_xy, INNER_EYE_CORNERS, strict=True):
        assert np.hypot(found[0] - corner[0], found[1] - corner[1]) < 20


def test_a_head_has_a_back_and_a_stated_uncertainty(depth):
    inside = depth.mask_hw
    assert (depth.back_hw <= depth.values_hw)[inside].all()
    assert (depth.uncertainty_hw > 0)[inside].all()
    assert (depth.thickness_uncertainty_hw > 0)[inside].all()
    assert depth.thickness_uncertainty_hw[inside].mean() > depth.uncertainty_hw[inside].mean(), (
        "the back is hidden"
    )


def test_both_qualities_have_the_same_heads_and_nearly_the_same_map(depth, best):
    assert (depth.quality, best.quality) == (FAST, BEST)
    assert [face.box_xyxy for face in depth.faces] == [face.box_xyxy for face in best.faces]
    both = depth.mask_hw & best.mask_hw
    assert both.sum() > 0.9 * max(depth.mask_hw.sum(), best.mask_hw.sum())
    head = both & in_box(depth)
    assert 0.98 < np.corrcoef(depth.values_hw[head], best.values_hw[head])[0, 1] < 1


def test_the_same_bytes_give_the_same_map(estimator, portrait, depth):
    again = estimator.predict(photo_of(portrait))
    assert np.array_equal(again.values_hw, depth.values_hw)
    assert np.array_equal(again.matte_hw, depth.matte_hw)


@pytest.mark.parametrize("quality", [FAST, BEST])
def test_a_mirrored_photo_gives_the_mirrored_map(estimator, portrait, depth, best, quality):
    straight = best if quality == BEST else depth
    mirrored = replace(estimator, quality=quality).predict(photo_of(portrait[:, ::-1]))
    both = straight.mask_hw & mirrored.mask_hw[:, ::-1]
    assert both.sum() / (straight.mask_hw | mirrored.mask_hw[:, ::-1]).sum() > 0.9
    compared = both if quality == BEST else both & in_box(depth)
    assert np.corrcoef(straight.values_hw[compared], mirrored.values_hw[:, ::-1][compared])[0, 1] > 0.98


def test_a_portrait_at_a_quarter_of_its_size_keeps_its_relief(estimator, portrait, depth):
    height, width = portrait.shape[:2]
    large = np.full((height, width, 3), 120, np.uint8)
    top, left = height // 3, width // 3
    small = cv2.resize(portrait, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    large[top : top + height // 4, left : left + width // 4] = small
    picture = cv2.resize(large, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    picture[4 * top : 4 * top + height, 4 * left : 4 * left + width] = portrait
    far = estimator.predict(photo_of(picture))
    window = slice(4 * top, 4 * top + height), slice(4 * left, 4 * left + width)
    relief = far.values_hw[window] * 4  # widths of the large picture to widths of the portrait
    head = in_box(depth) & depth.mask_hw & far.mask_hw[window]
    alone = depth.values_hw[head]
    error = relief[head] - alone
    span = np.ptp(np.quantile(alone, [0.01, 0.99]))
    assert np.sqrt(np.mean((error - np.median(error)) ** 2)) < 0.1 * span


@pytest.mark.parametrize("size_hw", [(240, 320), (30, 200), (64, 64)])
def test_a_photo_without_a_face_gives_a_map_without_faces(estimator, size_hw):
    depth = estimator.predict(photo_of(np.full((*size_hw, 3), 90, np.uint8)))
    assert depth.detects_faces
    assert depth.faces == ()
    assert depth.size_hw == size_hw


@pytest.mark.parametrize("picture", [coffee, chelsea, moon])
def test_a_cup_a_cat_and_a_planet_have_no_face(estimator, picture):
    assert estimator.find_faces(photo_of(np.atleast_3d(picture()) * np.ones(3, np.uint8))) == ()


def test_a_head_that_lies_is_no_upright_face(estimator, portrait):
    assert estimator.find_faces(photo_of(np.rot90(portrait))) == ()


def test_outside_a_crop_the_whole_photo_is_upsampled_as_without_one(estimator, portrait):
    canvas, frame = Canvas.of(photo_of(portrait)), Box.whole(portrait.shape[:2])
    whole = predict_crop(estimator.network, portrait, frame, 128)
    crop = Box(70, 40, 200, 230)
    guided, partly = (upsample_whole(whole, canvas, box) for box in (None, crop))
    inside = np.zeros(portrait.shape[:2], bool)
    inside[canvas.window(crop)] = True
    for name, values in guided.items():
        np.testing.assert_allclose(partly[name][~inside], values[~inside], atol=1e-6)
        assert np.abs(partly[name] - values)[inside].max() > 1e-3, name
        assert np.median(np.abs(partly[name] - values)[inside]) < 0.01
    nothing_inside = upsample_whole(whole, canvas, Box(portrait.shape[1], 0, 5, 5))
    assert all(np.array_equal(nothing_inside[name], values) for name, values in guided.items())


def test_both_sides_of_the_canvas_have_a_scale_of_their_own():
    canvas = Canvas(np.zeros((1024, 171, 3), np.uint8), (4899, 816))
    rows, columns = canvas.window(Box(0, 4800, 816, 99))
    assert (rows.start, rows.stop, columns.stop) == (int(4800 * 1024 / 4899), 1024, 171)


def test_two_people_come_into_one_map(estimator, portrait, depth):
    """Side by side: two faces, each half like the map of that person alone."""
    pair = estimator.predict(photo_of(np.hstack([portrait, portrait[:, ::-1]])))
    assert len(pair.faces) == 2
    left, top, right, bottom = (max(0, round(edge)) for edge in depth.faces[0].box_xyxy)
    face = np.s_[top:bottom, left:right]
    person = depth.mask_hw[face]
    for half_hw in (pair.values_hw[:, : portrait.shape[1]], pair.values_hw[:, portrait.shape[1] :][:, ::-1]):
        assert np.corrcoef(half_hw[face][person], depth.values_hw[face][person])[0, 1] > 0.97


@pytest.mark.parametrize("apart", [1.0, 0.8])
def test_two_heads_cheek_to_cheek_are_two_faces(estimator, portrait, depth, apart):
    """Her cut-out and its mirror image before a plain ground, so many head widths apart: each head is as wide
    as alone, but for what the other one hides, and has its own eyes.
    """
    (face,) = depth.faces
    height, width = portrait.shape[:2]
    middle = (face.box_xyxy[0] + face.box_xyxy[2]) / 2
    shift = round(apart * face.width - (width - 2 * middle))
    both = np.full((height, width + shift, 3), (120, 140, 160), np.uint8)
    for start, rgb, matte_hw in (
        (0, portrait, depth.matte_hw),
        (shift, portrait[:, ::-1], depth.matte_hw[:, ::-1]),
    ):
        place = both[:, start : start + width]
        place[:] = np.round(place + (rgb.astype(float) - place) * matte_hw[..., None])
    left, right = sorted(estimator.find_faces(photo_of(both)), key=lambda found: found.box_xyxy[0])
    for found, where in ((left, middle), (right, width - middle + shift)):
        assert sum(found.box_xyxy[::2]) / 2 == pytest.approx(where, abs=0.12 * face.width)
        assert (apart - 0.1) * face.width < found.width < 1.2 * face.width
        (eye_left, _), (eye_right, _) = found.eyes_xy
        assert eye_right - eye_left == pytest.approx(PUPILS[1][0] - PUPILS[0][0], abs=6)
        assert (eye_left + eye_right) / 2 == pytest.approx(where, abs=0.1 * face.width)
