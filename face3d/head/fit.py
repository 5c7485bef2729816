"""Fits the head model to the skin that a photo shows: camera, pose, identity and expression.

Each pixel of skin is a point in space (from its relief) and a place on the mean head (its canonical
coordinates). Sought are the similarity, the camera distance and the coefficients of the head whose places lie
next to the points: regularised, robust least squares by a few linear solves.

Source: Zollhöfer et al., "State of the Art on Monocular 3D Face Reconstruction", CGF 2018, section 5
(Gauss-Newton on a linear head model with Gaussian priors); the robust weights are those of Geman and McClure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import HeadError
from face3d.geometry.camera import Camera, project, unproject
from face3d.head.model import HeadModel
from face3d.head.solving import robust_weights, similarity, turn_by, within_bounds
from face3d.structures import Array

MOST_PIXELS = 1200
"""Pixels that take part, evenly spread over those that are seen."""
FEWEST_PIXELS = 200
ROUNDS = 6
INDEPENDENT = 40.0
"""How many independent points the pixels are worth: errors of neighbouring pixels are alike. Best of 10
to 500 for the maps of a network on other heads; with true maps little changes."""
MODEL_ERROR = 0.004
"""Error of the model's own shape, head widths; added to what is stated."""
EXPRESSION_SPREAD = 0.3
"""Standard deviation of the prior of expressions, which lie in 0..1. That of identities is 1."""
DISTANCE_SPREAD = 0.4
"""Standard deviation of the prior of one over the camera's distance, as a share of it."""
COUNTS_FROM = 0.25
"""Robust weight from which a pixel is called used."""
OFF_SURFACE = 0.06
"""Farthest canonical coordinates may lie off the mean head, head widths."""
LEAST_USED, LARGEST_RESIDUAL, LEAST_SPREAD = 0.5, 0.04, 0.1
"""A fit is refused where fewer of the pixels are used, the residual is larger (head widths), or the places
that are seen lie within less (standard deviation along their second axis, head widths)."""
POSE = 8
"""Unknowns before the coefficients: logarithm of the scale, turn (3), shift (3), one over the distance."""


@dataclass(frozen=True, eq=False)
class SeenSkin:
    """Pixels of skin, one a row.

    points_n3: in space, in the unit of `camera`. point_error_n: expected error along the line of sight, same
    unit. canonical_n3, canonical_error_n: places on the mean head and their expected errors, head widths.
    """

    points_n3: Array
    point_error_n: Array
    canonical_n3: Array
    canonical_error_n: Array
    camera: Camera


@dataclass(frozen=True, eq=False)
class HeadFit:
    """A fitted head.

    camera: that of the pixels, with the fitted distance. rotation_33, scale, shift_3: from canonical axes and
    head widths to the points of `camera`: scale * rotation_33 @ place + shift_3.
    identity_k, expression_e: coefficients, float64; expressions in 0..1.
    residual: root mean square distance of the used pixels from their places, head widths. residual_mm: the
    same on a head as wide as the mean one. used: share of the pixels that agree with the head.
    """

    camera: Camera
    rotation_33: Array
    scale: float
    shift_3: Array
    identity_k: Array
    expression_e: Array
    residual: float
    residual_mm: float
    used: float

    def placed(self, places_n3: Array, camera: Camera | None = None) -> Array:
        """Points (n, 3) float32 of places in canonical axes, in the space of the fitted camera; of another
        one, where they cover the same pixels with the same relief, if it is given.
        """
        points = (self.scale * (places_n3 @ self.rotation_33.T) + self.shift_3).astype(np.float32)
        if camera is None:
            return points
        columns, rows = project(points, self.camera)
        return unproject(columns, rows, points[..., 2] / camera.unit_per_width, camera)

    def vertices(self, model: HeadModel, camera: Camera | None = None) -> Array:
        """Vertices (v, 3) float32 of the fitted head, see `placed`."""
        return self.placed(model.shape(self.identity_k, self.expression_e), camera)


