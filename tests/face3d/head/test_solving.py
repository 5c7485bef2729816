"""Laws of the head fit's solvers."""

import numpy as np
import pytest
from scipy import sparse

from face3d.head.solving import robust_weights, similarity, solve_symmetric, turn_by, within_bounds


def test_a_similarity_is_found():
    rng = np.random.default_rng(0)
    points, turn = rng.normal(size=(20, 3)), turn_by(np.array([0.3, -0.5, 0.2]))
    assert np.allclose(turn @ turn.T, np.eye(3)) and np.linalg.det(turn) == pytest.approx(1)
    found, scale, shift = similarity(points, 2.5 * points @ turn.T + [1, 2, 3], rng.random(20))
    assert np.allclose(found, turn) and scale == pytest.approx(2.5) and np.allclose(shift, [1, 2, 3])


def test_bounded_unknowns_stay_within_their_bounds_and_the_others_are_best_given_them():
    rng = np.random.default_rng(1)
    rows, goal = rng.normal(size=(30, 6)), rng.normal(size=30) * 4
    normal, right = rows.T @ rows, rows.T @ goal
    solution = within_bounds(normal, right, 2)
    assert (solution[2:] >= 0).all() and (solution[2:] <= 1).all()
    inner = np.r_[[True] * 2, (solution[2:] > 0) & (solution[2:] < 1)]
    assert np.allclose((normal @ solution - right)[inner], 0)
    assert np.allclose(within_bounds(normal, right, 6), np.linalg.solve(normal, right))


def test_robust_weights_do_not_depend_on_the_unit_and_fall_with_the_distance():
    squared = np.array([0, 1, 1, 4, 1e6])
    weights = robust_weights(squared)
    assert weights[0] == 1 and (np.diff(weights) <= 0).all() and weights[-1] < 1e-6
    assert np.allclose(robust_weights(squared * 1e-5), weights)


def test_a_sparse_symmetric_system_is_solved_for_one_and_for_several_columns():
    rng = np.random.default_rng(2)
    half = sparse.random_array((60, 60), density=0.05, rng=rng)
    system = half @ half.T + sparse.eye_array(60)
    wanted = rng.normal(size=(60, 3))
    assert np.allclose(solve_symmetric(system, system @ wanted), wanted)
    assert np.allclose(solve_symmetric(system, system @ wanted[:, 0]), wanted[:, 0])
