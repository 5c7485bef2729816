"""Metric scale: image widths to millimetres by the distance between the eyes, a given height, or a metric
depth map.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from face3d.errors import ExportError, GeometryError
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.relief import Relief
from face3d.structures import Array, DepthRepresentation, Mesh, PointCloud

EYES_MM = 63.0
EYES_SD_MM = 3.7
"""Distance between the pupils of adults, mean and standard deviation: 63.36 mm and 3.73 mm over 3,976 people
in the 1988 US Army survey.
Source: Dodgson, "Variation and extrema of human interpupillary distance", SPIE 5291, 2004, section 3."""
PRINT_SIZES: dict[str, dict[str, float]] = {
    "life": {},
    "keychain": {"height_mm": 40.0},
    "figure": {"height_mm": 100.0},
    "bed-220": {"longest_mm": 210.0},
    "bed-256": {"longest_mm": 246.0},
}
"""Settings of a size by its name: as large as in life, a height, or the longest side that a bed of 220 or 256
mm takes with 5 mm to spare on each side."""
MM_PER_UNIT = {"mm": 1.0, "m": 1000.0}
ASSUMED_HEIGHT_MM = 250.0
"""Height of the model where nothing tells its size: about head and neck of an adult."""

Model = TypeVar("Model", Mesh, PointCloud)


@dataclass(frozen=True)
class Scale:
    """How large a model is. mm_per_unit: millimetres per image width (or per metre).

    sd_percent: one standard deviation; 0 where the user gave the size, None where it is unknown.
    source: the origin of the size, in a phrase. known: False where no size can be stated at all.
    """

    mm_per_unit: float
    sd_percent: float | None
    source: str
    known: bool = True

    def describe(self, length_mm: float) -> str:
        """A length with its standard deviation: "183 ± 11"; "183 ± ?" where unknown, "183" where it is 0."""
        if self.sd_percent is None:
            return f"{length_mm:.0f} ± ?"
        return f"{length_mm:.0f}" + (f" ± {length_mm * self.sd_percent / 100:.0f}" if self.sd_percent else "")


@dataclass(frozen=True)
class Placement:
    """Where a sized model stands in the camera's frame: point_mm = (point - origin) * mm_per_unit."""

    origin_xyz: tuple[float, float, float]
    scale: Scale

    def place(self, model: Model) -> Model:
        """A model of the camera's frame at its size, in mm; mesh and points placed alike coincide."""
        field = "vertices_n3" if isinstance(model, Mesh) else "points_n3"
        placed_n3 = (getattr(model, field) - np.array(self.origin_xyz)) * self.scale.mm_per_unit
        return replace(model, **{field: placed_n3.astype(np.float32), "unit": "mm"})

    def to_camera(self, points_n3: Array) -> Array:
        """(n, 3) float64: sized points back in the camera's frame and unit, for `camera.project`."""
        return np.asarray(points_n3, np.float64) / self.scale.mm_per_unit + np.array(self.origin_xyz)


def eye_distance(relief: Relief) -> tuple[float, float] | None:
    """Distance in space between the eyes of the person and its standard deviation, in the model's unit.

    None where they were not found on the surface. The deviation follows from the map's own uncertainty at the
    two eyes, errors being independent: little in a frontal face, more the further it is turned. It is 0 for
    maps that state none; only relief states it in a unit that is known here.
    """
    depth = relief.depth
    if not depth.faces or depth.faces[0].eyes_xy is None:
        return None
    stated = depth.uncertainty_hw if depth.representation is DepthRepresentation.RELIEF else None
    unsure_hw = np.zeros_like(relief.front_hw) if stated is None else stated
    left, right = (
        _surface_point(eye_xy, relief.front_hw, unsure_hw, relief.known_hw, relief.camera)
        for eye_xy in depth.faces[0].eyes_xy
    )
    if left is None or right is None:
        return None
    (left_3, left_shift_3), (right_3, right_shift_3) = left, right
    apart = float(np.linalg.norm(right_3 - left_3))
    if not apart > 0:
        return None
    along_3 = (right_3 - left_3) / apart
    return apart, float(np.hypot(left_shift_3 @ along_3, right_shift_3 @ along_3))


