"""From a depth map to a clean relief: one representation for all networks, masks that compose, smoothing that
does not bleed.

Relief is height towards the camera in image widths (docs/conventions.md). Plain arrays, at the depth map's
own size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import filters
from face3d.geometry.camera import DEFAULT_FOV_DEGREES, Camera, choose_fov
from face3d.geometry.settings import ModelSettings
from face3d.structures import Array, DepthMap, DepthRepresentation, Photo

BACKDROP_PERCENTILE = 2.0
"""The backdrop of a person lies at this percentile of the person's relief, behind all of it but stray pixels.
"""


def camera_distance(fov_degrees: float) -> float:
    """Image widths from the camera to the plane at relief 0, where the picture is one image width wide: 0.5 /
    tan(F / 2).
    """
    return 0.5 / np.tan(np.radians(fov_degrees) / 2)


def _from_relief(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """The bundled network's values are relief already."""
    return values_hw


def _from_inverse(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """1 / (a d + b), with a and b from the ratio of the farthest to the nearest distance; the median pixel
    comes to lie at relief 0.

    Source: Ranftl et al., "Towards robust monocular depth estimation", TPAMI 2022, section 5: inverse depth
    up to scale and shift.
    """
    inside = depth.values_hw[depth.mask_hw].astype(np.float64)
    low, high = inside.min(), inside.max()
    span = high - low if high > low else 1.0
    slope, offset = (1 - 1 / near_far_ratio) / span, 1 / near_far_ratio
    middle = 1 / (slope * (np.median(inside) - low) + offset)
    # Values of a hidden layer, or outside the mask, may lie below the smallest one inside: they stay behind
    # it, at most ten times as far.
    inverse_hw = np.maximum(slope * (values_hw.astype(np.float64) - low) + offset, offset / 10)
    return distance * (1 - 1 / (middle * inverse_hw))


def _from_metres(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """Metres from the camera plane; the median pixel comes to lie at relief 0."""
    return distance * (1 - values_hw.astype(np.float64) / np.median(depth.values_hw[depth.mask_hw]))


TO_RELIEF: dict[DepthRepresentation, Callable[[Array, DepthMap, float, float], Array]] = {
    DepthRepresentation.RELIEF: _from_relief,
    DepthRepresentation.RELATIVE_INVERSE: _from_inverse,
    DepthRepresentation.METRIC: _from_metres,
}


def valid_pixels(depth: DepthMap, foreground_only: bool) -> Array:
    """(h, w) bool: pixels with a usable value, of the foreground or of the whole picture.

    Raises: GeometryError when nothing is left.
    """
    mask_hw = depth.mask_hw if foreground_only else np.isfinite(depth.values_hw)
    if depth.representation is DepthRepresentation.METRIC:
        mask_hw = mask_hw & (depth.values_hw > 0)
    if not (mask_hw.any() and depth.mask_hw.any()):
        raise GeometryError(
            "The depth map has no usable pixel. Use a photo in which the person is larger, or another network."
        )
    return mask_hw


def to_relief(
    depth: DepthMap, mask_hw: Array, distance: float, near_far_ratio: float
) -> tuple[Array, Array | None]:
    """Front and hidden relief of a depth map of any representation.

    Args:
        depth: the depth map.
        mask_hw: (h, w) bool, pixels to convert; the result is 0 elsewhere.
        distance: camera distance of the reference plane, image widths (see `camera_distance`).
        near_far_ratio: farthest over nearest distance, > 1; read for RELATIVE_INVERSE only.

    Returns: (h, w) float32 front relief and, where the map has one, hidden relief.
    """
    convert = TO_RELIEF[depth.representation]
    if (mask_hw & ~depth.mask_hw).any():
        depth = _before_backdrop(depth)

    def layer(values_hw: Array) -> Array:
        return (
            convert(np.where(mask_hw, values_hw, np.float32(1)), depth, distance, near_far_ratio).astype(
                np.float32
            )
            * mask_hw
        )

    return layer(depth.values_hw), None if depth.back_hw is None else layer(
        np.where(depth.mask_hw, depth.back_hw, depth.values_hw)
    )


def _before_backdrop(depth: DepthMap) -> DepthMap:
    """The map with a flat backdrop where a relief network saw no person; maps of other senses, or without a
    matte, as they are.

    Outside its matte nothing was ever asked of such a network: what it says there may reach nearer than the
    nose.
    """
    if not _only_person(depth):
        return depth
    backdrop = np.float32(np.percentile(depth.values_hw[depth.mask_hw], BACKDROP_PERCENTILE))
    return replace(depth, values_hw=np.where(depth.mask_hw, depth.values_hw, backdrop))


def _only_person(depth: DepthMap) -> bool:
    return depth.representation is DepthRepresentation.RELIEF and depth.matte_hw is not None


def nearest_relief(depth: DepthMap, mask_hw: Array) -> float:
    """Relief of the nearest pixel of `mask_hw`, image widths; 0 for senses whose relief follows from the
    camera.
    """
    if depth.representation is not DepthRepresentation.RELIEF:
        return 0.0
    return float(depth.values_hw[mask_hw & depth.mask_hw if _only_person(depth) else mask_hw].max())


def metres_per_width(depth: DepthMap, distance: float) -> float | None:
    """Metres that one image width stands for at relief 0; None where the representation has no absolute
    scale.
    """
    if depth.representation is not DepthRepresentation.METRIC:
        return None
    return float(np.median(depth.values_hw[depth.mask_hw])) / distance


def depth_edges(relief_hw: Array, mask_hw: Array, distance: float, tolerance: float) -> Array:
    """(h, w) bool: pixels of `mask_hw` beside a jump in distance, where a surface would be stretched from one
    object to the next.

    A pixel counts when the distances from the camera within a window around it differ by more than
    `tolerance` times its own. The window grows with the picture (3 pixels up to 512 wide, then 1/170 of the
    width): a network's edges are as wide as its own pixels.
    """
    if tolerance <= 0:
        return np.zeros_like(mask_hw)
    width = max(3, 2 * round(relief_hw.shape[1] / 340) + 1)
    kernel = np.ones((width, width), np.uint8)
    relief_hw = relief_hw.astype(np.float32)
    high_hw = cv2.dilate(
        np.where(mask_hw, relief_hw, -np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE
    )
    low_hw = cv2.erode(np.where(mask_hw, relief_hw, np.float32(1e9)), kernel, borderType=cv2.BORDER_REPLICATE)
    return mask_hw & (high_hw - low_hw > tolerance * (distance - relief_hw))


UNSURE_FACTOR = 3.0
"""The hidden layer is not trusted where the expected error is this many times its median over the foreground.
"""


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A depth map after masks and smoothing. subject_hw: pixels of the person; known_hw: those away from
    depth edges; sure_hw: pixels at which the hidden layer may be trusted; chin_share: height of the lowest
    head's lower end, 0 (top) to 1;
    exact: the map states no uncertainty, so its hidden side is no estimate."""

    front_hw: Array
    back_hw: Array | None
    known_hw: Array
    sure_hw: Array
    subject_hw: Array
    camera: Camera
    chin_share: float
    exact: bool


def _camera(depth: DepthMap, photo: Photo, settings: ModelSettings) -> Camera:
    mask_hw = valid_pixels(depth, settings.foreground_only)
    if depth.representation is DepthRepresentation.RELIEF and not settings.perspective:
        fov = DEFAULT_FOV_DEGREES  # parallel rays have none; the distance serves as the measure of depth edges only
    else:
        fov = choose_fov(photo.fov_degrees, settings.fov_degrees, nearest_relief(depth, mask_hw))
    distance = camera_distance(fov)
    return Camera(depth.size_hw, distance, settings.perspective, metres_per_width(depth, distance) or 1.0)


def _unit(depth: DepthMap) -> str:
    return "m" if depth.representation is DepthRepresentation.METRIC else "image width"


def _prepare(depth: DepthMap, photo: Photo, settings: ModelSettings) -> _Prepared:
    """Masks first (foreground, finite values, depth edges), then smoothing within them. Raises: GeometryError
    when no pixel is left.
    """
    if depth.size_hw != photo.size_hw:
        raise GeometryError(
            f"The depth map has {depth.size_hw} pixels and the photo {photo.size_hw}. Compute the depth map from this photo."
        )
    camera = _camera(depth, photo, settings)
    subject_hw = valid_pixels(depth, settings.foreground_only)
    front_hw, back_hw = to_relief(depth, subject_hw, camera.distance, settings.near_far_ratio)
    known_hw = subject_hw & ~depth_edges(front_hw, subject_hw, camera.distance, settings.edge_tolerance)
    if not known_hw.any():
        raise GeometryError(
            "Every pixel lies beside a jump in depth. Raise the edge tolerance or set it to 0."
        )
    range_sigma = 0.5 * (settings.edge_tolerance or 0.04) * camera.distance

    def smoothed(layer_hw: Array, mask_hw: Array) -> Array:
        if settings.edge_aware:
            return filters.smooth_within_edges(layer_hw, mask_hw, settings.smoothing_px, range_sigma)
        return filters.smooth(layer_hw, mask_hw, settings.smoothing_px)

    back_hw = None if back_hw is None else smoothed(back_hw, subject_hw)
    chin_share = max((face.box_xyxy[3] for face in depth.faces), default=0.0) / depth.size_hw[0]
    front_hw, sure_hw, exact = (
        smoothed(front_hw, known_hw),
        _sure(depth, subject_hw),
        depth.uncertainty_hw is None,
    )
    return _Prepared(front_hw, back_hw, known_hw, sure_hw, subject_hw, camera, chin_share, exact)


def prepared_relief(depth: DepthMap, photo: Photo, settings: ModelSettings) -> tuple[Array, Array, Camera]:
    """The front relief that all models are made of (h, w) float32, the pixels where it is known (h, w) bool,
    and the camera.
    """
    prepared = _prepare(depth, photo, settings)
    return prepared.front_hw, prepared.known_hw, prepared.camera


def _sure(depth: DepthMap, subject_hw: Array) -> Array:
    """(h, w) bool: where the expected error is below `UNSURE_FACTOR` times its median; everywhere for a
    network that states none.
    """
    if depth.uncertainty_hw is None:
        return subject_hw
    return subject_hw & (
        depth.uncertainty_hw <= UNSURE_FACTOR * np.median(depth.uncertainty_hw[depth.mask_hw])
    )


def smoothing_change(depth: DepthMap, photo: Photo, settings: ModelSettings) -> float:
    """What smoothing costs: RMS change of the front relief, image widths (metres for METRIC).

    Over the largest face (its head's box), where the detail is that one would miss; over the whole model
    where there is no face.
    """
    before, after = (
        _prepare(depth, photo, chosen) for chosen in (replace(settings, smoothing_px=0.0), settings)
    )
    over_hw = after.known_hw & _face_box(depth)
    over_hw = over_hw if over_hw.any() else after.known_hw
    change = (after.front_hw - before.front_hw)[over_hw].astype(np.float64)
    return float(np.sqrt(np.mean(change**2))) * after.camera.unit_per_width


def _face_box(depth: DepthMap) -> Array:
    """(h, w) bool: pixels in the box of the largest face; none where there is no face."""
    box_hw = np.zeros(depth.size_hw, bool)
    for face in depth.faces[:1]:
        left, top, right, bottom = (max(0, round(edge)) for edge in face.box_xyxy)
        box_hw[top:bottom, left:right] = True
    return box_hw
