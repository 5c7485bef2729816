"""Heads and eyes in a photo, from the head and eye maps at one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.depth.face.evidence import LEAST_CONFIDENCE, SURE_CONFIDENCE, head_confidence
from face3d.depth.face.inference import (
    Box,
    CropPrediction,
    add_mirror_image,
    predict_crop,
    predict_straight,
)
from face3d.depth.face.interface import FacePredictor
from face3d.depth.face.regions import HeadRegion, head_regions
from face3d.structures import TURNS, Array, Face, Photo, SkinMap

CROP_SIDE_IN_HEADS = 1.6
"""Side of the crop around a head, in head sizes; compared on the calibration set with 1.5 to 2.5."""
LARGEST_CROP_SHARE = 0.85
"""A crop whose side is a larger share of the photo's would add little to the inference on the whole photo."""
SCALES = (1, 2)
"""Sides at which the whole photo is predicted, in the network's own: the second for small heads, where the
first confirms none."""
EYE_THRESHOLD = 0.3
FURTHER_HEAD_EYE_THRESHOLD = 0.65
"""Eye score from which a further head counts, since a round object passes for a head more often than for an
eye. A second person in profile or far away may be missed."""
EYE_WINDOW = 0.03
"""Half the window around an eye's peak over which its centre is computed, in sides of the network: one and a
half times the radius of the blob in training."""
MIN_HEAD_IOU = 0.7
"""Intersection over union of a head in the whole photo and in its crop, below which the two are not the same.
On the calibration set 97 of 98 true heads are above it."""
SECOND_CROP_IOU = 0.3
"""From which a head that its crop confirms gets a crop around where it is seen there: of people close
together the whole photo at low resolution tells only roughly how far each head reaches."""
LARGEST_OVERLAP = 0.5
"""Intersection over union of two heads, above which they are one that was found twice."""


@dataclass(frozen=True, eq=False)
class DetectedHead:
    """A head found in a photo.

    box: of the head. crop: the rectangle of `prediction`, which shows the head at the highest resolution.
    eye_score: 0..1, the largest value of the eye maps within the box. confidence: see `head_confidence`.
    others_hw: bool, over the crop: other heads; None where there is none.
    """

    box: Box
    crop: Box
    prediction: CropPrediction
    eye_score: float
    confidence: float
    others_hw: Array | None = None

    def alone(self, maps_nhw: Array) -> Array:
        """Maps (n, h, w) over the crop, with 0 outside the box and on other heads."""
        return _inside(_without(maps_nhw, self.others_hw), self.crop, self.box)


def detect_heads(
    network: FacePredictor,
    photo: Photo,
    least_confidence: float = LEAST_CONFIDENCE,
    scales: tuple[int, ...] = SCALES,
) -> tuple[CropPrediction, list[DetectedHead]]:
    """The prediction for the whole photo, and the heads that crop inference confirms.

    The heads are sorted by eye score, highest first.
    least_confidence: below which a region is no head, see `head_confidence`. scales: sides at which the whole
    photo is predicted, in the network's own, until a head is confirmed.
    """
    whole, side = Box.whole(photo.size_hw), network.configuration.fast_side
    unconfirmed: list[CropPrediction] = []
    for scale in scales:
        # Where each head has a crop of its own, that is averaged with its mirror image, and all else of the
        # photo need not be.
        prediction = predict_straight(network, photo.rgb_hwc, whole, scale * side)
        regions = head_regions(prediction.head_hw, whole, prediction.eyes_2hw)
        if not regions or any(crop_around(region.box, photo.size_hw) is None for region in regions):
            prediction = add_mirror_image(prediction, network, photo.rgb_hwc, whole, scale * side)
            regions = head_regions(prediction.head_hw, whole, prediction.eyes_2hw)
        if heads := _confirm_heads(network, photo, regions, prediction, least_confidence):
            return prediction, heads
        if regions or scale == scales[-1]:
            unconfirmed.append(prediction)
    return unconfirmed[0], []


def upright_heads(network: FacePredictor, photo: Photo) -> tuple[CropPrediction, list[DetectedHead]]:
    """Like `detect_heads`, without heads that are turned.

    Where no head is sure, the photo is looked at turned as well: where a head is surer there, none is upright
    here.
    """
    whole, heads = detect_heads(network, photo)
    confidence = max((head.confidence for head in heads), default=0.0)
    if (
        heads
        and confidence < SURE_CONFIDENCE
        and any(surer > confidence for surer in _confidence_turned(network, photo).values())
    ):
        return whole, []
    return whole, heads


