"""The regions of a head map that may be heads; heads that touch are parted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from face3d.depth.face.inference import Box
from face3d.structures import Array

MAX_FACES = 6
MIN_HEAD_SHARE = 0.03
"""Narrower heads, as a share of the whole photo's longer side, are dropped."""
MIN_SHARE_OF_LARGEST = 0.2
"""Heads narrower than this share of the largest head are clutter far more often than people."""
EYE_OF_A_HEAD = 0.5
"""Eye score of both parts from which a region with a waist is two heads, and of a region beside another one
from which it is another head."""
LARGEST_WAIST = 0.8
"""Width of the waist between two heads that touch, as a share of the narrower one's."""
SMALLEST_PART = 0.3
"""Width of a part, as a share of the widest one's: a smaller one is an ear, a bun or a hat's brim."""
WAISTS = np.arange(0.95, SMALLEST_PART - 0.01, -0.025)
"""Widths at which a waist is sought, as shares of the region's largest."""


@dataclass(frozen=True, eq=False)
class HeadRegion:
    """A region that may be a head.

    box: in photo pixels. others_hw: bool, what is nearer to other heads than to this one, over the map it was
    found in; None without any.
    """

    box: Box
    others_hw: Array | None = None


def head_regions(head_hw: Array, frame: Box, eyes_2hw: Array | None = None) -> list[HeadRegion]:
    """Connected regions of `head_hw` > 0.5, largest first. One with a waist is parted there, where both parts
    have an eye; without `eyes_2hw` none is parted.

    head_hw: (h, w) float, over `frame`. eyes_2hw: (2, h, w) 0..1.
    """
    count, label_hw, stats, _ = cv2.connectedComponentsWithStats(
        (head_hw > 0.5).astype(np.uint8), connectivity=8
    )
    smallest = max(3, MIN_HEAD_SHARE * max(head_hw.shape))
    numbers = [
        number
        for number in range(1, count)
        if min(stats[number, cv2.CC_STAT_WIDTH], stats[number, cv2.CC_STAT_HEIGHT]) >= smallest
    ]
    parts = [part for number in numbers for part in _parted(label_hw == number, eyes_2hw)]
    parts.sort(key=lambda part_hw: -np.count_nonzero(part_hw))
    rectangles = [cv2.boundingRect(part_hw.astype(np.uint8)) for part_hw in parts]
    x_scale, y_scale = frame.width / head_hw.shape[1], frame.height / head_hw.shape[0]
    return [
        HeadRegion(
            Box(
                round(frame.left + x * x_scale),
                round(frame.top + y * y_scale),
                max(1, round(width * x_scale)),
                max(1, round(height * y_scale)),
            ),
            _others(parts, number, eyes_2hw),
        )
        for number, (x, y, width, height) in enumerate(rectangles)
        if width >= MIN_SHARE_OF_LARGEST * rectangles[0][2]
    ][:MAX_FACES]


def _others(parts: list[Array], number: int, eyes_2hw: Array | None) -> Array | None:
    """What lies nearer to another part that has an eye than to this one; None where there is none.

    Nearer, not inside: at a higher resolution the other head may reach a little further.
    """
    others = [
        part_hw for other, part_hw in enumerate(parts) if other != number and _has_eye(part_hw, eyes_2hw)
    ]
    if not others:
        return None
    return _distance_to(np.any(others, axis=0)) < _distance_to(parts[number])


def _distance_to(mask_hw: Array) -> Array:
    """Pixels from each pixel to a mask, 0 inside."""
    return np.asarray(cv2.distanceTransform((~mask_hw).astype(np.uint8), cv2.DIST_L2, 5))


def _has_eye(part_hw: Array, eyes_2hw: Array | None) -> bool:
    return eyes_2hw is not None and bool(eyes_2hw[:, part_hw].max() >= EYE_OF_A_HEAD)


def _parted(region_hw: Array, eyes_2hw: Array | None) -> list[Array]:
    """The parts of a region on both sides of its waist; the region itself without one."""
    if not _has_eye(region_hw, eyes_2hw) or len(cores := _cores(region_hw)) < 2:
        return [region_hw]
    nearest_hw = np.argmin([_distance_to(core_hw) for core_hw in cores], axis=0)
    parts = [region_hw & (nearest_hw == number) for number in range(len(cores))]
    return parts if all(_has_eye(part_hw, eyes_2hw) for part_hw in parts) else [region_hw]


def _cores(region_hw: Array) -> list[Array]:
    """Masks of the middles of the parts between which a region has a waist; none without one.

    The width at a pixel is its distance from the region's outline. Where the region is cut at rising widths,
    a waist parts it.
    """
    width_hw = cv2.distanceTransform(np.pad(region_hw.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    widest = float(width_hw.max())
    for waist in widest * WAISTS:
        count, label_hw = cv2.connectedComponents((width_hw > waist).astype(np.uint8), connectivity=8)
        masks = [label_hw == number for number in range(1, count)]
        least = max(waist / LARGEST_WAIST, SMALLEST_PART * widest)
        if len(cores := [mask for mask in masks if width_hw[mask].max() >= least]) > 1:
            return cores
    return []
