"""Files cut short: what is taken has every pixel of the whole file, and all else is refused."""

import re

import numpy as np
import pytest
from sample_files import PORTRAIT_HWC, encoded

from face3d.errors import PhotoError
from face3d.photo import read_photo

PICTURE_HWC = PORTRAIT_HWC[64:112, 80:140]
"""Not of whole blocks: 48 x 60 pixels."""
JPEGS = {
    "baseline": {},
    "fine": {"quality": 97, "subsampling": 0},
    "optimised": {"optimize": True},
    "restarts": {"restart_marker_blocks": 3},
    "a restart a row": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
    "progressive with restarts": {"progressive": True, "restart_marker_blocks": 2},
    "grey": {},
    "of two pictures": {},
}


def jpeg(kind):
    picture = PICTURE_HWC[..., 1] if kind == "grey" else PICTURE_HWC
    return encoded(
        np.ascontiguousarray(picture), "MPO" if kind == "of two pictures" else "JPEG", **JPEGS[kind]
    )


def taken_when_cut(data, positions):
    """The positions at which a cut file is taken; each has every pixel of the whole one."""
    whole, taken = read_photo(data, "a"), []
    for position in positions:
        try:
            photo = read_photo(data[:position], "a")
        except PhotoError as error:
            assert "damaged" in str(error)
            continue
        assert photo.lacks_end and np.array_equal(photo.rgb_hwc, whole.rgb_hwc), position
        taken.append(position)
    return taken


@pytest.mark.parametrize("kind", JPEGS)
def test_of_a_cut_jpeg_only_the_end_marker_may_be_missing(kind):
    data = jpeg(kind)
    assert data.endswith(b"\xff\xd9") and not read_photo(data, "a").lacks_end
    markers = [match.start() for match in re.finditer(rb"\xff[^\x00\xff]", data)]
    around_markers = {at + shift for at in markers for shift in (0, 1, 2)}
    cuts = {*range(len(data) - 40, len(data)), *range(100, len(data), 53), *around_markers}
    assert taken_when_cut(data, sorted(cuts & set(range(4, len(data))))) == [len(data) - 2, len(data) - 1]


@pytest.mark.parametrize("kind", ["baseline", "fine", "progressive"])
def test_a_jpeg_whose_rows_are_filler_is_refused(kind):
    """A copy that broke off is often as long as the original: zeros, or what was on the disk before."""
    data = jpeg(kind)
    for lost in (60, len(data) // 4):
        for filler in (bytes(lost), bytes(lost + 4000), b"\xa5" * (lost + 4000), bytes(range(250)) * 20):
            with pytest.raises(PhotoError, match="damaged"):
                read_photo(data[:-lost] + filler, "a")


def test_bytes_after_the_end_of_a_jpeg_are_none_of_its_own():
    data = jpeg("baseline")
    for trailing in (b"\0", b"\r\n", bytes(5000), b"\xff", b"SEFT" * 9):
        photo = read_photo(data + trailing, "a")
        assert not photo.lacks_end and np.array_equal(photo.rgb_hwc, read_photo(data, "a").rgb_hwc)


def test_a_flat_picture_without_its_end_is_taken():
    """Its blocks are two bits each, all zero, as filler would be."""
    data = encoded(np.full((64, 48, 3), 255, np.uint8), "JPEG", optimize=True)
    assert len(data) - 2 in taken_when_cut(data, range(len(data) - 12, len(data)))


def test_a_cut_png_is_taken_while_all_its_rows_are_there():
    data = encoded(PICTURE_HWC, "PNG")
    taken = taken_when_cut(data, [*range(len(data) - 40, len(data) - 4), *range(40, len(data) - 40, 97)])
    assert {len(data) - lost for lost in (5, 8, 12)} <= set(taken)  # IEND is 12 bytes long
    assert min(taken) > len(data) - 24
    assert not read_photo(data + b"trailing", "a").lacks_end


def test_a_webp_may_lack_its_padding_only():
    for width in range(40, 60):
        data = encoded(PICTURE_HWC[:, :width], "WEBP", lossless=True)
        padded = int.from_bytes(data[16:20], "little") % 2 == 1
        assert taken_when_cut(data, range(len(data) - 12, len(data))) == ([len(data) - 1] if padded else [])
