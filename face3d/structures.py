"""The structures that pass from one stage to the next: Photo, DepthMap, PointCloud, Mesh.

Frozen, and checked when made. Conventions (docs/conventions.md): right-handed axes, +X right, +Y up, +Z
towards the viewer; pixel centres at +0.5; colours are sRGB uint8. Arrays are read-only: caches hold them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face3d.errors import CompletionError, DepthError, GeometryError, PhotoError

Array = NDArray[Any]

TURNS = (0, 90, 180, 270)
"""Angles by which a photo can be turned clockwise, degrees."""


class DepthRepresentation(Enum):
    """The meaning of a depth map's values. Every depth map carries it; no later stage infers it."""

    RELATIVE_INVERSE = "relative inverse depth"
    """a / distance + b with unknown a > 0 and b; larger = nearer (MiDaS, Depth Anything)."""
    RELIEF = "relief in image widths"
    """Height towards the camera, in image widths; larger = nearer; true proportions (the face network)."""
    METRIC = "metres"
    """Distance from the camera plane in metres; larger = farther (GLPN, Depth Pro)."""


def _freeze(
    instance: object,
    name: str,
    dtype: type,
    shape: tuple[int | None, ...],
    error: type[Exception],
    *,
    finite: bool = False,
) -> None:
    """Replaces the array in a field of a frozen dataclass by a contiguous, read-only view or copy.

    shape: None fits any length. A field that is None stays None.
    Raises `error` where dtype or shape differ, or, if asked for, where a value is not finite.
    """
    array = getattr(instance, name)
    if array is None:
        return
    if array.dtype != dtype:
        raise error(f"{name} has dtype {array.dtype}, expected {np.dtype(dtype)}.")
    if array.ndim != len(shape) or any(
        want is not None and got != want for got, want in zip(array.shape, shape, strict=False)
    ):
        wanted = " x ".join("n" if want is None else str(want) for want in shape)
        raise error(f"{name} has shape {' x '.join(map(str, array.shape))}, expected {wanted}.")
    if finite and not np.isfinite(array).all():
        raise error(f"{name} has values that are not finite.")
    object.__setattr__(instance, name, read_only(np.ascontiguousarray(array)))


def read_only(array: Array) -> Array:
    """A view of `array` that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Photo:
    """One decoded photo.

    rgb_hwc: (h, w, 3) uint8, upright, sRGB, alpha composited over grey.
    alpha_hw: (h, w) uint8 or None where the file had no transparency.
    fov_degrees: horizontal field of view from the EXIF focal length, in (0, 180), or None.
    sha256: hexadecimal digest of the file's bytes; the key of every cache.
    lacks_end: whether the file lacked its last bytes, though none of its pixels.
    frame_xywh: left, top, width and height in pixels of what the lens took, in a picture that has been
    continued beyond that; None: all of it. The field of view is that of this frame.
    """

    rgb_hwc: Array
    alpha_hw: Array | None
    fov_degrees: float | None
    sha256: str
    lacks_end: bool = False
    frame_xywh: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        _freeze(self, "rgb_hwc", np.uint8, (None, None, 3), PhotoError)
        if min(self.size_hw) < 1:
            raise PhotoError("The photo has no pixels.")
        _freeze(self, "alpha_hw", np.uint8, self.size_hw, PhotoError)
        if self.fov_degrees is not None and not 0 < self.fov_degrees < 180:
            raise PhotoError(
                f"The field of view is {self.fov_degrees} degrees, expected more than 0 and less than 180."
            )

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb_hwc.shape[0], self.rgb_hwc.shape[1]

    @property
    def frame(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of what the lens took, pixels."""
        height, width = self.size_hw
        return self.frame_xywh or (0, 0, width, height)

    def turned(self, degrees: int) -> Photo:
        """The photo turned clockwise by 90, 180 or 270 degrees, with a digest of its own; itself for 0.

        The field of view stays that of the lens: of what was vertical where the sides change places.
        Raises PhotoError for another angle.
        """
        if degrees not in TURNS:
            raise PhotoError(f"A photo is turned by 0, 90, 180 or 270 degrees, not by {degrees}.")
        if degrees == 0:
            return self
        quarters = -degrees // 90
        fov = self.fov_degrees
        if fov is not None and degrees != 180:
            height, width = self.size_hw
            fov = math.degrees(2 * math.atan(math.tan(math.radians(fov) / 2) * height / width))
        return Photo(
            rgb_hwc=np.ascontiguousarray(np.rot90(self.rgb_hwc, quarters)),
            alpha_hw=None
            if self.alpha_hw is None
            else np.ascontiguousarray(np.rot90(self.alpha_hw, quarters)),
            fov_degrees=fov,
            sha256=hashlib.sha256(f"{self.sha256} turned {degrees}".encode()).hexdigest(),
        )


