"""Batch normalisation folded into the convolutions before it, for inference."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from face3d.depth.face.network import FaceNetwork


def folded(network: FaceNetwork) -> FaceNetwork:
    """A copy of a network in eval mode that gives the same up to rounding, without its normalisations.

    In all modules of this network a normalisation is defined right after the convolution before it. The
    network itself stays, since only with its normalisations can it be trained or written.
    """
    network = deepcopy(network)
    for module in list(network.modules()):
        for (name, first), (its_name, second) in pairwise(list(module.named_children())):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(first, second))
                setattr(module, its_name, nn.Identity())
    return network
