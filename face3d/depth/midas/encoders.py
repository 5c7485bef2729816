"""The encoders of the MiDaS networks: timm models, and the features that are taken from them.

Each class maps an image (n, 3, h, w) to three or four feature maps (n, c, h_i, w_i), fine to coarse. timm
gives the layers; which of their outputs are used, and how tokens become maps, is MiDaS's.

Sources:
Readout, reassemble: R. Ranftl, A. Bochkovskiy, V. Koltun, Vision Transformers for Dense Prediction, 2021,
section 3.
BEiT, Swin, Swin V2, LeViT: R. Birkl, D. Wofk, M. Mueller, MiDaS v3.1, 2023, section 3.
"""

from __future__ import annotations

from typing import Any

import timm
import torch
import torch.nn.functional as F
from timm.models.beit import gen_relative_position_index
from torch import Tensor, nn

from face3d.depth.spec import Architecture, Encoder


class ConvolutionalEncoder(nn.Module):
    """EfficientNet-Lite3 or ResNeXt-101: the last output at 1/4, 1/8, 1/16 and 1/32 of the image."""

    backbone: Any

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.backbone = timm.create_model(
            architecture.timm_name,
            pretrained=False,
            features_only=True,
            out_indices=architecture.feature_indices,
        )

    def forward(self, image_nchw: Tensor) -> list[Tensor]:
        """Four feature maps."""
        return self.backbone(image_nchw)


class Reassemble(nn.Module):
    """Tokens of one block to a feature map at 1/4, 1/8, 1/16 or 1/32 of the image.

    The class token is read out into every patch token; a 1x1 convolution sets the channels, a strided
    (transposed) one the resolution.
    """

    def __init__(self, token_channels: int, channels: int, level: int) -> None:
        super().__init__()
        self.readout = nn.Linear(2 * token_channels, token_channels)
        self.project = nn.Conv2d(token_channels, channels, 1)
        self.resample = _RESAMPLE[level](channels)

    def forward(self, tokens_ntc: Tensor, grid_hw: tuple[int, int]) -> Tensor:
        """tokens_ntc: class token first, then patches by row, `grid_hw` of them."""
        class_n1c, patches_ntc = tokens_ntc[:, :1], tokens_ntc[:, 1:]
        read_ntc = F.gelu(self.readout(torch.cat((patches_ntc, class_n1c.expand_as(patches_ntc)), -1)))
        return self.resample(self.project(read_ntc.transpose(1, 2).unflatten(2, grid_hw)))


_RESAMPLE = (
    lambda channels: nn.ConvTranspose2d(channels, channels, 4, stride=4),
    lambda channels: nn.ConvTranspose2d(channels, channels, 2, stride=2),
    lambda channels: nn.Identity(),
    lambda channels: nn.Conv2d(channels, channels, 3, stride=2, padding=1),
)


class TimmEncoder(nn.Module):
    """A whole timm model with random weights; subclasses take features from it."""

    backbone: Any

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.backbone = timm.create_model(architecture.timm_name, pretrained=False)
        self.feature_indices = architecture.feature_indices


