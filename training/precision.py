"""Which convolutions are computed in which precision on a CPU."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def keep_depthwise_float32(network: nn.Module) -> None:
    """Computes depthwise convolutions in float32 inside an autocast region.

    oneDNN's bfloat16 gradient of a depthwise convolution takes three to nine times as long as the float32
    one (torch 2.13, Xeon with AMX); the other convolutions are quicker in bfloat16. The weights stay as they
    are.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            module.forward = _in_float32(module.forward)  # type: ignore[method-assign, assignment]


def _in_float32(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def computed(features_nchw: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return forward(features_nchw.float())

    return computed
