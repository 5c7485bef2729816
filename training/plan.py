"""What a run trains, with what it begins, and how."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork
from training.muon import gentle_to_the_encoder, muon_and_adamw

Optimisers = Callable[[FaceNetwork, float, float], list[torch.optim.Optimizer]]
"""From network, peak learning rate and weight decay to the optimisers that share its parameters."""


class Plan(NamedTuple):
    """Network, initial weights and optimisers of a run; the same again when it continues.

    begin_with: weights for `training.pretrained.begin`, or None. encoder_rate: learning rate of the encoder
    as a share of the others', see `muon.gentle_to_the_encoder`; without it encoder and decoder are trained
    alike. only_canonical: only the decoder of canonical coordinates is trained, the rest stays as it is.
    """

    configuration: Configuration = Configuration()
    begin_with: Path | None = None
    encoder_rate: float | None = None
    only_canonical: bool = False

    @property
    def optimisers(self) -> Optimisers:
        """One rate for all parameters, or another for the encoder."""
        return (
            muon_and_adamw
            if self.encoder_rate is None
            else partial(gentle_to_the_encoder, share=self.encoder_rate)
        )