def best_turn(network: FacePredictor, photo: Photo) -> int:
    """Degrees clockwise by which the photo is to be turned to show the surest head; 0 where none does."""
    confidence = _confidence_turned(network, photo)
    best = max(confidence, key=lambda degrees: confidence[degrees])
    return best if confidence[best] > 0 else 0


def _confidence_turned(network: FacePredictor, photo: Photo) -> dict[int, float]:
    """By angle, the confidence of the surest head in the turned photo, 0 for none; no small one is sought."""
    turned = {
        degrees: detect_heads(network, photo.turned(degrees), scales=SCALES[:1])[1] for degrees in TURNS[1:]
    }
    return {
        degrees: max((head.confidence for head in heads), default=0.0) for degrees, heads in turned.items()
    }


def to_faces(heads: list[DetectedHead], network: FacePredictor) -> tuple[Face, ...]:
    """Heads as faces with their eyes and their skin, in the same order."""
    reach = round(EYE_WINDOW * network.configuration.side)
    return tuple(
        Face(
            head.box.corners,
            locate_eyes(head.alone(head.prediction.eyes_2hw), head.crop, reach),
            _skin_of(head, network.configuration.canonical_uncertainty_scale),
        )
        for head in heads
    )


def _skin_of(head: DetectedHead, factor: float) -> SkinMap | None:
    """The canonical coordinates of a head's crop within its box, on the grid of the prediction.

    factor: on their stated error.
    """
    found = head.prediction
    canonical, stated, skin = found.canonical_3hw, found.canonical_uncertainty_hw, found.skin_hw
    if canonical is None or stated is None or skin is None:
        return None
    inside_hw = head.alone(found.head_hw[None])[0] > 0.5
    canonical_hwc = np.where(inside_hw[..., None], np.moveaxis(canonical, 0, -1), np.nan)
    maps = canonical_hwc, factor * stated, np.where(inside_hw, skin, 0)
    return SkinMap(head.crop.corners, *(values.astype(np.float32) for values in maps))


def _confirm_heads(
    network: FacePredictor,
    photo: Photo,
    regions: list[HeadRegion],
    whole: CropPrediction,
    least_confidence: float,
) -> list[DetectedHead]:
    """The regions whose crop contains the head too, highest eye score first. All but the first need an eye.

    whole: the prediction for the whole photo, which the regions come from.
    """
    refined = [_refine_head(network, photo, region, whole) for region in regions]
    heads = [head for head in refined if head is not None and head.confidence >= least_confidence]
    heads.sort(key=lambda head: -head.eye_score)
    kept: list[DetectedHead] = []
    for head in heads:
        again = any(intersection_over_union(head.box, other.box) > LARGEST_OVERLAP for other in kept)
        if not again and (not kept or head.eye_score >= FURTHER_HEAD_EYE_THRESHOLD):
            kept.append(head)
    return kept


def _refine_head(
    network: FacePredictor, photo: Photo, region: HeadRegion, whole: CropPrediction
) -> DetectedHead | None:
    """The head of a region with a prediction of its own crop; None where the crop contains no such head.

    A head that nearly fills the photo keeps the prediction for the whole photo. One that lies a little
    elsewhere in its crop gets another crop there.
    """
    box = region.box
    for _ in range(2):
        crop = crop_around(box, photo.size_hw)
        if crop is None:
            return _detected(replace(region, box=box), Box.whole(photo.size_hw), whole)
        prediction = predict_crop(network, photo.rgb_hwc, crop, network.configuration.fast_side)
        others_hw = None if region.others_hw is None else _cut(region.others_hw, crop, photo.size_hw)
        alone_hw = _without(prediction.head_hw[None], others_hw)[0]
        boxes = [candidate.box for candidate in head_regions(alone_hw, crop)]
        overlaps = {seen: intersection_over_union(seen, box) for seen in boxes}
        found = max(overlaps, key=lambda candidate: overlaps[candidate], default=None)
        if found is None or overlaps[found] < SECOND_CROP_IOU:
            return None
        head = _detected(HeadRegion(found, others_hw), crop, prediction)
        if overlaps[found] >= MIN_HEAD_IOU:
            return head
        if head.confidence < LEAST_CONFIDENCE or head.eye_score < FURTHER_HEAD_EYE_THRESHOLD:
            return None
        box = found
    return None


