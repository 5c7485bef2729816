"""The modules of the bundled face network, and its weights' file.

One photo to relief, thickness, their expected errors, matte, head and eyes. The encoder is that
which the configuration names. The decoder is additive: at each scale 1x1 convolutions bring the encoder's
features and the coarser result to the same width, the coarser result is upsampled onto the features, and one
residual block refines the sum. The output has half the input's resolution and is upsampled.

A second, smaller decoder of the same kind tells where on the head the skin lies. It takes the features of the
encoder and of the first decoder, from a quarter of the resolution, and changes nothing of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from face3d.depth.face.encoders import OWN_ENCODERS, build_encoder
from face3d.depth.face.interface import Configuration, FaceMaps
from face3d.errors import WeightsError
from face3d.structures import Array

FIRST_BIAS = 0.0, 0.3, 0.0, 0.0, -3.5, -5.0, -5.0, -3.0
"""Biases of the last layer before training: relief, thickness, matte, head, logarithm of relief's expected
error, the two eyes, logarithm of thickness's expected error."""
FIRST_CANONICAL_BIAS = 0.0, 0.0, 0.4, -2.0, 0.0
"""The same of the second decoder: x, y, z, logarithm of their expected error, skin."""
OUTPUTS = 1, 1, 1, 1, 1, 2, 1
CANONICAL_OUTPUTS = 3, 1, 1
"""Channels of the last layers, one number per field of `FaceMaps`."""
CANONICAL_WIDTHS = 32, 64, 96, 128
"""Channels of the second decoder where there is one."""


class Join(nn.Module):
    """Adds the coarser result to one scale of the encoder and refines the sum."""

    def __init__(self, encoder_channels: int, width: int, coarser_width: int) -> None:
        """coarser_width: 0 at the coarsest scale, where there is nothing to add."""
        super().__init__()
        self.project = nn.Conv2d(encoder_channels, width, 1)
        self.narrow = nn.Conv2d(coarser_width, width, 1, bias=False) if coarser_width else None
        self.refine = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, features_nchw: Tensor, coarser_nchw: Tensor | None) -> Tensor:
        """(n, width, h, w) at the resolution of `features_nchw`."""
        joined = self.project(features_nchw)
        if self.narrow is not None:
            coarser = self.narrow(coarser_nchw)
            joined = joined + functional.interpolate(
                coarser, size=joined.shape[-2:], mode="bilinear", align_corners=False
            )
        return functional.relu(joined + self.refine(joined))


class CanonicalDecoder(nn.Module):
    """Features of two decoders' scales, from a quarter of the resolution, to canonical coordinates."""

    def __init__(self, channels: Sequence[int], widths: Sequence[int]) -> None:
        """channels: of the features of each scale, finest first. widths: see `Configuration`."""
        super().__init__()
        shapes = zip(channels, widths, (*widths[1:], 0), strict=True)
        self.joins = nn.ModuleList(Join(*shape) for shape in shapes)
        self.head = _last_layers(widths[0], FIRST_CANONICAL_BIAS)

    def forward(self, scales: Sequence[Tensor]) -> Tensor:
        """scales: features, finest first. (n, 5, h, w) float32 at the resolution of the finest."""
        merged = None
        for join, scale in zip(reversed(self.joins), reversed(scales), strict=True):
            merged = join(scale, merged)
        return _in_float32(self.head, merged)


def _last_layers(width: int, first_bias: tuple[float, ...]) -> nn.Sequential:
    last = nn.Conv2d(width, len(first_bias), 1)
    last.bias = nn.Parameter(torch.tensor(first_bias))
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True), last)


def _in_float32(layers: nn.Module, features_nchw: Tensor | None) -> Tensor:
    """bfloat16 would resolve relief to half a pixel only."""
    assert features_nchw is not None
    with torch.autocast(features_nchw.device.type, enabled=False):
        return layers(features_nchw.float())


