"""Laws of depth inside photos: the distances that the file states, upright as the photo is."""

from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from depth_files import GDEPTH, XMP, dynamic_depth, gdepth, packet, phone_jpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sample_files import PORTRAIT_HWC, encoded

from benchmarks.fuzz_depth import depth_photos
from face3d import photo as photos
from face3d.errors import DepthError
from face3d.framing import Framing
from face3d.own_depth.embedded import read_embedded
from face3d.photo import read_photo
from face3d.structures import DepthRepresentation

PHOTO_HWC = PORTRAIT_HWC[:120, :160]
LEVELS_HW = (
    np.tile(np.linspace(0, 255, 80).astype(np.uint8), (60, 1)) // 2 + np.arange(60, dtype=np.uint8)[:, None]
)
LEVELS_HW[0, :2] = 0, 255
SHARES_HW = LEVELS_HW / 255
INVERSE_M = 1 / (2 + SHARES_HW * (0.5 - 2))  # between 0.5 m (black) and 2 m (white)
LINEAR_M = 0.5 + SHARES_HW * 1.5
STORED = {1: 0, 3: 2, 6: 1, 8: -1}
"""Quarter turns against the clock from the upright picture to the stored one, by EXIF orientation."""


@pytest.mark.parametrize(
    ("segments", "expected_hw"),
    [
        (gdepth(LEVELS_HW), INVERSE_M),
        (gdepth(LEVELS_HW, style="RangeLinear"), LINEAR_M),
        (gdepth(LEVELS_HW, "500", "2000", units="mm"), INVERSE_M),
        (gdepth((LEVELS_HW.astype(np.uint16) * 257), units="m"), INVERSE_M),
    ],
)
def test_gdepth_is_metres_by_its_formula(segments, expected_hw):
    own = read_embedded(phone_jpeg(PHOTO_HWC, *segments), "me.jpg")
    assert own.representation is DepthRepresentation.METRIC
    assert np.allclose(own.values_hw, expected_hw, rtol=1e-5)


def test_gdepth_without_distances_is_relative_and_larger_is_nearer():
    own = read_embedded(phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW, near="?")), "me.jpg")
    assert own.representation is DepthRepresentation.RELATIVE_INVERSE
    assert np.allclose(own.values_hw, 1 - SHARES_HW, atol=1e-6)


@pytest.mark.parametrize(
    ("units", "expected_hw", "representation"),
    [
        ("Meters", LINEAR_M, DepthRepresentation.METRIC),
        ("Diopters", 1 / LINEAR_M, DepthRepresentation.METRIC),
        ("None", 1 / LINEAR_M, DepthRepresentation.RELATIVE_INVERSE),
    ],
)
def test_dynamic_depth_is_found_behind_the_photo(units, expected_hw, representation):
    own = read_embedded(dynamic_depth(PHOTO_HWC, LEVELS_HW, units), "me.jpg")
    assert own.representation is representation and np.allclose(own.values_hw, expected_hw, rtol=1e-5)


@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_photo_turns_its_depth(orientation):
    stored_hwc, stored_hw = (np.rot90(upright, STORED[orientation]) for upright in (PHOTO_HWC, LEVELS_HW))
    file = phone_jpeg(stored_hwc, *gdepth(np.ascontiguousarray(stored_hw)), orientation=orientation)
    photo = read_photo(file, "me.jpg")
    assert photo.size_hw == (120, 160)
    depth = read_embedded(file, "me.jpg").of(Framing(photo.size_hw))
    assert depth.size_hw == (120, 160)
    assert np.abs(depth.values_hw[4::2, ::2] - INVERSE_M[2:]).max() < 0.05


class DepthImage:
    """As pillow-heif gives a depth image, which it cannot write."""

    def __init__(self, levels_hw, **metadata):
        self.levels_hw, self.size = levels_hw, levels_hw.shape[::-1]
        self.info = {"metadata": metadata}

    def __array__(self, *_, **__):
        return self.levels_hw


@pytest.fixture
def heic(monkeypatch):
    """Makes a HEIC file that opens with these depth images."""
    if not photos.heif_available():
        pytest.skip("pillow-heif is an extra")
    file = encoded(PHOTO_HWC, "HEIF")

    def with_depth(*images, orientation=None):
        opened = Image.open

        def open_with_depth(source, formats):
            picture = opened(source, formats=formats)
            picture.info |= {"depth_images": list(images), "original_orientation": orientation}
            return picture

        monkeypatch.setattr("face3d.own_depth.embedded.Image.open", open_with_depth)
        return file

    return with_depth


