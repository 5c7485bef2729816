"""Laws of the rasteriser."""

import numpy as np
import pytest

from training.rendering.rasteriser import rasterise


def test_the_rasteriser_finds_the_near_and_the_far_of_two_planes():
    square = np.array([[0, 0], [8, 0], [8, 6], [0, 6]], np.float32)
    screen = np.concatenate([np.c_[square, np.full(4, 10)], np.c_[square, np.full(4, 15)]]).astype(np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    index, weight, near = rasterise(screen, triangles, 6, 8, False)
    far = rasterise(screen, triangles, 6, 8, True)[2]
    assert (index >= 0).all()
    assert np.allclose(near, 10, rtol=1e-5)
    assert np.allclose(far, 15, rtol=1e-5)
    assert np.allclose(weight.sum(-1), 1, atol=1e-5)


def test_interpolation_is_correct_in_perspective():
    """A plane receding to the right: half-way on the screen lies the harmonic mean of the distances."""
    screen = np.array([[0, 0, 10], [101, 0, 30], [101, 9, 30], [0, 9, 10]], np.float32)
    distance = rasterise(screen, np.array([[0, 1, 2], [0, 2, 3]], np.int32), 9, 101, False)[2]
    assert distance[4, 50] == pytest.approx(2 / (1 / 10 + 1 / 30), rel=1e-4)
