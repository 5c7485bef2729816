"""The matte below the head by the photo's own colours, where the network is not sure of it.

A network that was trained on heads knows little of what a body may wear or hold. Where its matte is unsure
there, the colours of what it is sure of decide: mixtures of Gaussians of person and background, and a border
that follows edges of the photo, as a minimal cut of a graph.
Source: Rother et al., "GrabCut: interactive foreground extraction using iterated graph cuts", SIGGRAPH 2004
(OpenCV's `grabCut`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from face3d.depth.face.upsampling import guided_upsample
from face3d.structures import Array

Boxes = Sequence[tuple[float, float, float, float]]
"""Left, top, right and bottom of each head, pixels of the matte."""
SIDE = 160
"""Longer side of the picture that is cut."""
PERSON, BACKGROUND = 0.85, 0.1
"""Matte above which a pixel surely is a person, and below which it is surely none."""
WIDE, WIDENS = 1.7, 1.0
"""Half the width of where a body may be, and how far below the chin it is as wide; head widths."""
LEAST_UNSURE = 0.04
"""Share of the person below the head of which the network is not sure, from which the colours are asked."""
SOFT = 0.04
"""Standard deviation of the change from the network's matte, in heads, to the colours' below; head widths."""
WRONG_TOO = 0.12
"""The same share from which what the network takes for background below the head may be person."""
ADDED = 0.4
"""Mean matte below which, up to WRONG_TOO, no piece is added to the person."""
SPECK = 0.03
"""Holes that are smaller are filled, square head widths."""
ROUNDS = 1


def cut_by_colours(
    matte_hw: Array, rgb_hwc: Array, heads: Boxes, *, least_unsure: float = LEAST_UNSURE
) -> Array:
    """The matte (h, w) float32 in 0..1, below the heads by colours where it was unsure.

    rgb_hwc: (h, w, 3) uint8, the photo at the matte's size. Unchanged where there is no head, and where the
    network is sure. Deterministic.
    """
    height, width = matte_hw.shape
    scale = min(1.0, SIDE / max(height, width))
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    matte: Array = cv2.resize(matte_hw, size_wh, interpolation=cv2.INTER_AREA)
    boxes = [tuple(scale * value for value in box) for box in heads]
    below = _below_heads(matte.shape, boxes)
    unsure = unsure_share(matte, below)
    if unsure < least_unsure:
        return matte_hw
    wrong_too = unsure > WRONG_TOO
    rgb = cv2.resize(rgb_hwc, size_wh, interpolation=cv2.INTER_AREA)
    person = _cut(rgb, matte, below & wrong_too)
    if person is None:
        return matte_hw
    if not wrong_too:
        person = _without_doubtful_pieces(person, matte)
    outside = (~_in_heads(matte.shape, boxes)).astype(np.float32)
    share = cv2.GaussianBlur(outside, (0, 0), max(0.5, SOFT * head_width(boxes)))
    frame = 0.0, 0.0, float(width), float(height)
    share_hw = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    person = _without_specks(person, SPECK * head_width(boxes) ** 2)
    person_hw = guided_upsample(person[..., None].astype(np.float32), rgb_hwc, frame)[..., 0]
    return np.clip(matte_hw + share_hw * (person_hw - matte_hw), 0, 1).astype(np.float32)


def unsure_share(matte_hw: Array, below_hw: Array) -> float:
    """How much of the person below the heads is neither person nor background, 0..1."""
    values = matte_hw[below_hw]
    return float(np.minimum(values, 1 - values).sum() / max(float(values.sum()), 1e-6))


def _cut(rgb_hwc: Array, matte_hw: Array, below_hw: Array) -> Array | None:
    """(h, w) float32, 1 for the person; None where there is no person or no background to learn from."""
    labels = np.where(matte_hw > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[matte_hw > PERSON] = cv2.GC_FGD
    labels[(matte_hw < BACKGROUND) & ~below_hw] = cv2.GC_BGD
    if not (labels == cv2.GC_FGD).any() or not (labels == cv2.GC_BGD).any():
        return None
    cv2.setRNGSeed(0)  # the mixtures begin at random
    cv2.grabCut(
        rgb_hwc, labels, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), np.uint8)


def _without_doubtful_pieces(person_hw: Array, matte_hw: Array) -> Array:
    """The mask without the pieces of it of which the network said that they hardly are a person."""
    added_hw = person_hw * (matte_hw <= 0.5)
    number, pieces = cv2.connectedComponents(added_hw)
    counts_n = np.bincount(pieces.ravel(), minlength=number)
    doubtful_n = np.bincount(pieces.ravel(), matte_hw.ravel(), number) < ADDED * counts_n
    doubtful_n[0] = False
    return np.where(doubtful_n[pieces], np.uint8(0), person_hw)


def _without_specks(person_hw: Array, largest: float) -> Array:
    """The mask with its holes of at most `largest` pixels filled."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - person_hw, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= largest
    small[0] = False
    return np.where(small[labels], np.uint8(1), person_hw)


def _below_heads(size_hw: tuple[int, ...], heads: Boxes) -> Array:
    """(h, w) bool: where the bodies of heads may be."""
    rows, columns = np.ogrid[: size_hw[0], : size_hw[1]]
    found = np.zeros(size_hw, bool)
    for left, _, right, bottom in heads:
        width = right - left
        half = width * (0.5 + (WIDE - 0.5) * np.clip((rows - bottom) / (WIDENS * width), 0, 1))
        found |= (rows > bottom) & (np.abs(columns - (left + right) / 2) < half)
    return found


def _in_heads(size_hw: tuple[int, ...], heads: Boxes) -> Array:
    rows, columns = np.ogrid[: size_hw[0], : size_hw[1]]
    found = np.zeros(size_hw, bool)
    for left, top, right, bottom in heads:
        found |= (rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right)
    return found


def head_width(heads: Boxes) -> float:
    """Width of the widest head, pixels."""
    return max(right - left for left, _, right, _ in heads)
