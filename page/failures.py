"""Errors that nobody foresaw, for example without memory, as errors that the page can show."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from face3d.errors import FaceModelError

OUT_OF_MEMORY = re.compile(
    "out of memory|not enough memory|insufficient memory|allocate memory", re.IGNORECASE
)
"""PyTorch and OpenCV have errors of their own for memory that they do not get, with these words."""


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn every error of the block into a FaceModelError; the terminal shows an unexpected one in full.

    What Streamlit raises to stop a run is no `Exception` and passes.
    """
    try:
        yield
    except FaceModelError:
        raise
    except Exception as error:
        logging.getLogger(__name__).exception("A step of the page failed.")
        raise FaceModelError(_explanation(error)) from error


def _explanation(error: Exception) -> str:
    """Problem and remedy."""
    if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
        return "There is not enough memory. Close other programs or choose a smaller photo, then try again."
    return (
        f"An unexpected error ended this step ({type(error).__name__}); the terminal shows it in full. "
        "Try again, or choose another photo."
    )
