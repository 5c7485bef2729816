"""Turn and crop of a photo by the options."""

import numpy as np
import pytest

from face3d.batch.options import arguments
from face3d.batch.photo_options import check_photo_options, framing_of
from face3d.errors import PhotoError
from face3d.structures import Photo

PHOTO = Photo(np.arange(80 * 60 * 3, dtype=np.uint8).reshape(80, 60, 3), None, 40.0, "ab")


def test_a_crop_is_pixels_of_the_photo():
    part = framing_of(PHOTO, 0, [10, 20, 50, 70]).photo(PHOTO)
    assert np.array_equal(part.rgb_hwc, PHOTO.rgb_hwc[20:70, 10:50])
    assert part.fov_degrees < PHOTO.fov_degrees
    assert framing_of(PHOTO, 0, None).photo(PHOTO) is PHOTO
    assert framing_of(PHOTO, 90, [-5, -5, 900, 900]).photo(PHOTO).size_hw == PHOTO.size_hw[::-1]


def test_a_crop_that_leaves_nothing_is_refused():
    for crop in ([0, 0, 20, 80], [50, 0, 10, 80], [100, 100, 200, 200]):
        with pytest.raises(PhotoError, match="less than 32 pixels of this photo, which has 60 x 80"):
            framing_of(PHOTO, 0, crop)


def test_a_crop_is_of_the_turned_photo_so_its_turn_is_named():
    for turned in ([], ["--rotate", "90", "--mask", "m.png"]):
        check_photo_options(arguments().parse_args(["--crop", "0", "0", "9", "9", *turned]))
    with pytest.raises(PhotoError, match=r"--crop is of the turned photo\. Give --rotate its degrees"):
        check_photo_options(arguments().parse_args(["--crop", "0", "0", "9", "9", "--rotate", "auto"]))
