"""Encodings of colours in numbers, and their way to sRGB.

White stays white: primaries of another white are adapted (Bradford). What sRGB cannot show is clipped. The
light of the two HDR transfers, PQ and HLG, is relative to BT.2408's reference white of 203 cd/m2 and
compressed to what a screen without HDR can show: see `_tone_mapped`.

Sources: ITU-T H.273 (the numbers of primaries and transfers), IEC 61966-2-1 (sRGB), ITU-R BT.1886, ITU-R
BT.2100 (PQ, HLG).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from face3d.structures import Array

REFERENCE_WHITE, PEAK = 203.0, 1000.0
"""cd/m2: of diffuse white (BT.2408), and of the brightest light that is told apart."""
ROWS_AT_A_TIME = 256
"""Bounds the memory of a conversion."""


def linear_from_srgb(values: Array) -> Array:
    """Light, float64 0..1, of sRGB values 0..255."""
    return srgb_light(np.asarray(values) / 255)


def srgb_light(signal: Array) -> Array:
    """Light, 0..1, of sRGB's signal, 0..1."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _smpte240_light(signal: Array) -> Array:
    a, b = 1.1115, 0.0228
    return np.where(signal < 4 * b, signal / 4, ((signal + a - 1) / a) ** (1 / 0.45))


def _pq_light(signal: Array) -> Array:
    root = signal ** (32 / 2523)
    part = np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)
    return 10_000 / REFERENCE_WHITE * part ** (8192 / 1305)


def _hlg_light(signal: Array) -> Array:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def power(exponent: float, gain: float = 1.0) -> Callable[[Array], Array]:
    """The transfer whose light is `gain` times signal to the power of `exponent`."""
    return lambda signal: gain * signal**exponent


PQ, HLG, SRGB = 16, 18, 13
TRANSFERS: dict[int, Callable[[Array], Array]] = {
    **dict.fromkeys((1, 6, 11, 14, 15), power(2.4)),
    4: power(2.2),
    5: power(2.8),
    7: _smpte240_light,
    8: power(1.0),
    SRGB: srgb_light,
    PQ: _pq_light,
    17: power(2.6, 52.37 / 48),
    HLG: _hlg_light,
}
"""From signal, 0..1, to light by H.273's numbers, without those of curves that no picture is stored in. The
curve of BT.709 and its like is a camera's; a screen shows them by BT.1886, a power of 2.4, as browsers do."""

D65, C, D_CINEMA = (0.3127, 0.329), (0.31, 0.316), (0.314, 0.351)
BT601 = (0.63, 0.34), (0.31, 0.595), (0.155, 0.07), D65
PRIMARIES = {
    1: ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C),
    5: ((0.64, 0.33), (0.29, 0.6), (0.15, 0.06), D65),
    6: BT601,
    7: BT601,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C),
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), D65),
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), D_CINEMA),
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), D65),
    22: ((0.63, 0.34), (0.295, 0.605), (0.155, 0.077), D65),
}
"""Chromaticities (x, y) of red, green, blue and white by H.273's numbers."""
BRADFORD_33 = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
LARGEST_FACTOR = 100.0
"""Of a matrix to sRGB: those of real colours are below 4."""
SRGB_LUMINANCE_3 = np.array([0.2126, 0.7152, 0.0722], np.float32)


def _xyz(chromaticity: Array) -> Array:
    """XYZ of unit luminance."""
    x, y = chromaticity
    return np.array([x / y, 1, (1 - x - y) / y])


def _xyz_from_rgb(primaries: Array) -> Array:
    """(3, 3): XYZ of linear RGB; (4, 2) chromaticities of red, green, blue, white.

    Raises ValueError where white is no mixture of the three.
    """
    columns_33 = np.stack([_xyz(chromaticity) for chromaticity in primaries[:3]], -1)
    shares_3 = np.linalg.solve(columns_33, _xyz(primaries[3]))
    if not (shares_3 > 0).all():
        raise ValueError("white lies outside of the triangle of colours")
    return columns_33 * shares_3


