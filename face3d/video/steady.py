"""Depth maps of consecutive frames on one scale, and without flicker where the picture stands still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo
from face3d.video.motion import MARGIN, head_window, places_before
from face3d.video.tracks import Tracks

STILL, MOVES = 3.0, 12.0
"""Differences of grey from the frame before, smoothed, up to which a pixel stands still, and from which on it
moves: 0..255."""
GREY_SIGMA = 1 / 200
"""Standard deviation of the Gaussian over that difference, picture widths: noise is no motion."""
SHARE = 0.15
"""Share of a new depth in what is shown, where the picture stands still; where it moves, all of it."""
FOLLOW = 0.25
"""Share of what a head's own scale and shift change by that is followed at once: it may come nearer."""
WENT = 0.3, 0.7
"""Pixels that a head went by, its median, up to which it stands still, and from which on all of it moves."""
LEAST_PIXELS = 100
"""Pixels in common below which two frames are not compared."""
LEAST_STILL = 0.05
"""Share of the foreground that stands still, below which that is by chance."""
SCALES = (0.8, 1.25)
"""Scales from a frame to the one before that are believed."""
LARGEST_JUMP = 0.1
"""Mean difference after aligning, as a share of the depth's own spread, above which a new scene begins."""


@dataclass(frozen=True, eq=False)
class SteadyFrame:
    """depth: of the frame, steady. numbers: of its faces, as `Tracks` has them.

    own_change, change: mean absolute difference from the frame before, over what stands still in both, of the
    network's own values on one scale and of the steady ones, as shares of the depth's spread; None where
    nothing is compared. own_head_change, head_change: the same over heads that move, where each pixel of a
    head was before.
    """

    depth: DepthMap
    numbers: tuple[int, ...] = ()
    own_change: float | None = None
    change: float | None = None
    own_head_change: float | None = None
    head_change: float | None = None


@dataclass(eq=False)
class _Before:
    """The frame before. grey_hw: float32. shown: its steady map. own_hw: the network's own values, on the
    scale of `shown`. faces: by the heads' numbers.
    """

    grey_hw: Array
    shown: DepthMap
    own_hw: Array
    faces: dict[int, Face]


class Steady:
    """Takes the frames of a film one after the other.

    The values of each frame are brought to the scale and shift of the one before, over the pixels that stand
    still: the scale where the network's own is free, else the shift alone. Heads are tracked, and each is
    brought to its own scale and shift of before over the pixels that look as they did, wherever they were
    then. Where the picture is as it was, values and matte pass slowly into the new ones; elsewhere the new
    ones are taken.
    """

    def __init__(self) -> None:
        self._before: _Before | None = None
        self._tracks = Tracks()

    def add(self, photo: Photo, depth: DepthMap) -> SteadyFrame:
        """The depth map of the next frame, all frames of one size."""
        grey_hw = cv2.cvtColor(photo.rgb_hwc, cv2.COLOR_RGB2GRAY).astype(np.float32)
        numbers = self._tracks.of(photo, depth.faces)
        faces = dict(zip(numbers, depth.faces, strict=True))
        found = None if self._before is None else _steadied(self._before, grey_hw, depth, faces)
        frame, own_hw = found or (SteadyFrame(depth), depth.values_hw)
        self._before = _Before(grey_hw, frame.depth, own_hw, faces)
        return replace(frame, numbers=numbers)


