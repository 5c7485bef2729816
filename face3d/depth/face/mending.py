"""The network's matte mended: stray regions and haze removed, the body made whole, small holes filled.

Each threshold is chosen by the table that `python -m training.evaluation.mending` prints.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from face3d.structures import Array

Boxes = Sequence[tuple[float, float, float, float]]
"""Left, top, right and bottom of each head, pixels of the matte."""
INSIDE = 0.5
"""Matte above which a pixel is foreground."""
STRAY = 0.2
"""Matte that joins pixels to a region; low, so that the soft rim of a region that stays is not cut off."""
CORE = 0.7
"""Matte that joins sure pixels to a head."""
REACH = 0.25
"""How far from a sure pixel an unsure one is foreground without a further check, head widths."""
HAZE = 0.6
"""Mean matte below which a region beyond REACH is haze."""
HAND = 0.3
"""Largest hole that is filled, square head widths: about the back of a hand."""
GAP = 0.4
"""Mean matte below which a hole is a gap, through which the background is seen."""
BODY = 0.3
"""Matte above which a pixel below the head is foreground. The network is less sure of clothes than of heads:
parts of a person are missing more often than things beside them are added."""
BODY_FROM, BODY_TO = 0.9, 1.15
"""Where BODY begins to hold, and where it holds, heights of the widest head below its top."""
JOIN, LARGEST_RIM, HANGING = 0.03, 0.01, 0.7
"""Half the width of a join by which an unsure piece hangs on the person, head widths, the largest piece that
is a part of the rim, square head widths, and the mean matte below which a piece is unsure. The picture's edge
joins nothing."""
HOLE_RIM = 0.02
"""Width of the rim around a hole that is filled with it, head widths."""


def mend(matte_hw: Array, heads: Boxes) -> Array:
    """The matte without regions that touch no head, without haze, with a whole body, its small holes filled.

    matte_hw: (h, w) float32 in 0..1, returned unchanged where there is no head.
    """
    if not heads:
        return matte_hw
    whole_hw = raise_body(remove_haze(remove_stray_regions(matte_hw, heads), heads), heads)
    return fill_holes(remove_hanging_pieces(whole_hw, heads), heads)


def remove_stray_regions(matte_hw: Array, heads: Boxes) -> Array:
    """The matte without regions that touch none of the heads."""
    _, labels = cv2.connectedComponents((matte_hw > STRAY).astype(np.uint8), connectivity=8)
    return np.where(_of_heads(labels, matte_hw > INSIDE, heads), matte_hw, np.float32(0))


def remove_haze(
    matte_hw: Array, heads: Boxes, *, core: float = CORE, reach: float = REACH, haze: float = HAZE
) -> Array:
    """The matte without haze: unsure regions far from all that is surely joined to a head."""
    _, labels = cv2.connectedComponents((matte_hw > core).astype(np.uint8), connectivity=8)
    sure_hw = _of_heads(labels, matte_hw > core, heads)
    if not sure_hw.any():
        return matte_hw
    away_hw = cv2.distanceTransform((~sure_hw).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    far_hw = (away_hw > reach * head_width(heads)) & (matte_hw > STRAY)
    number, regions = cv2.connectedComponents(far_hw.astype(np.uint8), connectivity=8)
    inside_hw = far_hw & (matte_hw > INSIDE)  # of a region its rim does not count
    hazy_n = _means(matte_hw[inside_hw], regions[inside_hw], number) < haze
    hazy_n[0] = False
    return np.where(hazy_n[regions], np.float32(0), matte_hw)


def raise_body(matte_hw: Array, heads: Boxes, *, body: float = BODY) -> Array:
    """The matte with what is above `body` below the head just inside; all else stays as it is."""
    _, top, _, bottom = max(heads, key=lambda box: box[2] - box[0])
    rows = (np.arange(len(matte_hw)) + 0.5 - top) / (bottom - top)
    share = np.clip((rows - BODY_FROM) / (BODY_TO - BODY_FROM), 0, 1)
    least_h1 = (INSIDE + share * (body - INSIDE)).astype(np.float32)[:, None]
    raised_hw = (matte_hw > least_h1) & (matte_hw <= INSIDE)
    return np.where(raised_hw, INSIDE + np.float32(0.2) * (matte_hw - least_h1) + np.float32(1e-3), matte_hw)


def remove_hanging_pieces(matte_hw: Array, heads: Boxes, *, hanging: float = HANGING) -> Array:
    """The matte without unsure pieces that hang on the person by a narrow join."""
    inside_hw = (matte_hw > INSIDE).astype(np.uint8)
    side = 2 * max(1, round(JOIN * head_width(heads))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    narrower_hw = cv2.erode(inside_hw, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    _, labels = cv2.connectedComponents(narrower_hw)
    person_hw = _of_heads(labels, narrower_hw > 0, heads)
    rest_hw = inside_hw & (cv2.dilate(person_hw.astype(np.uint8), disc) == 0)
    number, pieces = cv2.connectedComponents(rest_hw, connectivity=8)
    areas_n = np.bincount(pieces.ravel(), minlength=number)
    hangs_n = (areas_n > LARGEST_RIM * head_width(heads) ** 2) & (_means(matte_hw, pieces, number) < hanging)
    hangs_n[0] = False
    return np.where(hangs_n[pieces], np.float32(0), matte_hw) if person_hw.any() else matte_hw


def fill_holes(matte_hw: Array, heads: Boxes, *, hand: float = HAND, gap: float = GAP) -> Array:
    """The matte with 1 in the holes that are small and unsure. A hole is enclosed by foreground."""
    number, labels = cv2.connectedComponents((matte_hw <= INSIDE).astype(np.uint8), connectivity=4)
    areas_n = np.bincount(labels.ravel(), minlength=number)
    filled_n = (areas_n <= hand * head_width(heads) ** 2) & (_means(matte_hw, labels, number) >= gap)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        filled_n[edge] = False
    filled_n[0] = False
    if not filled_n.any():
        return matte_hw
    rim = 2 * max(1, round(HOLE_RIM * head_width(heads))) + 1
    holes_hw = filled_n[labels]
    near_hw = cv2.dilate(holes_hw.astype(np.uint8), np.ones((rim, rim), np.uint8)) > 0
    return np.where(holes_hw | (near_hw & (matte_hw > INSIDE)), np.float32(1), matte_hw)


def head_width(heads: Boxes) -> float:
    """Width of the widest head, pixels."""
    return max(right - left for left, _, right, _ in heads)


def _of_heads(labels: Array, counts_hw: Array, heads: Boxes) -> Array:
    """(h, w) bool: the regions with a pixel of `counts_hw` inside a head's box. Region 0 is none."""
    kept = np.zeros(int(labels.max()) + 1, bool)
    for left, top, right, bottom in heads:
        inside = (
            slice(max(0, round(top)), max(0, round(bottom)) + 1),
            slice(max(0, round(left)), max(0, round(right)) + 1),
        )
        kept[labels[inside][counts_hw[inside]]] = True
    kept[0] = False
    return kept[labels]


def _means(values_hw: Array, labels: Array, number: int) -> Array:
    """(number,) mean of the values in each region."""
    sums_n = np.bincount(labels.ravel(), values_hw.ravel(), minlength=number)
    return sums_n / np.maximum(np.bincount(labels.ravel(), minlength=number), 1)
