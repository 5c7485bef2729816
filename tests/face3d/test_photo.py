"""Laws of the decoder: every file becomes an upright sRGB photo or one PhotoError."""

import contextlib
import hashlib
import importlib
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_files import (
    BAD_FILES,
    HEIC_HEADER,
    REAL_FILES,
    display_p3_profile,
    with_exif,
    with_true_checksums,
)
from PIL import Image, ImageCms, ImageFile
from sample_files import ASTRONAUT_HWC, PORTRAIT_HWC, encoded

from face3d import photo
from face3d.colour import BACKGROUND_GREY
from face3d.errors import PhotoError
from face3d.photo import concerns, read_photo
from face3d.structures import Photo


@pytest.mark.parametrize("kind", REAL_FILES)
def test_every_real_file_becomes_a_photo_of_its_own_digest(kind):
    taken = read_photo(REAL_FILES[kind], f"{kind}.bin")
    assert taken.sha256 == hashlib.sha256(REAL_FILES[kind]).hexdigest()
    assert taken.rgb_hwc.dtype == np.uint8


def test_a_lossless_file_gives_its_own_pixels():
    non_square_hwc = PORTRAIT_HWC[:200, :123]
    for file_format, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        taken = read_photo(encoded(non_square_hwc, file_format, **options), "a")
        assert np.array_equal(taken.rgb_hwc, non_square_hwc)
        assert taken.alpha_hw is None and taken.fov_degrees is None


# How a camera held that way stores an upright picture (EXIF 2.32: where row 0 and column 0 of the stored
# picture belong).
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_each_exif_orientation_comes_out_upright(orientation):
    upright_hwc = PORTRAIT_HWC[:90, :70]
    stored = encoded(
        np.ascontiguousarray(STORED[orientation](upright_hwc)), "PNG", exif=with_exif(orientation)
    )
    assert np.array_equal(read_photo(stored, "a").rgb_hwc, upright_hwc)


def test_an_orientation_outside_the_standard_is_ignored():
    assert np.array_equal(
        read_photo(encoded(PORTRAIT_HWC, "PNG", exif=with_exif(77)), "a").rgb_hwc, PORTRAIT_HWC
    )


# Horizontal angle of view on 36 x 24 mm film, as lens tables print it.
@pytest.mark.parametrize(
    ("focal_mm", "degrees"), [(24, 73.7), (35, 54.4), (50, 39.6), (85, 23.9), (200, 10.3)]
)
def test_the_field_of_view_is_that_of_lens_tables(focal_mm, degrees):
    taken = read_photo(encoded(Image.new("RGB", (300, 200)), "JPEG", exif=with_exif(1, focal_mm)), "a")
    assert taken.fov_degrees == pytest.approx(degrees, abs=0.06)


def test_a_camera_on_its_side_has_the_angle_of_the_films_short_side():
    taken = read_photo(encoded(Image.new("RGB", (300, 200)), "JPEG", exif=with_exif(6, 50)), "a")
    assert taken.size_hw == (300, 200)
    assert taken.fov_degrees == pytest.approx(27.0, abs=0.06)


@pytest.mark.parametrize("focal_mm", [0, 1, 60000])
def test_an_impossible_focal_length_is_no_focal_length(focal_mm):
    assert read_photo(encoded(PORTRAIT_HWC, "JPEG", exif=with_exif(1, focal_mm)), "a").fov_degrees is None


def test_corrupt_exif_costs_no_photo():
    good = encoded(PORTRAIT_HWC, "JPEG", exif=with_exif(6, 50))
    at = good.index(b"Exif\0\0") + 6
    bad = good[:at] + b"\xff" * 40 + good[at + 40 :]
    assert np.array_equal(
        read_photo(bad, "a").rgb_hwc, read_photo(encoded(PORTRAIT_HWC, "JPEG"), "a").rgb_hwc
    )


def test_sixteen_bits_are_scaled_and_not_clipped():
    ramp_hw = np.repeat(np.linspace(0, 65535, 256).round().astype(np.uint16)[None], 64, axis=0)
    taken = read_photo(encoded(ramp_hw, "PNG"), "a")
    assert np.array_equal(taken.rgb_hwc[0], np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))


def test_the_transparent_grey_of_a_sixteen_bit_file_is_transparent():
    grey_hw = np.full((40, 40), 5000, np.uint16)
    grey_hw[:20] = 65535
    taken = read_photo(encoded(Image.fromarray(grey_hw), "PNG", transparency=5000), "a")
    assert (taken.alpha_hw[:20] == 255).all() and (taken.alpha_hw[20:] == 0).all()
    assert (taken.rgb_hwc[:20] == 255).all() and (taken.rgb_hwc[20:] == BACKGROUND_GREY).all()


