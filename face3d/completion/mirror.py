"""The mirror plane of a face, from its eyes, its relief and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.optimize import least_squares

from face3d.completion.seen import Seen, sampled
from face3d.structures import Array, Face

PRIOR_WEIGHT = 0.1
"""Of the plane of the eyes against the mean of what is compared."""
SAMPLES = 4000
"""Points of the face that are mirrored, at most."""
LEAST_FACING = 0.25
"""Least cosine to the line of sight of points that are compared: relief is uncertain at grazing angles."""
SHAPE_SIGMA, COLOUR_SIGMA = 0.02, 1.0
"""Deviation at which a residual counts as one: of shape in head widths, of colour in its own deviations."""
ALONE = 1.5
"""Residual of a point whose mirror image would be seen if it were there: as much as that of a poor match."""
BEHIND = 0.08
"""A mirror image farther behind the seen surface, in head widths, is hidden by it, and tells nothing."""
LEAST_SHARE = 0.04
"""Least share of the points whose mirror image is seen: below it a plane is a guess."""
EYES_DEGREES, EYES_SHIFT = 4.0, 0.05
"""Standard deviation of the line between the eyes from the face's axis, and of their middle from the mirror
plane, head widths: holds the plane where little is seen twice."""
STARTS_DEGREES = (-45.0, -22.0, 0.0, 22.0, 45.0)
STARTS_SHIFT = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""Turns of the head, and distances of its mirror plane from its middle in head widths, that are tried where
the eyes do not tell it."""
BEST_STARTS = 3
"""So many of them are refined."""
UNSEEN_COST = 0.4
"""What a plane costs by which nothing is seen twice: little that happens to match is no match."""
LARGEST_COST = 0.45
"""Largest cost of a plane that no eyes tell: half of those that cost more are wrong."""
POOR_COST = 0.9
"""Cost of a plane from the eyes above which those turns are tried too; that of a true one is 0.2 to 0.7."""
LEAST_EYES = 0.24
"""Least distance in space between what is seen at the places of the eyes, in head widths. Where it is less,
the nose hides one of them, and their line does not tell the turn of the head; else it is 0.27 or more."""
HIDDEN_EYE_DEGREES = tuple(range(25, 75, 5))
EYE_DISTANCES = (0.27, 0.31, 0.35)
"""Turns of a head whose far eye is hidden, and distances between its eyes in head widths, that are tried."""
LARGEST_COST_ONE_EYE = 0.85
"""Largest cost of such a plane; that of a true one is 0.5 to 0.85."""


@dataclass(frozen=True, eq=False)
class MirrorPlane:
    """The plane normal_3 . x = offset. normal_3: float64, unit length, towards +X. offset: unit of the
    points.
    """

    normal_3: Array
    offset: float

    def mirrored(self, points: Array) -> Array:
        """Mirror images of points (..., 3)."""
        return points - 2 * (points @ self.normal_3 - self.offset)[..., None] * self.normal_3

    def turned(self, directions: Array) -> Array:
        """Mirror images of directions (..., 3)."""
        return directions - 2 * (directions @ self.normal_3)[..., None] * self.normal_3


