"""Which pixels belong to which person: the matte divided among the heads of a photo."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from face3d.depth.face.detection import DetectedHead
from face3d.depth.face.inference import Box, CropPrediction
from face3d.structures import Array

GRID_SIDE = 192
"""Longer side of the grid on which the matte is divided, pixels."""
MATTE_THRESHOLD = 0.5
JUMP_COST = 3.0
"""Cost of a step towards or away from the camera, in steps of the same length across the picture: people who
touch in the picture are parted by a jump in depth."""
CORE_SHARE = 0.5
"""Size of the ellipse in a head's box that certainly belongs to that head, as a share of the box."""


def divide_matte(matte_hw: Array, relief_hw: Array, heads: list[Box]) -> Array:
    """(h, w) uint8: 1 for the pixels of the first head's person, 2 for the second's, 0 outside the matte.

    A pixel belongs to the head that is nearest along a path within the matte, where jumps in depth lengthen
    the path. A region of the matte without a head belongs to the person beside it.

    matte_hw: (h, w) float 0..1. relief_hw: (h, w) float32, image widths. heads: in pixels of the maps.
    """
    inside_hw = matte_hw > MATTE_THRESHOLD
    if len(heads) < 2:
        return inside_hw.astype(np.uint8)
    height, width = matte_hw.shape
    scale = min(1.0, GRID_SIDE / max(height, width))
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    coarse_hw = cv2.resize(matte_hw, size_wh, interpolation=cv2.INTER_AREA) > MATTE_THRESHOLD
    relief_px = cv2.resize(relief_hw, size_wh, interpolation=cv2.INTER_AREA) * np.float32(size_wh[0])
    cores = _cores(heads, coarse_hw, size_wh[0] / width, size_wh[1] / height)
    owner_hw = _nearest_core(cores, coarse_hw, relief_px)
    # The grid is coarser than the photo: a soft vote of its cells draws a smooth border.
    votes = [
        cv2.resize((owner_hw == number).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        for number in range(1, len(heads) + 1)
    ]
    return np.where(inside_hw, np.argmax(votes, axis=0) + 1, 0).astype(np.uint8)


def sort_by_area(
    heads: list[DetectedHead], whole: CropPrediction, photo_hw: tuple[int, int]
) -> list[DetectedHead]:
    """The heads by the share of the picture that their persons cover, largest first.

    whole: the prediction for the whole photo of `photo_hw`.
    """
    if len(heads) < 2:
        return heads
    (height, width), (photo_height, photo_width) = whole.matte_hw.shape, photo_hw
    down, across = height / photo_height, width / photo_width
    boxes = [head.box.scaled(down, across) for head in heads]
    person_hw = divide_matte(whole.matte_hw, whole.relief_hw / np.float32(width), boxes)
    areas = np.bincount(person_hw.ravel(), minlength=len(heads) + 1)[1:]
    return [heads[number] for number in np.argsort(-areas, kind="stable")]


def _cores(heads: list[Box], inside_hw: Array, across: float, down: float) -> list[Array]:
    """Per head the pixels at the middle of its box, as numbers of pixels; of a pixel in two, the nearer."""
    rows, columns = np.mgrid[: inside_hw.shape[0], : inside_hw.shape[1]] + 0.5
    distances = np.stack(
        [
            np.hypot(
                (columns / across - head.left - head.width / 2) / head.width,
                (rows / down - head.top - head.height / 2) / head.height,
            )
            for head in heads
        ]
    )
    distances[:, ~inside_hw] = np.inf
    nearest_hw = distances.argmin(axis=0)
    return [
        np.flatnonzero((nearest_hw == number) & (distance <= CORE_SHARE / 2))
        for number, distance in enumerate(distances)
    ]


def _nearest_core(cores: list[Array], inside_hw: Array, relief_px: Array) -> Array:
    """(h, w) uint8: 1 + number of the core with the shortest path, or of the nearest pixel with one."""
    seeds = np.concatenate(cores)
    if not len(seeds):
        return np.ones(inside_hw.shape, np.uint8)
    _, _, sources = csgraph.dijkstra(
        _grid_graph(inside_hw, relief_px),
        directed=False,
        indices=seeds,
        min_only=True,
        return_predecessors=True,
    )
    owner_of_pixel = np.zeros(inside_hw.size, np.uint8)
    owner_of_pixel[seeds] = np.repeat(np.arange(1, len(cores) + 1), [len(core) for core in cores])
    owner_hw = np.where(sources < 0, 0, owner_of_pixel[sources]).reshape(inside_hw.shape)
    _, (rows, columns) = ndimage.distance_transform_edt(owner_hw == 0, return_indices=True)
    return owner_hw[rows, columns].astype(np.uint8)


def _grid_graph(inside_hw: Array, relief_px: Array) -> sparse.csr_array:
    """The pixels inside, joined to their eight neighbours inside; weights are lengths of the steps."""
    number_hw = np.arange(inside_hw.size).reshape(inside_hw.shape)
    starts, ends, costs = [], [], []
    for here, there, length in (
        (np.s_[:, :-1], np.s_[:, 1:], 1.0),
        (np.s_[:-1, :], np.s_[1:, :], 1.0),
        (np.s_[:-1, :-1], np.s_[1:, 1:], 2**0.5),
        (np.s_[:-1, 1:], np.s_[1:, :-1], 2**0.5),
    ):
        both = inside_hw[here] & inside_hw[there]
        starts.append(number_hw[here][both])
        ends.append(number_hw[there][both])
        costs.append(length + JUMP_COST * np.abs(relief_px[here] - relief_px[there])[both])
    joined = np.concatenate(costs).astype(np.float64), (np.concatenate(starts), np.concatenate(ends))
    return sparse.csr_array(joined, shape=(inside_hw.size, inside_hw.size))
