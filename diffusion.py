"""Smooth continuation of known pixels into unknown ones: colours behind a silhouette, relief in a hole."""

from __future__ import annotations

import cv2
import numpy as np

from stages import Array


def fill_by_diffusion(values_hwc: Array, known_hw: Array) -> Array:
    """`values_hwc` (h, w, c) float32 where known, elsewhere the mean of what is known nearby.

    Nearby is the finest scale of a pyramid at which anything is known.

    Source: Gortler et al., "The lumigraph", SIGGRAPH 1996, section 3.4.2 (pull-push), with the pyramid filters of OpenCV.
    """
    weights_hw: Array = known_hw.astype(np.float32)
    sums_hwc: Array = (values_hwc * weights_hw[..., None]).astype(np.float32)
    pyramid = [(sums_hwc, weights_hw)]
    while max(weights_hw.shape) > 1:
        sums_hwc, weights_hw = cv2.pyrDown(sums_hwc).reshape(*((s + 1) // 2 for s in weights_hw.shape), -1), cv2.pyrDown(weights_hw)
        # A cell that knows enough counts fully; otherwise a thin rim would weigh nothing a few levels up.
        scale_hw = np.where(weights_hw > 0, 1 / np.maximum(weights_hw, 1e-20), 0) * np.minimum(weights_hw * 4, 1)
        sums_hwc, weights_hw = sums_hwc * scale_hw[..., None].astype(np.float32), np.minimum(weights_hw * 4, 1)
        pyramid.append((sums_hwc, weights_hw))
    filled_hwc = pyramid[-1][0] / np.maximum(pyramid[-1][1], 1e-20)[..., None]
    for sums_hwc, weights_hw in reversed(pyramid[:-1]):
        size_wh = weights_hw.shape[::-1]
        above_hwc = cv2.resize(filled_hwc, size_wh, interpolation=cv2.INTER_LINEAR).reshape(sums_hwc.shape)
        filled_hwc = sums_hwc + (1 - weights_hw)[..., None] * above_hwc
    return filled_hwc
