"""Which device and precision are chosen, on machines that this one is not; and what the choice does to
tensors.
"""

import pytest
import torch
from torch import nn

from face3d.depth import device as compute
from face3d.depth.device import Compute
from face3d.errors import DepthError


@pytest.fixture
def machine(monkeypatch):
    """A function that says which accelerators there are."""

    def has(*devices):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in devices)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in devices)

    return has


@pytest.mark.parametrize(
    ("devices", "asked", "chosen"),
    [
        ((), (None, None), Compute("cpu", "float32")),
        ((), ("cpu", "bfloat16"), Compute("cpu", "bfloat16")),
        (("cuda",), (None, None), Compute("cuda", "float16")),
        (("cuda",), (None, "float32"), Compute("cuda", "float32")),
        (("cuda",), ("cpu", None), Compute("cpu", "float32")),
        (("mps",), (None, None), Compute("mps", "float32")),
        (("cuda", "mps"), (None, None), Compute("cuda", "float16")),
        (("cuda", "mps"), ("mps", "float16"), Compute("mps", "float16")),
    ],
)
def test_the_fastest_device_and_its_usual_precision_unless_asked_otherwise(machine, devices, asked, chosen):
    machine(*devices)
    assert compute.choose(*asked) == chosen


@pytest.mark.parametrize(
    ("devices", "asked", "told"),
    [
        ((), "cuda", "no device 'cuda'; choose one of cpu."),
        (("mps",), "cuda", "no device 'cuda'; choose one of mps, cpu."),
        (("cuda",), "mps", "no device 'mps'; choose one of cuda, cpu."),
        (("cuda", "mps"), "abacus", "no device 'abacus'; choose one of cuda, mps, cpu."),
    ],
)
def test_a_device_that_is_not_here_is_told_with_those_that_are(machine, devices, asked, told):
    machine(*devices)
    with pytest.raises(DepthError, match=told):
        compute.choose(asked)


def test_a_precision_that_does_not_exist_is_told(machine):
    machine()
    with pytest.raises(DepthError, match="no precision 'float7'; choose one of float32, bfloat16, float16"):
        compute.choose("cpu", "float7")


@pytest.mark.parametrize(
    ("device", "layout"),
    [("cpu", torch.contiguous_format), ("cuda", torch.channels_last), ("mps", torch.contiguous_format)],
)
def test_channels_last_is_for_cuda(device, layout):
    assert Compute(device, "float32").layout is layout


class Recorder:
    """In place of a tensor or a module on a device that is not here."""

    def __init__(self):
        self.moves = []

    def to(self, *where, **how):
        self.moves.append((where, how))
        return self


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_tensors_and_modules_go_to_the_device_in_its_layout(device):
    chosen, tensor, module = Compute(device, "float32"), Recorder(), Recorder()
    assert chosen.place(tensor) is tensor
    assert tensor.moves == [((device,), {"memory_format": chosen.layout})]
    assert chosen.place_module(module) is module
    assert module.moves == [((device,), {})] + [((), {"memory_format": torch.channels_last})] * (
        device == "cuda"
    )


@pytest.mark.parametrize("precision", list(compute.PRECISIONS))
def test_layers_compute_in_the_precision_and_weights_stay_float32(precision):
    layer = nn.Linear(3, 2)
    with torch.inference_mode(), Compute("cpu", precision).autocast():
        result = layer(torch.ones(1, 3))
    assert result.dtype is compute.PRECISIONS[precision]
    assert layer.weight.dtype is torch.float32


@pytest.mark.parametrize("device", list(compute.DEFAULT_PRECISION))
def test_half_precision_is_of_the_device(device, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *where, **how: asked.append((where, how)))
    Compute(device, "float16").autocast()
    assert asked == [((device,), {"dtype": torch.float16})]