class VitEncoder(TimmEncoder):
    """A vision transformer with absolute positions, which are interpolated to the patch grid."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        self.reassemble = _reassemblers(self.backbone.embed_dim, architecture.feature_channels, first_level=0)

    def forward(self, image_nchw: Tensor) -> list[Tensor]:
        """Four feature maps; both sides of the image are multiples of 32."""
        patches_nchw = self.backbone.patch_embed.proj(image_nchw)
        return _reassembled(self.reassemble, self.tokens(patches_nchw), patches_nchw)

    def tokens(self, patches_nchw: Tensor) -> list[Tensor]:
        """Class token and patches by row, (n, 1 + h w, c), after each block of `feature_indices`."""
        return _vit_tokens(self.backbone, patches_nchw, self.feature_indices)


class BeitEncoder(VitEncoder):
    """A vision transformer with relative positions; its bias tables are interpolated to the patch grid."""

    def tokens(self, patches_nchw: Tensor) -> list[Tensor]:
        """As those of `VitEncoder`."""
        grid_hw = (patches_nchw.shape[2], patches_nchw.shape[3])
        index_tt = gen_relative_position_index(grid_hw, device=patches_nchw.device)
        tokens_ntc = _with_class_token(self.backbone.cls_token, patches_nchw)
        taken = []
        for index, block in enumerate(self.backbone.blocks):
            bias_1htt = beit_position_bias(block.attn, grid_hw, index_tt)
            tokens_ntc = tokens_ntc + block.gamma_1 * beit_attention(
                block.attn, block.norm1(tokens_ntc), bias_1htt
            )
            tokens_ntc = tokens_ntc + block.gamma_2 * block.mlp(block.norm2(tokens_ntc))
            if index in self.feature_indices:
                taken.append(tokens_ntc)
        return taken


class HybridEncoder(TimmEncoder):
    """A ResNet-50 stem, whose first two stages are the fine levels, then a vision transformer for the coarse
    two.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        self.reassemble = _reassemblers(
            self.backbone.embed_dim, architecture.feature_channels[2:], first_level=2
        )

    def forward(self, image_nchw: Tensor) -> list[Tensor]:
        """Four feature maps; both sides of the image are multiples of 32."""
        stem_indices, block_indices = self.feature_indices[:2], self.feature_indices[2:]
        resnet = self.backbone.patch_embed.backbone
        map_nchw = resnet.stem(image_nchw)
        stages = []
        for stage in resnet.stages:
            map_nchw = stage(map_nchw)
            stages.append(map_nchw)
        patches_nchw = self.backbone.patch_embed.proj(resnet.norm(map_nchw))
        tokens = _vit_tokens(self.backbone, patches_nchw, block_indices)
        return [stages[index] for index in stem_indices] + _reassembled(self.reassemble, tokens, patches_nchw)


def beit_position_bias(attention: Any, grid_hw: tuple[int, int], index_tt: Tensor) -> Tensor:
    """The bias (1, heads, tokens, tokens) of attention on one patch grid, from a table learned on another.

    The table has one row per offset between two patches, (2 h - 1) x (2 w - 1) of them, and three for the
    class token. The rows of offsets are interpolated bilinearly, those of the class token are kept.
    index_tt: row of the table for each pair of tokens.
    Source: MiDaS v3.1, section 3.3 ("relative position bias ... interpolated").
    """
    table_rh = attention.relative_position_bias_table
    old_height, old_width = (2 * side - 1 for side in attention.window_size)
    new_height, new_width = (2 * side - 1 for side in grid_hw)
    offsets_1hxy = table_rh[:-3].unflatten(0, (old_height, old_width)).permute(2, 0, 1)[None]
    if (new_height, new_width) != (old_height, old_width):
        offsets_1hxy = F.interpolate(
            offsets_1hxy, size=(new_height, new_width), mode="bilinear", align_corners=False
        )
    rows_rh = torch.cat((offsets_1hxy[0].permute(1, 2, 0).flatten(0, 1), table_rh[-3:]))
    return rows_rh[index_tt].permute(2, 0, 1)[None]


def beit_attention(attention: Any, tokens_ntc: Tensor, bias_1htt: Tensor) -> Tensor:
    """Multi-head attention of `attention` with a given bias in place of its own, which fits one grid only."""
    bias_of_qkv = torch.cat((attention.q_bias, attention.k_bias, attention.v_bias))
    qkv_nt3hc = F.linear(tokens_ntc, attention.qkv.weight, bias_of_qkv).unflatten(
        2, (3, attention.num_heads, -1)
    )
    query, key, value = qkv_nt3hc.permute(2, 0, 3, 1, 4).unbind(0)
    mixed_nhtc = F.scaled_dot_product_attention(query, key, value, attn_mask=bias_1htt.to(query.dtype))
    return attention.proj(mixed_nhtc.transpose(1, 2).flatten(2))