def fit_head(model: HeadModel, seen: SeenSkin) -> HeadFit:
    """The head that explains the pixels best.

    Raises: HeadError where too little skin is seen or no head fits it.
    """
    seen = _chosen(seen)
    corners_n3, weight_n3, away_n = model.nearest_places(seen.canonical_n3)
    on_head = away_n < OFF_SURFACE
    if np.count_nonzero(on_head) < max(FEWEST_PIXELS, LEAST_USED * len(away_n)):
        raise HeadError(
            "What is seen here does not look like skin of a head. Use a photo with a larger face."
        )
    seen, corners_n3, weight_n3 = _rows(seen, on_head), corners_n3[on_head], weight_n3[on_head]
    _check_spread(seen.canonical_n3)
    problem = _Problem.of(model, seen, corners_n3, weight_n3)
    state = problem.start()
    for _ in range(ROUNDS):
        state = problem.improved(state)
    return problem.result(state, model.width_mm, len(away_n))


def _chosen(seen: SeenSkin) -> SeenSkin:
    """MOST_PIXELS of the rows that are finite."""
    values = np.column_stack([seen.points_n3, seen.point_error_n, seen.canonical_n3, seen.canonical_error_n])
    good = np.flatnonzero(np.isfinite(values).all(1))
    if len(good) < FEWEST_PIXELS:
        raise HeadError(
            f"Only {len(good)} pixels of skin are seen, too few for a head. Use a photo with a larger face."
        )
    step = max(len(good) / MOST_PIXELS, 1)
    return _rows(seen, good[np.arange(0, len(good) - 0.5, step).astype(int)])


def _rows(seen: SeenSkin, rows_n: Array) -> SeenSkin:
    return SeenSkin(
        seen.points_n3[rows_n],
        seen.point_error_n[rows_n],
        seen.canonical_n3[rows_n],
        seen.canonical_error_n[rows_n],
        seen.camera,
    )


def _check_spread(canonical_n3: Array) -> None:
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(canonical_n3.T.astype(np.float64)))[1])
    if spread < LEAST_SPREAD:
        raise HeadError(
            "Too small a part of the face is seen to fit a head. Use a photo that shows most of the face."
        )


@dataclass(frozen=True, eq=False)
class _State:
    rotation_33: Array
    scale: float
    shift_3: Array
    nearness: float
    coefficients_k: Array