def test_hidden_colours_stay_hidden_and_alpha_is_kept():
    rgba_hwc = np.dstack([PORTRAIT_HWC[:50, :40], np.full((50, 40), 255, np.uint8)])
    rgba_hwc[:10] = (255, 0, 0, 0)
    rgba_hwc[10:20] = (228, 228, 228, 128)
    taken = read_photo(encoded(rgba_hwc, "PNG"), "a")
    assert np.array_equal(taken.alpha_hw, rgba_hwc[..., 3])
    assert (taken.rgb_hwc[:10] == BACKGROUND_GREY).all()
    assert (np.abs(taken.rgb_hwc[10:20].astype(int) - 178) <= 1).all()
    assert np.array_equal(taken.rgb_hwc[20:], rgba_hwc[20:, :, :3])


def test_an_alpha_channel_that_hides_nothing_is_none():
    opaque = Image.fromarray(PORTRAIT_HWC).convert("RGBA")
    assert read_photo(encoded(opaque, "PNG"), "a").alpha_hw is None


@pytest.mark.parametrize(("mode", "values"), [("1", 2), ("L", 200), ("P", 16), ("LA", 200)])
def test_grey_palette_and_one_bit_files_are_read(mode, values):
    grey = Image.fromarray(PORTRAIT_HWC).convert("L")
    stored = grey.quantize(16) if mode == "P" else grey.convert(mode)
    taken = read_photo(encoded(stored, "PNG"), "a")
    assert (taken.rgb_hwc[..., 0] == taken.rgb_hwc[..., 2]).all()
    assert 2 <= len(np.unique(taken.rgb_hwc)) <= 256 and len(np.unique(taken.rgb_hwc)) >= values // 2


