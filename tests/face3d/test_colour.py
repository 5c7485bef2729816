"""The colours that files declare: precedence, modes, and marks of cameras."""

import io

import numpy as np
import pytest
from odd_files import (
    COLOURS,
    COLOURS_HWC,
    DECLARED,
    GREYS,
    P3_CHROMATICITIES,
    chunk,
    display_p3_profile,
    grey_profile,
    png_with,
    power_curve,
)
from PIL import Image
from sample_files import PORTRAIT_HWC, encoded

from face3d import photo
from face3d.colour import BACKGROUND_GREY
from face3d.errors import PhotoError
from face3d.photo import read_photo

P3_RED = 234, 51, 35
"""The red of sRGB in Display P3, as CSS Color 4 gives it: color(display-p3 0.9175 0.2003 0.1386)."""
ADOBE_GREEN = 144, 255, 60
"""The green of sRGB in Adobe RGB, as CSS Color 4 gives it: color(a98-rgb 0.56498 1 0.23442)."""
EXIF_IFD, INTEROP_IFD, COLOUR_SPACE, INTEROP_INDEX = 0x8769, 0xA005, 0xA001, 1


def uniform(rgb, file_format="PNG", **options):
    return encoded(Image.new("RGB", (40, 40), rgb), file_format, **options)


