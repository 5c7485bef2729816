"""Errors that nobody foresaw, as errors that the page can show."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from face3d.errors import FaceModelError, memory_errors_explained


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn every error of the block into a FaceModelError; the terminal shows an unexpected one in full.

    What Streamlit raises to stop a run is no `Exception` and passes.
    """
    try:
        with memory_errors_explained():
            yield
    except FaceModelError:
        raise
    except Exception as error:
        logging.getLogger(__name__).exception("A step of the page failed.")
        raise FaceModelError(
            f"An unexpected error ended this step ({type(error).__name__}); the terminal shows it in full. "
            "Try again, or choose another photo."
        ) from error
