"""Where and in which precision a network computes.

CPU float32 or bfloat16, CUDA float16 with channels last, Apple MPS float32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from face3d.errors import DepthError

Module = TypeVar("Module", bound=nn.Module)

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEFAULT_PRECISION = {"cpu": "float32", "cuda": "float16", "mps": "float32"}


@dataclass(frozen=True)
class Device:
    """A device and the precision of the computation. Weights stay float32 and are cast layer by layer.

    name: "cpu", "cuda" or "mps". precision: a key of `PRECISIONS`.
    """

    name: str
    precision: str

    @property
    def layout(self) -> torch.memory_format:
        """Of tensors (n, c, h, w): channels last on CUDA, where convolutions in half precision want it."""
        return torch.channels_last if self.name == "cuda" else torch.contiguous_format

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the network runs."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.name, dtype=PRECISIONS[self.precision])

    def place(self, tensor: Tensor) -> Tensor:
        """`tensor` (n, c, h, w) on the device, in its layout."""
        return tensor.to(self.name, memory_format=self.layout)

    def place_module(self, module: Module) -> Module:
        """`module` on the device, its weights in the layout of the tensors that it gets."""
        moved = module.to(self.name)
        return moved.to(memory_format=torch.channels_last) if self.layout is torch.channels_last else moved


def choose_device(name: str | None = None, precision: str | None = None) -> Device:
    """The wanted device and precision, else the fastest device of this machine and its default precision.

    float32 is the CPU's default because the results then agree with the official ones. docs/midas.md states
    what bfloat16 gains.
    Raises DepthError for a device or a precision that this machine does not have.
    """
    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.insert(0, "mps")
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    name = name or available[0]
    if name not in available:
        raise DepthError(f"This machine has no device '{name}'; choose one of {', '.join(available)}.")
    precision = precision or DEFAULT_PRECISION[name]
    if precision not in PRECISIONS:
        raise DepthError(f"There is no precision '{precision}'; choose one of {', '.join(PRECISIONS)}.")
    return Device(name, precision)
