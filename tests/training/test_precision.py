"""Laws of the precision of convolutions in training."""

import torch
from torch import nn

from training.precision import keep_depthwise_float32


def test_depthwise_convolutions_alone_are_computed_in_float32():
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 4, 1))
    keep_depthwise_float32(network)
    found = []
    for layer in network:
        layer.register_forward_hook(lambda _layer, _inputs, output: found.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(2, 3, 8, 8)).float().sum().backward()
    assert found == [torch.bfloat16, torch.float32, torch.bfloat16]
    assert network[1].weight.grad.abs().max() > 0


def test_without_autocast_nothing_changes():
    network = nn.Conv2d(4, 4, 3, groups=4)
    picture = torch.rand(1, 4, 8, 8)
    before = network(picture)
    keep_depthwise_float32(network)
    assert torch.equal(network(picture), before)
