"""Where and in which precision a network computes.

CPU float32 or bfloat16, CUDA float16 with channels last, Apple MPS float32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from face3d.errors import DepthError

if TYPE_CHECKING:  # PyTorch takes seconds to import, and the bundled network does without it
    import torch
    from torch import Tensor, nn

Module = TypeVar("Module", bound="nn.Module")

PRECISIONS = "float32", "bfloat16", "float16"
DEFAULT_PRECISION = {"cpu": "float32", "cuda": "float16", "mps": "float32"}


@dataclass(frozen=True)
class Device:
    """A device and the precision of the computation. Weights stay float32 and are cast layer by layer.

    name: "cpu", "cuda" or "mps". precision: one of `PRECISIONS`.
    """

    name: str
    precision: str

    @property
    def dtype(self) -> torch.dtype:
        """Of the computation."""
        import torch

        return getattr(torch, self.precision)

    @property
    def layout(self) -> torch.memory_format:
        """Of tensors (n, c, h, w): channels last on CUDA, where convolutions in half precision want it."""
        import torch

        return torch.channels_last if self.name == "cuda" else torch.contiguous_format

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the network runs."""
        if self.precision == "float32":
            return nullcontext()
        import torch

        return torch.autocast(self.name, dtype=self.dtype)

    def place(self, tensor: Tensor) -> Tensor:
        """`tensor` (n, c, h, w) on the device, in its layout."""
        return tensor.to(self.name, memory_format=self.layout)

    def place_module(self, module: Module) -> Module:
        """`module` on the device, its weights in the layout of the tensors that it gets."""
        import torch

        moved = module.to(self.name)
        return moved.to(memory_format=torch.channels_last) if self.layout is torch.channels_last else moved


def choose_device(name: str | None = None, precision: str | None = None) -> Device:
    """The wanted device and precision, else the fastest device of this machine and its default precision.

    float32 is the CPU's default because the results then agree with the official ones. docs/midas.md states
    what bfloat16 gains.
    Raises DepthError for a device or a precision that this machine does not have.
    """
    if name != "cpu":
        available = _available()
        name = name or available[0]
        if name not in available:
            raise DepthError(f"This machine has no device '{name}'; choose one of {', '.join(available)}.")
    precision = precision or DEFAULT_PRECISION[name]
    if precision not in PRECISIONS:
        raise DepthError(f"There is no precision '{precision}'; choose one of {', '.join(PRECISIONS)}.")
    return Device(name, precision)


def _available() -> list[str]:
    """Devices of this machine, the fastest first."""
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name, there in found.items() if there]