def find_mirror_plane(seen: Seen, face: Face) -> MirrorPlane | None:
    """The mirror plane of a face, or None where too little of it is seen twice.

    It starts between the eyes, or beside one where the other is hidden, or in the middle of the head where
    they were not found, and is refined by least squares: each seen point is mirrored and compared with the
    surface that is seen there, in shape (along its normal) and in fine detail of colour.

    Source: Besl and McKay, "A method for registration of 3-D shapes", PAMI 14(2), 1992, with correspondences
    by projection (Blais and Levine, PAMI 17(8), 1995), for three unknowns in place of six.
    """
    comparison = _comparison(seen, face)
    if comparison is None:
        return None
    by_eyes = _between_eyes(seen, face, comparison.head_width)
    fits = [] if by_eyes is None else [comparison.refined(by_eyes, from_eyes=True)]
    if by_eyes is None:
        starts = [
            plane for plane in _beside_eye(seen, face, comparison.head_width) if comparison.is_told(plane)
        ]
        if starts:
            best = comparison.refined(min(starts, key=comparison.cost), from_eyes=True)
            if comparison.cost(best) <= LARGEST_COST_ONE_EYE:
                fits = [best]
    if not fits or comparison.cost(fits[0]) > POOR_COST:
        starts = sorted(_near_middle(seen, face, comparison.head_width), key=comparison.cost)
        others = [comparison.refined(plane, from_eyes=False) for plane in starts[:BEST_STARTS]]
        fits += [plane for plane in others if comparison.cost(plane) <= LARGEST_COST]
    seen_twice = [plane for plane in fits if comparison.is_told(plane)]
    return min(seen_twice, key=comparison.cost, default=None)


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Points of the face, and the surface with which their mirror images are compared.

    detail_hw: fine detail of brightness, in its own standard deviations.
    """

    seen: Seen
    points_n3: Array
    normals_n3: Array
    detail_n: Array
    detail_hw: Array
    head_width: float

    def residuals(self, plane: MirrorPlane) -> tuple[Array, Array]:
        """(2, n) of shape and of colour, and (n,) bool, the points that they tell something about.

        That are those whose mirror image faces the camera and is not hidden behind what is seen there.
        """
        images_n3 = plane.mirrored(self.points_n3)
        places_n2 = self.seen.places(images_n3)
        facing_n = (plane.turned(self.normals_n3) * self.seen.towards_camera(images_n3)).sum(-1)
        found_n3, normals_n3 = (
            sampled(layer, places_n2) for layer in (self.seen.points_hw3, self.seen.normals_hw3)
        )
        surface_n = sampled(self.seen.known_hw, places_n2) > 0.99
        behind_n = surface_n & (found_n3[:, 2] - images_n3[:, 2] > BEHIND * self.head_width)
        compared_n = (facing_n > LEAST_FACING) & ~behind_n
        shape_n = ((images_n3 - found_n3) * normals_n3).sum(-1) / (SHAPE_SIGMA * self.head_width)
        colour_n = (sampled(self.detail_hw, places_n2) - self.detail_n) / COLOUR_SIGMA
        parts_2n = np.where(surface_n, np.stack([shape_n, colour_n]), ALONE)
        return parts_2n * compared_n, compared_n

    def cost(self, plane: MirrorPlane) -> float:
        """Robust mean of the residuals, and `UNSEEN_COST` for the share that is not compared."""
        parts_2n, compared_n = self.residuals(plane)
        mean = np.log1p(parts_2n**2).sum() / max(2 * compared_n.sum(), 1)
        return float(mean + UNSEEN_COST * (1 - compared_n.mean()))

    def seen_share(self, plane: MirrorPlane) -> float:
        """Share of the points whose mirror image is seen, and lies on the surface."""
        parts_2n, compared_n = self.residuals(plane)
        return float((compared_n & (np.abs(parts_2n[0]) < 2)).mean())

    def is_told(self, plane: MirrorPlane) -> bool:
        """Whether enough is seen twice by this plane."""
        return self.seen_share(plane) >= LEAST_SHARE

    def refined(self, plane: MirrorPlane, *, from_eyes: bool) -> MirrorPlane:
        """The plane of least squares that is reached from `plane`, which is that of the eyes or any."""
        across = np.cross(plane.normal_3, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        up = np.cross(across, plane.normal_3)
        middle_3 = plane.offset * plane.normal_3 + self._middle_on(plane)

        def moved(unknowns_3: Array) -> MirrorPlane:
            normal_3 = plane.normal_3 + unknowns_3[0] * across + unknowns_3[1] * up
            normal_3 = normal_3 / np.linalg.norm(normal_3)
            return MirrorPlane(normal_3, float(middle_3 @ normal_3) + unknowns_3[2] * self.head_width)

        turn = np.radians(EYES_DEGREES)
        deviations_3 = np.array([turn, turn, EYES_SHIFT]) if from_eyes else np.full(3, np.inf)

        def residuals(unknowns_3: Array) -> Array:
            parts_2n, compared_n = self.residuals(moved(unknowns_3))
            # Of the mean, not of the sum: a plane is no better because it compares fewer points.
            robust = np.sqrt(np.log1p(parts_2n**2) / max(2 * compared_n.sum(), 1)).ravel()
            return np.concatenate([robust, PRIOR_WEIGHT * unknowns_3 / deviations_3])

        found = least_squares(residuals, np.zeros(3), diff_step=1e-3, x_scale=0.05, max_nfev=30)
        return moved(found.x)

    def _middle_on(self, plane: MirrorPlane) -> Array:
        """From the plane's foot to the point on it that is nearest to the face's middle: turns leave that."""
        middle_3 = self.points_n3.mean(axis=0)
        on_plane_3 = middle_3 - (middle_3 @ plane.normal_3 - plane.offset) * plane.normal_3
        return np.asarray(on_plane_3 - plane.offset * plane.normal_3)


def _comparison(seen: Seen, face: Face) -> _Comparison | None:
    """The points of the face's box; None where there are too few."""
    scale = seen.size_hw[1] / seen.camera.size_hw[1]
    left, top, right, bottom = (edge * scale for edge in face.box_xyxy)
    columns, rows = np.meshgrid(np.arange(seen.size_hw[1]) + 0.5, np.arange(seen.size_hw[0]) + 0.5)
    inside_hw = (columns >= left) & (columns <= right) & (rows >= top) & (rows <= bottom)
    chosen = np.flatnonzero(inside_hw & seen.known_hw & (seen.facing_hw > LEAST_FACING))
    if len(chosen) < 50:
        return None
    chosen = chosen[:: max(1, len(chosen) // SAMPLES)]
    detail_hw = _detail(seen, right - left)
    head_width = (right - left) / seen.size_hw[1] * seen.camera.unit_per_width
    points_n3, normals_n3 = (
        layer.reshape(-1, 3)[chosen].astype(np.float64) for layer in (seen.points_hw3, seen.normals_hw3)
    )
    detail_n = detail_hw.ravel()[chosen]
    return _Comparison(seen, points_n3, normals_n3, detail_n, detail_hw, head_width)


def _detail(seen: Seen, head_px: float) -> Array:
    """(h, w) float32: brightness without its slow change, which is the light's, in standard deviations."""
    weight_hw = seen.known_hw.astype(np.float32)
    log_hw = np.log(seen.rgb_hwc.mean(axis=-1) + 8).astype(np.float32) * weight_hw

    def blurred(sigma: float) -> Array:
        sums_hw, weights_hw = (cv2.GaussianBlur(layer, (0, 0), sigma) for layer in (log_hw, weight_hw))
        return np.asarray(sums_hw / np.maximum(weights_hw, 1e-6))

    detail_hw = blurred(max(0.5, 0.012 * head_px)) - blurred(max(1.0, 0.1 * head_px))
    deviation = float(detail_hw[seen.known_hw].std()) or 1.0
    return np.where(seen.known_hw, np.clip(detail_hw / deviation, -3, 3), 0).astype(np.float32)


def _between_eyes(seen: Seen, face: Face, head_width: float) -> MirrorPlane | None:
    """The plane halfway between the eyes; None where they were not found, or one is hidden."""
    if face.eyes_xy is None:
        return None
    eyes_23 = _points_at(seen, face.eyes_xy)
    axis_3 = eyes_23[1] - eyes_23[0]
    length = float(np.linalg.norm(axis_3))
    if length < LEAST_EYES * head_width or axis_3[0] <= 0:
        return None
    return MirrorPlane(axis_3 / length, float(eyes_23.mean(axis=0) @ axis_3) / length)


def _beside_eye(seen: Seen, face: Face, head_width: float) -> list[MirrorPlane]:
    """Planes beside the near eye of a head that is turned so far that the other is hidden."""
    if face.eyes_xy is None:
        return []
    eyes_23 = _points_at(seen, face.eyes_xy)
    # What is seen at the far eye's place lies before it, on the nose, and still farther than the near eye.
    near, side = (1, 1) if eyes_23[1, 2] > eyes_23[0, 2] else (0, -1)
    planes = []
    for turn in side * np.radians(HIDDEN_EYE_DEGREES):
        normal_3 = np.array([np.cos(turn), 0.0, np.sin(turn)])
        offset = float(eyes_23[near] @ normal_3)
        planes += [MirrorPlane(normal_3, offset - side * part / 2 * head_width) for part in EYE_DISTANCES]
    return planes


def _near_middle(seen: Seen, face: Face, head_width: float) -> list[MirrorPlane]:
    """Planes at a few distances from the head's middle and turns of it."""
    left, top, right, bottom = face.box_xyxy
    middle_3 = _points_at(seen, (((left + right) / 2, (top + bottom) / 2),))[0]
    planes = []
    for turn in np.radians(STARTS_DEGREES):
        normal_3 = np.array([np.cos(turn), 0.0, np.sin(turn)])
        offset = float(middle_3 @ normal_3)
        planes += [MirrorPlane(normal_3, offset + shift * head_width) for shift in STARTS_SHIFT]
    return planes


def _points_at(seen: Seen, places_xy: tuple[tuple[float, float], ...]) -> Array:
    """(n, 3) float64: the seen points nearest to places in pixels of the photo."""
    rows, columns = np.nonzero(seen.known_hw)
    found = []
    for x, y in places_xy:
        scale = seen.size_hw[1] / seen.camera.size_hw[1]
        nearest = np.argmin((columns + 0.5 - x * scale) ** 2 + (rows + 0.5 - y * scale) ** 2)
        found.append(seen.points_hw3[rows[nearest], columns[nearest]])
    return np.array(found, np.float64)