@dataclass(frozen=True, eq=False)
class _Problem:
    """In image widths: u_n, v_n on the plane at relief 0, relief_n; mean_n3 and modes_n3k of the places;
    variances of a point's relief (image widths squared) and of places (head widths squared).
    """

    camera: Camera
    flat_n3: Array
    relief_variance_n: Array
    mean_n3: Array
    modes_n3k: Array
    place_variance_n: Array
    prior_k: Array
    first_expression: int

    @classmethod
    def of(cls, model: HeadModel, seen: SeenSkin, corners_n3: Array, weight_n3: Array) -> _Problem:
        columns, rows = project(seen.points_n3, seen.camera)
        width, (x_0, y_0) = seen.camera.size_hw[1], seen.camera.centre
        relief = seen.points_n3[:, 2].astype(np.float64) / seen.camera.unit_per_width
        modes = np.einsum("ni,nick->nck", weight_n3.astype(np.float32), model.modes_vck[corners_n3])
        identities = len(model.identity_kv3)
        spread = np.ones(modes.shape[2])
        spread[identities:] = EXPRESSION_SPREAD
        return cls(
            seen.camera,
            np.stack([(columns - x_0) / width, (y_0 - rows) / width, relief], 1),
            (seen.point_error_n.astype(np.float64) / seen.camera.unit_per_width) ** 2,
            (weight_n3[..., None] * model.neutral_v3[corners_n3]).sum(1),
            modes,
            seen.canonical_error_n.astype(np.float64) ** 2 + MODEL_ERROR**2,
            spread**-2,
            identities,
        )

    def points(self, nearness: float) -> Array:
        """Points (n, 3) for one over the camera's distance."""
        points = self.flat_n3.copy()
        points[:, :2] *= 1 - nearness * self.flat_n3[:, 2:]
        return points

    def start(self) -> _State:
        """The mean head in the pose that fits it best, robustly."""
        nearness = 1 / self.camera.distance if self.camera.perspective else 0.0
        points, weight = self.points(nearness), 1 / self.place_variance_n
        for _ in range(4):
            rotation, scale, shift = similarity(self.mean_n3, points, weight)
            off = ((scale * self.mean_n3 @ rotation.T + shift - points) ** 2).sum(1) / scale**2
            weight = robust_weights(off / self.place_variance_n) / self.place_variance_n
        return _State(rotation, scale, shift, nearness, np.zeros(len(self.prior_k)))

    def _turned(self, state: _State) -> tuple[Array, Array]:
        """Places of the present head about its pivot (n, 3), and how far they lie off their points."""
        places = self.mean_n3 + self.modes_n3k @ state.coefficients_k.astype(np.float32)
        turned = state.scale * places @ state.rotation_33.T
        return turned, turned + state.shift_3 - self.points(state.nearness)

    def _weights(self, state: _State, off_n3: Array) -> tuple[Array, Array]:
        """One over the variance of each axis (n, 3), image widths, and the robust weights (n,)."""
        place = self.place_variance_n * state.scale**2
        variance = np.stack([place, place, place + self.relief_variance_n], 1)
        return 1 / variance, robust_weights((off_n3**2 / variance).sum(1))

    def improved(self, state: _State) -> _State:
        """One Gauss-Newton step; coefficients of expressions stay in 0..1."""
        turned, off = self._turned(state)
        precision, robust = self._weights(state, off)
        squared = (off**2 * precision).sum(1)
        # Larger distances than stated make the data count less against the prior.
        surprise = max(1.0, float((robust * squared).sum() / robust.sum()) / 3)
        weight = np.sqrt(precision * (robust * (INDEPENDENT / robust.sum() / surprise))[:, None])
        count = len(self.prior_k)
        rows = np.empty((len(off), 3, POSE + count), np.float32)
        rows[..., 0] = turned
        rows[..., 1:4] = np.cross(np.eye(3)[None], turned[:, None]).transpose(0, 2, 1)
        rows[..., 4:7] = np.eye(3)
        rows[..., 7] = self.flat_n3 * self.flat_n3[:, 2:]
        rows[:, 2, 7] = 0
        rows[..., POSE:] = np.matmul((state.scale * state.rotation_33).astype(np.float32), self.modes_n3k)
        # The unknown coefficients are the whole ones, not their changes: the prior is theirs.
        goal = -off + np.einsum("nck,k->nc", rows[..., POSE:], state.coefficients_k)
        rows *= weight[..., None].astype(np.float32)
        flat = rows.reshape(-1, POSE + count)
        normal = (flat.T @ flat).astype(np.float64)
        right = flat.T.astype(np.float64) @ (goal * weight).ravel()
        first = 1 / self.camera.distance
        loose = 1 / (DISTANCE_SPREAD * first) ** 2 if self.camera.perspective else 1e12
        normal[range(POSE + count), range(POSE + count)] += [*[1e-9] * 7, loose, *self.prior_k]
        right[7] += loose * (first - state.nearness) if self.camera.perspective else 0
        step = within_bounds(normal, right, POSE + self.first_expression)
        return _State(
            turn_by(step[1:4]) @ state.rotation_33,
            state.scale * float(np.exp(np.clip(step[0], -0.5, 0.5))),
            state.shift_3 + step[4:7],
            max(state.nearness + float(step[7]), 0.05 * first) if self.camera.perspective else 0.0,
            step[POSE:],
        )

    def result(self, state: _State, width_mm: float, pixels: int) -> HeadFit:
        """The fit. Raises HeadError where it is not one."""
        _, off = self._turned(state)
        _, robust = self._weights(state, off)
        used = robust > COUNTS_FROM
        residual = float(np.sqrt((off[used] ** 2).sum(1).mean())) / state.scale
        share = float(np.count_nonzero(used) / pixels)
        if residual > LARGEST_RESIDUAL or share < LEAST_USED or not np.isfinite(residual):
            raise HeadError(
                f"No head fits what is seen: {share:.0%} of the skin lies near the best one, on average "
                f"{residual:.1%} of its width away. Use a sharper photo of an unhidden face."
            )
        unit = self.camera.unit_per_width
        camera = self.camera
        if camera.perspective:
            camera = replace(camera, distance=1 / state.nearness)
        return HeadFit(
            camera,
            state.rotation_33,
            state.scale * unit,
            state.shift_3 * unit,
            state.coefficients_k[: self.first_expression],
            state.coefficients_k[self.first_expression :],
            residual,
            residual * width_mm,
            share,
        )
