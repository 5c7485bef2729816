"""Random views of rendered samples: crops, flips, shrunken pastes, colour changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator

from face3d.structures import Array
from training.dataset import GROUPS, MAPS, RenderedSet
from training.scenes.primitives import LABEL_HEAD, LABEL_NARROW_FACE

RESCAN_EVERY = 4000
"""Views after which the folder is listed again: training may begin while the set is being rendered."""
HARD = ("hand", "hat", "microphone", "sunglasses", "two people")
"""Contents of scenes with the largest errors, see docs/face-network.md: such scenes are drawn more often."""
HARD_REDRAW = 0.5
"""Chance that a record with nothing HARD in it is replaced by a second draw."""
HEAD_CROPS = 0.5
"""Share of head crops among the views that are not shrunk: crops around a head, as in the application's crop
inference (`face3d.depth.face.estimator`). The others lie anywhere."""
HEAD_CROP_SIDES = 1.6, 2.6
"""Range of the side of a head crop, in widths of the head in view. Crop inference takes 1.6 head sizes, and a
head is up to 1.6 times as high as wide."""
OFF_CENTRE = 0.08
"""Largest distance of a head crop's middle from the head's, as a share of the crop's side."""
SMALLEST_HEAD_CROP = 0.35
"""Of the picture's side: a smaller crop would be enlarged too much."""
STEEPEST = 4.0
"""Largest difference, in pixels, of relief and of thickness within two by two pixels of one surface, where
ground truth is resampled."""
FURTHEST = 0.1
"""The same of canonical coordinates, in head widths."""

HARD_BITS = sum(1 << GROUPS.index(name) for name in HARD)