class FaceNetwork(nn.Module):
    """Photo to `FaceMaps`."""

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__()
        self.configuration = configuration = configuration or Configuration()
        self.encoder, channels = build_encoder(configuration.backbone)
        widths = configuration.widths
        shapes = zip(channels, widths, (*widths[1:], 0), strict=True)
        self.joins = nn.ModuleList(Join(*shape) for shape in shapes)
        self.head = _last_layers(widths[0], FIRST_BIAS)
        self.canonical = None
        if configuration.canonical_widths:
            both = [sum(pair) for pair in zip(channels[1:], widths[1:], strict=True)]
            self.canonical = CanonicalDecoder(both, configuration.canonical_widths)

    def forward(self, rgb_nchw: Tensor) -> FaceMaps[Tensor]:
        """rgb_nchw: (n, 3, h, w) float in 0..1, h and w multiples of STRIDE."""
        features = self.encoder((rgb_nchw - 0.5) / 0.25)
        merged: list[Tensor] = []
        for join, scale in zip(reversed(self.joins), reversed(features), strict=True):
            merged.append(join(scale, merged[-1] if merged else None))
        # One split: every slice by itself would cost a gradient of all channels.
        maps = _enlarged(_in_float32(self.head, merged.pop()), rgb_nchw)
        relief, thickness, matte, head, error, eyes, thickness_error = maps.split(OUTPUTS, 1)
        own = ()
        if self.canonical:
            scales = [torch.cat(pair, 1) for pair in zip(features[1:], reversed(merged), strict=True)]
            own = _enlarged(self.canonical(scales), rgb_nchw).split(CANONICAL_OUTPUTS, 1)
        return FaceMaps(
            relief.squeeze(1),
            functional.relu(thickness.squeeze(1)),
            matte.squeeze(1),
            head.squeeze(1),
            error.squeeze(1).clamp(-9, 1),
            eyes,
            thickness_error.squeeze(1).clamp(-9, 1),
            *((own[0], own[1].squeeze(1).clamp(-9, 1), own[2].squeeze(1)) if own else ()),
        )

    def infer(self, rgb_nchw: Array) -> FaceMaps[Array]:
        """See `FacePredictor`."""
        with torch.inference_mode(), one_thread():
            maps = self(torch.from_numpy(rgb_nchw))
        return FaceMaps(*(values if values is None else np.asarray(values) for values in maps))  # type: ignore[arg-type]


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which PyTorch computes in one thread, see `FacePredictor.infer`."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _enlarged(maps_nchw: Tensor, photo_nchw: Tensor) -> Tensor:
    """At the resolution of the photo."""
    size_hw = photo_nchw.shape[-2:]
    return functional.interpolate(maps_nchw, size=size_hw, mode="bilinear", align_corners=False)


def load_face_network(path: Path) -> FaceNetwork:
    """The network of a safetensors file in eval mode on the CPU; float16 on disk, float32 here.

    Raises WeightsError where the file is absent, damaged, or of another network.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            kept = json.loads((file.metadata() or {})["configuration"])
        if not isinstance(kept, dict):
            raise ValueError("The configuration is no table.")
        weights = load_file(path)
        if not all(_is_finite(value) for value in weights.values()):
            raise ValueError("Weights are finite real numbers.")
        return with_weights(Configuration.from_dict(kept), weights)
    except FileNotFoundError as error:
        raise WeightsError(
            f"The face network's weights are missing: {path} is not there. Restore it from the repository."
        ) from error
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise WeightsError(
            f"{path} is damaged or not a face network. Restore it from the repository."
        ) from error
    except RuntimeError as error:
        raise WeightsError(
            f"{path} holds the weights of another network. Restore it from the repository."
        ) from error


def _check_size(configuration: Configuration, weights: Mapping[str, Tensor]) -> None:
    """Raises RuntimeError for another network's weights, before one of the claimed size takes memory."""
    decoders = {"joins": configuration.widths, "canonical.joins": configuration.canonical_widths}
    claimed = {
        f"{decoder}.{scale}.project.weight": width
        for decoder, widths in decoders.items()
        for scale, width in enumerate(widths)
    }
    if any(name not in weights or weights[name].shape[:1] != (width,) for name, width in claimed.items()):
        raise RuntimeError("The decoder has other widths.")
    if configuration.backbone not in OWN_ENCODERS:
        with torch.device("meta"):  # it takes seconds to import what this needs
            encoder, _ = build_encoder(configuration.backbone)
        if sum(map(Tensor.numel, encoder.parameters())) > sum(map(Tensor.numel, weights.values())):
            raise RuntimeError("The encoder is larger.")


def _is_finite(value: Tensor) -> bool:
    return not value.is_complex() and bool(torch.isfinite(value).all())


def with_weights(configuration: Configuration, weights: dict[str, Tensor]) -> FaceNetwork:
    """A network in eval mode with float32 weights.

    Raises RuntimeError for weights of another network, ValueError for an impossible configuration.
    """
    _check_size(configuration, weights)
    network = FaceNetwork(configuration)
    network.load_state_dict(
        {key: value.float() if value.is_floating_point() else value for key, value in weights.items()}
    )
    return network.eval().to(memory_format=torch.channels_last)  # a fifth faster on a CPU
