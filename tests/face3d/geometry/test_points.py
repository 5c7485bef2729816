import numpy as np

from face3d.geometry.points import outliers


def test_outliers_follow_the_definition():
    points = np.random.default_rng(3).normal(size=(60, 3)).astype(np.float32)
    distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, 1:17].mean(axis=1)
    assert (outliers(points, 1.0) == (distances > distances.mean() + distances.std())).all()
    assert not outliers(points[:5], 1.0).any()
