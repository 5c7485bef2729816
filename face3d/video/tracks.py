"""Numbers of the heads in a film: a head keeps its own from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from face3d.structures import Array, Face, Photo

OVERLAP = 0.2
"""Of two boxes, intersection over union, from which on they may be of one head."""
NEAR, ALIKE_IN_SIZE = 1.5, 2.0
"""Of boxes that do not overlap: distance of their centres in head widths, and the ratio of their widths, up
to which they may be of one head that moved far between two frames."""
OTHER_COLOURS = 0.7
"""Bhattacharyya distance of the colours in two boxes, from which on they are of two people: a new scene."""
BINS = 8
REMEMBERED = 100
"""Frames for which a head that is not found is looked for again at its place."""


@dataclass
class _Head:
    """A head that was seen. number: from 1 on. missed: frames since."""

    number: int
    face: Face
    colours: Array
    missed: int = 0


class Tracks:
    """Takes the heads of a film frame by frame.

    Those of the first frame have the numbers of their order there, which is by size; a head that comes later
    has the next one. Boxes of one head overlap from frame to frame, or are near each other, and have the same
    colours.
    """

    def __init__(self) -> None:
        self._heads: list[_Head] = []
        self._next = 1

    def of(self, photo: Photo, faces: Sequence[Face]) -> tuple[int, ...]:
        """The number of each face of the next frame."""
        colours = [_colours(photo.rgb_hwc, face) for face in faces]
        found: dict[int, _Head] = {}
        pairs = [
            (likeness, index, head)
            for index, face in enumerate(faces)
            for head in self._heads
            if (likeness := _likeness(head, face, colours[index])) > 0
        ]
        for _, index, head in sorted(pairs, key=lambda pair: -pair[0]):
            if index not in found and head not in found.values():
                found[index] = head
        for head in self._heads:
            head.missed += 1
        for index, face in enumerate(faces):
            if index not in found:
                found[index] = _Head(self._next, face, colours[index])
                self._heads.append(found[index])
                self._next += 1
            head = found[index]
            head.face, head.colours, head.missed = face, colours[index], 0
        self._heads = [head for head in self._heads if head.missed <= REMEMBERED]
        return tuple(found[index].number for index in range(len(faces)))


def _likeness(head: _Head, face: Face, colours: Array) -> float:
    """How well a face goes with a head: 1 to 2 where boxes overlap, below 1 where they are near; 0: not."""
    overlap = _overlap(head.face.box_xyxy, face.box_xyxy)
    if cv2.compareHist(head.colours, colours, cv2.HISTCMP_BHATTACHARYYA) >= OTHER_COLOURS:
        return 0.0
    if overlap >= OVERLAP:
        return 1 + overlap
    widths = head.face.width, face.width
    apart = np.hypot(*np.subtract(_centre(head.face), _centre(face))) / max(*widths, 1e-6)
    if apart >= NEAR or max(widths) > ALIKE_IN_SIZE * min(widths):
        return 0.0
    return float(1 - apart / NEAR)


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    wide = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    high = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return wide * high / max(sum(areas) - wide * high, 1e-9)


def _centre(face: Face) -> tuple[float, float]:
    left, top, right, bottom = face.box_xyxy
    return (left + right) / 2, (top + bottom) / 2


def _colours(rgb_hwc: Array, face: Face) -> Array:
    """Shares of colours in the box of a face, (BINS,) * 3 float32."""
    left, top, right, bottom = (max(0, round(edge)) for edge in face.box_xyxy)
    part = np.ascontiguousarray(rgb_hwc[top : max(bottom, top + 1), left : max(right, left + 1)])
    if not part.size:
        return np.zeros((BINS,) * 3, np.float32)
    counts = cv2.calcHist([part], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return np.asarray(counts / part[..., 0].size, np.float32)
