"""MiDaS v2.1, v3.0 and v3.1: an encoder from timm (midas_backbones.py), MiDaS's decoder, and the official weights' names.

`build(name)` gives the module with random weights; `load_official(module, state_dict)` fills it from an official checkpoint, strictly.

Sources: R. Ranftl et al., Towards Robust Monocular Depth Estimation, 2020 (v2); R. Ranftl, A. Bochkovskiy, V. Koltun, Vision
Transformers for Dense Prediction, 2021 (v3.0); R. Birkl, D. Wofk, M. Mueller, MiDaS v3.1, 2023.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from errors import WeightsError
from midas_backbones import ENCODERS
from network_spec import Architecture, Encoder
from networks import NETWORKS


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
    """Adds a level's features to what comes from the coarser levels, refines, and enlarges to the next finer level.

    The coarsest level gets nothing from below: its `skip` unit exists in the official weights and is never used.
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
    """A transposed convolution that doubles the resolution, normalised, with a hard swish (LeViT's decoder only)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, map_nchw: Tensor) -> Tensor:
        """Twice the height and width."""
        return F.hardswish(self.norm(self.conv(map_nchw)))


class Head(nn.Module):
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
        doubled = F.interpolate(self.reduce(map_nchw), scale_factor=2, mode="bilinear", align_corners=self.align_corners)
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
        self.head = Head(steps[-1], architecture)

    def forward(self, image_nchw: Tensor) -> Tensor:
        """Both sides of the image are multiples of 32; Swin, Swin V2 and LeViT take one size only."""
        features = self.encoder(image_nchw)
        projected = [project(map_nchw) for project, map_nchw in zip(self.project.values(), features, strict=True)]
        finest_h, finest_w = projected[0].shape[2:]
        sizes_hw = [(2 * finest_h, 2 * finest_w), *(tuple(map_nchw.shape[2:]) for map_nchw in projected[:-1])]
        path: Tensor | None = None
        for fuse, map_nchw, size_hw in reversed(list(zip(self.fuse.values(), projected, sizes_hw, strict=True))):
            path = fuse(path, map_nchw, size_hw)
        return self.head(self.enlarge(path))


def build(name: str) -> MidasNetwork:
    """The MiDaS network `name` of the table with random weights, in eval mode; nothing is downloaded.

    Raises WeightsError for a name that is not a MiDaS network's.
    """
    architectures = {spec.name: spec.architecture for spec in NETWORKS.values() if spec.architecture is not None}
    if name not in architectures:
        raise WeightsError(f"'{name}' is not a MiDaS network; choose one of {', '.join(architectures)}.")
    return MidasNetwork(architectures[name]).eval()


def build_unfilled(name: str) -> MidasNetwork:
    """Like `build`, but parameters hold whatever memory holds, which spares seconds where a checkpoint fills them anyway."""
    with torch.device("meta"):
        network = build(name)
    network.to_empty(device="cpu")
    for module in network.modules():
        fill: Callable[[], None] | None = getattr(module, "init_non_persistent_buffers", None)
        if fill is not None:  # timm's index tables and masks, which checkpoints need not hold
            fill()
    return network


Rule = tuple[str, str | Callable[[re.Match[str]], str]]
"""A pattern over an official key, and what takes the place of the part that matched."""


def _next_stage(match: re.Match[str]) -> str:
    """Swin: what closes a stage in the official weights opens the next one in timm."""
    return f"encoder.backbone.layers.{int(match[1]) + 1}.downsample."


def _levit_block(match: re.Match[str]) -> str:
    """LeViT: official blocks are one list of attention, MLP, attention, ...; timm nests them.

    0-7: stage 0. 8, 9: downsampling attention and its MLP, opening stage 1; 10-17: stage 1. 18, 19 and 20-27: stage 2 alike.
    """
    index = int(match[1])
    stage, place = (0, index) if index < 8 else (1 + (index - 8) // 10, (index - 8) % 10 - 2)
    if place < 0:
        return f"encoder.backbone.stages.{stage}.downsample.{('attn_downsample', 'mlp')[place]}."
    return f"encoder.backbone.stages.{stage}.blocks.{place // 2}.{('attn', 'mlp')[place % 2]}."


_DECODER_RULES: tuple[Rule, ...] = (
    (r"^scratch\.layer(\d)_rn\.", r"project.\1."),
    (r"^scratch\.refinenet(\d)\.resConfUnit1\.", r"fuse.\1.skip."),
    (r"^scratch\.refinenet(\d)\.resConfUnit2\.", r"fuse.\1.merge."),
    (r"^scratch\.refinenet(\d)\.out_conv\.", r"fuse.\1.out."),
    (r"^scratch\.output_conv\.0\.", "head.reduce."),
    (r"^scratch\.output_conv\.2\.", "head.refine."),
    (r"^scratch\.output_conv\.4\.", "head.predict."),
)
_VIT_RULES: tuple[Rule, ...] = (
    (r"^pretrained\.model\.", "encoder.backbone."),
    (r"^pretrained\.act_postprocess(\d)\.0\.project\.0\.", r"encoder.reassemble.\1.readout."),
    (r"^pretrained\.act_postprocess(\d)\.3\.", r"encoder.reassemble.\1.project."),
    (r"^pretrained\.act_postprocess(\d)\.4\.", r"encoder.reassemble.\1.resample."),
)
_ENCODER_RULES: dict[Encoder, tuple[Rule, ...]] = {
    Encoder.EFFICIENTNET: (
        (r"^pretrained\.layer1\.0\.", "encoder.backbone.conv_stem."),
        (r"^pretrained\.layer1\.1\.", "encoder.backbone.bn1."),
        (r"^pretrained\.layer1\.3\.", "encoder.backbone.blocks.0."),
        (r"^pretrained\.layer1\.4\.", "encoder.backbone.blocks.1."),
        (r"^pretrained\.layer2\.0\.", "encoder.backbone.blocks.2."),
        (r"^pretrained\.layer3\.0\.", "encoder.backbone.blocks.3."),
        (r"^pretrained\.layer3\.1\.", "encoder.backbone.blocks.4."),
        (r"^pretrained\.layer4\.0\.", "encoder.backbone.blocks.5."),
        (r"^pretrained\.layer4\.1\.", "encoder.backbone.blocks.6."),
    ),
    Encoder.RESNEXT: (
        (r"^pretrained\.layer1\.0\.", "encoder.backbone.conv1."),
        (r"^pretrained\.layer1\.1\.", "encoder.backbone.bn1."),
        (r"^pretrained\.layer1\.4\.", "encoder.backbone.layer1."),
        (r"^pretrained\.layer([234])\.", r"encoder.backbone.layer\1."),
    ),
    Encoder.VIT: _VIT_RULES,
    Encoder.HYBRID: _VIT_RULES,
    Encoder.BEIT: _VIT_RULES,
    Encoder.WINDOWS: (
        (r"^pretrained\.model\.layers\.(\d)\.downsample\.", _next_stage),
        (r"^pretrained\.model\.head\.", "encoder.backbone.head.fc."),
        (r"^pretrained\.model\.", "encoder.backbone."),
    ),
    Encoder.LEVIT: (
        (r"^pretrained\.model\.patch_embed\.0\.", "encoder.backbone.stem.conv1."),
        (r"^pretrained\.model\.patch_embed\.2\.", "encoder.backbone.stem.conv2."),
        (r"^pretrained\.model\.patch_embed\.4\.", "encoder.backbone.stem.conv3."),
        (r"^pretrained\.model\.patch_embed\.6\.", "encoder.backbone.stem.conv4."),
        (r"^pretrained\.model\.blocks\.(\d+)\.(m\.(?!\d))?", _levit_block),
        (r"^pretrained\.model\.", "encoder.backbone."),
        (r"\.mlp\.m\.0\.", ".mlp.ln1."),
        (r"\.mlp\.m\.2\.", ".mlp.ln2."),
        (r"\.(q|proj)\.1\.", r".\1.ln."),
        (r"^scratch\.stem_transpose\.0\.c\.", "enlarge.0.conv."),
        (r"^scratch\.stem_transpose\.2\.c\.", "enlarge.1.conv."),
        (r"^scratch\.stem_transpose\.0\.bn\.", "enlarge.0.norm."),
        (r"^scratch\.stem_transpose\.2\.bn\.", "enlarge.1.norm."),
        (r"\.c\.", ".linear."),
        (r"\.l\.", ".linear."),
    ),
}
"""The official weights' names in ours: every rule of an encoder is applied in order, then those of the decoder."""


