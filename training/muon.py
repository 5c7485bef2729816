"""Muon, an optimiser of matrices: every direction of a kernel's input is learned at the same pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

STEPS = 5
COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the odd polynomial that draws singular values towards one (Jordan 2024, "Muon: An optimizer for hidden layers in neural networks")."""
ADAM_LIKE = 0.2
"""Root mean square of an update at rate one, about that of Adam's (Liu et al. 2025, "Muon is Scalable for LLM Training")."""
MOMENTUM = 0.95


def orthogonal(matrix_ab: Tensor) -> Tensor:
    """The matrix with its singular values brought to about one; zeros stay zeros. bfloat16 inside, float32 out."""
    wide = matrix_ab.shape[0] <= matrix_ab.shape[1]
    x = (matrix_ab if wide else matrix_ab.T).bfloat16()
    x = x / (x.norm() + 1e-7)
    first, third, fifth = COEFFICIENTS
    for _ in range(STEPS):
        square = x @ x.T
        x = first * x + (third * square + fifth * square @ square) @ x
    return (x if wide else x.T).float()


class Muon(torch.optim.Optimizer):
    """For kernels of convolutions, each taken as a matrix of output channels by everything that enters one."""

    def __init__(self, kernels: Iterable[Tensor], rate: float, weight_decay: float) -> None:
        """Rates mean what they mean to AdamW, see ADAM_LIKE."""
        super().__init__(kernels, {"lr": rate, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """One update of every kernel that has a gradient."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                mean = self.state[kernel].setdefault("momentum", torch.zeros_like(kernel))
                mean.lerp_(kernel.grad, 1 - MOMENTUM)
                direction = orthogonal(kernel.grad.lerp(mean, MOMENTUM).flatten(1))
                kernel.mul_(1 - group["lr"] * group["weight_decay"])
                kernel.add_(direction.view(kernel.shape), alpha=-group["lr"] * ADAM_LIKE * max(direction.shape) ** 0.5)


def muon_and_adamw(network: nn.Module, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Muon for the kernels that see more than the picture's three channels, AdamW for everything else."""
    kernels = [value for value in network.parameters() if value.ndim == 4 and value.shape[1] > 3]
    known = {id(value) for value in kernels}
    others = [value for value in network.parameters() if id(value) not in known]
    return [Muon(kernels, rate, weight_decay), torch.optim.AdamW(others, rate, weight_decay=weight_decay)]
