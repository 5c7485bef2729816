"""Laws of the matte as a stage between photo and model."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.errors import MatteError
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.matte.stage import as_matte, find_matte, whole_picture, with_matte
from face3d.structures import DepthMap, DepthRepresentation, Face, Photo

SIZE = 40, 60


def photo_of(grey_hw, alpha_hw=None):
    rgb_hwc = np.repeat(np.asarray(grey_hw, np.uint8)[..., None], 3, axis=2)
    return Photo(rgb_hwc, alpha_hw, None, "")


@pytest.fixture
def photo():
    return photo_of(np.full(SIZE, 90))


@pytest.fixture
def left_half():
    """A matte of the left half of the picture."""
    matte_hw = np.zeros(SIZE, np.float32)
    matte_hw[:, : SIZE[1] // 2] = 1
    return matte_hw


def whole(representation=DepthRepresentation.RELATIVE_INVERSE):
    """A map over the whole picture, as a network without a matte gives it."""
    values_hw = np.tile(np.linspace(1, 2, SIZE[1], dtype=np.float32), (SIZE[0], 1))
    return DepthMap(values_hw, representation, np.ones(SIZE, bool), "other")


def test_where_a_map_has_no_value_a_matte_gives_none(left_half):
    missing_hw = np.arange(SIZE[1])[None].repeat(SIZE[0], 0) < 9
    depth = replace(whole(), mask_hw=~missing_hw)
    assert np.array_equal(with_matte(depth, left_half, "file", ()).mask_hw, (left_half > 0.5) & ~missing_hw)


def test_the_transparency_of_a_photo_is_its_matte(photo):
    alpha_hw = np.zeros(SIZE, np.uint8)
    alpha_hw[5:20] = 255
    alpha_hw[20] = 51
    matte_hw = find_matte("alpha", photo_of(np.full(SIZE, 90), alpha_hw))
    assert matte_hw[10, 0] == 1
    assert matte_hw[20, 0] == np.float32(0.2)
    assert matte_hw[30, 0] == 0
    with pytest.raises(MatteError, match="no transparent pixel"):
        find_matte("alpha", photo)


def test_white_in_a_mask_is_the_person(photo, left_half):
    matte_hw = find_matte("file", photo, mask=photo_of(left_half * 255))
    assert np.array_equal(matte_hw, left_half)


def test_of_a_mask_with_transparency_that_counts(photo, left_half):
    mask = photo_of(np.full(SIZE, 255), (left_half * 255).astype(np.uint8))
    assert np.array_equal(find_matte("file", photo, mask=mask), left_half)


def test_a_mask_may_be_twice_as_large(left_half):
    mask = photo_of(np.kron(left_half, np.ones((2, 2))) * 255)
    assert np.array_equal(as_matte(mask, SIZE), left_half)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (None, "needs a mask"),
        (np.zeros(SIZE), "Nothing is left"),
        (np.full((60, 40), 255), "40 x 60 pixels and the photo 60 x 40"),
        (np.full((40, 40), 255), "the mask of this photo"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(photo, mask, said):
    with pytest.raises(MatteError, match=said):
        find_matte("file", photo, mask=None if mask is None else photo_of(mask))


def test_a_map_without_a_matte_keeps_its_values_and_gets_the_mask(left_half):
    before = whole()
    after = with_matte(before, left_half, "file", ())
    assert np.array_equal(after.values_hw, before.values_hw)
    assert np.array_equal(after.mask_hw, left_half > 0.5)
    assert (after.matte, after.faces, after.detects_faces) == ("file", (), False)


def test_values_outside_the_networks_own_matte_continue_those_inside(left_half):
    own_hw = left_half > 0.5
    values_hw = np.where(own_hw, np.float32(0.3), np.float32(9))
    before = DepthMap(
        values_hw,
        DepthRepresentation.RELIEF,
        own_hw,
        "face",
        back_hw=values_hw - 1,
        uncertainty_hw=np.where(own_hw, np.float32(0.01), np.float32(0)),
        matte_hw=left_half,
        detects_faces=True,
    )
    after = with_matte(before, np.ones(SIZE, np.float32), "file", before)
    assert np.allclose(after.values_hw, 0.3)
    assert np.allclose(after.back_hw, -0.7)
    assert np.allclose(after.uncertainty_hw, 0.01)


def test_nothing_is_cut_out_of_the_whole_picture_nor_any_person(photo, left_half):
    """A relief network says nothing outside its matte: there the picture lies behind the person."""
    own_hw = left_half > 0.5
    values_hw = np.where(own_hw, np.linspace(0.3, 0.6, SIZE[1], dtype=np.float32), np.float32(9))
    person_hw = np.where(own_hw, 1, 0).astype(np.uint8)
    person_hw[:, :9] = 2
    faces = Face((10.0, 5.0, 28.0, 30.0)), Face((0.0, 5.0, 9.0, 30.0))
    before = DepthMap(
        values_hw,
        DepthRepresentation.RELIEF,
        own_hw,
        "face",
        back_hw=values_hw - 1,
        uncertainty_hw=np.where(own_hw, np.float32(0.01), np.float32(0)),
        matte_hw=left_half,
        faces=faces,
        detects_faces=True,
        person_hw=person_hw,
        matte="face",
    )
    after = whole_picture(before)
    assert after.mask_hw.all()
    assert (after.matte, after.matte_hw, after.faces) == (None, None, faces)
    for name in ("values_hw", "back_hw", "uncertainty_hw"):
        assert np.array_equal(getattr(after, name)[own_hw], getattr(before, name)[own_hw])
    behind = after.values_hw[~own_hw]
    assert np.ptp(behind) == 0 and behind[0] <= np.percentile(values_hw[own_hw], 5)
    assert np.array_equal(after.back_hw[~own_hw], behind)
    assert np.allclose(after.uncertainty_hw[~own_hw], 0.01)
    for face in (1, 2):
        settings = ModelSettings(face=face, foreground_only=False)
        assert make_relief(after, photo, settings).subject_hw.all()
    assert whole_picture(after) is after


def test_a_picture_in_which_a_network_sees_nobody_keeps_its_values():
    depth = replace(whole(DepthRepresentation.RELIEF), mask_hw=np.zeros(SIZE, bool), matte="face")
    after = whole_picture(replace(depth, matte_hw=np.zeros(SIZE, np.float32)))
    assert after.mask_hw.all() and np.array_equal(after.values_hw, depth.values_hw)


def test_a_face_of_which_nothing_is_left_is_dropped_and_the_others_are_numbered_anew(left_half):
    person_hw = np.where(left_half > 0.5, 2, 1).astype(np.uint8)
    faces = Face((40.0, 5.0, 55.0, 30.0)), Face((5.0, 5.0, 20.0, 30.0))
    seen = replace(whole(), faces=faces, person_hw=person_hw)
    after = with_matte(whole(), left_half, "file", seen)
    assert after.faces == faces[1:]
    assert after.detects_faces
    assert np.array_equal(after.person_hw, (left_half > 0.5).astype(np.uint8))


def test_a_mask_that_leaves_out_every_face_is_of_another_photo(left_half):
    seen = replace(whole(), faces=(Face((40.0, 5.0, 55.0, 30.0)),))
    for name in ("file", "file, refined"):
        with pytest.raises(
            MatteError, match=r"leaves out every face of this photo\. Choose the mask of this"
        ):
            with_matte(whole(), left_half, name, seen)
    assert with_matte(whole(), left_half, "u2net", seen).faces == ()  # a network's may be of a thing


def test_a_pixel_of_nobody_belongs_to_the_nearest_person():
    person_hw = np.zeros(SIZE, np.uint8)
    person_hw[:, :10], person_hw[:, 50:] = 1, 2
    faces = Face((0.0, 0.0, 10.0, 40.0)), Face((50.0, 0.0, 60.0, 40.0))
    seen = replace(whole(), faces=faces, person_hw=person_hw)
    after = with_matte(whole(), np.ones(SIZE, np.float32), "file", seen)
    assert (after.person_hw[:, 25] == 1).all()
    assert (after.person_hw[:, 35] == 2).all()
