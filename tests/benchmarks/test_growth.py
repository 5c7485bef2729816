"""Slopes of growth, from times whose growth is known."""

import numpy as np
import pytest

from benchmarks.growth import MEGAPIXELS, slope


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_slope_is_the_power_with_which_a_time_grows(power):
    seconds = 3 * np.array(MEGAPIXELS) ** power
    seconds[:2] = 7  # what a small photo takes besides
    assert slope(MEGAPIXELS, seconds.tolist()) == pytest.approx(power)