def _steadied(
    before: _Before, grey_hw: Array, depth: DepthMap, faces: Mapping[int, Face]
) -> tuple[SteadyFrame, Array] | None:
    """The steady frame, and the network's own values on its scale; None where a new scene begins."""
    was, free = before.shown, depth.representation is DepthRepresentation.RELATIVE_INVERSE
    spread = _spread(was)
    sigma = max(0.5, GREY_SIGMA * depth.size_hw[1])
    differs_hw = _blurred(np.abs(grey_hw - before.grey_hw), sigma)
    still_hw = (differs_hw < STILL) & depth.mask_hw & was.mask_hw
    heads = list(_heads(before, grey_hw, depth, faces, differs_hw, sigma))
    for head in heads:
        still_hw[head.place] &= head.moves_hw < 0.5
    follow = FOLLOW
    stands = still_hw.sum() >= max(LEAST_PIXELS, LEAST_STILL * depth.mask_hw.sum())
    if stands:
        scale, shift = _aligned(depth.values_hw[still_hw], was.values_hw[still_hw], free)
    elif heads:  # as where the camera moves: the largest head holds the scale
        largest = max(heads, key=lambda head: int(head.alike_hw.sum()))
        scale, shift = largest.aligned(depth.values_hw, free)
        scale, shift, follow = scale + FOLLOW * (1 - scale), (1 - FOLLOW) * shift, 1.0
    else:
        return None
    values_hw = (scale * depth.values_hw + shift).astype(np.float32)
    if stands and np.abs(values_hw - was.values_hw)[still_hw].mean() > LARGEST_JUMP * spread:
        return None
    both_hw = was.mask_hw & depth.mask_hw  # beside them values need not be finite
    new_hw = np.where(both_hw, np.clip((differs_hw - STILL) / (MOVES - STILL), 0, 1), 1).astype(np.float32)
    share_hw = SHARE + (1 - SHARE) * new_hw
    steady_hw = np.where(both_hw, was.values_hw + share_hw * (values_hw - was.values_hw), values_hw)
    matte_hw = _mixed(was.matte_hw, depth.matte_hw, share_hw)
    own_changes, changes = [], []
    for head in heads:
        _, moves = head.place, head.moves_hw
        own_hw = values_hw[head.place]
        head_scale, head_shift = head.aligned(values_hw, free)
        aligned_hw = head_scale * own_hw + head_shift
        follow_hw = follow + (1 - follow) * head.new_hw
        share = SHARE + (1 - SHARE) * head.new_hw
        mixed_hw = head.before_hw + share * (aligned_hw - head.before_hw) + follow_hw * (own_hw - aligned_hw)
        mixed_hw = np.where(head.new_hw < 1, mixed_hw, own_hw)
        part = steady_hw[head.place]
        steady_hw[head.place] = np.where(moves > 0, part + moves * (mixed_hw - part), part)
        if matte_hw is not None and head.matte_hw is not None and depth.matte_hw is not None:
            mixed = _mixed(head.matte_hw, depth.matte_hw[head.place], share)
            part = matte_hw[head.place]
            matte_hw[head.place] = part + moves * (mixed - part) if mixed is not None else part
        seen_hw = head.alike_hw & (moves > 0.5)
        if seen_hw.any():
            own_changes.append(np.abs(own_hw - head.own_before_hw)[seen_hw])
            changes.append(np.abs(steady_hw[head.place] - head.before_hw)[seen_hw])
    shown = replace(_on_scale(depth, scale, shift, steady_hw), matte_hw=matte_hw)

    def mean(differences: list[Array]) -> float | None:
        return float(np.concatenate(differences).mean()) / spread if differences else None

    frame = SteadyFrame(
        shown,
        (),
        mean([np.abs(values_hw - before.own_hw)[still_hw]]) if stands else None,
        mean([np.abs(steady_hw - was.values_hw)[still_hw]]) if stands else None,
        mean(own_changes),
        mean(changes),
    )
    return frame, values_hw


@dataclass(frozen=True, eq=False)
class _Head:
    """A head in its window, `place`, beside what was there before, each pixel where it was then.

    before_hw, own_before_hw, matte_hw: what was shown, the network's own, and the matte. alike_hw: bool,
    where it looks as it did. new_hw: 0..1, how far it looks other. moves_hw: 0..1, how far what is shown
    comes from there.
    """

    place: tuple[slice, slice]
    before_hw: Array
    own_before_hw: Array
    matte_hw: Array | None
    alike_hw: Array
    new_hw: Array
    moves_hw: Array

    def aligned(self, values_hw: Array, free: bool) -> tuple[float, float]:
        """Scale and shift that bring values of the frame to those before."""
        return _aligned(values_hw[self.place][self.alike_hw], self.before_hw[self.alike_hw], free)


