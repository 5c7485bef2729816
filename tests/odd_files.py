"""Files that a decoder has to read or to refuse: every format, damaged ones, and ones made to do harm."""

import struct
import zlib

import numpy as np
from PIL import Image, PngImagePlugin
from sample_files import PORTRAIT_HWC, encoded

ORIENTATION, EXIF_IFD, FOCAL_35MM = 0x0112, 0x8769, 0xA405


def with_exif(orientation=1, focal_mm=None):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    if focal_mm is not None:
        exif.get_ifd(EXIF_IFD)[FOCAL_35MM] = focal_mm
    return exif


def chunk(kind, body):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(png, **chunks):
    """A PNG file with chunks added before its first; `gAMA` and `cHRM` are given as numbers."""
    added = b""
    for kind, value in chunks.items():
        if kind in ("gAMA", "cHRM"):
            value = b"".join(struct.pack(">I", round(number * 100_000)) for number in np.atleast_1d(value))
        added += chunk(kind.encode(), bytes(value))
    return png[:33] + added + png[33:]


def png_claiming(width, height):
    """A PNG file whose header claims a size and whose data does not hold it."""

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def png_with_text_bomb():
    text = PngImagePlugin.PngInfo()
    text.add_text("bomb", "A" * (80 * 2**20), zip=True)
    return encoded(PORTRAIT_HWC, "PNG", pnginfo=text)


def fixed(*values):
    """Numbers of an ICC profile: 32 bits, 16 of them after the point."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile_of(space, tags):
    """An ICC profile of a display: `space` is RGB or GRAY, tags are by name."""
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)} | tags
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s12x4s4x", 0, b"lcms", 0x02400000, b"mntr", space, b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + fixed(0.9642, 1.0, 0.8249)
    profile = bytearray(head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body)
    profile[:4] = struct.pack(">I", len(profile))
    return bytes(profile)


SRGB_CURVE = (
    b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
)


def power_curve(gamma):
    """A power as the curve of an ICC profile."""
    return b"curv\0\0\0\0" + struct.pack(">IH2x", 1, round(gamma * 256))


def display_p3_profile(curve=SRGB_CURVE):
    """A matrix profile with the primaries of Display P3 (D50-adapted, as published by Apple)."""
    colours = {
        b"rXYZ": b"XYZ \0\0\0\0" + fixed(0.51512, 0.2412, -0.00105),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed(0.29198, 0.69225, 0.04189),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed(0.1571, 0.06657, 0.78407),
    }
    return profile_of(b"RGB ", colours | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma):
    """A profile for grey whose curve is a power."""
    return profile_of(b"GRAY", {b"kTRC": power_curve(gamma)})


def with_true_checksums(body):
    """A PNG file with its chunks' checksums made right, so that damage reaches the code behind them."""
    at = 8
    while at + 12 <= len(body):
        length = struct.unpack(">I", body[at : at + 4])[0]
        end = at + 8 + length
        body[end : end + 4] = (
            struct.pack(">I", zlib.crc32(body[at + 4 : end])) if end + 4 <= len(body) else b""
        )
        at = end + 4
    return body


