"""Laws of turn and crop: what goes along with a photo lies where the photo does."""

import numpy as np
import pytest

from face3d.errors import MatteError
from face3d.framing import Framing
from face3d.structures import Photo

WHOLE_HW = 40, 60
ROWS, COLUMNS = np.indices(WHOLE_HW)
BOX = 3, 2, 37, 30
"""Of the photo, however it is turned."""


def picture(grey_hw, alpha_hw=None):
    return Photo(np.repeat(np.asarray(grey_hw, np.uint8)[..., None], 3, axis=2), alpha_hw, None, "")


PHOTO = picture(4 * ROWS + COLUMNS, (3 * COLUMNS).astype(np.uint8))


def framed(framing, mask):
    return framing.mask(mask, "The mask", MatteError)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [None, BOX])
def test_a_mask_of_the_whole_photo_goes_along_and_one_of_the_part_stays(degrees, box):
    framing = Framing(WHOLE_HW, degrees, box)
    part = framing.photo(PHOTO)
    assert part.size_hw == framing.part_hw
    along = framed(framing, PHOTO)
    assert (along.rgb_hwc == part.rgb_hwc).all() and (along.alpha_hw == part.alpha_hw).all()
    own = picture(np.zeros(framing.part_hw))
    if framing.part_hw != WHOLE_HW:
        assert framed(framing, own) is own


def test_a_mask_of_another_size_is_cropped_in_pixels_of_the_photo():
    framing = Framing(WHOLE_HW, 90, BOX)
    twice = picture(
        *(np.kron(layer, np.ones((2, 2), np.uint8)) for layer in (PHOTO.rgb_hwc[..., 0], PHOTO.alpha_hw))
    )
    assert (framed(framing, twice).rgb_hwc == framing.photo(PHOTO).rgb_hwc).all()
    assert (framed(framing, twice).alpha_hw == framing.photo(PHOTO).alpha_hw).all()


def test_of_two_with_the_same_proportions_the_size_tells_which():
    framing = Framing((80, 120), 0, (30, 20, 90, 60))
    whole, part, unclear = (picture(np.zeros(size)) for size in ((80, 120), (40, 60), (160, 240)))
    assert framed(framing, whole).size_hw == (40, 60) and framed(framing, whole) is not whole
    assert framed(framing, part) is part
    with pytest.raises(
        MatteError, match=r"240 x 160 .* the photo \(120 x 80\) .* the part of it \(60 x 40\)"
    ):
        framed(framing, unclear)


def test_of_a_photo_that_is_only_turned_a_mask_with_both_proportions_is_the_files():
    square = picture(np.arange(40 * 40).reshape(40, 40) % 256)
    assert (framed(Framing((40, 40), 90), square).rgb_hwc == square.turned(90).rgb_hwc).all()


def test_what_fits_neither_is_refused_with_both_sizes():
    with pytest.raises(MatteError, match=r"The mask has 50 x 50 .* has 60 x 40 and its part 34 x 28"):
        framed(Framing(WHOLE_HW, 90, BOX), picture(np.zeros((50, 50))))
