"""Laws of the encodings; numbers from the recommendations, not from the code."""

import math

import numpy as np
import pytest
from PIL import Image

from face3d.encodings import HLG, PQ, PRIMARIES, TRANSFERS, Encoding, coded_encoding, linear_from_srgb, power


def srgb_level(light):
    """IEC 61966-2-1, one number."""
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def converted(encoding, *rgb):
    return np.asarray(encoding.convert(Image.new("RGB", (1, 1), rgb)))[0, 0].astype(int)


def test_each_curve_begins_in_the_dark_rises_and_ends_in_white():
    signal = np.linspace(0, 1, 1001)
    for code, light in TRANSFERS.items():
        values = light(signal)
        assert values[0] == pytest.approx(0, abs=1e-6) and (np.diff(values) > 0).all(), code
        if code not in (PQ, 17):  # that of 17 is 52.37 / 48, its white is below the projector's brightest
            assert values[-1] == pytest.approx(1, abs=1e-6), code


@pytest.mark.parametrize("code", PRIMARIES)
def test_white_stays_white_and_grey_stays_grey(code):
    encoding = coded_encoding(code, 8, 0, 1)
    assert encoding.matrix_33.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-3)
    for level in (1, 20, 128, 255):
        assert np.abs(converted(encoding, level, level, level) - srgb_level(level / 255)).max() <= 0.53


def test_the_matrices_are_the_published_ones():
    # ITU-R BT.2407, clause 2: linear BT.2020 to linear BT.709. CSS Color 4: linear Display P3 to linear sRGB.
    bt2020 = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    p3 = [[1.2249, -0.2247, 0], [-0.0421, 1.0421, 0], [-0.0196, -0.0786, 1.0983]]
    assert np.allclose(coded_encoding(9, 8, 0, 1).matrix_33, bt2020, atol=3e-4)
    assert np.allclose(coded_encoding(12, 8, 0, 1).matrix_33, p3, atol=3e-4)


def test_srgb_comes_out_as_it_is():
    every_hwc = np.random.default_rng(0).integers(0, 256, (300, 20, 3)).astype(np.uint8)
    srgb = coded_encoding(1, 13, 0, 1)
    assert np.array_equal(np.asarray(srgb.convert(Image.fromarray(every_hwc))), every_hwc)
    assert np.array_equal(srgb.grey_table(256), np.arange(256))


def test_each_level_of_a_power_is_its_formula():
    table = Encoding(power(1 / 0.6), np.eye(3, dtype=np.float32)).grey_table(256)
    assert max(abs(srgb_level((level / 255) ** (1 / 0.6)) - table[level]) for level in range(256)) <= 0.53
    wide = Encoding(power(1.0), np.eye(3, dtype=np.float32)).grey_table(65536)
    assert max(abs(srgb_level(level / 65535) - wide[level]) for level in range(0, 65536, 97)) <= 0.53


def test_linear_light_is_the_formula():
    assert linear_from_srgb(np.array([0, 10, 188, 255])) == pytest.approx(
        [0, 0.003035, 0.502886, 1], abs=1e-5
    )


def test_narrow_range_reaches_from_16_to_235():
    table = coded_encoding(1, 13, 0, 0).grey_table(256)
    assert (table[:17] == 0).all() and (table[235:] == 255).all() and table[126] == 128
    assert np.array_equal(coded_encoding(1, 13, 0, 0).grey_table(65536)[::256], table)


# ITU-R BT.2408, table 1: diffuse white of 203 cd/m2 is 58 % of PQ and 75 % of HLG, 18 % grey (26 cd/m2) 38 %
# of both. Reinhard's curve makes light w (x + x^2 / w^2) / (1 + x) of x = 203 / 203 and 26 / 203, w = 1000 /
# 203: 0.52 and 0.114.
@pytest.mark.parametrize(
    ("transfer", "percent", "light"), [(PQ, 58, 0.521), (HLG, 75, 0.521), (PQ, 38, 0.114), (HLG, 38, 0.114)]
)
def test_hdr_is_shown_by_its_reference_levels(transfer, percent, light):
    level = round(percent * 2.55)
    assert converted(coded_encoding(9, transfer, 0, 1), level, level, level) == pytest.approx(
        [srgb_level(light)] * 3, abs=2
    )


def test_the_brightest_light_is_white_and_hues_stay():
    peak = round(255 * 0.7518)  # 1000 cd/m2 in PQ
    assert (converted(coded_encoding(1, PQ, 0, 1), peak, peak, peak) >= 254).all()
    assert (converted(coded_encoding(1, PQ, 0, 1), 255, 255, 255) == 255).all()
    for transfer in (PQ, HLG):
        dark, bright = (
            linear_from_srgb(converted(coded_encoding(1, transfer, 0, 1), *rgb))
            for rgb in ((90, 60, 50), (180, 160, 150))
        )
        assert (np.diff(dark) < 0).all() and (np.diff(bright) < 0).all()


@pytest.mark.parametrize(
    "codes", [(0, 13, 0, 1), (2, 2, 0, 1), (12, 99, 0, 1), (12, 13, 1, 1), (12, 13, 0, 2)]
)
def test_codes_that_are_unknown_or_not_for_rgb_mean_nothing(codes):
    assert coded_encoding(*codes) is None


def test_pq_is_the_formula_of_bt_2100():
    # Table 4 of BT.2100 at half of the signal, in cd/m2, by hand.
    root = 0.5 ** (1 / 78.84375)
    light = 10_000 * ((root - 0.8359375) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    assert light == pytest.approx(92.2, abs=0.1) and TRANSFERS[PQ](np.array(0.5)) * 203 == pytest.approx(
        light
    )
    assert TRANSFERS[HLG](np.array(0.5)) == pytest.approx(1 / 12)
    assert TRANSFERS[HLG](np.array(0.75)) == pytest.approx(
        (math.exp((0.75 - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
