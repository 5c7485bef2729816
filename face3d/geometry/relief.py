"""From a depth map to its relief: one representation for all networks, masks, smoothing within the masks.

Relief is height towards the camera in image widths (docs/conventions.md), at the depth map's own size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from face3d.errors import GeometryError
from face3d.geometry import filters
from face3d.geometry.camera import DEFAULT_FOV_DEGREES, Camera, choose_fov
from face3d.geometry.occlusions import LEAST_JUMP_HEADS, depth_edges, hanging_together, occlusions
from face3d.geometry.person import only_person
from face3d.geometry.settings import ModelSettings
from face3d.structures import Array, Completion, DepthMap, DepthRepresentation, Face, Photo, read_only

BACKDROP_PERCENTILE = 2.0
"""The backdrop of a person lies at this percentile of the person's relief."""
UNSURE_FACTOR = 3.0
"""The hidden layer is unreliable where the expected error is this many times its median over the person."""


def camera_distance(fov_degrees: float) -> float:
    """Image widths from the camera to the plane at relief 0: 0.5 / tan(F / 2)."""
    return 0.5 / np.tan(np.radians(fov_degrees) / 2)


def _from_relief(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """The bundled network's values are relief already."""
    return values_hw


def _from_inverse(values_hw: Array, depth: DepthMap, distance: float, near_far_ratio: float) -> Array:
    """1 / (a d + b), with a and b from the near-far ratio; the median pixel comes to lie at relief 0.

    The ratio is that of the whole map, also where a matte cuts the person out: cutting does not change the
    shape.

    Source: Ranftl et al., "Towards robust monocular depth estimation", TPAMI 2022, section 5: inverse depth
    up to scale and shift.
    """
    inside = depth.values_hw[depth.mask_hw].astype(np.float64)
    ends = inside if depth.matte is None else depth.values_hw[np.isfinite(depth.values_hw)]
    low, high = float(ends.min()), float(ends.max())
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
            "The depth map has no usable pixel. "
            "Use a photo in which the person is larger, or another network."
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
        depth = before_backdrop(depth)

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


def before_backdrop(depth: DepthMap) -> DepthMap:
    """The map with a flat backdrop outside the matte of a relief network; other maps, and those in whose
    matte nothing is, unchanged.

    Such a network is not trained outside the matte: its values there may lie nearer than the nose.
    """
    if not _only_person(depth) or not depth.mask_hw.any():
        return depth
    backdrop = np.float32(np.percentile(depth.values_hw[depth.mask_hw], BACKDROP_PERCENTILE))
    return replace(depth, values_hw=np.where(depth.mask_hw, depth.values_hw, backdrop))


def _only_person(depth: DepthMap) -> bool:
    return depth.representation is DepthRepresentation.RELIEF and depth.matte_hw is not None


def nearest_relief(depth: DepthMap, mask_hw: Array) -> float:
    """Relief of the nearest pixel of `mask_hw`, image widths; 0 where relief follows from the camera."""
    if depth.representation is not DepthRepresentation.RELIEF:
        return 0.0
    return float(depth.values_hw[mask_hw & depth.mask_hw if _only_person(depth) else mask_hw].max())


def metres_per_width(depth: DepthMap, distance: float) -> float | None:
    """Metres per image width at relief 0; None where the representation has no absolute scale."""
    if depth.representation is not DepthRepresentation.METRIC:
        return None
    return float(np.median(depth.values_hw[depth.mask_hw])) / distance


@dataclass(frozen=True, eq=False)
class Relief:
    """What every model is made of: front and back of the subject, masked and smoothed, and the camera.

    depth, photo, settings: what it was made from; the map is that of the one person it shows.
    faces_found: in the whole photo; None where the network does not look for faces.
    camera: from pixels and relief to points; `camera.unit_per_width` image widths or metres.
    front_hw: (h, w) float32, smoothed relief of the visible side in image widths; 0 outside `known_hw` and
    `joined_hw`.
    back_hw: the same of the hidden side over `subject_hw`, or None where the network gives none.
    subject_hw: (h, w) bool, pixels of the person, or of the whole picture where the background is kept.
    known_hw: those of them that do not lie beside a jump in depth.
    joined_hw: pixels of a surface that is cut at true occlusions only (see `occlusions`); where no face tells
    how large a head is, `known_hw`.
    sure_hw: pixels of the subject at which the hidden side is reliable.
    completion: how the hidden side was completed; None: its colours are spread from the outline.
    smoothing_change: root mean square change of the face's relief by smoothing, in `unit`; of the whole
    subject where there is no face.
    """

    depth: DepthMap
    photo: Photo
    settings: ModelSettings
    camera: Camera
    front_hw: Array
    back_hw: Array | None
    subject_hw: Array
    known_hw: Array
    joined_hw: Array
    sure_hw: Array
    smoothing_change: float
    faces_found: int | None
    completion: Completion | None = None

    def __post_init__(self) -> None:
        for name in ("front_hw", "back_hw", "subject_hw", "known_hw", "joined_hw", "sure_hw"):
            if (layer_hw := getattr(self, name)) is not None:
                object.__setattr__(self, name, read_only(layer_hw))

    @property
    def unit(self) -> str:
        """Unit of the points: "m" for metric networks, else "image width"."""
        metric = self.depth.representation is DepthRepresentation.METRIC
        return "m" if metric else "image width"

    @property
    def chin_share(self) -> float:
        """Height in the picture of the head's lower end, 0 (top) to 1; 0 without a head."""
        return max((face.box_xyxy[3] for face in self.depth.faces), default=0.0) / self.depth.size_hw[0]

    @property
    def least_occlusion(self) -> float:
        """Least jump at which `joined_hw` is cut, image widths; 0 where no face tells how large a head is."""
        return _least_occlusion(self.depth)

    @property
    def back_is_estimate(self) -> bool:
        """Whether the hidden side is an estimate: a network that estimates states its uncertainty."""
        return self.depth.uncertainty_hw is not None


def make_relief(
    depth: DepthMap, photo: Photo, settings: ModelSettings, completion: Completion | None = None
) -> Relief:
    """Masks first (one person, finite values, depth edges), then smoothing within them.

    Raises: GeometryError where depth map and photo differ in size, for a face that is not there, or when no
    pixel is left.
    """
    if depth.size_hw != photo.size_hw:
        raise GeometryError(
            f"The depth map has {depth.size_hw} pixels and the photo {photo.size_hw}. "
            "Compute the depth map from this photo."
        )
    faces_found = len(depth.faces) if depth.detects_faces or depth.faces else None
    depth = only_person(depth, settings.face)
    subject_hw = valid_pixels(depth, settings.foreground_only)
    camera = _camera(depth, photo, settings, subject_hw)
    raw_hw, raw_back_hw = to_relief(depth, subject_hw, camera.distance, settings.near_far_ratio)
    known_hw = subject_hw & ~depth_edges(raw_hw, subject_hw, camera.distance, settings.edge_tolerance)
    if not known_hw.any():
        raise GeometryError(
            "Every pixel lies beside a jump in depth. Raise the edge tolerance or set it to 0."
        )
    joined_hw = _joined(raw_hw, subject_hw, known_hw, depth, camera, settings)
    front_hw = _smoothed(raw_hw, known_hw, camera, settings)
    ramp_hw = joined_hw & ~known_hw
    if ramp_hw.any():
        front_hw[ramp_hw] = _smoothed(raw_hw, joined_hw | known_hw, camera, settings)[ramp_hw]
    return Relief(
        depth=depth,
        photo=photo,
        settings=settings,
        camera=camera,
        front_hw=front_hw,
        back_hw=None if raw_back_hw is None else _smoothed(raw_back_hw, subject_hw, camera, settings),
        subject_hw=subject_hw,
        known_hw=known_hw,
        joined_hw=joined_hw,
        sure_hw=_reliable(depth, subject_hw),
        smoothing_change=_change(front_hw - raw_hw, known_hw, depth.faces) * camera.unit_per_width,
        faces_found=faces_found,
        completion=completion,
    )


def _joined(
    raw_hw: Array,
    subject_hw: Array,
    known_hw: Array,
    depth: DepthMap,
    camera: Camera,
    settings: ModelSettings,
) -> Array:
    """(h, w) bool: see `Relief.joined_hw`. A cut begins where the ramp is half as steep as beside a jump."""
    if not depth.faces or not settings.foreground_only or settings.edge_tolerance <= 0:
        return known_hw
    steep_hw = depth_edges(raw_hw, subject_hw, camera.distance, settings.edge_tolerance / 2)
    cut_hw = occlusions(raw_hw, subject_hw, steep_hw, _least_occlusion(depth))
    joined_hw = hanging_together(subject_hw, cut_hw)
    return joined_hw if joined_hw.any() else known_hw


def _least_occlusion(depth: DepthMap) -> float:
    if not depth.faces:
        return 0.0
    left, _, right, _ = depth.faces[0].box_xyxy
    return LEAST_JUMP_HEADS * (right - left) / depth.size_hw[1]


def _camera(depth: DepthMap, photo: Photo, settings: ModelSettings, subject_hw: Array) -> Camera:
    if depth.representation is DepthRepresentation.RELIEF and not settings.perspective:
        fov = DEFAULT_FOV_DEGREES  # parallel rays have none; the distance only measures depth edges
    else:
        nearest = nearest_relief(depth, subject_hw) * depth.size_hw[1] / photo.frame[2]
        fov = choose_fov(photo.fov_degrees, settings.fov_degrees, nearest)
    left, top, width, height = photo.frame
    distance = camera_distance(fov) * width / depth.size_hw[1]
    return Camera(
        depth.size_hw,
        distance,
        settings.perspective,
        metres_per_width(depth, distance) or 1.0,
        None if photo.frame_xywh is None else (left + width / 2, top + height / 2),
    )


def _smoothed(layer_hw: Array, mask_hw: Array, camera: Camera, settings: ModelSettings) -> Array:
    """The layer smoothed within the mask by the filter that the settings name; 0 outside."""
    if settings.edge_aware:
        range_sigma = 0.5 * (settings.edge_tolerance or 0.04) * camera.distance
        return filters.smooth_within_edges(layer_hw, mask_hw, settings.smoothing_px, range_sigma)
    return filters.smooth(layer_hw, mask_hw, settings.smoothing_px)


def _reliable(depth: DepthMap, subject_hw: Array) -> Array:
    """(h, w) bool: where the expected error is below `UNSURE_FACTOR` times its median.

    All of the subject for a network that states no error.
    """
    if depth.uncertainty_hw is None:
        return subject_hw
    limit = UNSURE_FACTOR * np.median(depth.uncertainty_hw[depth.mask_hw])
    return subject_hw & (depth.uncertainty_hw <= limit)


def _change(change_hw: Array, known_hw: Array, faces: tuple[Face, ...]) -> float:
    """Root mean square over the face's box; over all known pixels where there is no face."""
    box_hw = np.zeros(known_hw.shape, bool)
    for face in faces[:1]:
        left, top, right, bottom = (max(0, round(edge)) for edge in face.box_xyxy)
        box_hw[top:bottom, left:right] = True
    over_hw = known_hw & box_hw if (known_hw & box_hw).any() else known_hw
    return float(np.sqrt(np.mean(change_hw[over_hw].astype(np.float64) ** 2)))
