"""Exceptions for want of memory become one error with the remedy; all others stay what they are."""

import re

import cv2
import numpy as np
import pytest

from face3d.errors import DepthError, OutOfMemoryError, memory_errors_explained, sentence_of


@memory_errors_explained()
def fails(error):
    raise error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        cv2.error("OpenCV(5.0.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libblas.so.3: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
    ],
)
def test_want_of_memory_is_one_sentence_with_the_remedy(error):
    with pytest.raises(OutOfMemoryError, match=r"^There is not enough memory\. .*smaller photo"):
        fails(error)


def test_numpy_without_memory_is_explained():
    with pytest.raises(OutOfMemoryError), memory_errors_explained():
        np.empty(2**62, np.uint8)


def test_an_exception_that_nobody_foresaw_is_one_sentence_that_says_where():
    assert sentence_of(DepthError("It is flat. Choose another.")) == "It is flat. Choose another."
    try:
        fails(KeyError("nose"))
    except KeyError as error:
        said = sentence_of(error)
    assert re.fullmatch(r"An unexpected error .*: KeyError in test_errors\.py, line \d+: 'nose'\. .*", said)


@pytest.mark.parametrize(
    "error", [ValueError("of another kind"), DepthError("The memory of it"), KeyboardInterrupt()]
)
def test_other_exceptions_stay_what_they_are(error):
    with pytest.raises(type(error)) as caught:
        fails(error)
    assert caught.value is error
