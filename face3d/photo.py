"""From untrusted bytes to a `Photo`: the only decoder of photos in the project.

Whatever the bytes are, `read_photo` returns a `Photo` or raises `PhotoError`: one sentence with the remedy.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import math

import numpy as np
from PIL import Image, UnidentifiedImageError

from face3d.colour import EXIF_IFD, srgb_and_alpha
from face3d.damage import DAMAGE
from face3d.errors import PhotoError
from face3d.file_end import jpeg_lacks_end, jpeg_with_end, png_lacks_end, webp_with_padding
from face3d.structures import Array, Photo

MAX_BYTES = 32 * 2**20
MAX_PIXELS = 80_000_000
"""Below Pillow's own warning (89 million), so that a decompression bomb is refused by its header alone."""
MAX_SIDE = 20_000
MIN_SIDE = 32
MAX_ASPECT = 6.0
WORKING_PIXELS = 4_000_000
"""A photo with more pixels is reduced to this many, about 2300 x 1700: finer than the input of any depth
network, and as fine as the texture."""
DARK_BELOW, FLAT_BELOW = 60, 4
"""Grey values: a photo is dark when 95 % of its pixels are below the first, and flat when its standard
deviation is below the second."""
SMALL_BELOW = 256

HEIF_PLUGIN = "pillow_heif"
ORIENTATION_TAG, FOCAL_35MM_TAG = 0x0112, 0xA405
FILM_DIAGONAL_MM = math.hypot(36, 24)
FOCAL_RANGE_MM = (4.0, 2000.0)

# EXIF orientation -> the transposition to upright (EXIF 2.32, table 6).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

