"""One look of the face network at a rectangle of a photo, with its mirror image, and the mean of two such
looks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch

from face3d.depth.face.network import STRIDE, FaceNetwork
from face3d.structures import Array

SECOND_LOOK = 0.8
"""Side of the second of two looks that are averaged, as a share of the first's; compared on the calibration
set with 0.65 and with none."""
LENGTHS = "relief_hw", "thickness_hw", "uncertainty_hw", "thickness_uncertainty_hw"
"""Of a `Look`, what is measured in its pixels."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the photo, in photo pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return float(self.left), float(self.top), float(self.left + self.width), float(self.top + self.height)


@dataclass(frozen=True, eq=False)
class Look:
    """What the network said of one rectangle. Lengths in pixels of the rectangle's own map, so that they
    survive any rescaling.

    relief_hw, thickness_hw and their expected errors: pixels; matte_hw, head_hw: 0..1; eyes_2hw: 0..1, left
    and right in the picture.
    """

    relief_hw: Array
    thickness_hw: Array
    uncertainty_hw: Array
    matte_hw: Array
    head_hw: Array
    eyes_2hw: Array
    thickness_uncertainty_hw: Array


def look_twice(network: FaceNetwork, rgb_hwc: Array, box: Box, side: int) -> Look:
    """The mean of a look at `side` and one at SECOND_LOOK of it, which err differently; at the resolution of
    the former.
    """
    fine, coarse = (look(network, rgb_hwc, box, round(side * share)) for share in (1, SECOND_LOOK))
    size_hw = fine.matte_hw.shape

    def both(name: str) -> Array:
        layers = getattr(coarse, name).reshape(-1, *coarse.matte_hw.shape)
        enlarged = np.stack(
            [cv2.resize(layer, size_hw[::-1], interpolation=cv2.INTER_LINEAR) for layer in layers]
        )
        scale = size_hw[1] / coarse.matte_hw.shape[1] if name in LENGTHS else 1.0
        of_fine = getattr(fine, name)
        return np.asarray((of_fine + enlarged.reshape(of_fine.shape) * np.float32(scale)) / 2)

    return Look(*(both(field.name) for field in fields(Look)))


def look(network: FaceNetwork, rgb_hwc: Array, box: Box, side: int) -> Look:
    """Runs the network on a rectangle brought to about side x side pixels, with its mirror image, and
    averages the two.
    """
    shrink = side / (box.width * box.height) ** 0.5
    size_hw = max(8, round(box.height * shrink)), max(8, round(box.width * shrink))
    cut = np.ascontiguousarray(rgb_hwc[box.top : box.top + box.height, box.left : box.left + box.width])
    small = cv2.resize(cut, size_hw[::-1], interpolation=cv2.INTER_AREA if shrink < 1 else cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(small, 0, -size_hw[0] % STRIDE, 0, -size_hw[1] % STRIDE, cv2.BORDER_REPLICATE)
    mirrored = cv2.copyMakeBorder(
        np.ascontiguousarray(small[:, ::-1]),
        0,
        -size_hw[0] % STRIDE,
        0,
        -size_hw[1] % STRIDE,
        cv2.BORDER_REPLICATE,
    )
    batch = torch.from_numpy(np.stack([padded, mirrored]).transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.inference_mode():
        maps = network(batch)

    def both(values_nhw: torch.Tensor) -> Array:
        straight, flipped = values_nhw[..., : size_hw[0], : size_hw[1]].float().numpy()
        return (straight + flipped[..., ::-1]) / 2

    def probability(logit_nhw: torch.Tensor) -> Array:
        return both(torch.sigmoid(logit_nhw))

    pixels = network.configuration.side  # image widths of the training square, in pixels
    eyes = torch.stack([maps.eyes_logit[0], maps.eyes_logit[1].flip(0)])
    return Look(
        both(maps.relief) * pixels,
        both(maps.thickness) * pixels,
        both(torch.exp(maps.log_uncertainty)) * pixels,
        probability(maps.matte_logit),
        probability(maps.head_logit),
        probability(eyes),
        both(torch.exp(maps.log_thickness_uncertainty)) * pixels,
    )
