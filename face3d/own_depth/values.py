"""`OwnDepth`: depth values that no network made, and the depth map of a photo from them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from face3d.errors import DepthError
from face3d.framing import Framing
from face3d.photo import MAX_PIXELS, MAX_SIDE, MIN_SIDE
from face3d.structures import Array, DepthMap, DepthRepresentation, read_only

FARTHEST_M = 10_000.0
"""Metres from which on a value stands for none: renderers write 65504 or 1e10 where there is only sky."""
LARGEST = 1e9
"""The same for values without a unit; float32 has no room for the square of more."""
KNOWN_SHARE = 0.5
"""A pixel of a resampled map has a value where at least this share of what it covers has one."""


@dataclass(frozen=True, eq=False)
class OwnDepth:
    """Depth values as a file holds them, checked.

    values_hw: (h, w) float32 in the unit of `representation`, NaN where there is no value.
    name: of the file, for messages. origin: takes the place of the network's name in `DepthMap.network`.
    of_whole: whether it is known to be of the photo as it was read, not of a part of it.
    """

    values_hw: Array
    representation: DepthRepresentation
    name: str
    origin: str
    of_whole: bool = False

    def of(self, framing: Framing) -> DepthMap:
        """The depth map of a photo that was turned and cropped so, at its size.

        Values of the whole photo are turned and cropped with it; those of its part are taken as they are.
        Where sizes differ, only valid pixels are averaged.
        Raises DepthError where the proportions differ by more than one pixel of the map, and where it cannot
        be told whether the map is of the whole photo or of its part.
        """
        rows, columns = self.values_hw.shape
        if self.of_whole:  # the proportions must be right, and a part may have the same
            Framing(framing.whole_hw).is_of_part((rows, columns), self.name, DepthError)
        elif framing.is_of_part((rows, columns), self.name, DepthError):
            return self._map(_resampled(self.values_hw, framing.part_hw))
        turned_hw = _resampled(np.rot90(self.values_hw, -framing.degrees // 90), framing.turned_hw)
        part_hw = np.ascontiguousarray(framing.cut(turned_hw))
        if self.representation is DepthRepresentation.RELIEF:  # in widths of the picture, now another
            part_hw = part_hw * np.float32(framing.whole_hw[1] / framing.part_hw[1])
        return self._map(part_hw)

    def _map(self, values_hw: Array) -> DepthMap:
        return DepthMap(values_hw, self.representation, np.isfinite(values_hw), self.origin)


def checked(
    values_hw: Array,
    representation: DepthRepresentation,
    name: str,
    origin: str = "own depth map",
    *,
    of_whole: bool = False,
) -> OwnDepth:
    """Values of any number type as `OwnDepth`.

    What is not finite or absurdly large counts as no value, and so does a distance of 0.
    Raises DepthError for distances below 0, where no value is left, and where all are equal.
    """
    metric = representation is DepthRepresentation.METRIC
    with np.errstate(over="ignore", invalid="ignore"):
        values_hw = np.array(values_hw, np.float32)
        known_hw = np.abs(values_hw) < (FARTHEST_M if metric else LARGEST)
    if metric:
        known_hw &= values_hw != 0
    known = values_hw[known_hw]
    if not known.size:
        raise DepthError(
            f"{name} has no value that can be used: all are missing, infinite or too large. Save it again."
        )
    if metric and known.min() < 0:
        raise DepthError(
            f"{name} has distances below 0. If larger is nearer there, its meaning is inverse or relief."
        )
    if known.min() == known.max():
        raise DepthError(f"{name} is flat: all its values are {known[0]:g}. Choose a depth map with a shape.")
    values_hw[~known_hw] = np.nan
    return OwnDepth(read_only(values_hw), representation, name, origin, of_whole)


def check_size(size_hw: tuple[int, int], name: str) -> None:
    """Raises DepthError for a map that is too large or too small; before anything of it is decoded."""
    rows, columns = size_hw
    if rows * columns > MAX_PIXELS or max(size_hw) > MAX_SIDE:
        raise DepthError(
            f"{name} has {columns} x {rows} values, more than {MAX_PIXELS // 10**6} million or a side of "
            f"more than {MAX_SIDE}. Save it smaller."
        )
    if min(size_hw) < MIN_SIDE:
        raise DepthError(
            f"{name} has {columns} x {rows} values. Choose a depth map with at least {MIN_SIDE} x {MIN_SIDE}."
        )


def between(share_hw: Array, black: float, white: float) -> Array:
    """Values at shares of the way from `black` (0) to `white` (1)."""
    return black + share_hw.astype(np.float64) * (white - black)


def between_inverse(share_hw: Array, black: float, white: float) -> Array:
    """Distances whose inverse is at shares of the way from that of `black` (0) to that of `white` (1)."""
    return 1 / between(share_hw, 1 / black, 1 / white)


def _resampled(values_hw: Array, size_hw: tuple[int, int]) -> Array:
    """Values on a grid of another size, NaN where most of a pixel has none; missing values take no part."""
    if values_hw.shape == size_hw:
        return np.ascontiguousarray(values_hw)
    known_hw = np.isfinite(values_hw)
    centre = np.float32(np.median(values_hw[known_hw]))  # float32 stays exact about it
    rest_hw: Array = np.where(known_hw, values_hw - centre, 0).astype(np.float32)
    way = cv2.INTER_AREA if size_hw[0] < values_hw.shape[0] else cv2.INTER_LINEAR
    sums_hw = cv2.resize(rest_hw, size_hw[::-1], interpolation=way)
    weights_hw = cv2.resize(known_hw.astype(np.float32), size_hw[::-1], interpolation=way)
    kept_hw = weights_hw >= KNOWN_SHARE
    mean_hw = sums_hw / np.where(kept_hw, weights_hw, 1) + centre
    return np.where(kept_hw, mean_hw, np.nan).astype(np.float32)
