"""What can be measured in a photo and its depth map before any advice is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from face3d.geometry.camera import DEFAULT_FOV_DEGREES
from face3d.geometry.scale import EYES_MM
from face3d.structures import Array, DepthMap, Face, Photo

SIDE = 256
"""Width in pixels to which the head is brought before it is measured."""
UNSURE = 3.0
"""A pixel of the face is covered by something where the stated error is this many times the face's median."""
CLIPPED = 8
"""Grey levels from white that count as clipped."""
LIKELY_SKIN = 0.5
"""Probability from which a cell of the skin map is skin."""
EYES_APART, EYES_DOWN = 0.42, 0.5
"""Where the eyes of a head are of which they are not seen: shares of the width and height of its box."""
CHEEK_DOWN, CHEEK_SIDE = 0.6, 0.3
"""A cheek in distances of the eyes: how far below its eye, and the side of the square that is looked at."""


class SkinShares(NamedTuple):
    """Shares, 0..1, of places of a face at which skin is seen. left, right: of the picture."""

    eyes: float
    forehead: float
    mouth: float
    left: float
    right: float


PLACES = {
    "eyes": (-0.8, -0.25, 0.8, 0.25),
    "forehead": (-0.6, -0.8, 0.6, -0.3),
    "mouth": (-0.5, 0.6, 0.5, 1.4),
    "left": (-0.8, -0.3, -0.1, 1.2),
    "right": (0.1, -0.3, 0.8, 1.2),
}
"""By field of `SkinShares` left, top, right, bottom from the middle of the eyes, in distances of the eyes."""


@dataclass(frozen=True)
class Measures:
    """Figures of one photo; None where there is no face, or the network states no such thing.

    faces: number of them; None where they were not sought.
    head_px: width of the head that is measured. head_share: of the photo's width.
    cut_edges: sides of the photo that the head touches: "left", "top", "right", "bottom".
    sharpness: variance of the Laplacian of the head's grey values in 0..1, at SIDE pixels.
    noise: standard deviation of fine noise in grey levels.
    light: 90th percentile of the head's grey in 0..1, so that dark hair does not count. bright: share of the
    head that is clipped to white.
    grey: whether the photo has no colours.
    turn: of the head, from -1 (to the left in the picture) to 1, 0 seen from the front.
    error_percent: median stated error of the relief, percent of the head's width.
    covered: share of the head's box where the network is unsure, see UNSURE.
    skin: what of the face is skin, by the network's skin map.
    lit: the brighter cheek over the darker one.
    camera_mm: distance of the eyes from the camera, by their distance from each other and the field of view.
    """

    faces: int | None
    transparent: bool
    head_px: float | None = None
    head_share: float | None = None
    cut_edges: tuple[str, ...] = ()
    sharpness: float | None = None
    noise: float | None = None
    light: float | None = None
    bright: float | None = None
    grey: bool = False
    turn: float | None = None
    error_percent: float | None = None
    covered: float | None = None
    camera_mm: float | None = None
    skin: SkinShares | None = None
    lit: float | None = None


def measure(photo: Photo, depth: DepthMap, face: int = 1) -> Measures:
    """The figures of a photo and its depth map. A few milliseconds; deterministic.

    face: the number of the one that is measured, from 1 on; the last where there are fewer.
    """
    found = len(depth.faces) if depth.detects_faces else None
    transparent = photo.alpha_hw is not None
    if not depth.faces:
        return Measures(found, transparent, grey=_is_grey(photo.rgb_hwc))
    seen = depth.faces[min(face, len(depth.faces)) - 1]
    window = _window(seen, photo.size_hw)
    head = photo.rgb_hwc[window]
    grey_hw = cv2.cvtColor(np.ascontiguousarray(head), cv2.COLOR_RGB2GRAY)
    scale = SIDE / grey_hw.shape[1]
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(grey_hw, None, fx=scale, fy=scale, interpolation=interpolation).astype(np.float32)
    errors = None if depth.uncertainty_hw is None else depth.uncertainty_hw[window]
    inside = depth.mask_hw[window]
    width = photo.size_hw[1]
    median = float(np.median(errors[inside])) if errors is not None and inside.any() else None
    return Measures(
        faces=found,
        transparent=transparent,
        head_px=seen.width,
        head_share=seen.width / width,
        cut_edges=_cut_edges(seen, photo.size_hw),
        sharpness=float(cv2.Laplacian(small / 255, cv2.CV_32F).var()),
        noise=_noise(grey_hw),
        light=float(np.percentile(small, 90) / 255),
        bright=float((grey_hw >= 255 - CLIPPED).mean()),
        grey=_is_grey(head),
        turn=_turn(seen),
        error_percent=None if median is None else 100 * median * width / seen.width,
        covered=None
        if errors is None or median is None
        else float((errors[inside] > UNSURE * median).mean()),
        camera_mm=_camera_mm(seen, photo),
        skin=_skin(seen),
        lit=_lit(seen, photo.rgb_hwc),
    )