class WindowEncoder(TimmEncoder):
    """Swin or Swin V2, for images of one size: the output of each stage, before the next merges patches."""

    def forward(self, image_nchw: Tensor) -> list[Tensor]:
        """Four feature maps."""
        map_nhwc = self.backbone.patch_embed(image_nchw)
        taken = []
        for index, stage in enumerate(self.backbone.layers):
            map_nhwc = stage(map_nhwc)
            if index in self.feature_indices:
                taken.append(map_nhwc.permute(0, 3, 1, 2))
        return taken


class LevitEncoder(TimmEncoder):
    """LeViT-384, for images of 224 px: one early block of each of its three stages.

    Their resolutions are 1/16, 1/32 and, rounded up, 1/64.
    """

    def forward(self, image_nchw: Tensor) -> list[Tensor]:
        """Three feature maps."""
        map_nchw = self.backbone.stem(image_nchw)
        grid_hw = (map_nchw.shape[2], map_nchw.shape[3])
        tokens_ntc = map_nchw.flatten(2).transpose(1, 2)
        taken = []
        for stage, wanted in zip(self.backbone.stages, self.feature_indices, strict=True):
            if not isinstance(stage.downsample, nn.Identity):
                grid_hw = ((grid_hw[0] + 1) // 2, (grid_hw[1] + 1) // 2)
            tokens_ntc = stage.downsample(tokens_ntc)
            for index, block in enumerate(stage.blocks):
                tokens_ntc = block(tokens_ntc)
                if index == wanted:
                    taken.append(tokens_ntc.transpose(1, 2).unflatten(2, grid_hw))
        return taken


ENCODERS: dict[Encoder, type[nn.Module]] = {
    Encoder.EFFICIENTNET: ConvolutionalEncoder,
    Encoder.RESNEXT: ConvolutionalEncoder,
    Encoder.VIT: VitEncoder,
    Encoder.HYBRID: HybridEncoder,
    Encoder.BEIT: BeitEncoder,
    Encoder.WINDOWS: WindowEncoder,
    Encoder.LEVIT: LevitEncoder,
}


def _reassemblers(token_channels: int, channels: tuple[int, ...], first_level: int) -> nn.ModuleDict:
    """One `Reassemble` per level, keyed "1" (1/4 of the image) to "4" (1/32)."""
    return nn.ModuleDict(
        {
            str(level + 1): Reassemble(token_channels, count, level)
            for level, count in enumerate(channels, start=first_level)
        }
    )


def _reassembled(reassemble: nn.ModuleDict, tokens: list[Tensor], patches_nchw: Tensor) -> list[Tensor]:
    grid_hw = (patches_nchw.shape[2], patches_nchw.shape[3])
    return [
        module(tokens_ntc, grid_hw) for module, tokens_ntc in zip(reassemble.values(), tokens, strict=True)
    ]


def _with_class_token(class_token_11c: Tensor, patches_nchw: Tensor) -> Tensor:
    """Patches by row behind the class token: (n, 1 + h w, c)."""
    patches_ntc = patches_nchw.flatten(2).transpose(1, 2)
    return torch.cat((class_token_11c.expand(len(patches_ntc), -1, -1), patches_ntc), 1)


def _vit_tokens(backbone: Any, patches_nchw: Tensor, block_indices: tuple[int, ...]) -> list[Tensor]:
    """Tokens after the blocks of `block_indices`; positions are interpolated bilinearly to the patch grid."""
    grid_hw = (patches_nchw.shape[2], patches_nchw.shape[3])
    class_11c, learned_1tc = backbone.pos_embed[:, :1], backbone.pos_embed[:, 1:]
    side = int(learned_1tc.shape[1] ** 0.5)
    learned_1chw = learned_1tc.transpose(1, 2).unflatten(2, (side, side))
    if grid_hw != (side, side):
        learned_1chw = F.interpolate(learned_1chw, size=grid_hw, mode="bilinear", align_corners=False)
    positions_1tc = torch.cat((class_11c, learned_1chw.flatten(2).transpose(1, 2)), 1)
    tokens_ntc = _with_class_token(backbone.cls_token, patches_nchw) + positions_1tc
    taken = []
    for index, block in enumerate(backbone.blocks):
        tokens_ntc = block(tokens_ntc)
        if index in block_indices:
            taken.append(tokens_ntc)
    return taken
