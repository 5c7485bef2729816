"""Photos as files, for tests of the decoder, the page and the browser."""

import io

import numpy as np
from PIL import Image
from skimage.data import astronaut

ASTRONAUT_HWC = astronaut()
PORTRAIT_HWC = ASTRONAUT_HWC[:256, 96:352]


def encoded(picture, file_format, **options):
    """The bytes of a file that holds `picture`, an array or a Pillow image."""
    buffer = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(
        buffer, file_format, **options
    )
    return buffer.getvalue()


def jpeg(rgb_hwc):
    """The bytes of a JPEG file."""
    return encoded(np.ascontiguousarray(rgb_hwc), "JPEG")


ASTRONAUT = jpeg(ASTRONAUT_HWC)
MIRRORED = jpeg(ASTRONAUT_HWC[:, ::-1])
