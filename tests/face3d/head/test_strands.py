"""Strands where no photo shows the hair."""

import numpy as np
from pytest import approx

from face3d.head.strands import MOST, USUAL, strand_contrast, strand_grain, with_strands


def test_strands_are_even_long_and_go_once_around():
    grain = strand_grain((160, 420), 400, 120.0)
    assert grain.shape == (160, 420) and np.array_equal(grain[:, 400:], grain[:, :20])
    assert grain[:, :400].mean() == approx(0, abs=1e-4) and grain[:, :400].std() == approx(1, abs=1e-3)
    step_down, step_across = (np.abs(np.diff(grain[:, :400], axis=axis)).mean() for axis in (0, 1))
    assert step_down < 0.35 * step_across
    seam = np.abs(grain[:, 399] - grain[:, 400]).mean()
    assert seam < 2 * step_across


def test_the_contrast_is_that_of_the_hair_that_is_seen():
    ground = np.full((160, 400, 3), 120, np.float32)
    known = np.zeros((160, 400), bool)
    known[20:120, 100:300] = True
    for contrast in (0.0, 0.1):
        picture = with_strands(ground, np.where(known, np.float32(contrast), 0), 400, 120.0)
        assert np.array_equal(picture[~known], ground[~known])
        # Of the strands' waves the mean nearby takes some away.
        assert 0.6 * contrast <= strand_contrast(picture, known) <= 1.05 * contrast + 1e-5
    noise = np.random.default_rng(0).uniform(0, 255, (160, 400, 1)) * np.ones(3)
    assert strand_contrast(noise.astype(np.float32), known) == MOST
    assert strand_contrast(noise.astype(np.float32), known & False) == USUAL