def _heads(
    before: _Before,
    grey_hw: Array,
    depth: DepthMap,
    faces: Mapping[int, Face],
    differs_hw: Array,
    sigma: float,
) -> Iterator[_Head]:
    """The heads that are in both frames and look alike."""
    for index, (number, face) in enumerate(faces.items(), 1):
        then = before.faces.get(number)
        found = None if then is None else places_before(grey_hw, before.grey_hw, face, then)
        if found is None:
            continue
        place = head_window(face, depth.size_hw)
        x_hw, y_hw = found

        def moved(layer_hw: Array, x_hw: Array = x_hw, y_hw: Array = y_hw) -> Array:
            layer_hw = np.nan_to_num(layer_hw).astype(np.float32)
            return cv2.remap(layer_hw, x_hw, y_hw, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

        known_hw = moved(before.shown.mask_hw) > 0.999
        inside_hw = depth.mask_hw[place] & known_hw
        if depth.person_hw is not None:
            inside_hw &= depth.person_hw[place] == index
        apart_hw = _blurred(np.abs(grey_hw[place] - moved(before.grey_hw)), sigma)
        alike_hw = inside_hw & (apart_hw < STILL)
        if alike_hw.sum() < LEAST_PIXELS:
            continue
        # Pixels that stand still come from nowhere else, but for skin without a pattern of a head that moves.
        went = float(np.median(np.hypot(x_hw - _columns(place), y_hw - _rows(place))[inside_hw]))
        whole = float(np.clip((went - WENT[0]) / (WENT[1] - WENT[0]), 0, 1))
        differs = differs_hw[place]
        parts_hw = np.clip((differs - STILL) / STILL, 0, 1) * np.clip((differs - apart_hw) / STILL, 0, 1)
        moves_hw = np.maximum(whole, parts_hw) * _inwards(apart_hw.shape, MARGIN * face.width) * inside_hw
        yield _Head(
            place,
            moved(before.shown.values_hw),
            moved(before.own_hw),
            None if before.shown.matte_hw is None else moved(before.shown.matte_hw),
            alike_hw,
            np.clip((apart_hw - STILL) / (MOVES - STILL), 0, 1).astype(np.float32),
            moves_hw.astype(np.float32),
        )


def _columns(place: tuple[slice, slice]) -> Array:
    return np.arange(place[1].start, place[1].stop)[None]


def _rows(place: tuple[slice, slice]) -> Array:
    return np.arange(place[0].start, place[0].stop)[:, None]


def _inwards(size_hw: tuple[int, int], reach: float) -> Array:
    """0 at the edge of a window, 1 from `reach` pixels inwards on."""
    to_edge = [np.minimum(np.arange(count) + 1, count - np.arange(count)) for count in size_hw]
    return np.clip(np.minimum(to_edge[0][:, None], to_edge[1][None]) / max(reach, 1), 0, 1)


def _blurred(layer_hw: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(layer_hw, (0, 0), sigma))


def _spread(depth: DepthMap) -> float:
    """Between the values that a twentieth is below and above."""
    if not depth.mask_hw.any():
        return 1e-9
    return max(float(np.ptp(np.percentile(depth.values_hw[depth.mask_hw], (5, 95)))), 1e-9)


def _aligned(values_n: Array, wanted_n: Array, free: bool) -> tuple[float, float]:
    """Scale and shift that bring values to wanted ones; the scale is 1 unless it is free."""
    values_n, wanted_n = values_n.astype(np.float64), wanted_n.astype(np.float64)
    scale = 1.0
    if free and (spread := np.ptp(np.percentile(values_n, (25, 75)))) > 0:
        scale = float(np.clip(np.ptp(np.percentile(wanted_n, (25, 75))) / spread, *SCALES))
    return scale, float(np.median(wanted_n - scale * values_n))


def _on_scale(depth: DepthMap, scale: float, shift: float, values_hw: Array) -> DepthMap:
    """The map with steady values, its hidden side and stated errors on the same scale."""

    def scaled(layer_hw: Array | None) -> Array | None:
        return None if layer_hw is None else (scale * layer_hw).astype(np.float32)

    back_hw = depth.back_hw
    if back_hw is not None:
        back_hw = values_hw - scale * np.maximum(depth.values_hw - back_hw, 0)
    return replace(
        depth,
        values_hw=values_hw.astype(np.float32),
        back_hw=None if back_hw is None else np.minimum(back_hw, values_hw).astype(np.float32),
        uncertainty_hw=scaled(depth.uncertainty_hw),
        thickness_uncertainty_hw=scaled(depth.thickness_uncertainty_hw),
    )


def _mixed(before_hw: Array | None, matte_hw: Array | None, share_hw: Array) -> Array | None:
    """A matte that passes into the next one; the foreground stays that of the frame."""
    if before_hw is None or matte_hw is None:
        return matte_hw
    mixed_hw = before_hw + share_hw * (matte_hw - before_hw)
    return np.where(matte_hw > 0.5, np.maximum(mixed_hw, 0.501), np.minimum(mixed_hw, 0.5)).astype(np.float32)
