"""A photo of noise for tests of the command line."""

import numpy as np
from PIL import Image


def photo_file(path, size=(80, 96), where=False):
    """A JPEG of noise; `where` puts a place into its EXIF."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8))
    exif = Image.Exif()
    if where:
        exif[0x010F] = "SECRETMAKER"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    image.save(path, "JPEG", exif=exif)
    return path
