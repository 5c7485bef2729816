"""The modules of MiDaS v2.1, v3.0 and v3.1: an encoder (encoders.py) and MiDaS's decoder.

`build_midas_network(name)` gives the module with random weights; `state_dict.load_official` fills it from an
official checkpoint.

Sources:
v2: R. Ranftl et al., Towards Robust Monocular Depth Estimation, 2020.
v3.0: R. Ranftl, A. Bochkovskiy, V. Koltun, Vision Transformers for Dense Prediction, 2021.
v3.1: R. Birkl, D. Wofk, M. Mueller, MiDaS v3.1, 2023.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from face3d.depth.midas.encoders import ENCODERS
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import Architecture
from face3d.errors import WeightsError


class ResidualUnit(nn.Module):
    """x + conv(relu(conv(relu(x)))), or relu(x) + ... where `rectified_skip`."""

    def __init__(self, channels: int, rectified_skip: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.rectified_skip = rectified_skip

    def forward(self, map_nchw: Tensor) -> Tensor:
        """Same shape."""
        rectified = F.relu(map_nchw)
        return self.conv2(F.relu(self.conv1(rectified))) + (rectified if self.rectified_skip else map_nchw)


class Fusion(nn.Module):
    """Adds a level's features to the map of the coarser levels, refines, and enlarges to the finer level.

    The coarsest level has no coarser map: its `skip` unit exists in the official weights and is never used.
    """

    def __init__(self, channels: int, out_channels: int, architecture: Architecture) -> None:
        super().__init__()
        self.skip = ResidualUnit(channels, architecture.rectified_skip)
        self.merge = ResidualUnit(channels, architecture.rectified_skip)
        self.out = nn.Conv2d(channels, out_channels, 1) if architecture.fusion_projects else nn.Identity()

    def forward(self, coarser_nchw: Tensor | None, features_nchw: Tensor, size_hw: tuple[int, int]) -> Tensor:
        """A map of `size_hw`; without `coarser_nchw` this is the coarsest level."""
        fused = features_nchw if coarser_nchw is None else coarser_nchw + self.skip(features_nchw)
        return self.out(F.interpolate(self.merge(fused), size=size_hw, mode="bilinear", align_corners=True))


class Doubling(nn.Module):
    """A transposed convolution that doubles the resolution, normalised, with a hard swish; LeViT only."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(
            in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False
        )
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, map_nchw: Tensor) -> Tensor:
        """Twice the height and width."""
        return F.hardswish(self.norm(self.conv(map_nchw)))


class OutputHead(nn.Module):
    """Features at half the image's resolution to one non-negative value per pixel."""

    def __init__(self, in_channels: int, architecture: Architecture) -> None:
        super().__init__()
        first, second = architecture.head_channels
        self.reduce = nn.Conv2d(in_channels, first, 3, padding=1)
        self.refine = nn.Conv2d(first, second, 3, padding=1)
        self.predict = nn.Conv2d(second, 1, 1)
        self.align_corners = architecture.head_aligns_corners

    def forward(self, map_nchw: Tensor) -> Tensor:
        """(n, 2 h, 2 w)."""
        doubled = F.interpolate(
            self.reduce(map_nchw), scale_factor=2, mode="bilinear", align_corners=self.align_corners
        )
        return F.relu(self.predict(F.relu(self.refine(doubled)))).squeeze(1)


class MidasNetwork(nn.Module):
    """Image (n, 3, h, w), normalised, to relative inverse depth (n, h, w), >= 0, larger = nearer.

    Levels are keyed "1" (fine) to "4" (coarse), as in the official weights.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        widths = architecture.decoder_channels
        levels = [str(level + 1) for level in range(len(widths))]
        self.encoder = ENCODERS[architecture.encoder](architecture)
        self.project = nn.ModuleDict(
            {
                level: nn.Conv2d(count, width, 3, padding=1, bias=False)
                for level, count, width in zip(levels, architecture.feature_channels, widths, strict=True)
            }
        )
        self.fuse = nn.ModuleDict(
            {
                level: Fusion(width, finer_width, architecture)
                for level, width, finer_width in zip(levels, widths, (widths[0], *widths[:-1]), strict=True)
            }
        )
        self.encoder_kind = architecture.encoder
        steps = (widths[0], *architecture.doubling_channels)
        self.enlarge = nn.Sequential(*(Doubling(before, after) for before, after in pairwise(steps)))
        self.head = OutputHead(steps[-1], architecture)

    def forward(self, image_nchw: Tensor) -> Tensor:
        """Both sides of the image are multiples of 32; Swin, Swin V2 and LeViT take one size only."""
        features = self.encoder(image_nchw)
        projected = [
            project(map_nchw) for project, map_nchw in zip(self.project.values(), features, strict=True)
        ]
        finest_h, finest_w = projected[0].shape[2:]
        sizes_hw = [(2 * finest_h, 2 * finest_w), *(tuple(map_nchw.shape[2:]) for map_nchw in projected[:-1])]
        path: Tensor | None = None
        for fuse, map_nchw, size_hw in reversed(
            list(zip(self.fuse.values(), projected, sizes_hw, strict=True))
        ):
            path = fuse(path, map_nchw, size_hw)
        return self.head(self.enlarge(path))


def build_midas_network(name: str) -> MidasNetwork:
    """The MiDaS network `name` of the table with random weights, in eval mode; nothing is downloaded.

    Raises WeightsError for a name that is not a MiDaS network's.
    """
    architectures = {
        spec.name: spec.architecture for spec in NETWORKS.values() if spec.architecture is not None
    }
    if name not in architectures:
        raise WeightsError(f"'{name}' is not a MiDaS network; choose one of {', '.join(architectures)}.")
    return MidasNetwork(architectures[name]).eval()


def allocate_midas_network(name: str) -> MidasNetwork:
    """Like `build_midas_network`, with uninitialised parameters: seconds faster before a checkpoint."""
    with torch.device("meta"):
        network = build_midas_network(name)
    network.to_empty(device="cpu")
    for module in network.modules():
        fill: Callable[[], None] | None = getattr(module, "init_non_persistent_buffers", None)
        if fill is not None:  # timm's index tables and masks, which checkpoints need not hold
            fill()
    return network