@pytest.mark.parametrize(
    ("stated", "expected_hw"),
    [
        ({"representation_type": 1, "d_min": 0.5, "d_max": 2.0}, 1 / LINEAR_M),
        ({"representation_type": 0, "z_near": 0.5, "z_far": 2.0}, 1 / LINEAR_M),
        ({"representation_type": 1, "d_min": -0.5, "d_max": 2.0}, SHARES_HW),
        ({}, SHARES_HW),
    ],
)
def test_depth_images_of_heic_are_nearer_where_they_are_white(heic, stated, expected_hw):
    own = read_embedded(heic(DepthImage(LEVELS_HW, **stated)), "me.heic")
    metric = expected_hw is not SHARES_HW
    assert (own.representation is DepthRepresentation.METRIC) == metric
    assert np.allclose(own.values_hw, expected_hw, rtol=1e-5, atol=1e-6)


@cache
def phone_photos():
    """Small photos with depth inside, by name."""
    return depth_photos(Image.fromarray(PHOTO_HWC[:64, :80]), np.linspace(0, 1, 80)[None].repeat(64, 0))


@pytest.mark.skipif(not photos.heif_available(), reason="pillow-heif is an extra")
def test_a_depth_image_of_a_true_heic_file_is_as_wide_as_the_file_says():
    """The decoder pads its rows to a multiple of 16."""
    shares_hw = np.linspace(0.1, 0.9, 103)[None].repeat(77, 0)
    file = depth_photos(Image.new("RGB", (103, 77), (90, 120, 60)), shares_hw)["embedded.heic"]
    photo = read_photo(file, "me.heic")
    own = read_embedded(file, "me.heic").of(Framing(photo.size_hw))
    assert photo.size_hw == own.size_hw == (77, 103)
    assert np.abs(own.values_hw - shares_hw).max() < 0.05


@pytest.mark.parametrize("kind", ["embedded.jpg", "embedded.heic"])
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_with_depth_raise_nothing_else(kind, data):
    if kind not in (files := phone_photos()):
        pytest.skip("pillow-heif is an extra")
    body = bytearray(files[kind])
    near_the_start = st.integers(0, min(800, len(body) - 1)) | st.integers(0, len(body) - 1)
    for position in data.draw(st.lists(near_the_start, max_size=8)):
        body[position] = data.draw(st.integers(0, 255))
    body = body[: data.draw(st.just(len(body)) | st.integers(0, len(body)))]
    with suppress(DepthError):
        own = read_embedded(bytes(body), "fuzzed")
        assert not np.isinf(own.values_hw).any()


def test_a_depth_image_of_heic_that_was_not_turned_with_the_photo_is_turned(heic):
    lying_hw = np.ascontiguousarray(np.rot90(LEVELS_HW))
    own = read_embedded(heic(DepthImage(lying_hw), orientation=6), "me.heic")
    assert np.allclose(own.values_hw, SHARES_HW, atol=1e-6)


ENTITIES = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
BAD = {
    "a JPEG without depth": (phone_jpeg(PHOTO_HWC), "has no depth map inside"),
    "a PNG": (encoded(PHOTO_HWC, "PNG"), "has no depth map inside"),
    "nothing": (b"", "has no depth map inside"),
    "half a segment": (phone_jpeg(PHOTO_HWC)[:2] + b"\xff\xe1\xff\xff" + XMP, "has no depth map inside"),
    "entities": (
        phone_jpeg(PHOTO_HWC, XMP + ENTITIES + gdepth(LEVELS_HW)[0][len(XMP) :]),
        "has no depth map inside",
    ),
    "XML that ends too early": (phone_jpeg(PHOTO_HWC, XMP + b"<a><b>"), "has no depth map inside"),
    "no base64": (phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW, data="?!")), "is damaged"),
    "no picture": (phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW, data="AAAA")), "is damaged"),
    "linear without distances": (
        phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW, style="RangeLinear", far="nan")),
        "how near and far",
    ),
    "a flat map": (phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW * 0)), "is flat"),
    "a tiny map": (phone_jpeg(PHOTO_HWC, *gdepth(LEVELS_HW[:9, :9])), "at least 32"),
    "an item beyond the file": (dynamic_depth(PHOTO_HWC, LEVELS_HW, length=10**12), "is damaged"),
    "an item of negative length": (dynamic_depth(PHOTO_HWC, LEVELS_HW, length=-5), "is damaged"),
    "an item of no length": (dynamic_depth(PHOTO_HWC, LEVELS_HW, length="many"), "is damaged"),
    "a name alone": (
        phone_jpeg(PHOTO_HWC, XMP + packet("<rdf:Description GDepth:Data=''/>", GDEPTH).encode()),
        "is damaged",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_every_photo_without_usable_depth_gives_one_sentence(kind):
    data, said = BAD[kind]
    with pytest.raises(DepthError, match=said) as caught:
        read_embedded(data, "me.jpg")
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("stated", [{"representation_type": 2}, {"representation_type": 3}])
def test_representations_that_are_not_read_are_named(heic, stated):
    with pytest.raises(DepthError, match="not read here"):
        read_embedded(heic(DepthImage(LEVELS_HW, **stated)), "me.heic")
