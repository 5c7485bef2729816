"""The part of a photo that `--crop` names."""

import numpy as np
import pytest

from face3d.batch.options import arguments
from face3d.batch.photo_options import check_photo_options, part_of
from face3d.errors import PhotoError
from face3d.structures import Photo

PHOTO = Photo(np.arange(80 * 60 * 3, dtype=np.uint8).reshape(80, 60, 3), None, 40.0, "ab")


def test_a_crop_is_pixels_of_the_photo():
    part = part_of(PHOTO, [10, 20, 50, 70])
    assert np.array_equal(part.rgb_hwc, PHOTO.rgb_hwc[20:70, 10:50])
    assert part.fov_degrees < PHOTO.fov_degrees
    assert part_of(PHOTO, None) is PHOTO
    assert part_of(PHOTO, [-5, -5, 900, 900]).size_hw == PHOTO.size_hw


def test_a_crop_that_leaves_nothing_is_refused():
    for crop in ([0, 0, 20, 80], [50, 0, 10, 80], [100, 100, 200, 200]):
        with pytest.raises(PhotoError, match="less than 32 pixels of this photo, which has 60 x 80"):
            part_of(PHOTO, crop)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--rotate", "auto"], "--crop is of the turned photo. Give --rotate its degrees"),
        (["--mask", "m.png"], "--mask belongs to the whole photo"),
        (["--depth-map", "d.png"], "--depth-map belongs to the whole photo"),
    ],
)
def test_what_is_of_the_whole_photo_goes_with_no_crop(more, says):
    with pytest.raises(PhotoError, match=says):
        check_photo_options(arguments().parse_args(["--crop", "0", "0", "9", "9", *more]))
