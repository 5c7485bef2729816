"""Errors a person can act on. Each message is one sentence or two: what is wrong, then what to do about it."""


class FaceModelError(Exception):
    """Base of every error that the page and the command line show as it is."""


class PhotoError(FaceModelError):
    """The bytes are not a photo that can be used."""


class WeightsError(FaceModelError):
    """A checkpoint is missing, damaged, of another network, or cannot be fetched."""


class DepthError(FaceModelError):
    """A depth map cannot be computed or is not usable for what was asked."""


class GeometryError(FaceModelError):
    """A depth map gives no geometry, for example because nothing is left after masking."""


class ExportError(FaceModelError):
    """A model cannot be written in the requested format."""
