"""One person of several: mask, matte, size, points and report are of that person alone."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.errors import GeometryError
from face3d.geometry.person import only_person
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, Face, Photo
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model

SIDE = 96


@pytest.fixture(scope="module")
def pair() -> tuple[DepthMap, Photo]:
    """Two heads side by side, the second with the same shape and eyes a third nearer together."""
    one, photo = head((SIDE, SIDE)), photo_of((SIDE, SIDE))
    (left_x, left_y), (right_x, right_y) = one.faces[0].eyes_xy
    middle, reach = (left_x + right_x) / 2 + SIDE, (right_x - left_x) / 3
    left, top, right, bottom = one.faces[0].box_xyxy
    second = Face(
        (left + SIDE, top, right + SIDE, bottom), ((middle - reach, left_y), (middle + reach, right_y))
    )
    layers = {
        name: np.hstack([getattr(one, name)] * 2) / np.float32(2)  # image widths of a picture twice as wide
        for name in ("values_hw", "back_hw", "uncertainty_hw")
        if getattr(one, name) is not None
    }
    mask_hw = np.hstack([one.mask_hw] * 2)
    person_hw = np.hstack([one.mask_hw, 2 * one.mask_hw.astype(np.uint8)]).astype(np.uint8)
    depth = replace(
        one,
        **layers,
        mask_hw=mask_hw,
        matte_hw=mask_hw.astype(np.float32),
        faces=(one.faces[0], second),
        person_hw=person_hw,
    )
    return depth, replace(photo, rgb_hwc=np.hstack([photo.rgb_hwc] * 2))


def test_the_map_of_one_person_has_only_that_person(pair):
    depth, _ = pair
    for number, columns in ((1, np.s_[:, :SIDE]), (2, np.s_[:, SIDE:])):
        alone = only_person(depth, number)
        assert alone.faces == (depth.faces[number - 1],)
        elsewhere_hw = np.ones(depth.size_hw, bool)
        elsewhere_hw[columns] = False
        assert np.array_equal(alone.mask_hw, depth.mask_hw & ~elsewhere_hw)
        assert np.array_equal(alone.matte_hw > 0, alone.mask_hw)


def test_size_mesh_and_points_are_of_the_person_asked_for(pair):
    """The second pair of eyes is two thirds as far apart, so the same shape is half as large again."""
    first, second = (
        generate_model(*pair, "shell", ModelSettings(face=number, perspective=False, smoothing_px=0))
        for number in (1, 2)
    )
    assert second.report.size_mm == pytest.approx(1.5 * np.array(first.report.size_mm), rel=0.01)
    for model in (first, second):
        across_and_up = np.ptp(model.points().points_n3[:, :2], axis=0)
        assert across_and_up == pytest.approx(np.array(model.report.size_mm[:2]), rel=0.05)
    assert (first.report.person, second.report.person) == ("face 1 of 2", "face 2 of 2")


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ({}, 3, "2 faces"),
        ({"faces": (), "detects_faces": True}, 2, "no face"),
        ({"faces": (), "detects_faces": False}, 2, "does not look for faces"),
    ],
)
def test_a_face_that_is_not_there_is_refused(pair, change, number, said):
    with pytest.raises(GeometryError, match=f"Face {number} was asked for.*{said}"):
        only_person(replace(pair[0], **change), number)


def test_a_map_of_one_face_or_none_is_the_same_map(pair):
    for faces in (pair[0].faces[:1], ()):
        depth = replace(pair[0], faces=faces)
        assert only_person(depth, 1) is depth
