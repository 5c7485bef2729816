"""Laws of the optimiser."""

from collections import OrderedDict

import numpy as np
import pytest
import torch

from training.muon import UPDATE_RMS, muon_and_adamw, orthogonal


def small_network():
    """A first, an inner and a last kernel, which has the name of a decoder's last one."""
    last = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Identity(), torch.nn.Conv2d(12, 2, 1))
    parts = {
        "first": torch.nn.Conv2d(3, 8, 3),
        "inner": torch.nn.Conv2d(8, 12, 3),
        "norm": torch.nn.BatchNorm2d(12),
        "head": last,
    }
    return torch.nn.Sequential(OrderedDict(parts)).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (16, 16)])
def test_an_update_of_muon_keeps_directions_and_evens_out_lengths(shape):
    matrix = torch.from_numpy(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    left, _, right = np.linalg.svd(matrix.numpy(), full_matrices=False)
    even = orthogonal(matrix).numpy()
    along = np.einsum("ik,ij,kj->k", left, even, right)  # of each singular direction
    assert along.min() > 0.4
    assert along.max() < 1.3
    assert np.abs(left.T @ even @ right.T - np.diag(along)).max() < 0.1
    assert not orthogonal(torch.zeros(shape)).any()


def test_inner_kernels_move_by_muon_and_the_rest_by_adamw():
    """Muon's second update by hand from Nesterov's rule; AdamW's first is as long as its rate; both decay."""
    generator = torch.Generator().manual_seed(0)
    network = small_network()
    kernel = network.inner.weight
    optimisers = muon_and_adamw(network, 0.01, 0.1)

    def update():
        before = [value.detach().clone() for value in network.parameters()]
        for value in network.parameters():
            value.grad = torch.randn(value.shape, generator=generator)
        for optimiser in optimisers:
            optimiser.step()
        return before

    before = update()
    for value, then in zip(network.parameters(), before, strict=True):
        if value is not kernel:
            assert (value.detach() - then * (1 - 0.01 * 0.1)).abs().mean() == pytest.approx(0.01, rel=1e-2)
    first = kernel.grad
    then = update()[2]
    momentum = 0.95 * 0.05 * first + 0.05 * kernel.grad
    direction = orthogonal((0.05 * kernel.grad + 0.95 * momentum).reshape(12, 72)).reshape(kernel.shape)
    moved = kernel.detach() - then * (1 - 0.01 * 0.1)
    assert torch.allclose(moved, -0.01 * UPDATE_RMS * 72**0.5 * direction, atol=1e-4)
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.01 * UPDATE_RMS, rel=0.25)


def test_what_is_not_learned_has_no_optimiser_and_the_first_kernel_stays_the_first():
    """Without the first layer the inner kernel is still Muon's, not taken for the first."""
    network = small_network()
    network.first.requires_grad_(False)
    muon, adamw = (
        {id(value) for group in optimiser.param_groups for value in group["params"]}
        for optimiser in muon_and_adamw(network, 0.01, 0.1)
    )
    assert muon == {id(network.inner.weight)}
    learned = {id(value) for value in network.parameters() if value.requires_grad}
    assert adamw == learned - muon
