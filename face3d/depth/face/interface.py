"""What a face network is to the rest of the program, without a library that computes it: its configuration,
its outputs, and how it is called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from face3d.structures import Array

STRIDE = 32
"""Sides of the input must be multiples of this."""
MOST_SIDE = 2048
"""Of an input, pixels: what a file may ask for."""
FORMER_KEYS = {"look_side": "inference_side"}
"""Keys in the metadata of files that were packed before a field was renamed, and the field."""

Values = TypeVar("Values")


@dataclass(frozen=True)
class Configuration:
    """Everything needed to build the network again; kept in the weights' metadata.

    widths: channels of the decoder, from half the input's resolution to the coarsest; one per scale of the
    backbone.
    side: the input side of the training, pixels; relief is in widths of this square.
    inference_side: the input side of the first of two scales; measured to be best above `side`.
    fast_side: the input side of one scale.
    uncertainty_scale, thickness_uncertainty_scale: calibration factors with which 68 % of the errors lie
    within the stated uncertainty, at two scales.
    fast_uncertainty_scale, fast_thickness_uncertainty_scale: the same at one scale; None: as at two.
    canonical_widths: channels of the decoder of canonical coordinates, see `FaceMaps`, from a quarter of the
    input's resolution to the coarsest; empty: there is none.
    canonical_uncertainty_scale: calibration factor with which 68 % of the errors of canonical coordinates lie
    within the stated uncertainty.
    """

    backbone: str = "tf_efficientnet_lite0"
    widths: tuple[int, ...] = (32, 64, 128, 128, 128)
    side: int = 128
    inference_side: int = 192
    uncertainty_scale: float = 1.0
    thickness_uncertainty_scale: float = 1.0
    fast_side: int = 256
    fast_uncertainty_scale: float | None = None
    fast_thickness_uncertainty_scale: float | None = None
    canonical_widths: tuple[int, ...] = ()
    canonical_uncertainty_scale: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError for values of which no network can be built."""
        widths = (*self.widths, *self.canonical_widths)
        sides = self.side, self.inference_side, self.fast_side
        if not isinstance(self.backbone, str) or not all(
            type(width) is int and width > 0 for width in widths
        ):
            raise ValueError("A backbone has a name, and widths are whole numbers above 0.")
        if not all(type(side) is int and 0 < side <= MOST_SIDE for side in sides):
            raise ValueError(f"Sides are whole numbers from 1 to {MOST_SIDE} pixels.")
        scales = [
            value for name, value in vars(self).items() if name.endswith("_scale") and value is not None
        ]
        if not all(isinstance(scale, int | float) and 0 < scale < math.inf for scale in scales):
            raise ValueError("Calibration factors are finite and above 0.")

    def factors(self, *, best: bool) -> tuple[float, float]:
        """On the stated errors of relief and of thickness, at two scales or at one."""
        if best or self.fast_uncertainty_scale is None or self.fast_thickness_uncertainty_scale is None:
            return self.uncertainty_scale, self.thickness_uncertainty_scale
        return self.fast_uncertainty_scale, self.fast_thickness_uncertainty_scale

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Configuration:
        """The configuration of a weights' file or of a training checkpoint, also of one with FORMER_KEYS."""
        known = {FORMER_KEYS.get(key, key): value for key, value in values.items()}
        return cls(
            **known
            | {"widths": tuple(known["widths"]), "canonical_widths": tuple(known.get("canonical_widths", ()))}
        )


class FaceMaps(NamedTuple, Generic[Values]):
    """Outputs for a batch, tensors or arrays, float32 at the input's resolution: (n, h, w), but `eyes_logit`
    (n, 2, h, w).

    relief: height towards the camera, image widths, meaningful where matte > 0.5.
    thickness: image widths, >= 0.
    matte_logit, head_logit: logits.
    log_uncertainty, log_thickness_uncertainty: natural logarithm of the expected absolute error of relief and
    of thickness.
    eyes_logit: logits of the eye on the left and of the eye on the right of the picture.
    canonical, log_canonical_uncertainty, skin_logit: None without `Configuration.canonical_widths`, else
    canonical coordinates (n, 3, h, w) of the visible skin, see docs/conventions.md, the natural logarithm of
    their expected absolute error, mean of the three, and the logit of a pixel being such skin.
    """

    relief: Values
    thickness: Values
    matte_logit: Values
    head_logit: Values
    log_uncertainty: Values
    eyes_logit: Values
    log_thickness_uncertainty: Values
    canonical: Values | None = None
    log_canonical_uncertainty: Values | None = None
    skin_logit: Values | None = None


class FacePredictor(Protocol):
    """A face network that is ready to predict."""

    @property
    def configuration(self) -> Configuration:
        """What it was trained with."""
        ...

    def infer(self, rgb_nchw: Array) -> FaceMaps[Array]:
        """rgb_nchw: (n, 3, h, w) float32 in 0..1, h and w multiples of STRIDE.

        Computed in one thread: sums are rounded in another order for another number of threads, and the same
        photo shall give the same files on the page, on the command line and in each process of a batch.
        """
        ...


def metadata_of(configuration: Configuration, facts: dict[str, str]) -> dict[str, str]:
    """The strings of the weights' metadata: the configuration, and `facts` about the training."""
    return {"configuration": json.dumps(asdict(configuration)), **facts}