def matrix_to_srgb(primaries: Array) -> Array:
    """(3, 3) float32: linear sRGB of linear RGB with these primaries. Raises ValueError for absurd ones."""
    with np.errstate(all="ignore"):
        srgb = np.array(PRIMARIES[1])
        from_white, to_white = BRADFORD_33 @ _xyz(primaries[3]), BRADFORD_33 @ _xyz(srgb[3])
        adapt_33 = np.linalg.solve(BRADFORD_33, (to_white / from_white)[:, None] * BRADFORD_33)
        matrix_33 = np.linalg.solve(_xyz_from_rgb(srgb), adapt_33 @ _xyz_from_rgb(primaries))
    if not np.abs(matrix_33).max() < LARGEST_FACTOR:
        raise ValueError("these primaries span no colours")
    return matrix_33.astype(np.float32)


SRGB_OF_LIGHT = np.round(
    255
    * np.where(
        np.arange(65536) <= 0.0031308 * 65535,
        12.92 * np.arange(65536) / 65535,
        1.055 * (np.arange(65536) / 65535) ** (1 / 2.4) - 0.055,
    )
).astype(np.uint8)
"""sRGB, uint8, of light in 65535 steps: within 0.03 levels."""


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the numbers of a picture mean.

    light: from signal, 0..1, to light, 1 = white. matrix_33: from its linear RGB to that of sRGB.
    hdr: PQ, HLG or 0. narrow: black is 16 and white 235 of 255.
    """

    light: Callable[[Array], Array]
    matrix_33: Array
    hdr: int = 0
    narrow: bool = False

    def _levels(self, count: int) -> Array:
        """(count,) float32: the light of each of 256 or 65536 levels."""
        signal = np.arange(count) / (count - 1)
        if self.narrow:
            signal = np.clip((np.arange(count) * 256 / count - 16) / 219, 0, 1)
        return self.light(signal).astype(np.float32)

    def _srgb(self, light: Array) -> Array:
        """(..., 3) uint8 sRGB of light in the picture's own primaries."""
        light = light @ self.matrix_33.T
        if self.hdr == HLG:  # from the light of the scene to that of a screen of 1000 cd/m2 (BT.2100)
            luminance = np.maximum(light @ SRGB_LUMINANCE_3, 0)[..., None]
            light = light * luminance ** np.float32(0.2) * np.float32(PEAK / REFERENCE_WHITE)
        if self.hdr:
            light = _tone_mapped(light)
        return SRGB_OF_LIGHT[np.round(np.clip(light, 0, 1) * 65535).astype(np.uint16)]

    def grey_table(self, count: int) -> Array:
        """(count,) uint8: sRGB of each of 256 or 65536 grey levels."""
        return self._srgb(np.repeat(self._levels(count)[:, None], 3, axis=1))[:, 1]

    def convert(self, image: Image.Image) -> Image.Image:
        """An L or RGB picture in sRGB."""
        if image.mode == "L":
            return image.point(self.grey_table(256).tolist()).convert("RGB")
        levels, rgb_hwc = self._levels(256), np.asarray(image)
        converted_hwc = np.empty_like(rgb_hwc)
        for top in range(0, len(rgb_hwc), ROWS_AT_A_TIME):
            rows = slice(top, top + ROWS_AT_A_TIME)
            converted_hwc[rows] = self._srgb(levels[rgb_hwc[rows]])
        return Image.fromarray(converted_hwc)


def _tone_mapped(light: Array) -> Array:
    """Light of which `PEAK` becomes 1: Reinhard's curve of the brightest of the three, so that hues stay.

    Dark tones keep their light, reference white becomes 0.52: 191 of 255.
    Source: Reinhard et al., "Photographic tone reproduction for digital images", 2002, equation 4.
    """
    peak = np.float32(PEAK / REFERENCE_WHITE)
    brightest = np.clip(light.max(axis=-1, keepdims=True), 0, peak)
    return light * (1 + brightest / peak**2) / (1 + brightest)


def coded_encoding(primaries: int, transfer: int, matrix: int, full_range: int) -> Encoding | None:
    """The encoding that four numbers of H.273 stand for, None where one is unknown or not for RGB."""
    if primaries not in PRIMARIES or transfer not in TRANSFERS or matrix != 0 or full_range not in (0, 1):
        return None
    hdr = transfer if transfer in (PQ, HLG) else 0
    matrix_33 = matrix_to_srgb(np.array(PRIMARIES[primaries]))
    return Encoding(TRANSFERS[transfer], matrix_33, hdr, narrow=full_range == 0)
