"""Small solvers of the head fit: robust weights, a similarity, a rotation, bounded least squares."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from face3d.structures import Array

OUTLIER = 3.0
"""Distance, in typical ones, from which a point hardly counts."""


def robust_weights(squared_n: Array) -> Array:
    """Weights 0..1 (n,) of squared distances (n,), measured in their median.

    Source: Geman and McClure, "Statistical methods for tomographic image reconstruction", Bull. ISI 1987.
    """
    typical = max(float(np.median(squared_n)), 1e-12)
    return (1 + squared_n / (OUTLIER**2 * typical)) ** -2


def similarity(from_n3: Array, to_n3: Array, weight_n: Array) -> tuple[Array, float, Array]:
    """Rotation (3, 3), scale and shift (3,) that take points nearest to others, with weights.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI
    1991.
    """
    weight = weight_n / weight_n.sum()
    middle, goal = weight @ from_n3, weight @ to_n3
    centred, wanted = from_n3 - middle, to_n3 - goal
    left, strength, right = np.linalg.svd((wanted * weight[:, None]).T @ centred)
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = (left * signs) @ right
    scale = float((strength * signs).sum() / (weight @ (centred**2).sum(1)))
    return rotation, scale, goal - scale * rotation @ middle


def turn_by(vector_3: Array) -> Array:
    """The rotation (3, 3) about a vector by its length in radians (Rodrigues)."""
    angle = max(float(np.linalg.norm(vector_3)), 1e-12)
    x, y, z = vector_3 / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def within_bounds(normal_kk: Array, right_k: Array, first: int) -> Array:
    """The solution of normal equations whose unknowns from `first` on stay in 0..1: those that leave it are
    set to the bound and the rest solved again.
    """
    solution = np.linalg.solve(normal_kk, right_k)
    fixed = np.zeros(len(right_k), bool)
    while ((solution[first:] < 0) | (solution[first:] > 1)).any():
        bounded = np.clip(solution, 0, 1)
        fixed[first:] |= solution[first:] != bounded[first:]
        solution[fixed] = bounded[fixed]
        free = ~fixed
        rest = right_k[free] - normal_kk[np.ix_(free, fixed)] @ solution[fixed]
        solution[free] = np.linalg.solve(normal_kk[np.ix_(free, free)], rest)
    return solution


def solve_symmetric(system: sparse.sparray, right_nc: Array) -> Array:
    """(n, c) or (n,) float64: the solution of a sparse, symmetric, positive definite system."""
    factors = splu(
        sparse.csc_array(system),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        panel_size=10,  # with few small columns taken together, a fifth less time for meshes than by default
        relax=8,
        options={"SymmetricMode": True},
    )
    return np.asarray(factors.solve(right_nc))
