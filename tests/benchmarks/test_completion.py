"""Errors of completion, from pictures whose difference is known."""

import numpy as np
import pytest

from benchmarks.completion import Errors

WHERE = np.array([[True, True, False]])
TRUE = np.full((1, 3, 3), 100, np.uint8)


def test_errors_are_those_of_the_weighted_part():
    errors = Errors()
    found = TRUE.copy()
    found[0, 0] += 51  # a fifth of white
    found[0, 2] = 0  # outside the part
    errors.add(found, TRUE, WHERE, np.array([[1.0, 3.0, 9.0]]))
    assert errors.psnr == pytest.approx(-10 * np.log10(0.2**2 / 4))
    assert errors.delta_e > 0


def test_the_truth_has_no_error():
    errors = Errors()
    errors.add(TRUE, TRUE, WHERE, np.ones((1, 3)))
    assert errors.psnr >= 100 and errors.delta_e == 0
