"""From the output of a MiDaS or transformers network to a DepthMap at the photo's size."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from face3d.depth.spec import NetworkSpec
from face3d.errors import DepthError
from face3d.structures import Array, DepthMap


def at_size(prediction_nhw: Tensor, size_hw: tuple[int, int]) -> Array:
    """The first map of a prediction (n, h, w) of any precision and device, as float32 of `size_hw`.

    Source: isl-org/MiDaS, which resizes bicubically without aligned corners.
    """
    enlarged_nchw = F.interpolate(
        prediction_nhw[:1, None].float().cpu(), size=size_hw, mode="bicubic", align_corners=False
    )
    return enlarged_nchw[0, 0].numpy()


def to_depth_map(spec: NetworkSpec, values_hw: Array) -> DepthMap:
    """A DepthMap in the representation of the row, masked to finite values.

    Raises DepthError where no value is finite.
    """
    finite_hw = np.isfinite(values_hw)
    if not finite_hw.any():
        raise DepthError(
            f"{spec.title} gave no finite depth for this photo; load its checkpoint again or choose another "
            "network."
        )
    return DepthMap(
        np.where(finite_hw, values_hw, 0).astype(np.float32), spec.representation, finite_hw, spec.name
    )
