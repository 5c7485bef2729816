"""The encoders of the face network: features of five scales from a photo.

ResNet-18 (He et al. 2016) and EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation, with
ReLU6; its blocks are those of MobileNetV2, Sandler et al. 2018) with the parameter names of timm, whose
import alone takes longer than a depth map. Another name goes to timm.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Normalisation = partial(nn.BatchNorm2d, eps=1e-3)
"""Of EfficientNet; that of ResNet has PyTorch's own eps."""
LITE0 = (
    # blocks, kernel side, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LITE0_FEATURES = 0, 1, 2, 4, 6
"""Stages whose outputs are the features: the last ones of their resolution."""

OWN_ENCODERS = "resnet18", "tf_efficientnet_lite0"
"""Those of this module."""


def build_encoder(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    """An encoder with random weights, and the channels of its features from 1/2 to 1/32 of the resolution.

    The module maps (n, 3, h, w), h and w multiples of 32, to a list of five maps. Raises
    RuntimeError where timm has no such model.
    """
    if name == "resnet18":
        return ResNet18(), (64, 64, 128, 256, 512)
    if name == "tf_efficientnet_lite0":
        return EfficientNetLite0(), tuple(LITE0[stage][-1] for stage in LITE0_FEATURES)
    import timm

    if not timm.is_model(name):  # with a prefix, the name would be that of a folder, or of a file on the hub
        raise RuntimeError(f"Unknown model ({name!r})")
    encoder: Any = timm.create_model(name, features_only=True, pretrained=False)
    return encoder, tuple(encoder.feature_info.channels())


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = (
            None
            if stride == 1
            else nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """(n, out, h / stride, w / stride)."""
        shortcut = x_nchw if self.downsample is None else self.downsample(x_nchw)
        inner = functional.relu(self.bn1(self.conv1(x_nchw)), inplace=True)
        return functional.relu(self.bn2(self.conv2(inner)) + shortcut, inplace=True)


class ResNet18(nn.Module):
    """Stem and four stages of two residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(ResidualBlock(channels, out, stride), ResidualBlock(out, out, 1))
            for channels, out, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        )
        _initialise(self)

    def forward(self, x_nchw: Tensor) -> list[Tensor]:
        """Features after the stem and after each stage."""
        features = [functional.relu(self.bn1(self.conv1(x_nchw)), inplace=True)]
        x_nchw = functional.max_pool2d(features[0], 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x_nchw = stage(x_nchw)
            features.append(x_nchw)
        return features


class SameConvolution(nn.Conv2d):
    """Stride 2, padded as TensorFlow pads a map of even sides: the odd pixel lies at the end."""

    def forward(self, x_nchw: Tensor) -> Tensor:
        """(n, out, h / 2, w / 2); h and w are even."""
        missing = self.kernel_size[0] - 2
        before, after = missing // 2, missing - missing // 2
        return super().forward(functional.pad(x_nchw, (before, after, before, after)))


class SeparableBlock(nn.Module):
    """A depthwise and a pointwise convolution: the first stage of EfficientNet."""

    def __init__(self, channels: int, out: int, kernel: int) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(channels, channels, kernel, 1, kernel // 2, groups=channels, bias=False)
        self.bn1 = Normalisation(channels)
        self.conv_pw = nn.Conv2d(channels, out, 1, bias=False)
        self.bn2 = Normalisation(out)

    def forward(self, x_nchw: Tensor) -> Tensor:
        """(n, out, h, w)."""
        inner = functional.relu6(self.bn1(self.conv_dw(x_nchw)), inplace=True)
        return self.bn2(self.conv_pw(inner))


class InvertedBlock(nn.Module):
    """Expansion, depthwise convolution and projection, with a shortcut where the shape stays."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        depthwise = partial(nn.Conv2d, padding=kernel // 2) if stride == 1 else SameConvolution
        self.conv_pw = nn.Conv2d(channels, wide, 1, bias=False)
        self.bn1 = Normalisation(wide)
        self.conv_dw = depthwise(wide, wide, kernel, stride, groups=wide, bias=False)
        self.bn2 = Normalisation(wide)
        self.conv_pwl = nn.Conv2d(wide, out, 1, bias=False)
        self.bn3 = Normalisation(out)
        self.shortcut = stride == 1 and channels == out

    def forward(self, x_nchw: Tensor) -> Tensor:
        """(n, out, ceil(h / stride), ceil(w / stride))."""
        inner = functional.relu6(self.bn1(self.conv_pw(x_nchw)), inplace=True)
        inner = functional.relu6(self.bn2(self.conv_dw(inner)), inplace=True)
        inner = self.bn3(self.conv_pwl(inner))
        return inner + x_nchw if self.shortcut else inner


class EfficientNetLite0(nn.Module):
    """Stem and the seven stages of LITE0."""

    def __init__(self) -> None:
        super().__init__()
        channels = 32
        self.conv_stem = SameConvolution(3, channels, 3, 2, bias=False)
        self.bn1 = Normalisation(channels)
        self.blocks = nn.Sequential()
        for count, kernel, stride, expansion, out in LITE0:
            stage = nn.Sequential()
            for block in range(count):
                stage.append(
                    SeparableBlock(channels, out, kernel)
                    if expansion == 1
                    else InvertedBlock(channels, out, kernel, stride if block == 0 else 1, expansion)
                )
                channels = out
            self.blocks.append(stage)
        _initialise(self)

    def forward(self, x_nchw: Tensor) -> list[Tensor]:
        """Features after the stages of LITE0_FEATURES."""
        x_nchw = functional.relu6(self.bn1(self.conv_stem(x_nchw)), inplace=True)
        features = []
        for number, stage in enumerate(self.blocks):
            x_nchw = stage(x_nchw)
            if number in LITE0_FEATURES:
                features.append(x_nchw)
        return features


@torch.no_grad()
def _initialise(encoder: nn.Module) -> None:
    """Convolutions after He et al. 2015, by the fan out."""
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
