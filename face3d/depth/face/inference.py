"""Inference on one crop of a photo and its mirror image, at one scale or at two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np

from face3d.depth.face.interface import STRIDE, FacePredictor
from face3d.structures import Array

SECOND_SCALE = 0.8
"""Input side of the second scale, as a share of the first; compared on the calibration set with 0.65 and with
none."""
MIRROR_SCALE = 0.75
"""Input side of the mirror image, as a share of the picture's: the mean is no worse than with the full side,
since the errors at two scales differ (docs/face-network.md)."""
LENGTH_FIELDS = "relief_hw", "thickness_hw", "uncertainty_hw", "thickness_uncertainty_hw"
"""Fields of `CropPrediction` that are measured in its pixels."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the photo, in photo pixels."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def whole(cls, size_hw: tuple[int, int]) -> Box:
        """The rectangle of a whole photo of `size_hw`."""
        return cls(0, 0, size_hw[1], size_hw[0])

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return float(self.left), float(self.top), float(self.left + self.width), float(self.top + self.height)

    def scaled(self, down: float, across: float) -> Box:
        """The same rectangle, at least a pixel wide and high, in a picture scaled by these factors."""
        return Box(
            round(self.left * across),
            round(self.top * down),
            max(1, round(self.width * across)),
            max(1, round(self.height * down)),
        )


@dataclass(frozen=True, eq=False)
class CropPrediction:
    """Output of the network for one crop. Lengths are in pixels of these maps.

    relief_hw, thickness_hw and their expected errors: pixels.
    matte_hw, head_hw: 0..1.
    eyes_2hw: 0..1, left and right in the picture.
    canonical_3hw, canonical_uncertainty_hw, skin_hw: canonical coordinates of skin and their expected error,
    head widths, and the probability of skin, 0..1; None where the network has none.
    """

    relief_hw: Array
    thickness_hw: Array
    uncertainty_hw: Array
    matte_hw: Array
    head_hw: Array
    eyes_2hw: Array
    thickness_uncertainty_hw: Array
    canonical_3hw: Array | None = None
    canonical_uncertainty_hw: Array | None = None
    skin_hw: Array | None = None


def predict_two_scales(network: FacePredictor, rgb_hwc: Array, box: Box, side: int) -> CropPrediction:
    """The mean over two scales, `side` and SECOND_SCALE of it, whose errors differ; at the resolution of the
    larger.
    """
    fine, coarse = (predict_crop(network, rgb_hwc, box, round(side * scale)) for scale in (1, SECOND_SCALE))
    return _mean(fine, coarse)


def predict_crop(network: FacePredictor, rgb_hwc: Array, box: Box, side: int) -> CropPrediction:
    """The mean of a crop, resized to about side x side pixels, and its mirror image, at a smaller scale."""
    straight = predict_straight(network, rgb_hwc, box, side)
    return add_mirror_image(straight, network, rgb_hwc, box, side)


def predict_straight(network: FacePredictor, rgb_hwc: Array, box: Box, side: int) -> CropPrediction:
    """The prediction for a crop without its mirror image, in two thirds of the time of `predict_crop`."""
    return _predict_once(network, rgb_hwc, box, side, mirrored=False)


def add_mirror_image(
    straight: CropPrediction, network: FacePredictor, rgb_hwc: Array, box: Box, side: int
) -> CropPrediction:
    """`predict_crop`, of which `predict_straight` of the same arguments is there already."""
    mirrored = _predict_once(network, rgb_hwc, box, round(side * MIRROR_SCALE), mirrored=True)
    return _mean(straight, mirrored)


def _mean(fine: CropPrediction, coarse: CropPrediction) -> CropPrediction:
    """The mean of two predictions for one crop, at the resolution of the first."""
    size_hw, coarse_hw = fine.matte_hw.shape, coarse.matte_hw.shape

    def mean(name: str) -> Any:
        one, other = getattr(fine, name), getattr(coarse, name)
        if one is None:
            return None
        layers = [
            cv2.resize(np.ascontiguousarray(layer), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
            for layer in other.reshape(-1, *coarse_hw)
        ]
        scale = size_hw[1] / coarse_hw[1] if name in LENGTH_FIELDS else 1.0
        return np.asarray((one + np.stack(layers).reshape(one.shape) * np.float32(scale)) / 2)

    return CropPrediction(**{field.name: mean(field.name) for field in fields(CropPrediction)})


def _predict_once(
    network: FacePredictor, rgb_hwc: Array, box: Box, side: int, *, mirrored: bool
) -> CropPrediction:
    """One pass over a crop or its mirror image, whose maps are mirrored back."""
    scale = side / (box.width * box.height) ** 0.5
    size_hw = max(8, round(box.height * scale)), max(8, round(box.width * scale))
    crop = np.ascontiguousarray(rgb_hwc[box.top : box.top + box.height, box.left : box.left + box.width])
    small = cv2.resize(crop, size_hw[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    padded = _pad_to_stride(small[:, ::-1] if mirrored else small)
    batch_nchw = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    maps = network.infer(batch_nchw)

    def cut(values_nhw: Array) -> Array:
        straight = values_nhw[0, ..., : size_hw[0], : size_hw[1]]
        return straight[..., ::-1] if mirrored else straight

    def probability(logit_nhw: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-cut(logit_nhw))))

    pixels = network.configuration.side  # pixels per image width of the training square
    eyes_2hw = probability(maps.eyes_logit)
    return CropPrediction(
        cut(maps.relief) * pixels,
        cut(maps.thickness) * pixels,
        np.exp(cut(maps.log_uncertainty)) * pixels,
        probability(maps.matte_logit),
        probability(maps.head_logit),
        eyes_2hw[::-1] if mirrored else eyes_2hw,
        np.exp(cut(maps.log_thickness_uncertainty)) * pixels,
        None if maps.canonical is None else _sides_of(cut(maps.canonical), mirrored=mirrored),
        None if maps.log_canonical_uncertainty is None else np.exp(cut(maps.log_canonical_uncertainty)),
        None if maps.skin_logit is None else probability(maps.skin_logit),
    )


def _sides_of(canonical_3hw: Array, *, mirrored: bool) -> Array:
    """Canonical coordinates; of a mirrored crop x has the other sign."""
    return canonical_3hw * np.array([-1 if mirrored else 1, 1, 1], np.float32)[:, None, None]


def _pad_to_stride(rgb_hwc: Array) -> Array:
    """The edge repeated to the right and below, up to multiples of STRIDE."""
    height, width = rgb_hwc.shape[:2]
    contiguous = np.ascontiguousarray(rgb_hwc)
    return cv2.copyMakeBorder(contiguous, 0, -height % STRIDE, 0, -width % STRIDE, cv2.BORDER_REPLICATE)
