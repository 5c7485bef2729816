"""A folded network gives what the network gives."""

import pytest
import torch
from torch import nn

from face3d.depth.face.folding import folded
from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork


@pytest.mark.parametrize("backbone", ["resnet18", "tf_efficientnet_lite0"])
def test_a_folded_network_gives_the_same_without_normalisations(backbone):
    torch.manual_seed(0)
    network = FaceNetwork(Configuration(backbone, (8,) * 5, canonical_widths=(8,) * 4))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.running_var, module.weight.data):
                values.uniform_(0.5, 1.5)
            for values in (module.running_mean, module.bias.data):
                values.uniform_(-0.2, 0.2)
    quick = folded(network.eval())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    photo = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        for one, other in zip(quick(photo), network(photo), strict=True):
            assert (one - other).abs().max() <= 1e-4 * other.abs().max()
