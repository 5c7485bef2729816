"""Muon: an optimiser whose updates have singular values near one.

Source: Jordan 2024, "Muon: An optimizer for hidden layers in neural networks".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from face3d.depth.face.network import FaceNetwork

NEWTON_SCHULZ_STEPS = 5
COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of Jordan's odd polynomial, which brings singular values towards one."""
UPDATE_RMS = 0.2
"""Root mean square of an update at rate one, so that AdamW's rates can be used (Liu et al. 2025, "Muon is
Scalable for LLM Training")."""
MOMENTUM = 0.95
LAST_KERNEL = "head.2.weight"
"""End of the name of a decoder's last kernel."""


def orthogonal(matrix_ab: Tensor) -> Tensor:
    """The matrix, float32, with singular values of about one, by a Newton-Schulz iteration; zeros stay zeros.

    Every step multiplies the matrix x from the left by a polynomial of x times its transpose. So the steps
    are computed on that small square matrix, and their product is applied to x once, at the end.
    """
    wide = matrix_ab.shape[0] <= matrix_ab.shape[1]
    x = (matrix_ab if wide else matrix_ab.T).float()
    x = x / (x.norm() + 1e-7)
    first, third, fifth = COEFFICIENTS
    gram = x @ x.T
    product = unit = torch.eye(len(x), device=x.device)
    for _ in range(NEWTON_SCHULZ_STEPS):
        factor = first * unit + third * gram + fifth * gram @ gram
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x if wide else x.T


class Muon(torch.optim.Optimizer):
    """For kernels of convolutions, each as a matrix of output channels by all inputs of a channel."""

    def __init__(self, kernels: Iterable[Tensor], rate: float, weight_decay: float) -> None:
        """rate: as for AdamW, see UPDATE_RMS."""
        super().__init__(kernels, {"lr": rate, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Updates the kernels that have gradients, with Nesterov momentum. Returns the value of `closure`."""
        loss = torch.enable_grad()(closure)() if closure else None
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                state = self.state[kernel]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(kernel)
                average = state["momentum_buffer"].lerp_(kernel.grad, 1 - MOMENTUM)
                direction = orthogonal(kernel.grad.lerp(average, MOMENTUM).flatten(1))
                kernel.mul_(1 - group["lr"] * group["weight_decay"])
                kernel.add_(
                    direction.view(kernel.shape),
                    alpha=-group["lr"] * UPDATE_RMS * max(direction.shape) ** 0.5,
                )
        return loss


def muon_and_adamw(network: nn.Module, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Muon for the kernels of all convolutions but the first and the last, AdamW for everything else that is
    learned.
    """
    learned = [value for value in network.parameters() if value.requires_grad]
    first = next(value for value in network.parameters() if value.ndim == 4)
    kernels = _without(_inner_kernels(network), [first])
    others = _without(learned, kernels)
    return [Muon(kernels, rate, weight_decay), torch.optim.AdamW(others, rate, weight_decay=weight_decay)]


def gentle_to_the_encoder(
    network: FaceNetwork, rate: float, weight_decay: float, share: float
) -> list[torch.optim.Optimizer]:
    """AdamW at `share` of the rate for a pretrained encoder; the rest as in `muon_and_adamw`."""
    encoder = list(network.encoder.parameters())
    rest = _without(network.parameters(), encoder)
    kernels = _without(_inner_kernels(network), encoder)
    return [
        Muon(kernels, rate, weight_decay),
        torch.optim.AdamW(_without(rest, kernels), rate, weight_decay=weight_decay),
        torch.optim.AdamW(encoder, share * rate, weight_decay=weight_decay),
    ]


def _inner_kernels(network: nn.Module) -> list[Tensor]:
    """Of all convolutions that are learned but the last of each decoder."""
    return [
        value
        for name, value in network.named_parameters()
        if value.ndim == 4 and value.requires_grad and not name.endswith(LAST_KERNEL)
    ]


def _without(values: Iterable[Tensor], some: Iterable[Tensor]) -> list[Tensor]:
    known = {id(value) for value in some}
    return [value for value in values if id(value) not in known]