def _window(face: Face, size_hw: tuple[int, int]) -> tuple[slice, slice]:
    """The head's box in the photo, at least two pixels wide and high."""
    left, top, right, bottom = face.box_xyxy
    first_row, first_column = max(0, min(int(top), size_hw[0] - 2)), max(0, min(int(left), size_hw[1] - 2))
    return slice(first_row, max(first_row + 2, round(bottom))), slice(
        first_column, max(first_column + 2, round(right))
    )


def _cut_edges(face: Face, size_hw: tuple[int, int]) -> tuple[str, ...]:
    left, top, right, bottom = face.box_xyxy
    touches = left <= 1, top <= 1, right >= size_hw[1] - 1, bottom >= size_hw[0] - 1
    return tuple(name for name, cut in zip(("left", "top", "right", "bottom"), touches, strict=True) if cut)


def _noise(grey_hw: Array) -> float:
    """Standard deviation of noise, grey levels, from second differences along both axes.

    Source: Immerkær, "Fast noise variance estimation", CVIU 64(2), 1996; the median in place of the mean, so
    that edges do not count.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = cv2.filter2D(grey_hw.astype(np.float32), -1, kernel)
    return float(np.median(np.abs(response)) / (6 * 0.6745))


def _is_grey(rgb_hwc: Array) -> bool:
    sample = rgb_hwc[::4, ::4].astype(np.int16)
    return bool(np.abs(sample - sample.mean(axis=2, keepdims=True)).mean() < 1)


def _turn(face: Face) -> float | None:
    """Where the middle of the eyes lies between the middle of the head and its side."""
    if face.eyes_xy is None:
        return None
    left, _, right, _ = face.box_xyxy
    middle = (face.eyes_xy[0][0] + face.eyes_xy[1][0]) / 2
    return float(np.clip((middle - (left + right) / 2) / (face.width / 2), -1, 1))


def _camera_mm(face: Face, photo: Photo) -> float | None:
    """By the rule of three: eyes 63 mm apart, seen under their share of the field of view."""
    if face.eyes_xy is None:
        return None
    apart = float(np.hypot(*np.subtract(*face.eyes_xy)))
    if apart < 1:
        return None
    fov = np.radians(photo.fov_degrees or DEFAULT_FOV_DEGREES)
    return float(EYES_MM * photo.size_hw[1] / 2 / np.tan(fov / 2) / apart)


def _skin(face: Face) -> SkinShares | None:
    """What of the face is skin; None where the network has no skin map."""
    if face.skin is None:
        return None
    left, top, right, bottom = face.box_xyxy
    if face.eyes_xy is None:
        x, y, apart = (left + right) / 2, top + EYES_DOWN * (bottom - top), EYES_APART * face.width
    else:
        (x, y), apart = np.mean(face.eyes_xy, axis=0), max(np.hypot(*np.subtract(*face.eyes_xy)), 1.0)
    height, width = face.skin.skin_hw.shape
    left, top, right, bottom = face.skin.box_xyxy
    shares = {}
    for name, place in PLACES.items():
        across = [(x + apart * place[end] - left) / (right - left) * width for end in (0, 2)]
        down = [(y + apart * place[end] - top) / (bottom - top) * height for end in (1, 3)]
        (first_column, last_column), (first_row, last_row) = (
            np.clip(np.round(ends).astype(int), 0, most) for ends, most in ((across, width), (down, height))
        )
        cells = face.skin.skin_hw[first_row:last_row, first_column:last_column]
        shares[name] = float((cells > LIKELY_SKIN).mean()) if cells.size else 0.0
    return SkinShares(**shares)


def _lit(face: Face, rgb_hwc: Array) -> float | None:
    """Light of the brighter cheek over that of the darker one; None without eyes or beyond the photo."""
    if face.eyes_xy is None:
        return None
    apart = float(np.hypot(*np.subtract(*face.eyes_xy)))
    light = []
    for x, y in face.eyes_xy:
        row, column, half = y + CHEEK_DOWN * apart, x, max(1.0, CHEEK_SIDE * apart / 2)
        rows, columns = (slice(max(0, int(at - half)), max(0, int(at + half) + 1)) for at in (row, column))
        cheek = rgb_hwc[rows, columns]
        if not cheek.size:
            return None
        light.append(float(((cheek.astype(np.float64) / 255) ** 2.2).mean()))
    return max(light) / max(min(light), 1e-3)