def test_a_wide_gamut_profile_is_converted():
    # The red of sRGB in Display P3 coordinates, as CSS Color 4 gives it: color(display-p3 0.9175 0.2003
    # 0.1386).
    p3_red_hwc = np.full((40, 50, 3), (234, 51, 35), np.uint8)
    taken = read_photo(encoded(p3_red_hwc, "PNG", icc_profile=display_p3_profile()), "a")
    assert np.abs(taken.rgb_hwc.astype(int) - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize("profile", [b"nonsense", display_p3_profile()[:150]])
def test_a_broken_profile_is_ignored(profile):
    assert np.array_equal(
        read_photo(encoded(PORTRAIT_HWC, "PNG", icc_profile=profile), "a").rgb_hwc, PORTRAIT_HWC
    )


def test_a_cmyk_file_keeps_its_colours():
    red_hwc = np.full((40, 40, 3), (200, 30, 40), np.uint8)
    taken = read_photo(encoded(Image.fromarray(red_hwc).convert("CMYK"), "JPEG", quality=95), "a")
    assert np.abs(taken.rgb_hwc.astype(int) - red_hwc).max() <= 6


def test_the_first_frame_of_an_animation_is_the_photo():
    for kind in ("apng", "animated webp"):
        difference = read_photo(REAL_FILES[kind], "a").rgb_hwc.astype(int) - PORTRAIT_HWC[:64, :64]
        assert np.abs(difference).mean() < 6


@pytest.mark.parametrize(
    ("file_format", "decoded_wh"), [("JPEG", (201, 151)), ("MPO", (201, 151)), ("PNG", (803, 603))]
)
def test_a_huge_photo_is_reduced_early_and_looks_the_same(file_format, decoded_wh, monkeypatch):
    """A JPEG's by its decoder, to 1/4 here and never below the working size; any other's before its colours
    are converted.
    """
    monkeypatch.setattr(photo, "WORKING_PIXELS", 20_000)
    sizes, load, convert = [], ImageFile.ImageFile.load, ImageCms.applyTransform
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: (load(image), sizes.append(image.size))[0])
    monkeypatch.setattr(
        ImageCms,
        "applyTransform",
        lambda image, *a, **k: sizes.append(image.size) or convert(image, *a, **k),
    )
    huge, srgb = (
        Image.fromarray(PORTRAIT_HWC).resize((803, 603)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
    )
    taken = read_photo(encoded(huge, file_format, exif=with_exif(6), icc_profile=srgb.tobytes()), "a")
    small_hwc = np.rot90(np.asarray(huge.resize((163, 122), Image.Resampling.LANCZOS)), -1)
    assert list(dict.fromkeys(sizes)) == [decoded_wh, (163, 122)] and taken.size_hw == (163, 122)
    assert np.abs(taken.rgb_hwc.astype(int) - small_hwc).mean() < 3


def test_what_is_hidden_stays_hidden_when_a_huge_photo_is_reduced(monkeypatch):
    monkeypatch.setattr(photo, "WORKING_PIXELS", 10_000)
    hidden_then_shown_hwc = np.repeat(
        np.array([[(255, 0, 0, 0)] * 101 + [(0, 200, 0, 255)] * 200], np.uint8), 400, axis=0
    )
    taken = read_photo(encoded(hidden_then_shown_hwc, "PNG"), "a")
    assert taken.rgb_hwc[..., 0].max() <= BACKGROUND_GREY + 16 and len(np.unique(taken.alpha_hw)) > 2


@pytest.mark.parametrize("kind", BAD_FILES)
def test_each_bad_file_is_one_sentence_with_the_remedy(kind):
    data, expected = BAD_FILES[kind]
    with pytest.raises(PhotoError, match=expected) as raised:
        read_photo(data, "holiday.jpg")
    message = str(raised.value)
    assert (
        message.startswith("holiday.jpg ")
        and message.endswith(".")
        and "\n" not in message
        and len(message) < 200
    )


def test_a_heic_photo_without_its_package_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(photo, "heif_available", lambda: False)
    assert not {"heic", "heif", "hif"} & set(photo.accepted_suffixes())
    assert {"jpg", "jpeg", "jfif", "mpo", "png", "webp"} <= set(photo.accepted_suffixes())
    with pytest.raises(PhotoError, match=r"is a HEIC photo; .*pillow-heif"):
        read_photo(HEIC_HEADER, "a.heic")


@pytest.mark.parametrize(
    ("heif", "formats"), [(False, "JPEG, PNG or WebP"), (True, "JPEG, PNG, WebP or HEIC")]
)
def test_messages_offer_the_formats_of_the_label(heif, formats, monkeypatch):
    monkeypatch.setattr(photo, "heif_available", lambda: heif)
    monkeypatch.setattr(photo, "_formats", lambda: ["JPEG", "PNG", "WEBP"])
    assert ", ".join(photo.accepted_formats()) == formats.replace(" or ", ", ")
    for data, remedy in ((b"text", f"choose a {formats} file."), (b"GIF89a", f"save it as {formats}.")):
        with pytest.raises(PhotoError) as raised:
            read_photo(data, "a")
        assert str(raised.value).endswith(remedy)


def test_a_package_that_cannot_be_imported_is_none(monkeypatch):
    def broken(name):
        raise ImportError(f"{name}: libheif.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", broken)
    assert photo.heif_available.__wrapped__() is False


@pytest.fixture
def heic():
    """A function that encodes a HEIC file."""
    if not photo.heif_available():
        pytest.skip("pillow-heif is not installed here (requirements-extra.txt)")
    return lambda picture, **options: encoded(picture, "HEIF", **options)


def test_a_heic_photo_is_read_like_any_other(heic):
    assert {"heic", "heif", "hif"} <= set(photo.accepted_suffixes())
    data = heic(PORTRAIT_HWC[:200, :123], quality=95, exif=with_exif(1, 50))
    taken = read_photo(data, "a.heic")
    assert taken.sha256 == hashlib.sha256(data).hexdigest()
    assert np.abs(taken.rgb_hwc.astype(int) - PORTRAIT_HWC[:200, :123]).mean() < 4
    # 200 x 123 pixels behind a 50 mm lens: half the diagonal of the film over 50 mm, times 123 / hypot(200,
    # 123).
    assert taken.fov_degrees == pytest.approx(25.54, abs=0.05)


def test_a_heic_photo_is_turned_once(heic):
    """Its own transformation stands in the file's structure, and the decoder has applied it; EXIF only
    repeats it.
    """
    data = heic(PORTRAIT_HWC[:200, :123], quality=95, exif=with_exif(6))
    assert read_photo(data, "a.heic").size_hw == (200, 123)


def test_hidden_colours_of_a_heic_photo_stay_hidden(heic):
    rgba_hwc = np.dstack([np.full((64, 64, 3), (255, 0, 0), np.uint8), np.full((64, 64), 255, np.uint8)])
    rgba_hwc[:32, :, 3] = 0
    taken = read_photo(heic(rgba_hwc, quality=95), "a.heic")
    assert taken.alpha_hw[:30].max() < 8 and taken.alpha_hw[34:].min() > 247
    assert np.abs(taken.rgb_hwc[:30].astype(int) - BACKGROUND_GREY).max() < 8


def test_the_limits_hold_for_heic_too(heic, monkeypatch):
    with pytest.raises(PhotoError, match="crop"):
        read_photo(heic(Image.new("RGB", (2_000, 64))), "a.heic")
    good = heic(PORTRAIT_HWC, quality=80)
    for damaged in (HEIC_HEADER, good[: len(good) // 2]):
        with pytest.raises(PhotoError, match="damaged"):
            read_photo(damaged, "a.heic")
    with monkeypatch.context() as small:
        small.setattr(photo, "MAX_PIXELS", 60_000)
        with pytest.raises(PhotoError, match="256 x 256 pixels, more than"):
            read_photo(good, "a.heic")
        small.setattr(photo, "MAX_PIXELS", 80_000_000)
        small.setattr(photo, "WORKING_PIXELS", 10_000)
        assert np.prod(read_photo(good, "a.heic").size_hw) <= 10_000
    monkeypatch.setattr(photo, "MAX_BYTES", 1000)
    with pytest.raises(PhotoError, match="MB"):
        read_photo(good, "a.heic")


def test_a_heic_file_with_any_byte_of_its_header_cleared_raises_nothing_else(heic):
    """The decoder raises RuntimeError where a cleared byte makes it exceed its own limits."""
    good = heic(PORTRAIT_HWC[:64, :64], quality=60)
    for position in range(good.index(b"mdat")):
        body = bytearray(good)
        body[position] = 0
        with contextlib.suppress(PhotoError):
            read_photo(bytes(body), "a.heic")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_heic_files_raise_nothing_else(heic, data):
    body = bytearray(heic(PORTRAIT_HWC[:64, :64], quality=60, exif=with_exif(1, 50)))
    for position in data.draw(
        st.lists(st.integers(0, min(600, len(body) - 1)) | st.integers(0, len(body) - 1), max_size=8)
    ):
        body[position] = data.draw(st.integers(0, 255))
    try:
        taken = read_photo(bytes(body[: data.draw(st.just(len(body)) | st.integers(0, len(body)))]), "fuzzed")
    except PhotoError:
        return
    assert min(taken.size_hw) >= photo.MIN_SIDE


def test_a_file_over_the_limit_is_not_decoded():
    with pytest.raises(PhotoError, match="has more than 32 MB"):
        read_photo(REAL_FILES["jpeg"] + b"\0" * (33 * 2**20 - len(REAL_FILES["jpeg"])), "a.jpg")


def test_want_of_memory_is_not_called_damage(monkeypatch):
    def decode(_):
        raise MemoryError

    monkeypatch.setattr(photo, "_decode", decode)
    with pytest.raises(PhotoError, match=r"There is not enough memory to read a\.png, .* save it smaller\."):
        read_photo(REAL_FILES["png"], "a.png")


def test_a_hostile_name_stays_short_and_on_one_line():
    with pytest.raises(PhotoError) as raised:
        read_photo(b"", "a\n\x1b[31m" + "b" * 500)
    assert len(str(raised.value)) < 120 and str(raised.value).isprintable()


def test_a_broken_animation_is_a_photo_or_an_error():
    at = REAL_FILES["apng"].index(b"acTL") + 4
    for frames in (0, 1, 2**31):
        broken = REAL_FILES["apng"][:at] + struct.pack(">I", frames) + REAL_FILES["apng"][at + 4 :]
        try:
            read_photo(bytes(with_true_checksums(bytearray(broken))), "a.png")
        except PhotoError as error:
            assert "damaged" in str(error)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(REAL_FILES)), st.data())
def test_mutated_and_truncated_files_raise_nothing_else(kind, data):
    body = bytearray(REAL_FILES[kind])
    near_the_start = st.integers(0, min(600, len(body) - 1)) | st.integers(0, len(body) - 1)
    for position in data.draw(st.lists(near_the_start, max_size=8)):
        body[position] = data.draw(st.integers(0, 255))
    if body.startswith(b"\x89PNG") and data.draw(st.booleans()):
        body = with_true_checksums(body)
    end = data.draw(st.just(len(body)) | st.integers(0, len(body)))
    try:
        taken = read_photo(bytes(body[:end]), "fuzzed")
    except PhotoError:
        return
    assert min(taken.size_hw) >= photo.MIN_SIDE


@pytest.mark.parametrize(("grey", "expected"), [(5, "dark"), (200, "one colour")])
def test_a_uniform_photo_is_doubted(grey, expected):
    assert expected in " ".join(concerns(Photo(np.full((300, 300, 3), grey, np.uint8), None, None, "0")))


def test_a_file_that_lacks_its_end_is_doubted():
    assert "lacks its end" in " ".join(concerns(Photo(ASTRONAUT_HWC, None, None, "0", lacks_end=True)))


def test_a_good_photo_is_not_doubted():
    assert concerns(Photo(ASTRONAUT_HWC, None, None, "0")) == []
