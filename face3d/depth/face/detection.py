"""Heads and eyes in a photo, from the network's head and eye maps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from face3d.depth.face.inference import Box, Look, look_twice
from face3d.depth.face.network import FaceNetwork
from face3d.structures import Array, Face, Photo

CLOSE_LOOK = 1.6
"""Side of the cut around a head, in head sizes; compared on the calibration set with 1.5 to 2.5."""
WORTH_A_CLOSE_LOOK = 0.85
"""A cut whose side is a larger share of the photo's would show little more than the coarse look did."""
MOST_FACES = 6
SMALLEST_HEAD = 0.03
"""Heads narrower than this share of the coarse map's longer side are not trusted."""
LEAST_OF_LARGEST = 0.2
"""Heads narrower than this share of the largest head are clutter far more often than people."""
EYE_SEEN = 0.3
EYE_SURE = 0.65
"""Beside a first head, another one counts when one of its eyes is seen this surely: a round thing is sooner
taken for a head than for an eye. A second person in profile or far away may be missed."""
EYE_REACH = 0.03
"""How far around an eye's peak its centre is taken, in sides of the network: one and a half times the radius
of the blob it was taught."""
SAME_HEAD = 0.7
"""Intersection over union of a head in the coarse and in the close look, below which the two are not the
same. On the calibration set 97 of 98 true heads are above it."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head found in a photo: its box, and the look that shows it best, at the cut. eye_seen: 0..1, of the
    surest eye within the box.
    """

    box: Box
    cut: Box
    seen: Look
    eye_seen: float


def _look_for_heads(network: FaceNetwork, photo: Photo) -> tuple[Look, list[Head]]:
    """The coarse look at the whole photo, and the heads that a closer look confirms, the surest first.

    Where there is none, small heads are looked for in a finer look.
    """
    whole = Box(0, 0, photo.size_hw[1], photo.size_hw[0])
    coarse = look_twice(network, photo.rgb_hwc, whole, network.configuration.look_side)
    boxes = find_heads(coarse.head_hw, whole)
    if found := _confirmed(network, photo, boxes, coarse):
        return coarse, found
    finer = look_twice(network, photo.rgb_hwc, whole, 2 * network.configuration.look_side)
    if found := _confirmed(network, photo, find_heads(finer.head_hw, whole), finer):
        return finer, found
    return (coarse if boxes else finer), []


def _confirmed(network: FaceNetwork, photo: Photo, boxes: list[Box], coarse: Look) -> list[Head]:
    """Those of the boxes that are heads from close by too, the surest first; of these the first, and others
    that show an eye.
    """
    found = [head for box in boxes if (head := _look_closer(network, photo, box, coarse)) is not None]
    found.sort(key=lambda head: -head.eye_seen)
    return found[:1] + [head for head in found[1:] if head.eye_seen >= EYE_SURE]


def _faces(heads: list[Head], network: FaceNetwork) -> tuple[Face, ...]:
    """Heads as faces with their eyes, largest first."""
    reach = round(EYE_REACH * network.configuration.side)
    faces = [
        Face(head.box.corners, _find_eyes(head.seen.eyes_2hw, head.cut, head.box, reach)) for head in heads
    ]
    return tuple(sorted(faces, key=lambda face: -face.width))


def _look_closer(network: FaceNetwork, photo: Photo, box: Box, coarse: Look) -> Head | None:
    """A head of the coarse look, seen closer where that shows more; None where the closer look shows no head
    there.
    """
    cut = _around(box, photo.size_hw)
    if cut is None:
        whole = Box(0, 0, photo.size_hw[1], photo.size_hw[0])
        return Head(box, whole, coarse, _sure_of_an_eye(coarse.eyes_2hw, whole, box))
    seen = look_twice(network, photo.rgb_hwc, cut, network.configuration.look_side)
    again = max(find_heads(seen.head_hw, cut), key=lambda one: _overlap(one, box), default=None)
    if again is None or _overlap(again, box) < SAME_HEAD:
        return None
    return Head(again, cut, seen, _sure_of_an_eye(seen.eyes_2hw, cut, again))


def _sure_of_an_eye(eyes_2hw: Array, cut: Box, head: Box) -> float:
    return float(_within(eyes_2hw, cut, head).max())


def _within(eyes_2hw: Array, cut: Box, head: Box) -> Array:
    """The blobs of a look at `cut` with 0 outside a head's box."""
    rows, columns = eyes_2hw.shape[1:]
    y = cut.top + (np.arange(rows) + 0.5) * cut.height / rows
    x = cut.left + (np.arange(columns) + 0.5) * cut.width / columns
    left, top, right, bottom = head.corners
    return eyes_2hw * (((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right)))


def find_heads(head_hw: Array, box: Box) -> list[Box]:
    """Connected regions of `head_hw` > 0.5, largest first, as rectangles of the photo. head_hw: (h, w) float,
    over `box`.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats((head_hw > 0.5).astype(np.uint8), connectivity=8)
    smallest = SMALLEST_HEAD * max(head_hw.shape)
    regions = [
        row
        for row in stats[1:count]
        if min(row[cv2.CC_STAT_WIDTH], row[cv2.CC_STAT_HEIGHT]) >= max(3, smallest)
    ]
    regions.sort(key=lambda row: -row[cv2.CC_STAT_AREA])
    regions = [
        row for row in regions if row[cv2.CC_STAT_WIDTH] >= LEAST_OF_LARGEST * regions[0][cv2.CC_STAT_WIDTH]
    ]
    x_scale, y_scale = box.width / head_hw.shape[1], box.height / head_hw.shape[0]
    return [
        Box(
            round(box.left + x * x_scale),
            round(box.top + y * y_scale),
            max(1, round(w * x_scale)),
            max(1, round(h * y_scale)),
        )
        for x, y, w, h, _ in regions[:MOST_FACES]
    ]


def _around(head: Box, photo_hw: tuple[int, int]) -> Box | None:
    """A cut around a head within the photo, a little lower than centred, so that neck and shoulders give the
    head its place.

    None where it would not be much smaller than the photo.
    """
    height, width = photo_hw
    side = max(16, round(CLOSE_LOOK * max(head.width, head.height)))
    across, down = min(side, width), min(side, height)
    if across * down >= WORTH_A_CLOSE_LOOK**2 * width * height:
        return None
    left = round(head.left + head.width / 2 - across / 2)
    top = round(head.top + 0.55 * head.height - down / 2)
    return Box(min(max(left, 0), width - across), min(max(top, 0), height - down), across, down)


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0..1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(across, 0) * max(down, 0)
    return both / (one.width * one.height + other.width * other.height - both)


def _find_eyes(
    eyes_2hw: Array, box: Box, head: Box, reach: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Centres of the two blobs within a head, in photo pixels, or None where either is faint. reach: pixels
    of the look.
    """
    found = []
    for blob in _within(eyes_2hw, box, head):
        row, column = np.unravel_index(int(blob.argmax()), blob.shape)
        if blob[row, column] < EYE_SEEN:
            return None
        top, left = max(0, row - reach), max(0, column - reach)
        near = blob[top : row + reach + 1, left : column + reach + 1] ** 2
        rows, columns = np.mgrid[: near.shape[0], : near.shape[1]]
        x = left + (near * columns).sum() / near.sum() + 0.5
        y = top + (near * rows).sum() / near.sum() + 0.5
        found.append(
            (float(box.left + x * box.width / blob.shape[1]), float(box.top + y * box.height / blob.shape[0]))
        )
    return found[0], found[1]