@dataclass(frozen=True, eq=False)
class SkinMap:
    """Where on the head the visible skin lies, over a rectangle of the picture, on a grid of its own.

    box_xyxy: left, top, right, bottom of the grid, pixels of the depth map.
    canonical_hwc: (h, w, 3) float32, canonical coordinates (docs/conventions.md); NaN where no head is.
    uncertainty_hw: (h, w) float32, their expected error, mean of the three, head widths.
    skin_hw: (h, w) float32 in 0..1, how likely it is skin of this head: they mean something there alone.
    """

    box_xyxy: tuple[float, float, float, float]
    canonical_hwc: Array
    uncertainty_hw: Array
    skin_hw: Array

    def __post_init__(self) -> None:
        _freeze(self, "canonical_hwc", np.float32, (None, None, 3), DepthError)
        _freeze(self, "uncertainty_hw", np.float32, self.canonical_hwc.shape[:2], DepthError)
        _freeze(self, "skin_hw", np.float32, self.canonical_hwc.shape[:2], DepthError)


@dataclass(frozen=True)
class Face:
    """One head found in a photo.

    box_xyxy: left, top, right, bottom of the head (hair included, shoulders not), in pixels of the depth map.
    eyes_xy: centres of the eye left and of the eye right in the picture, ((x, y), (x, y)) in pixels, or None
    where either was not found.
    skin: where on the head its skin lies; None where the network does not say.
    """

    box_xyxy: tuple[float, float, float, float]
    eyes_xy: tuple[tuple[float, float], tuple[float, float]] | None = None
    skin: SkinMap | None = field(default=None, compare=False, repr=False)

    @property
    def width(self) -> float:
        """Head width in pixels."""
        return self.box_xyxy[2] - self.box_xyxy[0]


