"""Where and in which precision a network computes: CPU float32 or bfloat16, CUDA float16 with channels last,
Apple MPS float32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from face3d.errors import DepthError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEFAULT_PRECISION = {"cpu": "float32", "cuda": "float16", "mps": "float32"}


@dataclass(frozen=True)
class Compute:
    """A device ("cpu", "cuda" or "mps") and a precision of `PRECISIONS`; weights stay float32 and are cast
    layer by layer.
    """

    device: str
    precision: str

    @property
    def layout(self) -> torch.memory_format:
        """Of tensors (n, c, h, w): channels last on CUDA, where convolutions in half precision want it."""
        return torch.channels_last if self.device == "cuda" else torch.contiguous_format

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the network runs."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device, dtype=PRECISIONS[self.precision])

    def place(self, tensor: Tensor) -> Tensor:
        """`tensor` (n, c, h, w) on the device, in its layout."""
        return tensor.to(self.device, memory_format=self.layout)

    def place_module(self, module: nn.Module) -> nn.Module:
        """`module` on the device, its weights in the layout of the tensors that it gets."""
        moved = module.to(self.device)
        return moved.to(memory_format=torch.channels_last) if self.layout is torch.channels_last else moved


def choose(device: str | None = None, precision: str | None = None) -> Compute:
    """The wanted device and precision, else the fastest device of this machine and its default precision.

    float32 on the CPU is the default because the results then agree with the official ones; docs/midas.md has
    what bfloat16 gains.
    Raises DepthError for a device or a precision that this machine does not have.
    """
    here = ["cpu"]
    if torch.backends.mps.is_available():
        here.insert(0, "mps")
    if torch.cuda.is_available():
        here.insert(0, "cuda")
    chosen = device or here[0]
    if chosen not in here:
        raise DepthError(f"This machine has no device '{chosen}'; choose one of {', '.join(here)}.")
    wanted = precision or DEFAULT_PRECISION[chosen]
    if wanted not in PRECISIONS:
        raise DepthError(f"There is no precision '{wanted}'; choose one of {', '.join(PRECISIONS)}.")
    return Compute(chosen, wanted)
