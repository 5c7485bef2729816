"""Laws of the backdrops."""

import numpy as np

from training.rendering.backdrop import outdoor_backdrop, random_backdrop


def test_backdrops_are_pictures_and_outdoors_the_sky_is_above():
    drawn = [random_backdrop(64, np.random.default_rng(seed)) for seed in range(30)]
    assert all(
        one.shape == (64, 64, 3) and one.dtype == np.float32 and np.isfinite(one).all() for one in drawn
    )
    outdoors = [outdoor_backdrop(64, np.random.default_rng(seed)) for seed in range(20)]
    brighter = [one[:8].mean() > one[-8:].mean() for one in outdoors]
    assert np.mean(brighter) > 0.8


def test_backdrops_differ_in_detail():
    detail = [
        np.abs(np.diff(random_backdrop(96, np.random.default_rng(seed)), axis=1)).mean() for seed in range(60)
    ]
    assert np.quantile(detail, 0.9) > 5 * np.quantile(detail, 0.1)