ACCEPTED_SIGNATURES = ((0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n"), (8, b"WEBP"))
"""Offset and bytes of the formats that are accepted."""
HEIF_SIGNATURES = (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftyphevc", b"ftypmif1", b"ftypmsf1")
"""Four bytes into the file (ISO/IEC 23008-12, annex B)."""

# Offset, bytes, the common name of such a file, and the remedy; {formats}: those of `accepted_formats`.
RESAVE = "save it as {formats}"
INSTALL = "save it as JPEG, or install the package pillow-heif and start again"
UNSUPPORTED_SIGNATURES = (
    *((4, signature, "a HEIC photo", INSTALL) for signature in HEIF_SIGNATURES),
    (4, b"ftypavif", "an AVIF photo", RESAVE),
    (4, b"ftyp", "a video", "save one frame of it as JPEG"),
    (0, b"GIF8", "a GIF picture", RESAVE),
    (0, b"II*\0", "a TIFF or raw photo", RESAVE),
    (0, b"MM\0*", "a TIFF or raw photo", RESAVE),
    (0, b"BM", "a BMP picture", RESAVE),
    (0, b"%PDF", "a PDF document", "save the photo in it as JPEG"),
)
NO_PHOTO = ("not a photo", "choose a {formats} file")


@functools.cache
def heif_available() -> bool:
    """Whether the optional decoder of HEIC and HEIF photos is installed; registers it with Pillow."""
    try:
        plugin = importlib.import_module(HEIF_PLUGIN)
    except ImportError:
        return False
    plugin.register_heif_opener()
    return True


def accepted_formats() -> tuple[str, ...]:
    """Names of the formats that `read_photo` accepts on this machine, for labels and messages."""
    return ("JPEG", "PNG", "WebP", *(("HEIC",) if heif_available() else ()))


def listed_formats() -> str:
    """`accepted_formats` in a sentence: "JPEG, PNG or WebP"."""
    *others, last = accepted_formats()
    return f"{', '.join(others)} or {last}"


def accepted_suffixes() -> tuple[str, ...]:
    """File name endings, without dot, of what `read_photo` accepts on this machine."""
    heif = ("heic", "heif", "hif") if heif_available() else ()
    return ("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", *heif)


def read_photo(data: bytes, name: str) -> Photo:
    """Decodes an untrusted file.

    data: the bytes of a JPEG, PNG or WebP file (HEIC where `pillow_heif` is installed).
    name: of the file, for the error message.
    The photo is upright by its EXIF orientation, in sRGB by the colours that it declares (face3d/colour.py),
    and 8-bit. Of an animation it is the first frame. Transparency is composited over grey and kept in
    `alpha_hw`. The field of view is that of the EXIF focal length. Broken EXIF or ICC data is ignored.
    Raises PhotoError: one sentence with the problem and the remedy.
    """
    name = short_name(name)
    if not data:
        raise PhotoError(f"{name} is empty; choose the photo again.")
    if len(data) > MAX_BYTES:
        raise PhotoError(f"{name} has more than {MAX_BYTES // 2**20} MB; save it smaller or as JPEG.")
    image, size_wh, lacks_end = _loaded(data, name)
    try:
        orientation, focal_mm = exif_facts(image)
        rgb_hwc, alpha_hw = srgb_and_alpha(image, size_wh, data)
    except DAMAGE as error:
        raise _undecoded(name, error) from error
    upright = UPRIGHT.get(orientation)
    rgb_hwc = transposed(rgb_hwc, upright)
    return Photo(
        rgb_hwc=rgb_hwc,
        alpha_hw=None if alpha_hw is None or alpha_hw.min() == 255 else transposed(alpha_hw, upright),
        fov_degrees=_horizontal_fov(focal_mm, rgb_hwc.shape[1], rgb_hwc.shape[0]),
        sha256=hashlib.sha256(data).hexdigest(),
        lacks_end=lacks_end,
    )


def concerns(photo: Photo) -> list[str]:
    """The properties of a photo that make a poor model, one sentence each."""
    found = []
    if photo.lacks_end:
        found.append("The file lacks its end, but all of the picture is there; copy it again if you can.")
    light_hw = photo.rgb_hwc.mean(axis=2)
    if np.percentile(light_hw, 95) < DARK_BELOW:
        found.append("The photo is very dark; more light on the face gives a better shape.")
    elif light_hw.std() < FLAT_BELOW:
        found.append("The photo is almost one colour; there is hardly anything to see a face in.")
    if min(photo.size_hw) < SMALL_BELOW:
        found.append(
            f"The photo is small; {SMALL_BELOW} pixels or more on the shorter side give a finer model."
        )
    return found


def short_name(name: str) -> str:
    """`name` without control characters, at most 60 characters: it is untrusted, and shown in messages."""
    printable = "".join(character for character in name if character.isprintable()).strip()
    return (printable if len(printable) <= 60 else printable[:40] + "…" + printable[-19:]) or "The file"


def _formats() -> list[str]:
    """Pillow's names of the accepted formats; JPEG covers the two-picture MPO files of some cameras."""
    return ["JPEG", "PNG", "WEBP", *(["HEIF"] if heif_available() else [])]


def _open(data: bytes, name: str) -> Image.Image:
    """The file with its header read and nothing decoded.

    Raises PhotoError, with the kind of file where its signature is known.
    """
    try:
        return Image.open(io.BytesIO(data), formats=_formats())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(
            f"{name} claims more than {MAX_PIXELS // 10**6} million pixels; save it smaller."
        ) from error
    except DAMAGE as error:
        accepted = any(data.startswith(mark, start) for start, mark in ACCEPTED_SIGNATURES)
        accepted = accepted or (heif_available() and data.startswith(HEIF_SIGNATURES, 4))
        if isinstance(error, UnidentifiedImageError) and not accepted:
            kind, remedy = _unsupported_kind(data)
            remedy = remedy.format(formats=listed_formats())
            raise PhotoError(f"{name} is {kind}; {remedy}.") from error
        raise PhotoError(f"{name} is damaged at its start; copy or save it again.") from error


def _loaded(data: bytes, name: str) -> tuple[Image.Image, tuple[int, int], bool]:
    """The decoded picture, its working size, and whether the file lacks only its end. Raises PhotoError."""
    padded = webp_with_padding(data)
    image = _open(padded, name)
    check_size(image.size, name)
    lacks_end = jpeg_lacks_end(data)
    try:
        if lacks_end:  # where Pillow refuses, browsers and phones show it
            image = _open(jpeg_with_end(data, _digest), name)
        return image, _decode(image), lacks_end or padded is not data or png_lacks_end(data)
    except DAMAGE as error:
        raise _undecoded(name, error) from error


def _decode(image: Image.Image) -> tuple[int, int]:
    """Decodes an opened file and returns its working size, below which no decoder reduces it."""
    size_wh = _working_size(image.size)
    image.draft("RGB", size_wh)  # a JPEG decoder can reduce by 2, 4 or 8
    image.load()
    return size_wh


def _digest(jpeg: bytes) -> bytes:
    """Digest of the pixels of a JPEG file."""
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    _decode(image)
    return hashlib.sha256(image.tobytes()).digest()


def _undecoded(name: str, error: Exception) -> PhotoError:
    """The error for a photo whose size is right and that a decoder gave up."""
    if isinstance(error, MemoryError) or "out of memory" in str(error):
        return PhotoError(
            f"There is not enough memory to read {name}, or it is damaged; close other programs, or save it "
            "smaller."
        )
    return PhotoError(f"{name} is damaged and cannot be read to its end; copy or save it again.")


def _unsupported_kind(data: bytes) -> tuple[str, str]:
    """The common name of a file that is not accepted, and the remedy."""
    for start, mark, kind, remedy in UNSUPPORTED_SIGNATURES:
        if data.startswith(mark, start):
            return kind, remedy
    return NO_PHOTO


def check_size(size_wh: tuple[int, int], name: str) -> None:
    """Raises PhotoError for a picture that is too large, too small or too long."""
    width, height = size_wh
    if max(size_wh) > MAX_SIDE:
        raise PhotoError(
            f"{name} has {width} x {height} pixels, a side of more than {MAX_SIDE}; save it smaller."
        )
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"{name} has {width} x {height} pixels, more than {MAX_PIXELS // 10**6} million; save it smaller."
        )
    if min(size_wh) < MIN_SIDE:
        raise PhotoError(
            f"{name} has {width} x {height} pixels; choose a photo with at least {MIN_SIDE} x {MIN_SIDE}."
        )
    if max(size_wh) > MAX_ASPECT * min(size_wh):
        raise PhotoError(f"{name} is a strip of {width} x {height} pixels; crop it to the face.")


def exif_facts(image: Image.Image) -> tuple[int, float | None]:
    """Orientation (1 = upright) and focal length in 35 mm terms (None = unknown). Never raises."""
    orientation, focal_mm = 1, None
    try:
        exif = image.getexif()
        orientation = int(exif.get(ORIENTATION_TAG, 1))
        focal_mm = float(exif.get_ifd(EXIF_IFD)[FOCAL_35MM_TAG])
    except DAMAGE:
        return orientation, None
    return orientation, focal_mm


def _horizontal_fov(focal_mm: float | None, width: int, height: int) -> float | None:
    """Whole horizontal angle of an upright picture, in degrees; None where the focal length is implausible.

    focal_mm: with the same diagonal angle on 36 x 24 mm film.
    """
    if focal_mm is None or not FOCAL_RANGE_MM[0] <= focal_mm <= FOCAL_RANGE_MM[1]:
        return None
    film_width_mm = FILM_DIAGONAL_MM * width / math.hypot(width, height)
    return math.degrees(2 * math.atan(film_width_mm / 2 / focal_mm))


def _working_size(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a picture reduced to at most WORKING_PIXELS; its own where it has no more."""
    width, height = size_wh
    excess = max(1.0, math.sqrt(width * height / WORKING_PIXELS))
    return int(width / excess), int(height / excess)


def transposed(array: Array, method: Image.Transpose | None) -> Array:
    """A decoded uint8 array, transposed by Pillow's `method`."""
    return array if method is None else np.asarray(Image.fromarray(array).transpose(method))
