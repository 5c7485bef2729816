"""The choice of device and precision, on simulated machines, and its effect on tensors."""

import pytest
import torch
from torch import nn

from face3d.depth.device import DEFAULT_PRECISION, PRECISIONS, Device, choose_device
from face3d.errors import DepthError


@pytest.fixture
def machine(monkeypatch):
    """A function that sets which accelerators are available."""

    def has(*devices):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in devices)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in devices)

    return has


@pytest.mark.parametrize(
    ("devices", "wanted", "chosen"),
    [
        ((), (None, None), Device("cpu", "float32")),
        ((), ("cpu", "bfloat16"), Device("cpu", "bfloat16")),
        (("cuda",), (None, None), Device("cuda", "float16")),
        (("cuda",), (None, "float32"), Device("cuda", "float32")),
        (("cuda",), ("cpu", None), Device("cpu", "float32")),
        (("mps",), (None, None), Device("mps", "float32")),
        (("cuda", "mps"), (None, None), Device("cuda", "float16")),
        (("cuda", "mps"), ("mps", "float16"), Device("mps", "float16")),
    ],
)
def test_the_fastest_device_and_its_usual_precision_unless_wanted_otherwise(machine, devices, wanted, chosen):
    machine(*devices)
    assert choose_device(*wanted) == chosen


@pytest.mark.parametrize(
    ("devices", "wanted", "message"),
    [
        ((), "cuda", "no device 'cuda'; choose one of cpu."),
        (("mps",), "cuda", "no device 'cuda'; choose one of mps, cpu."),
        (("cuda",), "mps", "no device 'mps'; choose one of cuda, cpu."),
        (("cuda", "mps"), "abacus", "no device 'abacus'; choose one of cuda, mps, cpu."),
    ],
)
def test_a_missing_device_is_an_error_that_lists_the_available_ones(machine, devices, wanted, message):
    machine(*devices)
    with pytest.raises(DepthError, match=message):
        choose_device(wanted)


def test_an_unknown_precision_is_an_error(machine):
    machine()
    with pytest.raises(DepthError, match="no precision 'float7'; choose one of float32, bfloat16, float16"):
        choose_device("cpu", "float7")


@pytest.mark.parametrize(
    ("device", "layout"),
    [("cpu", torch.contiguous_format), ("cuda", torch.channels_last), ("mps", torch.contiguous_format)],
)
def test_channels_last_is_for_cuda(device, layout):
    assert Device(device, "float32").layout is layout


class Recorder:
    """In place of a tensor or a module on a device that is not here."""

    def __init__(self):
        self.moves = []

    def to(self, *where, **how):
        self.moves.append((where, how))
        return self


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_tensors_and_modules_go_to_the_device_in_its_layout(device):
    chosen, tensor, module = Device(device, "float32"), Recorder(), Recorder()
    assert chosen.place(tensor) is tensor
    assert tensor.moves == [((device,), {"memory_format": chosen.layout})]
    assert chosen.place_module(module) is module
    assert module.moves == [((device,), {})] + [((), {"memory_format": torch.channels_last})] * (
        device == "cuda"
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_layers_compute_in_the_precision_and_weights_stay_float32(precision):
    layer = nn.Linear(3, 2)
    with torch.inference_mode(), Device("cpu", precision).autocast():
        result = layer(torch.ones(1, 3))
    assert result.dtype is getattr(torch, precision)
    assert layer.weight.dtype is torch.float32


@pytest.mark.parametrize("device", list(DEFAULT_PRECISION))
def test_half_precision_is_of_the_device(device, monkeypatch):
    calls = []
    monkeypatch.setattr(torch, "autocast", lambda *where, **how: calls.append((where, how)))
    Device(device, "float16").autocast()
    assert calls == [((device,), {"dtype": torch.float16})]