class RandomViews(torch.utils.data.IterableDataset):
    """An endless stream of photos with their ground truth: crops, shrunken pastes, flips, colour changes."""

    def __init__(self, folder: Path, side: int, seed: int, head_crops: float = HEAD_CROPS) -> None:
        """side: of the network's input. `seed` and the number of the loader's worker determine the stream.
        head_crops: see HEAD_CROPS.
        """
        self.folder, self.side, self.seed, self.head_crops = folder, side, seed, head_crops

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yields photo (3, s, s), maps (9, s, s) and eyes (4, 3), see `random_view`."""
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        for drawn in itertools.count():
            if drawn % RESCAN_EVERY == 0:
                samples = RenderedSet(self.folder)
            record = samples[_draw(samples, rng)]
            photo, maps, eyes = random_view(record, self.side, rng, self.head_crops)
            yield torch.from_numpy(photo), torch.from_numpy(maps), torch.from_numpy(eyes)


def _draw(samples: RenderedSet, rng: Generator) -> int:
    """The number of a record; those with something HARD in them are drawn more often, see HARD_REDRAW."""
    first, second = (int(number) for number in rng.integers(len(samples), size=2))
    plain = int(samples.has[first]) & HARD_BITS == 0
    return second if plain and rng.random() < HARD_REDRAW else first


def as_maps(record: Any, window: tuple[slice, slice]) -> tuple[Array, Array]:
    """Photo (h, w, 3) float32 in 0..1 and maps (h, w, 9) float32 in a window, in the order of MAPS."""
    label, canonical = record["label"][window], record["canonical"][window]
    maps = np.empty((*label.shape, len(MAPS)), np.float32)
    maps[..., 0], maps[..., 1] = record["relief"][window], record["thickness"][window]
    maps[..., 2] = record["matte"][window] / np.float32(255)
    maps[..., 3], maps[..., 4] = label >= LABEL_HEAD, label == LABEL_NARROW_FACE
    maps[..., 5:8], maps[..., 8] = np.nan_to_num(canonical), ~np.isnan(canonical[..., 0])
    return record["rgb"][window] / np.float32(255), maps


def random_view(
    record: Any, side: int, rng: Generator, head_crops: float = HEAD_CROPS
) -> tuple[Array, Array, Array]:
    """One augmented view, float32: photo (3, side, side), maps (9, side, side) in the order of MAPS, eyes (4,
    3) with x, y in 0..1.

    The neutral head is its own mirror image, so canonical x changes its sign in a mirrored view.
    """
    eyes = record["eyes"].copy()
    full = len(record["rgb"])
    shrunk = rng.random() < 0.12
    around_head = not shrunk and rng.random() < head_crops
    left, top, cut = head_crop(record, rng) if around_head else random_crop(full, rng)
    window = slice(top, top + cut), slice(left, left + cut)
    if shrunk:
        photo, maps, eyes = _shrink(*as_maps(record, np.s_[:, :]), eyes, rng)
        photo, maps = photo[window], maps[window]
    else:
        photo, maps = as_maps(record, window)
    eyes[:, :2] = (eyes[:, :2] - [left, top]) / cut
    photo = cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA if cut > side else cv2.INTER_LINEAR)
    maps = resized(maps, side, full)
    maps[..., :2] = maps[..., :2] * (full / cut)
    if rng.random() < 0.5:
        photo, maps, eyes = photo[:, ::-1], maps[:, ::-1], eyes[[1, 0, 3, 2]]
        eyes[:, 0] = 1 - eyes[:, 0]
        maps[..., 5] *= -1
    eyes[:, 2] = np.where(((eyes[:, :2] >= 0) & (eyes[:, :2] < 1)).all(1), eyes[:, 2], 0)
    if rng.random() < 0.8:
        photo = recolour(photo, rng)
    return (
        np.ascontiguousarray(photo.transpose(2, 0, 1), np.float32),
        np.ascontiguousarray(maps.transpose(2, 0, 1)),
        eyes.astype(np.float32),
    )


def random_crop(full: int, rng: Generator) -> tuple[int, int, int]:
    """Left, top and side of a square anywhere in a picture of side `full`."""
    cut = int(rng.integers(int(full * 0.62), full + 1))
    left, top = rng.integers(0, full - cut + 1, 2)
    return int(left), int(top), cut


def head_crop(record: Any, rng: Generator) -> tuple[int, int, int]:
    """Left, top and side of a square around one of the heads, within the picture; anywhere without a head."""
    full = len(record["rgb"])
    heads = [head for head in record["heads"] if head[2] > 0]
    if not heads:
        return random_crop(full, rng)
    x, y, width = heads[int(rng.integers(len(heads)))]
    cut = min(
        full, max(round(SMALLEST_HEAD_CROP * full), round(float(width) * rng.uniform(*HEAD_CROP_SIDES)))
    )
    left, top = (
        round(float(middle) - cut / 2 + cut * rng.uniform(-OFF_CENTRE, OFF_CENTRE)) for middle in (x, y)
    )
    return min(max(left, 0), full - cut), min(max(top, 0), full - cut), cut


def _shrink(photo: Array, maps: Array, eyes: Array, rng: Generator) -> tuple[Array, Array, Array]:
    """Pastes the whole sample, smaller, into a plain picture, like a face far away or a print on a wall."""
    full = len(photo)
    small = int(full * rng.uniform(0.25, 0.8))
    left, top = rng.integers(0, full - small + 1, 2)
    ground = np.tile(rng.uniform(0, 1, 3).astype(np.float32), (full, full, 1))
    if rng.random() < 0.5:
        blotches = rng.normal(size=(8, 8, 3)).astype(np.float32)
        ground += cv2.resize(blotches, (full, full), interpolation=cv2.INTER_CUBIC) * 0.2
    far = np.zeros_like(maps)
    ground[top : top + small, left : left + small] = cv2.resize(
        photo, (small, small), interpolation=cv2.INTER_AREA
    )
    far[top : top + small, left : left + small] = resized(maps, small, full)
    far[..., :2] *= small / full
    eyes = eyes.copy()
    eyes[:, :2] = eyes[:, :2] * small / full + [left, top]
    return np.clip(ground, 0, 1), far, eyes


def resized(maps: Array, side: int, width: int) -> Array:
    """Resamples maps (n, n, 9), as `as_maps` gives them, to (side, side, 9).

    Relief and thickness, in widths of `width` pixels, and canonical coordinates are interpolated between four
    pixels of one surface, because the nearest pixel's value would falsify slopes over one pixel. Across
    outlines and jumps, and in the other maps, the nearest pixel's value is taken.
    """
    nearest = ((np.arange(side) + 0.5) * len(maps) / side).astype(int)
    resampled = maps[np.ix_(nearest, nearest)]
    levels = np.dstack(
        [
            maps[..., :2] * (width / STEEPEST),
            2 * (maps[..., 2] > 0.5),
            maps[..., 5:8] / FURTHEST,
            2 * maps[..., 8],
        ]
    )
    square, anchor = np.ones((2, 2), np.uint8), (0, 0)
    levels = levels.astype(np.float32)
    spread = cv2.dilate(levels, square, anchor=anchor) - cv2.erode(levels, square, anchor=anchor)
    first = np.maximum(np.floor((np.arange(side) + 0.5) * len(maps) / side - 0.5), 0).astype(int)
    spread = spread[np.ix_(first, first)]
    one_surface, one_skin = spread[..., :3].max(-1) < 1, spread.max(-1) < 1
    for channels, alike in ((slice(0, 2), one_surface), (slice(5, 8), one_skin)):
        smooth = cv2.resize(
            np.ascontiguousarray(maps[..., channels]), (side, side), interpolation=cv2.INTER_LINEAR
        )
        resampled[..., channels] = np.where(alike[..., None], smooth, resampled[..., channels])
    return resampled


def recolour(photo: Array, rng: Generator) -> Array:
    """Gamma, contrast, brightness, white balance, grey, noise."""
    photo = np.clip(photo, 1e-3, 1) ** rng.uniform(0.6, 1.6)
    photo = (photo - 0.5) * rng.uniform(0.6, 1.4) + 0.5 + rng.uniform(-0.15, 0.15)
    photo = photo * rng.uniform(0.85, 1.15, 3)
    if rng.random() < 0.15:
        photo = np.repeat(photo.mean(-1, keepdims=True), 3, -1)
    noise = rng.standard_normal(photo.shape, np.float32) * np.float32(rng.uniform(0, 0.03))
    return np.clip(photo + noise, 0, 1).astype(np.float32)
