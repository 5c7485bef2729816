"""Official MiDaS checkpoints into our modules: the translation of their keys, applied strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from face3d.depth.midas.network import MidasNetwork
from face3d.depth.spec import Encoder
from face3d.errors import WeightsError

Rule = tuple[str, str | Callable[[re.Match[str]], str]]
"""A pattern over an official key, and the replacement of the part that matches."""


def _next_stage(match: re.Match[str]) -> str:
    """Swin: the last module of a stage in the official weights is the first of the next one in timm."""
    return f"encoder.backbone.layers.{int(match[1]) + 1}.downsample."


def _levit_block(match: re.Match[str]) -> str:
    """LeViT: official blocks are one list of attention, MLP, attention, ...; timm nests them.

    0-7: stage 0. 8, 9: attention that downsamples and its MLP, the first of stage 1. 10-17: stage 1.
    18, 19 and 20-27: stage 2 alike.
    """
    index = int(match[1])
    stage, block = (0, index) if index < 8 else (1 + (index - 8) // 10, (index - 8) % 10 - 2)
    if block < 0:
        return f"encoder.backbone.stages.{stage}.downsample.{('attn_downsample', 'mlp')[block]}."
    return f"encoder.backbone.stages.{stage}.blocks.{block // 2}.{('attn', 'mlp')[block % 2]}."


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
"""From official keys to ours: the rules of an encoder, applied in order before those of the decoder."""


def translate_key(official_key: str, encoder: Encoder) -> str:
    """Our name of an official weight."""
    for pattern, replacement in (*_ENCODER_RULES[encoder], *_DECODER_RULES):
        official_key = re.sub(pattern, replacement, official_key)
    return official_key


def load_official(module: MidasNetwork, state_dict: Mapping[str, Tensor]) -> None:
    """Fills `module` from an official state dictionary, in place.

    Strict: every official key must match a tensor of the same shape, and every parameter and saved buffer of
    the module must be filled. Index tables that official files hold and current timm computes (relative
    positions, window masks) are taken from the file, as upstream does.
    Raises WeightsError that lists the keys which are unexpected, missing or of another shape.
    """
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    ours = {translate_key(key, module.encoder_kind): (key, tensor) for key, tensor in state_dict.items()}
    faults = {
        "unexpected": [key for name, (key, _) in ours.items() if name not in tensors],
        "missing": [name for name in module.state_dict() if name not in ours],
        "of another shape": [
            f"{key} {tuple(tensor.shape)} instead of {tuple(tensors[name].shape)}"
            for name, (key, tensor) in ours.items()
            if name in tensors and tensors[name].shape != tensor.shape
        ],
    }
    if any(faults.values()):
        raise WeightsError(
            f"The checkpoint is not one of this network: {_summary(faults)}. "
            "Choose the network that it belongs to."
        )
    with torch.no_grad():
        for name, (_, tensor) in ours.items():
            tensors[name].copy_(tensor)


def _summary(faults: Mapping[str, list[str]], shown: int = 5) -> str:
    """'2 missing (a, b); 900 unexpected (c, d, e, f, g, ...)'."""
    parts = []
    for fault, keys in faults.items():
        if keys:
            names = ", ".join(map(_shown, keys[:shown])) + (", ..." if len(keys) > shown else "")
            parts.append(f"{len(keys)} {fault} ({names})")
    return "; ".join(parts)


def _shown(key: str, longest: int = 150) -> str:
    """A key for a message: a file can hold any text as one."""
    key = key if len(key) <= longest else f"{key[:longest]}..."
    return key if key.isprintable() else ascii(key)