def middle(data):
    taken = read_photo(data, "a").rgb_hwc
    return taken[taken.shape[0] // 2, taken.shape[1] // 2].astype(int)


@pytest.mark.parametrize(
    "declared",
    [
        {"cICP": (12, 13, 0, 1)},
        {"cICP": (12, 13, 0, 1), "sRGB": b"\0", "gAMA": 1.0},
        {"cICP": (2, 99, 0, 1), "gAMA": 0.45455, "cHRM": P3_CHROMATICITIES},
    ],
)
def test_the_red_of_display_p3_is_the_red_of_srgb(declared):
    assert np.abs(middle(png_with(uniform(P3_RED), **declared)) - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize(
    ("kind", "same_as"),
    [
        ("gamma of sRGB", "sRGB over gamma"),
        ("primaries alone", "sRGB over gamma"),
        ("codes over all", "sRGB over gamma"),
    ],
)
def test_what_is_declared_first_counts(kind, same_as):
    assert np.array_equal(read_photo(DECLARED[kind], "a").rgb_hwc, read_photo(DECLARED[same_as], "a").rgb_hwc)
    assert np.array_equal(read_photo(DECLARED[same_as], "a").rgb_hwc, COLOURS_HWC)


def test_a_profile_counts_before_gamma_and_a_broken_declaration_does_not():
    profile = read_photo(encoded(COLOURS_HWC, "PNG", icc_profile=display_p3_profile()), "a").rgb_hwc
    assert np.array_equal(read_photo(DECLARED["profile over gamma"], "a").rgb_hwc, profile)
    broken = png_with(encoded(COLOURS_HWC, "PNG", icc_profile=b"nonsense"), gAMA=1.0)
    assert np.array_equal(read_photo(broken, "a").rgb_hwc, read_photo(DECLARED["gamma"], "a").rgb_hwc)
    broken = png_with(COLOURS, sRGB=b"\x09", gAMA=1.0)
    assert np.array_equal(read_photo(broken, "a").rgb_hwc, read_photo(DECLARED["gamma"], "a").rgb_hwc)


@pytest.mark.parametrize("kind", ["gAMA", "cHRM", "cICP", "sRGB"])
@pytest.mark.parametrize("body", [b"", b"\0", b"\0" * 4, b"\xff" * 4, b"\0" * 32, b"\xff" * 32, b"\xff" * 33])
def test_a_chunk_of_any_bytes_is_a_photo_or_damage(kind, body):
    gamma = chunk(b"gAMA", b"\0\0\x80\0")
    data = COLOURS[:33] + chunk(kind.encode(), body) + gamma + COLOURS[33:]
    try:
        taken = read_photo(data, "a")
    except PhotoError as error:
        assert "damaged" in str(error) and len(body) < 32  # Pillow refuses chunks that are too short
    else:
        assert taken.size_hw == COLOURS_HWC.shape[:2]


def test_grey_of_sixteen_bits_keeps_its_dark_levels():
    # Linear light: 16-bit levels that 8 bits would make one.
    levels = np.array([0, 20, 40, 60, 80, 100, 120, 140], np.uint16)
    taken = read_photo(png_with(encoded(np.tile(levels, (40, 5)), "PNG"), gAMA=1.0), "a").rgb_hwc
    expected = np.round(255 * 12.92 * levels / 65535)
    assert np.array_equal(taken[0, :8, 0], expected) and len(set(expected)) > 6


def test_every_mode_has_the_same_colours():
    greys = {
        "L": GREYS,
        "LA": encoded(Image.fromarray(COLOURS_HWC[..., 0].copy()).convert("LA"), "PNG"),
        "palette": encoded(Image.fromarray(COLOURS_HWC[..., 0].copy()).convert("P"), "PNG"),
        "RGB": encoded(np.repeat(COLOURS_HWC[..., :1], 3, axis=2), "PNG"),
    }
    taken = {mode: read_photo(png_with(data, gAMA=0.7), "a").rgb_hwc for mode, data in greys.items()}
    assert all(np.array_equal(rgb_hwc, taken["RGB"]) for rgb_hwc in taken.values())
    wide = png_with(encoded(COLOURS_HWC[..., 0].astype(np.uint16) * 257, "PNG"), gAMA=0.7)
    assert np.array_equal(read_photo(wide, "a").rgb_hwc, taken["RGB"])


def test_hidden_colours_are_not_converted_into_view():
    rgba_hwc = np.dstack([COLOURS_HWC, np.full(COLOURS_HWC.shape[:2], 255, np.uint8)])
    rgba_hwc[:20, :, 3] = 0
    taken = read_photo(png_with(encoded(rgba_hwc, "PNG"), gAMA=1.0), "a").rgb_hwc
    assert (taken[:20] == BACKGROUND_GREY).all()
    assert np.array_equal(taken[20:], read_photo(DECLARED["gamma"], "a").rgb_hwc[20:])


def test_a_grey_profile_is_for_grey_and_a_colour_profile_for_both():
    level = 100
    light = (level / 255) ** 1.8
    expected = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
    grey = Image.new("L", (40, 40), level)
    for stored in (grey, grey.convert("LA")):
        for profile in (grey_profile(1.8), display_p3_profile(power_curve(1.8))):
            taken = middle(encoded(stored, "PNG", icc_profile=profile))
            assert np.abs(taken - expected).max() <= 1.5
    for mode in ("RGB", "CMYK"):
        stored = Image.fromarray(PORTRAIT_HWC[:64, :64]).convert(mode)
        plain = read_photo(encoded(stored, "JPEG"), "a").rgb_hwc
        profiled = read_photo(encoded(stored, "JPEG", icc_profile=grey_profile(1.8)), "a").rgb_hwc
        assert np.array_equal(profiled, plain)


def test_dark_grey_of_a_linear_profile_is_exact_with_eight_bits_and_with_sixteen():
    dark = np.arange(0, 4096, dtype=np.uint16).reshape(64, 64)
    for stored, most in ((dark, 65535), ((dark // 16).astype(np.uint8), 255)):
        light = stored / most
        expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        taken = read_photo(encoded(stored, "PNG", icc_profile=grey_profile(1.0)), "a").rgb_hwc
        assert np.abs(taken - expected[..., None]).max() <= 0.51


def test_webp_has_its_profile():
    data = uniform(P3_RED, "WEBP", lossless=True, icc_profile=display_p3_profile())
    assert np.abs(middle(data) - (255, 0, 0)).max() <= 4


def adobe_exif(space=0xFFFF, index="R03"):
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[COLOUR_SPACE] = space
    exif.get_ifd(INTEROP_IFD)[INTEROP_INDEX] = index
    exif.get_ifd(EXIF_IFD)[INTEROP_IFD] = exif.get_ifd(INTEROP_IFD)
    return exif


def test_a_cameras_mark_of_adobe_rgb_is_honoured_where_there_is_no_profile():
    def green(**options):
        return middle(uniform(ADOBE_GREEN, "JPEG", quality=100, subsampling=0, **options))

    assert np.abs(green(exif=adobe_exif()) - (0, 255, 0)).max() <= 8
    for exif in (adobe_exif(space=1), adobe_exif(index="R98")):
        assert np.abs(green(exif=exif) - ADOBE_GREEN).max() <= 3
    profiled = green(exif=adobe_exif(), icc_profile=display_p3_profile())
    assert np.array_equal(profiled, green(icc_profile=display_p3_profile()))


def test_a_heic_photo_has_the_colours_of_its_codes():
    if not photo.heif_available():
        pytest.skip("pillow-heif is not installed here (requirements-extra.txt)")
    data = uniform(P3_RED, "HEIF", quality=100, color_primaries=12, transfer_characteristics=13)
    assert Image.open(io.BytesIO(data)).info["nclx_profile"]["color_primaries"] == 12
    assert np.abs(middle(data) - (255, 0, 0)).max() <= 8