def translate_key(official_key: str, encoder: Encoder) -> str:
    """Our name of an official weight."""
    for pattern, replacement in (*_ENCODER_RULES[encoder], *_DECODER_RULES):
        official_key = re.sub(pattern, replacement, official_key)
    return official_key


def load_official(module: MidasNetwork, state_dict: Mapping[str, Tensor]) -> None:
    """Fills `module` from an official state dictionary, in place.

    Strict: every official key must have a place of the same shape, and every parameter and saved buffer of the module must be filled.
    Index tables that official files hold and current timm computes (relative positions, window masks) are taken from the file, as
    upstream does.
    Raises WeightsError that lists the keys which are unexpected, missing or of another shape.
    """
    places = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    ours = {translate_key(key, module.encoder_kind): (key, tensor) for key, tensor in state_dict.items()}
    faults = {
        "unexpected": [key for name, (key, _) in ours.items() if name not in places],
        "missing": [name for name in module.state_dict() if name not in ours],
        "of another shape": [
            f"{key} {tuple(tensor.shape)} instead of {tuple(places[name].shape)}"
            for name, (key, tensor) in ours.items()
            if name in places and places[name].shape != tensor.shape
        ],
    }
    if any(faults.values()):
        raise WeightsError(f"The checkpoint is not one of this network: {_listed(faults)}. Choose the network that it belongs to.")
    with torch.no_grad():
        for name, (_, tensor) in ours.items():
            places[name].copy_(tensor)


def _listed(faults: Mapping[str, list[str]], shown: int = 5) -> str:
    """'2 missing (a, b); 900 unexpected (c, d, e, f, g, ...)'."""
    parts = []
    for fault, keys in faults.items():
        if keys:
            names = ", ".join(keys[:shown]) + (", ..." if len(keys) > shown else "")
            parts.append(f"{len(keys)} {fault} ({names})")
    return "; ".join(parts)
