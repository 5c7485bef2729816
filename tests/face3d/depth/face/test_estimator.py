"""The bundled network on a real photograph, and laws of the way there and back."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut

from face3d.depth.face import detection, upsampling
from face3d.depth.face import estimator as face_estimator
from face3d.depth.face import inference as face_inference
from face3d.depth.face import network as face_network
from face3d.depth.face.estimator import find_faces
from face3d.depth.face.inference import Box, Look
from face3d.structures import DepthRepresentation, Face, Photo

WEIGHTS = Path(__file__).resolve().parents[4] / "assets" / "face_depth.safetensors"


def photo_of(rgb):
    return Photo(np.ascontiguousarray(rgb), None, None, "0" * 64)


@pytest.fixture(scope="module")
def network():
    return face_network.load(WEIGHTS)


@pytest.fixture(scope="module")
def portrait():
    """Head and shoulders of the test photograph, 320 x 360: columns 60..380, rows 0..360 of the original."""
    return astronaut()[0:360, 60:380]


@pytest.fixture(scope="module")
def depth(network, portrait):
    return face_estimator.predict(network, photo_of(portrait))


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


def test_nose_before_eyes_before_ears_and_neck(depth):
    eyes = [at(depth.values_hw, corner) for corner in INNER_EYE_CORNERS]
    behind = [at(depth.values_hw, place) for place in (*EAR_REGIONS, NECK)]
    assert at(depth.values_hw, NOSE_TIP) > max(eyes)
    assert min(eyes) > max(behind)


def test_the_matte_covers_face_and_hair_and_not_the_flag(depth):
    for place in (NOSE_TIP, *INNER_EYE_CORNERS, *HAIR):
        assert at(depth.matte_hw, place) > 0.5, place
    for place in FLAG:
        assert at(depth.matte_hw, place) < 0.5, place


def test_faces_are_found_without_the_depth_map(network, portrait, depth):
    assert face_estimator.find_faces(network, photo_of(portrait)) == depth.faces


def test_the_face_and_its_eyes_are_found(depth):
    assert depth.representation is DepthRepresentation.RELIEF
    left, top, right, bottom = depth.faces[0].box_xyxy
    assert left < NOSE_TIP[0] - 60 < right
    assert top < NOSE_TIP[1] < bottom
    for found, pupil in zip(depth.faces[0].eyes_xy, PUPILS, strict=True):
        assert np.hypot(found[0] - (pupil[0] - 60), found[1] - pupil[1]) < 8


@pytest.mark.parametrize("quality", [75, 95, None])
def test_the_helmet_and_the_flag_beside_her_are_no_heads(network, quality):
    """The whole photograph, as JPEG or raw: one person, with a round helmet, a flag and a rocket around her."""
    rgb = astronaut()
    if quality:
        rgb = cv2.imdecode(
            cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED
        )
    faces = face_estimator.predict(network, photo_of(rgb)).faces
    assert len(faces) == 1
    left, top, right, bottom = faces[0].box_xyxy
    assert left < NOSE_TIP[0] < right
    assert top < NOSE_TIP[1] < bottom
    for found, corner in zip(faces[0].eyes_xy, INNER_EYE_CORNERS, strict=True):
        assert np.hypot(found[0] - corner[0], found[1] - corner[1]) < 20


def test_a_part_of_the_matte_that_touches_no_head_is_dropped():
    matte = np.zeros((40, 60), np.float32)
    matte[5:35, 5:25] = 0.9
    matte[10:30, 40:55] = 0.9
    face = Face((8.0, 6.0, 20.0, 20.0), None)
    kept = face_estimator._without_stray_parts(matte, (face,))
    assert np.array_equal(kept[:, :30], matte[:, :30])
    assert not kept[:, 30:].any()
    assert np.array_equal(face_estimator._without_stray_parts(matte, ()), matte), (
        "without a face there is nothing to judge by"
    )


@settings(max_examples=50, deadline=None)
@given(left=st.integers(-20, 400), top=st.integers(-20, 300), side=st.integers(1, 200))
def test_a_cut_lies_within_the_photo_and_holds_what_is_seen_of_the_head(left, top, side):
    cut = detection._around(face_inference.Box(left, top, side, side), (300, 400))
    if cut is not None:
        assert cut.left >= 0 and cut.top >= 0
        assert cut.left + cut.width <= 400 and cut.top + cut.height <= 300
        assert cut.left <= max(left, 0) and cut.top <= max(top, 0)


def test_the_overlap_of_boxes():
    box = face_inference.Box
    assert detection._overlap(box(0, 0, 10, 10), box(0, 0, 10, 10)) == 1
    assert detection._overlap(box(0, 0, 10, 10), box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert detection._overlap(box(0, 0, 10, 10), box(20, 20, 5, 5)) == 0


def test_a_head_has_a_back_and_a_stated_uncertainty(depth):
    inside = depth.mask_hw
    assert (depth.back_hw <= depth.values_hw)[inside].all()
    assert (depth.uncertainty_hw > 0)[inside].all()
    assert (depth.thickness_uncertainty_hw > 0)[inside].all()
    assert depth.thickness_uncertainty_hw[inside].mean() > depth.uncertainty_hw[inside].mean(), (
        "the back is a guess"
    )


def test_the_same_bytes_give_the_same_map(network, portrait, depth):
    again = face_estimator.predict(network, photo_of(portrait))
    assert np.array_equal(again.values_hw, depth.values_hw)
    assert np.array_equal(again.matte_hw, depth.matte_hw)


def test_a_mirrored_photo_gives_the_mirrored_map(network, portrait, depth):
    mirrored = face_estimator.predict(network, photo_of(portrait[:, ::-1]))
    both = depth.mask_hw & mirrored.mask_hw[:, ::-1]
    assert both.sum() / (depth.mask_hw | mirrored.mask_hw[:, ::-1]).sum() > 0.95
    assert np.corrcoef(depth.values_hw[both], mirrored.values_hw[:, ::-1][both])[0, 1] > 0.98


def test_a_portrait_at_a_quarter_of_its_size_keeps_its_relief(network, portrait, depth):
    height, width = portrait.shape[:2]
    large = np.full((height, width, 3), 120, np.uint8)
    top, left = height // 3, width // 3
    small = cv2.resize(portrait, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    large[top : top + height // 4, left : left + width // 4] = small
    picture = cv2.resize(large, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    picture[4 * top : 4 * top + height, 4 * left : 4 * left + width] = portrait
    far = face_estimator.predict(network, photo_of(picture))
    window = slice(4 * top, 4 * top + height), slice(4 * left, 4 * left + width)
    relief = far.values_hw[window] * 4  # widths of the large picture to widths of the portrait
    x0, y0, x1, y1 = (int(v) for v in depth.faces[0].box_xyxy)
    head = np.zeros_like(depth.mask_hw)
    head[max(0, y0) : y1, max(0, x0) : x1] = True
    head &= depth.mask_hw & far.mask_hw[window]
    alone = depth.values_hw[head]
    error = relief[head] - alone
    span = np.ptp(np.quantile(alone, [0.01, 0.99]))
    assert np.sqrt(np.mean((error - np.median(error)) ** 2)) < 0.1 * span


@pytest.mark.parametrize("size_hw", [(240, 320), (30, 200), (64, 64)])
def test_a_photo_without_a_face_says_so(network, size_hw):
    depth = face_estimator.predict(network, photo_of(np.full((*size_hw, 3), 90, np.uint8)))
    assert depth.looked_for_faces
    assert depth.faces == ()
    assert depth.size_hw == size_hw


@given(
    st.integers(0, 1000),
    st.integers(2, 9),
    st.integers(2, 9),
    st.floats(-5, 5, allow_nan=False),
    st.floats(-9, 9),
    st.floats(0.3, 2),
)
@settings(max_examples=40, deadline=None)
def test_upsampling_never_overshoots_and_keeps_a_constant(seed, rows, columns, level, offset, stretch):
    rng = np.random.default_rng(seed)
    guide = rng.integers(0, 256, (23, 31, 3)).astype(np.uint8)
    frame = (offset, offset / 2, 31 * stretch, 23 * stretch)
    values = rng.normal(size=(rows, columns, 1)).astype(np.float32)
    upsampled = upsampling.guided_upsample(values, guide, frame)
    assert upsampled.shape == (23, 31, 1)
    assert values.min() - 1e-4 <= upsampled.min()
    assert upsampled.max() <= values.max() + 1e-4
    flat = upsampling.guided_upsample(np.full((rows, columns, 1), level, np.float32), guide, frame)
    assert np.allclose(flat, np.float32(level), atol=1e-4)


def test_upsampling_follows_an_edge_of_the_photo():
    guide = np.zeros((64, 64, 3), np.uint8)
    guide[:, 35:] = 255
    values = np.zeros((8, 8, 1), np.float32)
    values[:, 4:] = 1  # the small map puts the edge at column 32
    upsampled = upsampling.guided_upsample(values, guide, (0, 0, 64, 64))[:, :, 0]
    assert (upsampled[:, 36:44] > 0.8).all()
    assert np.abs(np.diff(upsampled[32])).argmax() == 34


def test_upsampling_a_slope_has_no_stair_steps():
    guide = np.full((128, 128, 3), 128, np.uint8)
    ramp = np.tile(np.arange(16, dtype=np.float32)[None, :, None], (16, 1, 1))
    row = upsampling.guided_upsample(ramp, guide, (0, 0, 128, 128))[64, 24:104, 0]
    steps = np.diff(row)
    assert np.allclose(steps, 1 / 8, atol=0.01)


def test_a_small_head_is_found_beside_a_thing_that_only_looks_like_one_from_afar(network, monkeypatch):
    def look(network, rgb_hwc, box, side):
        """From afar a thing at 20..100; in a finer or closer look a head at 180..220 alone. One map pixel is
        a fortieth of the box.
        """
        seen = (20, 100) if box.width == 400 and side <= network.configuration.look_side else (180, 220)
        y, x = ((start + (np.arange(40) + 0.5) * box.width / 40) for start in (box.top, box.left))
        inside_hw = ((y > seen[0]) & (y < seen[1]))[:, None] & ((x > seen[0]) & (x < seen[1]))
        blank, head_hw = np.zeros((40, 40), np.float32), inside_hw.astype(np.float32)
        return Look(blank, blank, blank, blank, head_hw, np.stack([head_hw, head_hw]), blank)

    monkeypatch.setattr(face_estimator, "look_twice", look)
    (face,) = find_faces(network, photo_of(np.zeros((400, 400, 3), np.uint8)))
    assert face.box_xyxy == pytest.approx((180, 180, 220, 220), abs=5)


def test_both_sides_of_the_canvas_have_a_scale_of_their_own():
    canvas = face_estimator.Canvas(np.zeros((1024, 171, 3), np.uint8), (4899, 816))
    rows, columns = canvas.window(Box(0, 4800, 816, 99))
    assert (rows.start, rows.stop, columns.stop) == (int(4800 * 1024 / 4899), 1024, 171)


def test_two_people_come_into_one_map(network, portrait, depth):
    """Side by side: two faces, each half like the map of that person alone."""
    pair = face_estimator.predict(network, photo_of(np.hstack([portrait, portrait[:, ::-1]])))
    assert len(pair.faces) == 2
    left, top, right, bottom = (max(0, round(edge)) for edge in depth.faces[0].box_xyxy)
    face = np.s_[top:bottom, left:right]
    person = depth.mask_hw[face]
    for half_hw in (pair.values_hw[:, : portrait.shape[1]], pair.values_hw[:, portrait.shape[1] :][:, ::-1]):
        assert np.corrcoef(half_hw[face][person], depth.values_hw[face][person])[0, 1] > 0.97


def test_heads_are_listed_largest_first():
    map_hw = np.zeros((50, 100), np.float32)
    map_hw[10:20, 10:20] = 1
    map_hw[10:40, 50:80] = 1
    map_hw[0:1, 0:1] = 1  # a speck is not a head
    heads = detection.find_heads(map_hw, face_inference.Box(0, 0, 200, 100))
    assert [(h.left, h.top, h.width, h.height) for h in heads] == [(100, 20, 60, 60), (20, 20, 20, 20)]


@pytest.mark.parametrize("side", [160, 320])
def test_an_eyes_centre_is_that_of_its_blob_and_lies_in_the_head(side):
    """Blobs of the radius that the network was taught, in a look of any size; a brighter one outside the head
    is another person's.
    """
    y, x = np.mgrid[:side, : 2 * side] + 0.5
    head = face_inference.Box(100, 50, 120, 100)
    cut = face_inference.Box(40, 30, 400, 200)
    centres = [(0.31, 0.47), (0.38, 0.44)]

    def blob(column, row, height):
        return height * np.exp(-((x - column * 2 * side) ** 2 + (y - row * side) ** 2) / (2 * 5.0**2))

    eyes = np.stack([blob(*centre, 0.7) + blob(0.8, 0.5, 1.0) for centre in centres])
    found = detection._find_eyes(eyes, cut, head, reach=8)
    assert np.allclose(found, [(40 + 400 * column, 30 + 200 * row) for column, row in centres], atol=0.6)
    eyes[1] = blob(*centres[1], 0.2)
    assert detection._find_eyes(eyes, cut, head, reach=8) is None
