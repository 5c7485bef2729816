"""How sure it is that a region is an upright head, by what the network states about it.

A network that was trained on heads sees one in many a round thing, but it states how far it may be wrong:
over a cup, a cat or a head upside down the errors it expects are several times those over a head. It is least
sure there of where on a head the skin lies, and of what belongs to a person at all.
"""

from __future__ import annotations

import math

import numpy as np

from face3d.depth.face.inference import Box, CropPrediction
from face3d.structures import Array

LEAST_CONFIDENCE = 0.5
"""A region of less is no head."""
SURE_CONFIDENCE = 0.9
"""A head of less may be a turned one: it is compared with what the turned photo shows. One upright head in
twenty of the fit has less, and one turned head in twenty has more."""
WEIGHTS = (-1.7, -2.47, 1.51)
BIAS = -15.06
"""Of the logistic regression on `head_evidence`, by `python -m training.evaluation.detection --fit`."""
NO_SKIN = 0.06
"""Expected error of canonical coordinates, head widths, of a head that shows no skin: between that of a face
and that of something else."""


def head_confidence(prediction: CropPrediction, crop: Box, head: Box) -> float:
    """0..1: that the region is an upright head."""
    logit = float(np.dot(WEIGHTS, head_evidence(prediction, crop, head))) + BIAS
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))


def head_evidence(prediction: CropPrediction, crop: Box, head: Box) -> Array:
    """(3,): logarithms of the errors expected of thickness, in head widths, median over the head, and of
    canonical coordinates, median over the head's skin; logarithm of the odds of the head's mean matte.

    prediction: of `crop`. crop, head: in photo pixels.
    """
    height, width = prediction.head_hw.shape
    box = Box(head.left - crop.left, head.top - crop.top, head.width, head.height).scaled(
        height / crop.height, width / crop.width
    )
    window = _window(box)
    head_hw = prediction.head_hw[window]
    inside_hw = head_hw > 0.5 if (head_hw > 0.5).any() else np.ones_like(head_hw, bool)
    error = float(np.median(prediction.thickness_uncertainty_hw[window][inside_hw])) / box.width
    matte = min(max(float(prediction.matte_hw[window][inside_hw].mean()), 1e-3), 1 - 1e-3)
    places = NO_SKIN
    if prediction.skin_hw is not None and prediction.canonical_uncertainty_hw is not None:
        skin_hw = inside_hw & (prediction.skin_hw[window] > 0.5)
        if skin_hw.any():
            places = float(np.median(prediction.canonical_uncertainty_hw[window][skin_hw]))
    return np.array(
        [*(math.log(max(value, 1e-4)) for value in (error, places)), math.log(matte / (1 - matte))]
    )


def _window(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box; at least one of each, from 0 on."""
    top, left = max(0, round(box.top)), max(0, round(box.left))
    bottom, right = round(box.top + box.height), round(box.left + box.width)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
