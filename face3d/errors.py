"""Errors that a person can act on. Each message is one or two sentences: the problem, then the remedy."""


class FaceModelError(Exception):
    """Base of every error whose message the page and the command line show."""


class PhotoError(FaceModelError):
    """The bytes are not a photo that can be used."""


class WeightsError(FaceModelError):
    """A checkpoint is missing, damaged, of another network, or cannot be fetched."""


class DepthError(FaceModelError):
    """A depth map cannot be computed, or is not usable for the requested model."""


class GeometryError(FaceModelError):
    """A depth map gives no geometry, for example because nothing is left after masking."""


class ExportError(FaceModelError):
    """A model cannot be written in the requested format."""