def _detected(region: HeadRegion, crop: Box, prediction: CropPrediction) -> DetectedHead:
    own = replace(prediction, head_hw=_without(prediction.head_hw[None], region.others_hw)[0])
    head = DetectedHead(
        region.box, crop, prediction, 0.0, head_confidence(own, crop, region.box), region.others_hw
    )
    return replace(head, eye_score=float(head.alone(prediction.eyes_2hw).max()))


def crop_around(head: Box, photo_hw: tuple[int, int]) -> Box | None:
    """A crop around a head within the photo, or None where it would not be much smaller than the photo.

    Its centre is a little below the head's, so that it includes the neck and the shoulders.
    """
    height, width = photo_hw
    side = max(16, round(CROP_SIDE_IN_HEADS * max(head.width, head.height)))
    across, down = min(side, width), min(side, height)
    if across * down >= LARGEST_CROP_SHARE**2 * width * height:
        return None
    left = round(head.left + head.width / 2 - across / 2)
    top = round(head.top + 0.55 * head.height - down / 2)
    return Box(min(max(left, 0), width - across), min(max(top, 0), height - down), across, down)


def intersection_over_union(one: Box, other: Box) -> float:
    """Of two rectangles, 0..1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(across, 0) * max(down, 0)
    return both / (one.width * one.height + other.width * other.height - both)


def locate_eyes(
    eyes_2hw: Array, crop: Box, reach: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Centres of the two blobs of a head, in photo pixels; None where either is faint or cut by the edge.

    eyes_2hw: 0..1, over `crop`, 0 outside the head. reach: half the window around a peak, in pixels of the
    map. A crop ends that near to an eye at the photo's edge alone, where the eye may lie beyond it.
    """
    centres = []
    for blob in eyes_2hw:
        row, column = np.unravel_index(int(blob.argmax()), blob.shape)
        from_edge = min(row, column, blob.shape[0] - 1 - row, blob.shape[1] - 1 - column)
        if blob[row, column] < EYE_THRESHOLD or from_edge < reach:
            return None
        top, left = max(0, row - reach), max(0, column - reach)
        near = blob[top : row + reach + 1, left : column + reach + 1] ** 2
        rows, columns = np.mgrid[: near.shape[0], : near.shape[1]]
        x = left + (near * columns).sum() / near.sum() + 0.5
        y = top + (near * rows).sum() / near.sum() + 0.5
        centre_x = float(crop.left + x * crop.width / blob.shape[1])
        centre_y = float(crop.top + y * crop.height / blob.shape[0])
        centres.append((centre_x, centre_y))
    return centres[0], centres[1]


def _without(maps_nhw: Array, others_hw: Array | None) -> Array:
    """Maps with 0 on other heads, whose mask may have another size."""
    if others_hw is None:
        return maps_nhw
    size_wh = maps_nhw.shape[2], maps_nhw.shape[1]
    return maps_nhw * (cv2.resize(others_hw.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST) == 0)


def _cut(mask_hw: Array, crop: Box, photo_hw: tuple[int, int]) -> Array:
    """The part of a mask of the whole photo, of any resolution, that lies in a crop of it."""
    (height, width), (photo_height, photo_width) = mask_hw.shape, photo_hw
    rows = (crop.top + np.arange(crop.height) + 0.5) * height / photo_height
    columns = (crop.left + np.arange(crop.width) + 0.5) * width / photo_width
    return np.asarray(mask_hw[np.ix_(rows.astype(int), columns.astype(int))])


def _inside(maps_nhw: Array, crop: Box, head: Box) -> Array:
    """Maps over `crop`, with 0 outside a head's box."""
    rows, columns = maps_nhw.shape[1:]
    y = crop.top + (np.arange(rows) + 0.5) * crop.height / rows
    x = crop.left + (np.arange(columns) + 0.5) * crop.width / columns
    left, top, right, bottom = head.corners
    return maps_nhw * (((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right)))