@dataclass(frozen=True, eq=False)
class DepthMap:
    """One depth value per pixel of the photo.

    values_hw: (h, w) float32 in the unit of `representation`, finite where `mask_hw`.
    representation: the meaning of the values. network: its name, or where else the map comes from.
    mask_hw: (h, w) bool, True where a value is valid and in the foreground.
    back_hw: (h, w) float32 or None; relief of the hidden side (same unit, never above `values_hw` in the
    mask), finite where `mask_hw`.
    uncertainty_hw: (h, w) float32 or None; expected absolute error of `values_hw`, same unit, >= 0.
    thickness_uncertainty_hw: the same for the thickness, `values_hw` less `back_hw`.
    matte_hw: (h, w) float32 in 0..1 or None; soft foreground, of which `mask_hw` is the thresholded form.
    faces: the heads found, that of the person who covers most of the picture first; empty where none was
    found or the network does not look for them. detects_faces: whether it does.
    person_hw: (h, w) uint8 or None; the number of the face to whose person a pixel belongs, from 1 on, 0
    outside the mask.
    matte: the row of `face3d.matte.table.MATTES` that gave the foreground, and ', refined' where its edge
    was; None for the whole picture.
    quality: one of `face3d.depth.estimator.QUALITIES`; None of a network that has one only.
    """

    values_hw: Array
    representation: DepthRepresentation
    mask_hw: Array
    network: str
    back_hw: Array | None = None
    uncertainty_hw: Array | None = None
    matte_hw: Array | None = None
    faces: tuple[Face, ...] = ()
    detects_faces: bool = False
    thickness_uncertainty_hw: Array | None = None
    person_hw: Array | None = None
    matte: str | None = None
    quality: str | None = None

    def __post_init__(self) -> None:
        _freeze(self, "values_hw", np.float32, (None, None), DepthError)
        _freeze(self, "mask_hw", np.bool_, self.size_hw, DepthError)
        for name in ("back_hw", "uncertainty_hw", "thickness_uncertainty_hw", "matte_hw"):
            _freeze(self, name, np.float32, self.size_hw, DepthError)
        _freeze(self, "person_hw", np.uint8, self.size_hw, DepthError)
        for name in ("values_hw", "back_hw", "uncertainty_hw", "thickness_uncertainty_hw"):
            if (layer := getattr(self, name)) is not None and not np.isfinite(layer[self.mask_hw]).all():
                raise DepthError(f"{name} has values that are not finite inside the mask.")
        if self.back_hw is not None and (self.back_hw > self.values_hw)[self.mask_hw].any():
            raise DepthError("back_hw lies in front of values_hw.")

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.values_hw.shape[0], self.values_hw.shape[1]

    def nearness_hw(self) -> Array:
        """(h, w) float32, larger = nearer, 0..1 in the mask (0.5 for a flat map), 0 outside."""
        near_hw = np.zeros(self.size_hw, np.float32)
        if not self.mask_hw.any():
            return near_hw
        inside = self.values_hw[self.mask_hw].astype(np.float64)
        if self.representation is DepthRepresentation.METRIC:
            inside = -inside
        low, high = inside.min(), inside.max()
        near_hw[self.mask_hw] = (inside - low) / (high - low) if high > low else 0.5
        return near_hw

    def as_grey(self) -> Array:
        """(h, w) uint8: near = light, far = dark, outside the mask black."""
        return np.round(self.nearness_hw() * 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Completion:
    """How what the photo does not show was completed; beside the photo and the depth map that go with it.

    engine: the row of `face3d.completion.table.COMPLETIONS`. named: whether it was asked for: then it colours
    the hidden side of a whole head too, which else has the head model's colours.
    hidden_rgb_hwc: (h, w, 3) uint8, colours of the hidden side over the picture, of any size; None where they
    are spread from the outline.
    confidence_hw: (h, w) float32 in 0..1, how sure the hidden side is: 0 made up, 1 as if it had been seen.
    confidence: its mean over the hidden side and the replaced pixels.
    marked_hw: (h, w) bool, pixels of the photo that were replaced; None for none.
    note: a sentence about what could not be done; '' for nothing.
    """

    engine: str
    hidden_rgb_hwc: Array | None
    confidence_hw: Array
    confidence: float
    marked_hw: Array | None = None
    note: str = ""
    named: bool = True

    def __post_init__(self) -> None:
        _freeze(self, "hidden_rgb_hwc", np.uint8, (None, None, 3), CompletionError)
        _freeze(self, "confidence_hw", np.float32, (None, None), CompletionError)
        _freeze(self, "marked_hw", np.bool_, (None, None), CompletionError)


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points in space: points_n3 float32, colours_n3 uint8, normals_n3 float32 (unit length) or None."""

    points_n3: Array
    colours_n3: Array
    normals_n3: Array | None = None
    unit: str = "image width"

    def __post_init__(self) -> None:
        _freeze(self, "points_n3", np.float32, (None, 3), GeometryError, finite=True)
        _freeze(self, "colours_n3", np.uint8, (len(self.points_n3), 3), GeometryError)
        _freeze(self, "normals_n3", np.float32, (len(self.points_n3), 3), GeometryError, finite=True)


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in space.

    vertices_n3: (n, 3) float32; faces_m3: (m, 3) int32, counter-clockwise seen from outside.
    uv_n2: (n, 2) float32 or None; (0, 0) is the lower left corner of the texture.
    texture_hwc: (h, w, 3) uint8 or None. colours_n3: (n, 3) uint8 or None.
    unit: "mm", "m" or "image width". glows: its texture is light, as of a lamp behind a lithophane.
    """

    vertices_n3: Array
    faces_m3: Array
    uv_n2: Array | None = None
    texture_hwc: Array | None = None
    colours_n3: Array | None = None
    unit: str = "image width"
    glows: bool = False

    def __post_init__(self) -> None:
        _freeze(self, "vertices_n3", np.float32, (None, 3), GeometryError, finite=True)
        _freeze(self, "faces_m3", np.int32, (None, 3), GeometryError)
        count = len(self.vertices_n3)
        _freeze(self, "uv_n2", np.float32, (count, 2), GeometryError, finite=True)
        _freeze(self, "texture_hwc", np.uint8, (None, None, 3), GeometryError)
        _freeze(self, "colours_n3", np.uint8, (count, 3), GeometryError)
        if self.texture_hwc is not None and not self.texture_hwc.size:
            raise GeometryError("texture_hwc has no pixels.")
        if len(self.faces_m3) and not (self.faces_m3.min() >= 0 and self.faces_m3.max() < count):
            raise GeometryError("faces_m3 names vertices that do not exist.")
