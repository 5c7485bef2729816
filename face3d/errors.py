"""Errors that a person can act on. Each message is one or two sentences: the problem, then the remedy."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

_OUT_OF_MEMORY = re.compile(
    r"out of memory|allocate memory|(insufficient|not enough) memory|failed to map segment|start new thread",
    re.IGNORECASE,
)
"""In the messages of PyTorch (RuntimeError), OpenCV (cv2.error), the system (OSError), its loader of
libraries (ImportError) and Python's threads (RuntimeError)."""


class FaceModelError(Exception):
    """Base of every error whose message the page and the command line show."""


class PhotoError(FaceModelError):
    """The bytes are not a photo that can be used."""


class WeightsError(FaceModelError):
    """A checkpoint is missing, damaged, of another network, or cannot be fetched."""


class DepthError(FaceModelError):
    """A depth map cannot be computed, or is not usable for the requested model."""


class VideoError(FaceModelError):
    """The file is not a video that can be used."""


class AssistantError(FaceModelError):
    """A server may not be asked, cannot be reached, or gives no answer that can be used."""


class ImagineError(FaceModelError):
    """No picture can be made of these words, or not by this model."""


class MatteError(FaceModelError):
    """A photo has no such matte, or the mask does not fit it."""


class CompletionError(FaceModelError):
    """What the photo does not show cannot be completed as asked, or the mask of it does not fit the photo."""


class GeometryError(FaceModelError):
    """A depth map gives no geometry, for example because nothing is left after masking."""


class HeadError(FaceModelError):
    """The head model is missing, or cannot be fitted to what a photo shows."""


class ExportError(FaceModelError):
    """A model cannot be written in the requested format."""


class BatchError(FaceModelError):
    """A batch of photos cannot be run as asked, or not now."""


class OutOfMemoryError(FaceModelError):
    """There is not enough memory."""


def sentence_of(error: Exception) -> str:
    """What to say of any exception: its own text, or of one that nobody foresaw what and where it was."""
    if isinstance(error, FaceModelError | OSError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"An unexpected error ended it: {type(error).__name__} in {PurePath(last.filename).name}, line "
        f"{last.lineno}: {error}. Please report it, and choose another photo."
    )


@contextmanager
def memory_errors_explained() -> Iterator[None]:
    """A context or decorator, in which an exception for want of memory becomes an OutOfMemoryError."""
    try:
        yield
    except FaceModelError:
        raise
    except Exception as error:
        if not isinstance(error, MemoryError) and not _OUT_OF_MEMORY.search(str(error)):
            raise
        raise OutOfMemoryError(
            "There is not enough memory. Close other programs, or choose a smaller photo or fewer triangles."
        ) from error
