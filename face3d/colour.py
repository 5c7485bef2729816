"""The colours that a file declares, and their conversion to sRGB.

What a file declares, by precedence; what is broken or unknown counts as absent:

- PNG (third edition, 4.3): cICP, iCCP, sRGB, gAMA with cHRM. gAMA alone goes with sRGB's primaries; cHRM
  alone leaves the curve open and is ignored, as browsers do.
- JPEG: its ICC profile, else Adobe RGB where EXIF says so. HEIC: its ICC profile, else its nclx box, which
  holds the numbers of cICP. WebP: its ICC profile.

Without any, it is sRGB. PQ and HLG are tone-mapped (face3d/encodings.py). Colours of 16 bits are read with 8
by Pillow; grey keeps its 16.

Sources: W3C, "Portable network graphics specification (third edition)", 2025; Exif 2.32 and DCF 2.0 (marks of
Adobe RGB); Adobe RGB (1998) 4.3.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from face3d.damage import DAMAGE
from face3d.encodings import D65, SRGB, Encoding, coded_encoding, matrix_to_srgb, power
from face3d.structures import Array

EXIF_IFD, INTEROP_IFD, COLOUR_SPACE_TAG, INTEROP_INDEX_TAG = 0x8769, 0xA005, 0xA001, 1
UNCALIBRATED, ADOBE_RGB_INDEX = 0xFFFF, "R03"
PNG_CHUNKS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
"""The chunks about colours that are read here, with their lengths."""
BACKGROUND_GREY = 128
"""Behind transparent pixels: dark and light hair both contrast with it."""
GREY_MODES = "1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N"
RENDERING_INTENTS = range(4)
"""Of the chunk sRGB; with any other number it is broken."""
SRGB_GAMMA = 45455
"""The gAMA that the specification puts beside sRGB; browsers take it alone for sRGB, too."""
ADOBE_PRIMARIES = (0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65
ADOBE_GAMMA = 563 / 256


@dataclass(frozen=True, eq=False)
class IccTransform:
    """The conversion by an ICC profile of pictures of one mode: L, I;16, RGB or CMYK."""

    transform: ImageCms.ImageCmsTransform
    mode: str

    def grey_table(self, levels: int) -> Array:
        """The sRGB grey, uint8, of each of the 65536 levels of I;16."""
        ramp = Image.fromarray(np.arange(levels, dtype=np.uint16)[None])
        return np.asarray(ImageCms.applyTransform(ramp, self.transform))[0, :, 1]

    def convert(self, image: Image.Image) -> Image.Image:
        """An L, RGB or CMYK picture in sRGB."""
        converted = ImageCms.applyTransform(image.convert(self.mode), self.transform)
        return image.convert("RGB") if converted is None else converted


def srgb_and_alpha(image: Image.Image, size_wh: tuple[int, int], data: bytes) -> tuple[Array, Array | None]:
    """A loaded picture of any mode as (h, w, 3) uint8 sRGB over grey, and its alpha (h, w) uint8 or None.

    Both have `size_wh`. The picture is reduced as soon as its pixels can be averaged (alpha premultiplied),
    so that the later steps have few pixels. data: the file.
    """
    grey, alpha = image.mode in GREY_MODES, image.has_transparency_data
    mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
    colours = _declared(image, data, "I;16" if image.mode.startswith("I") else mode)
    if image.mode.startswith("I"):
        image, colours = _sixteen_to_eight_bits(image, colours)
    if alpha:
        mode += "A"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != size_wh:
        image = image.resize(size_wh, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if not alpha:
        return np.asarray(_to_rgb(image, colours)), None
    channel = image.getchannel("A")
    ground = Image.new("RGB", size_wh, (BACKGROUND_GREY,) * 3)
    rgb = _to_rgb(image.convert(mode[:-1]), colours)
    return np.asarray(Image.composite(rgb, ground, channel)), np.asarray(channel)


def _sixteen_to_eight_bits(
    image: Image.Image, colours: Encoding | IccTransform | None
) -> tuple[Image.Image, IccTransform | None]:
    """A 16-bit grey picture with 8 bits, and what is left to do for its colours.

    Its transparent grey value becomes alpha. Pillow's own conversion clips. Dark levels of linear light need
    the 16 bits, so all but a profile of RGB, which Pillow applies to 8, is converted here.
    """
    wide_hw = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    table_n = ((np.arange(65536) + 128) // 257).astype(np.uint8)
    if isinstance(colours, Encoding) or (colours and colours.mode == "I;16"):
        table_n, colours = colours.grey_table(65536), None
    grey = Image.fromarray(table_n[wide_hw])
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(wide_hw == transparent, 0, 255).astype(np.uint8)))
    return grey, colours


def _declared(image: Image.Image, data: bytes, mode: str) -> Encoding | IccTransform | None:
    """The colours that an opened file declares; None where they are sRGB.

    data: the file. mode: L, I;16, RGB or CMYK, in which its colours are converted. Never raises.
    """
    profile = _profile(image.info.get("icc_profile"), mode)
    if image.format == "PNG":
        chunks = _png_chunks(data)
        if (encoding := coded_encoding(*chunks.get(b"cICP", (0, 0, 0, 0)))) is not None:
            return encoding
        srgb = chunks.get(b"sRGB", b"\xff")[0] in RENDERING_INTENTS
        return profile if profile or srgb else _gamma_and_primaries(chunks)
    return profile or _nclx(image.info.get("nclx_profile")) or _adobe_rgb(image, mode)


def _to_rgb(image: Image.Image, colours: Encoding | IccTransform | None) -> Image.Image:
    """An L, RGB or CMYK picture as RGB in sRGB, by what `_declared` returned for its mode."""
    if colours is not None:
        try:
            return colours.convert(image)
        except DAMAGE:
            pass
    return image.convert("RGB")


def _profile(icc: object, mode: str) -> IccTransform | None:
    """The conversion by an ICC profile; None without one that is valid and of the mode's kind.

    Grey is taken for RGB with three equal values where the profile is one of RGB. LittleCMS's shortcut for a
    curve of grey is up to 10 levels off in the dark, so it is not taken.
    """
    if not isinstance(icc, bytes) or not icc:
        return None
    grey = mode in ("L", "I;16")
    for kind in (mode, "RGB") if grey else (mode,):
        flags = ImageCms.Flags.NOOPTIMIZE if kind == mode and grey else ImageCms.Flags.NONE
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            srgb = ImageCms.createProfile("sRGB")
            transform = ImageCms.buildTransform(profile, srgb, kind, "RGB", flags=flags)
        except DAMAGE:
            continue
        return IccTransform(transform, kind)
    return None


def _png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each kind in `PNG_CHUNKS` before the pixels; Pillow has checked their checksums."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            break
        if PNG_CHUNKS.get(kind) == length and kind not in found:
            found[kind] = data[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def _gamma_and_primaries(chunks: dict[bytes, bytes]) -> Encoding | None:
    """The encoding by gAMA, and by cHRM where it is there and possible; None where it is sRGB or unknown."""
    gamma = int.from_bytes(chunks.get(b"gAMA", b""))
    if not gamma:
        return None
    try:
        white_first = np.frombuffer(chunks[b"cHRM"], ">u4").reshape(4, 2) / 100_000
        matrix_33 = matrix_to_srgb(np.roll(white_first, -1, axis=0))
    except (KeyError, ValueError):
        if gamma == SRGB_GAMMA:
            return None
        matrix_33 = np.eye(3, dtype=np.float32)
    return Encoding(power(100_000 / gamma), matrix_33)


def _nclx(box: object) -> Encoding | None:
    """The encoding by the nclx box of a HEIC file, whose matrix and range its decoder has undone."""
    if not isinstance(box, dict):
        return None
    primaries, transfer = box.get("color_primaries"), box.get("transfer_characteristics")
    if not isinstance(primaries, int) or not isinstance(transfer, int) or (primaries, transfer) == (1, SRGB):
        return None
    return coded_encoding(primaries, transfer, 0, 1)


def _adobe_rgb(image: Image.Image, mode: str) -> Encoding | None:
    """Adobe RGB, for a JPEG without a profile that a camera has marked by DCF's option."""
    if mode != "RGB" or image.format not in ("JPEG", "MPO"):
        return None
    try:
        exif = image.getexif()
        marked = exif.get_ifd(EXIF_IFD).get(COLOUR_SPACE_TAG) == UNCALIBRATED
        index = exif.get_ifd(INTEROP_IFD).get(INTEROP_INDEX_TAG)
    except DAMAGE:
        return None
    if not marked or index != ADOBE_RGB_INDEX:
        return None
    return Encoding(power(ADOBE_GAMMA), matrix_to_srgb(np.array(ADOBE_PRIMARIES)))
