"""The comparison with Face Mesh: what is correlated, and that the crops show the head."""

import numpy as np
import pytest

from benchmarks.face_mesh import correlation, crops


def test_the_correlation_is_of_heights_at_the_landmarks():
    rng = np.random.default_rng(0)
    relief_hw = np.add.outer(np.arange(40.0), 3 * np.arange(60.0))
    x, y = rng.uniform(2, 58, 50), rng.uniform(2, 38, 50)
    heights = (y - 0.5) + 3 * (x - 0.5)
    landmarks = np.stack([x, y, 0.2 * heights + 7], -1)
    assert correlation(relief_hw, landmarks) == pytest.approx(1)
    assert correlation(relief_hw, landmarks * [1, 1, -1]) == pytest.approx(-1)


def test_the_crops_are_of_one_photograph_changed():
    pictures = crops()
    assert len(pictures) == 9 and all(
        rgb.dtype == np.uint8 and rgb.shape[2] == 3 for rgb in pictures.values()
    )
    assert np.array_equal(pictures["mirrored"][:, ::-1], pictures["head and shoulders"])
    assert pictures["dark"].mean() < 0.5 * pictures["head and shoulders"].mean()
    assert np.ptp(pictures["grey"], axis=2).max() == 0
