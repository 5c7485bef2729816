"""The network's matte mended: an unsure body cut out by colours, stray regions and haze removed, small holes
filled.

Each threshold is chosen by the table that `python -m training.evaluation.mending` prints.
"""

from __future__ import annotations

import cv2
import numpy as np

from face3d.depth.face.colour_cut import Boxes, cut_by_colours, head_width
from face3d.structures import Array

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
JOIN, LARGEST_RIM, HANGING = 0.03, 0.01, 0.7
"""Half the width of a join by which an unsure piece hangs on the person, head widths, the largest piece that
is a part of the rim, square head widths, and the mean matte below which a piece is unsure. The picture's edge
joins nothing."""
HOLE_RIM = 0.02
"""Width of the rim around a hole that is filled with it, head widths."""


def mend(matte_hw: Array, rgb_hwc: Array, heads: Boxes) -> Array:
    """The matte, by colours where the network is unsure of a body; without regions that touch no head and
    without haze, its small holes filled.

    matte_hw: (h, w) float32 in 0..1, returned unchanged where there is no head. rgb_hwc: (h, w, 3) uint8.
    """
    if not heads:
        return matte_hw
    cut_hw = cut_by_colours(matte_hw, rgb_hwc, heads)
    whole_hw = remove_haze(remove_stray_regions(cut_hw, heads), heads)
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
