"""Laws of the detection of heads and eyes, on maps made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from face3d.depth.face import detection
from face3d.depth.face.detection import (
    DetectedHead,
    crop_around,
    detect_heads,
    intersection_over_union,
    locate_eyes,
    to_faces,
)
from face3d.depth.face.inference import Box, CropPrediction
from face3d.depth.face.interface import Configuration
from face3d.structures import Photo


@settings(max_examples=50, deadline=None)
@given(left=st.integers(-20, 400), top=st.integers(-20, 300), side=st.integers(1, 200))
def test_a_crop_lies_within_the_photo_and_holds_the_visible_part_of_the_head(left, top, side):
    crop = crop_around(Box(left, top, side, side), (300, 400))
    if crop is not None:
        assert crop.left >= 0 and crop.top >= 0
        assert crop.left + crop.width <= 400 and crop.top + crop.height <= 300
        assert crop.left <= max(left, 0) and crop.top <= max(top, 0)


def test_the_overlap_of_boxes():
    assert intersection_over_union(Box(0, 0, 10, 10), Box(0, 0, 10, 10)) == 1
    assert intersection_over_union(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert intersection_over_union(Box(0, 0, 10, 10), Box(20, 20, 5, 5)) == 0


@pytest.mark.parametrize("side", [160, 320])
def test_an_eyes_centre_is_that_of_its_blob_and_lies_in_the_head(side):
    """Blobs of the training's radius, in maps of any size; a brighter one outside the head is ignored."""
    y, x = np.mgrid[:side, : 2 * side] + 0.5
    head = Box(100, 50, 120, 100)
    crop = Box(40, 30, 400, 200)
    centres = [(0.31, 0.47), (0.38, 0.44)]

    def blob(column, row, height):
        return height * np.exp(-((x - column * 2 * side) ** 2 + (y - row * side) ** 2) / (2 * 5.0**2))

    eyes = np.stack([blob(*centre, 0.7) + blob(0.8, 0.5, 1.0) for centre in centres])
    found = locate_eyes(DetectedHead(head, crop, None, 0.0, 1.0).alone(eyes), crop, reach=8)
    assert np.allclose(found, [(40 + 400 * column, 30 + 200 * row) for column, row in centres], atol=0.6)
    for unseen in (blob(*centres[1], 0.2), blob(1.0, 0.44, 0.9), blob(0.99, 0.44, 0.9)):
        eyes[1] = unseen
        assert locate_eyes(eyes, crop, reach=8) is None


def test_a_small_head_is_found_beside_clutter_that_resembles_one_at_low_resolution(monkeypatch):
    network = SimpleNamespace(configuration=Configuration())

    def predict_crop(network, rgb_hwc, box, side):
        """Of the whole photo at `fast_side` a thing at 20..100; else a head at 180..220 alone.

        One map pixel is a fortieth of the box.
        """
        whole = box.width == 400 and side <= network.configuration.fast_side
        seen = (20, 100) if whole else (180, 220)
        y, x = ((start + (np.arange(40) + 0.5) * box.width / 40) for start in (box.top, box.left))
        inside_hw = ((y > seen[0]) & (y < seen[1]))[:, None] & ((x > seen[0]) & (x < seen[1]))
        blank, head_hw = np.zeros((40, 40), np.float32), inside_hw.astype(np.float32)
        return CropPrediction(blank, blank, blank, head_hw, head_hw, np.stack([head_hw, head_hw]), blank)

    monkeypatch.setattr(detection, "predict_crop", predict_crop)
    monkeypatch.setattr(detection, "predict_straight", predict_crop)
    monkeypatch.setattr(detection, "add_mirror_image", lambda straight, *arguments: straight)
    _, heads = detect_heads(network, Photo(np.zeros((400, 400, 3), np.uint8), None, None, "0"))
    (face,) = to_faces(heads, network)
    assert face.box_xyxy == pytest.approx((180, 180, 220, 220), abs=5)


@pytest.mark.parametrize(("steady", "eye"), [(True, 0.9), (True, 0.5), (False, 0.9)])
def test_a_head_of_which_the_whole_photo_shows_only_a_part_is_looked_at_where_its_crop_has_it(
    monkeypatch, steady, eye
):
    """The whole photo has it at 180..230, its crop at 190..250; what each crop has elsewhere is none."""
    network = SimpleNamespace(configuration=Configuration())

    def predict_crop(network, rgb_hwc, box, side):
        seen = (180, 230) if box.width == 400 else (190, 250)
        if not steady and 80 < box.width < 400:  # the first crop has 80 pixels
            seen = (220, 260)
        y, x = ((start + (np.arange(80) + 0.5) * box.width / 80) for start in (box.top, box.left))
        head_hw = (((y > seen[0]) & (y < seen[1]))[:, None] & ((x > seen[0]) & (x < seen[1]))).astype(
            np.float32
        )
        blank = np.zeros((80, 80), np.float32)
        return CropPrediction(blank, blank, blank, head_hw, head_hw, np.stack([eye * head_hw] * 2), blank)

    monkeypatch.setattr(detection, "predict_crop", predict_crop)
    monkeypatch.setattr(detection, "predict_straight", predict_crop)
    monkeypatch.setattr(detection, "add_mirror_image", lambda straight, *arguments: straight)
    _, heads = detect_heads(network, Photo(np.zeros((400, 400, 3), np.uint8), None, None, "0"), scales=(1,))
    boxes = [head.box.corners for head in heads]
    assert boxes == ([pytest.approx((190, 190, 250, 250), abs=3)] if steady and eye > 0.8 else [])


def test_the_skin_of_a_head_is_that_of_its_box_with_the_calibrated_error():
    """A crop of 20 x 20 cells of two pixels; the head's box leaves two cells free on each side."""
    rng = np.random.default_rng(0)
    flat, eyes = np.full((20, 20), 0.9, np.float32), np.zeros((2, 20, 20), np.float32)
    places = rng.normal(size=(3, 20, 20)).astype(np.float32)
    stated, likely = (rng.random((20, 20)).astype(np.float32) for _ in range(2))
    network = SimpleNamespace(configuration=Configuration(canonical_uncertainty_scale=1.5))

    def skin_of(*maps):
        found = CropPrediction(flat, flat, flat, flat, flat, eyes, flat, *maps)
        crop, box = Box(10, 20, 40, 40), Box(14, 24, 32, 32)
        return to_faces([DetectedHead(box, crop, found, 0.0, 1.0)], network)[0].skin

    skin = skin_of(places, stated, likely)
    assert skin.box_xyxy == (10, 20, 50, 60)
    inner = np.zeros((20, 20), bool)
    inner[2:18, 2:18] = True
    assert np.array_equal(np.isfinite(skin.canonical_hwc).all(-1), inner)
    assert np.array_equal(skin.canonical_hwc[inner], np.moveaxis(places, 0, -1)[inner])
    assert np.array_equal(skin.skin_hw, np.where(inner, likely, 0))
    assert np.allclose(skin.uncertainty_hw, 1.5 * stated)
    assert skin_of() is None