P3_CHROMATICITIES = 0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06
COLOURS_HWC = np.random.default_rng(0).integers(0, 256, (40, 32, 3)).astype(np.uint8)
COLOURS_HWC[:8] = np.arange(256, dtype=np.uint8).reshape(8, 32, 1)
COLOURS, GREYS = encoded(COLOURS_HWC, "PNG"), encoded(COLOURS_HWC[..., 0].copy(), "PNG")
DECLARED = {
    "gamma": png_with(COLOURS, gAMA=1.0),
    "gamma of sRGB": png_with(COLOURS, gAMA=0.45455),
    "gamma, grey": png_with(GREYS, gAMA=1.0),
    "gamma, 16 bits": png_with(encoded(COLOURS_HWC[..., 0].astype(np.uint16) * 257, "PNG"), gAMA=1.0),
    "gamma and primaries": png_with(COLOURS, gAMA=0.45455, cHRM=P3_CHROMATICITIES),
    "white of equal energy": png_with(
        COLOURS, gAMA=0.6, cHRM=(1 / 3, 1 / 3, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    ),
    "primaries alone": png_with(COLOURS, cHRM=P3_CHROMATICITIES),
    "sRGB over gamma": png_with(COLOURS, sRGB=b"\0", gAMA=1.0),
    "profile over gamma": png_with(encoded(COLOURS_HWC, "PNG", icc_profile=display_p3_profile()), gAMA=1.0),
    "codes over all": png_with(
        encoded(COLOURS_HWC, "PNG", icc_profile=display_p3_profile()),
        cICP=(1, 13, 0, 1),
        sRGB=b"\0",
        gAMA=1.0,
    ),
    **{
        f"codes {primaries} {transfer}": png_with(COLOURS, cICP=(primaries, transfer, 0, 1))
        for primaries, transfer in (
            (12, 13),
            (9, 14),
            (1, 1),
            (1, 4),
            (5, 5),
            (6, 6),
            (7, 7),
            (9, 8),
            (11, 17),
        )
    },
}
"""PNG files that declare their colours, by what."""

REAL_FILES = {
    "declared": png_with(DECLARED["profile over gamma"], cHRM=P3_CHROMATICITIES, cICP=(9, 16, 0, 1)),
    "declared sixteen": png_with(DECLARED["gamma, 16 bits"], cICP=(9, 18, 0, 0)),
    "jpeg": encoded(PORTRAIT_HWC, "JPEG", exif=with_exif(6, 50)),
    "progressive": encoded(PORTRAIT_HWC, "JPEG", progressive=True),
    "cmyk": encoded(Image.fromarray(PORTRAIT_HWC).convert("CMYK"), "JPEG"),
    "png": encoded(PORTRAIT_HWC, "PNG", icc_profile=display_p3_profile(), exif=with_exif(3)),
    "palette": encoded(Image.fromarray(PORTRAIT_HWC).quantize(16), "PNG", transparency=3),
    "sixteen": encoded((PORTRAIT_HWC[..., 0].astype(np.uint16) * 257), "PNG"),
    "apng": encoded(
        Image.fromarray(PORTRAIT_HWC[:64, :64]),
        "PNG",
        save_all=True,
        append_images=[Image.new("RGB", (64, 64))],
    ),
    "mpo": encoded(
        Image.fromarray(PORTRAIT_HWC),
        "MPO",
        save_all=True,
        append_images=[Image.fromarray(PORTRAIT_HWC[::-1])],
    ),
    "webp": encoded(PORTRAIT_HWC, "WEBP", lossless=True),
    "animated webp": encoded(
        Image.fromarray(PORTRAIT_HWC[:64, :64]),
        "WEBP",
        save_all=True,
        append_images=[Image.new("RGB", (64, 64))],
    ),
}


BAD_FILES = {
    "empty": (b"", "is empty"),
    "text": (b"This is a letter, not a photo.", "not a photo"),
    "html": (b"<html><body>404</body></html>", "not a photo"),
    "gif": (encoded(Image.new("P", (64, 64)), "GIF"), "GIF"),
    "tiff": (encoded(Image.new("RGB", (64, 64)), "TIFF"), "TIFF"),
    "truncated": (REAL_FILES["jpeg"][: len(REAL_FILES["jpeg"]) // 2], "damaged"),
    "header only": (REAL_FILES["png"][:40], "damaged"),
    "pixel bomb": (png_claiming(50_000, 50_000), "million"),
    "quiet bomb": (png_claiming(9_500, 9_500), "million"),
    "panorama": (png_claiming(20_100, 3_400), "a side of more than"),
    "avi": (b"RIFF\x24\0\0\0AVI LIST" + bytes(64), "not a photo"),
    "no data": (png_claiming(400, 300), "damaged"),
    "text bomb": (png_with_text_bomb(), "damaged"),
    "one pixel": (encoded(Image.new("RGB", (1, 1)), "PNG"), "at least"),
    "strip": (encoded(Image.new("RGB", (10_000, 1)), "PNG"), "at least"),
    "ribbon": (encoded(Image.new("RGB", (2_000, 40)), "PNG"), "crop"),
}


HEIC_HEADER = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