def _surface_point(
    xy: tuple[float, float], front_hw: Array, unsure_hw: Array, mask_hw: Array, camera: Camera
) -> tuple[Array, Array] | None:
    """The surface's point (3,) at a position of the picture, and its shift (3,) by one standard deviation.

    Relief and its deviation are means over a window of 1/100 of the width.
    """
    radius = max(1, round(front_hw.shape[1] / 200))
    row, column = int(xy[1]), int(xy[0])
    window = (
        slice(max(0, row - radius), row + radius + 1),
        slice(max(0, column - radius), column + radius + 1),
    )
    if not mask_hw[window].any():
        return None
    height, unsure = (
        layer_hw[window][mask_hw[window]].mean(dtype=np.float64) for layer_hw in (front_hw, unsure_hw)
    )
    point_3, moved_3 = unproject([xy[0]] * 2, [xy[1]] * 2, [height, height + unsure], camera).astype(
        np.float64
    )
    return point_3, moved_3 - point_3


def measure_scale(relief: Relief, height: float, longest: float) -> Scale:
    """The scale of a model `height` units high, its longest side being `longest`: the height or the longest
    side that the user gives, else metres, else the eyes.

    Else an assumed height; of a photo without a face nothing is known.
    Raises: GeometryError for a model without height.
    """
    if not height > 0:
        raise GeometryError("The model has no height. Use a photo in which the person is larger.")
    depth, settings = relief.depth, relief.settings
    if settings.height_mm is not None:
        return Scale(settings.height_mm / height, 0.0, f"a height of {settings.height_mm:g} mm was asked for")
    if settings.longest_mm is not None:
        asked = f"a longest side of {settings.longest_mm:g} mm was asked for"
        return Scale(settings.longest_mm / longest, 0.0, asked)
    if depth.representation is DepthRepresentation.METRIC:
        return Scale(1000.0, None, f"metres from {depth.network}")
    if (eyes := eye_distance(relief)) is not None:
        apart, apart_sd = eyes
        source = f"from the eyes, taken to be {EYES_MM:g} mm apart as in the mean adult, sd {EYES_SD_MM:g} mm"
        return Scale(EYES_MM / apart, 100 * float(np.hypot(EYES_SD_MM / EYES_MM, apart_sd / apart)), source)
    if relief.faces_found == 0:
        return Scale(
            ASSUMED_HEIGHT_MM / height, None, "no face was found, so the size is unknown", known=False
        )
    why = "no eyes were found" if depth.detects_faces else "this network detects no eyes"
    return Scale(ASSUMED_HEIGHT_MM / height, None, f"{why}: a height of {ASSUMED_HEIGHT_MM:g} mm is assumed")


def to_metric_scale(model: Model, relief: Relief) -> tuple[Model, Placement]:
    """The model in millimetres, upright (+Y), facing +Z, the origin at the centre of its base; its placement.

    relief: the one that the model was built from, for eyes are measured through the same camera.
    Raises: GeometryError for a model without points or height.
    """
    points_n3: Array = model.vertices_n3 if isinstance(model, Mesh) else model.points_n3
    if not len(points_n3):
        raise GeometryError("The model has no points. Use a photo in which the person is larger.")
    low, high = points_n3.min(axis=0).astype(np.float64), points_n3.max(axis=0).astype(np.float64)
    scale = measure_scale(relief, float(high[1] - low[1]), float((high - low).max()))
    origin_3 = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    placement = Placement((float(origin_3[0]), float(origin_3[1]), float(origin_3[2])), scale)
    return placement.place(model), placement


def in_millimetres(points_n3: Array, unit: str) -> Array:
    """(n, 3) float64 millimetres. Raises: ExportError for a model whose size is not known yet."""
    if unit not in MM_PER_UNIT:
        raise ExportError(
            f"The model is in {unit}s and has no size in millimetres yet. Give it one with to_metric_scale()."
        )
    return np.asarray(points_n3, np.float64) * MM_PER_UNIT[unit]
