import numpy as np
from scipy.spatial import cKDTree

from face3d.geometry.points import apart, bounds, outliers, spacing


def test_outliers_follow_the_definition():
    points = np.random.default_rng(3).normal(size=(60, 3)).astype(np.float32)
    distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, 1:17].mean(axis=1)
    assert (outliers(points, 1.0) == (distances > distances.mean() + distances.std())).all()
    assert not outliers(points[:5], 1.0).any()


def test_points_apart_are_never_too_near_and_leave_no_hole():
    points_n3 = np.random.default_rng(0).random((4000, 3)) * [1, 1, 0]
    distance = spacing(1.0, 1000)
    kept = apart(points_n3, distance)
    assert (np.diff(kept) > 0).all() and 850 < len(kept) <= 1000
    between, _ = cKDTree(points_n3[kept]).query(points_n3[kept], 2)
    assert between[:, 1].min() > distance
    to_kept, _ = cKDTree(points_n3[kept]).query(points_n3)
    assert to_kept.max() <= distance


def test_points_that_are_apart_already_all_stay():
    points_n3 = np.eye(3)
    assert apart(points_n3, 0.5).tolist() == [0, 1, 2] and apart(points_n3, 2.0).tolist() == [0]


def test_an_edge_of_even_points_is_no_outlier():
    rows, columns = np.indices((40, 40))
    points_n3 = np.stack([rows, columns, 0 * rows], -1).reshape(-1, 3).astype(np.float32)
    far_n3 = np.concatenate([points_n3, [[100, 100, 50]]])
    assert np.flatnonzero(outliers(far_n3, 2.0, least_deviation=0.5)).tolist() == [1600]
    assert outliers(points_n3, 2.0).any() and not outliers(points_n3, 2.0, least_deviation=0.5).any()


def test_the_bounds_of_a_mask_hold_it_and_a_pixel_around_it():
    mask_hw = np.zeros((20, 30), bool)
    mask_hw[5:9, 12] = mask_hw[7, 29] = True
    assert bounds(mask_hw) == (slice(4, 10), slice(11, 31))
    assert mask_hw[bounds(mask_hw)].sum() == mask_hw.sum()
    assert mask_hw[bounds(np.zeros_like(mask_hw))].shape == mask_hw.shape
