"""The terms of the loss, and their weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from face3d.depth.face.interface import FaceMaps

EYE_SIGMA = 0.02
"""Radius of the target blob of an eye, in image widths."""
ROOT_GUARD = 1e-5
"""Added under a square root, whose derivative at zero is infinite."""
FACE_COUNTS = 2.0
"""Weight of a pixel of the narrow face in the shift-invariant term, slope and normals; others weigh 1. The
narrow face is the smaller part of a head and matters most."""
WEIGHTS = {
    "shift-invariant": 10.0,
    "absolute": 2.0,
    "slope": 10.0,
    "thickness": 3.0,
    "matte": 0.6,
    "head": 0.2,
    "uncertainty": 0.05,
    "thickness uncertainty": 0.05,
    "eyes": 1.0,
    "normals": 0.1,
    "canonical": 2.0,
    "canonical uncertainty": 0.05,
    "skin": 0.1,
}


def losses(predicted: FaceMaps, maps_nchw: Tensor, eyes_nk3: Tensor) -> dict[str, Tensor]:
    """Each term by name, unweighted, scalar.

    maps_nchw: channels as in `training.dataset.MAPS`; the last four are used only where the network predicts
    canonical coordinates. eyes_nk3: x, y in 0..1, and 1 where the eye is in view, else 0; left and right eyes
    alternate. "absolute" and "shift-invariant" are of relief: its mean absolute error with and without the
    mean difference.
    """
    relief, thickness, matte, head, face = maps_nchw[:, :5].unbind(1)
    inside = (matte > 0.5).float()
    weight = inside * (1 + (FACE_COUNTS - 1) * face)
    error = predicted.relief - relief

    def mean_inside(value: Tensor) -> Tensor:
        return _mean(value, inside)

    shift = ((error * inside).sum((1, 2)) / inside.sum((1, 2)).clamp_min(1)).detach()[:, None, None]
    centred_error = (error - shift).abs()
    thickness_error = (predicted.thickness - thickness).abs()
    terms = {
        "shift-invariant": _mean(centred_error, weight),
        "absolute": mean_inside(error.abs()),
        "slope": _slope_error(error, weight),
        "normals": _normal_error(predicted.relief, relief, weight),
        "thickness": mean_inside(thickness_error),
        "matte": functional.binary_cross_entropy_with_logits(predicted.matte_logit, matte),
        "head": functional.binary_cross_entropy_with_logits(predicted.head_logit, head),
        "uncertainty": mean_inside(_laplace_nll(centred_error, predicted.log_uncertainty)),
        "thickness uncertainty": mean_inside(
            _laplace_nll(thickness_error, predicted.log_thickness_uncertainty)
        ),
        "eyes": eye_loss(predicted.eyes_logit, eyes_nk3),
    }
    return terms | (canonical_losses(predicted, maps_nchw) if predicted.canonical is not None else {})


def canonical_losses(
    predicted: FaceMaps, maps_nchw: Tensor, _eyes_nk3: Tensor | None = None
) -> dict[str, Tensor]:
    """The terms of canonical coordinates alone, arguments as of `losses`: for a network that is kept but for
    their decoder.
    """
    assert predicted.canonical is not None
    assert predicted.log_canonical_uncertainty is not None
    assert predicted.skin_logit is not None
    skin = maps_nchw[:, 8]
    distance = (predicted.canonical - maps_nchw[:, 5:8]).abs().mean(1)
    return {
        "canonical": _mean(distance, skin),
        "canonical uncertainty": _mean(_laplace_nll(distance, predicted.log_canonical_uncertainty), skin),
        "skin": functional.binary_cross_entropy_with_logits(predicted.skin_logit, skin),
    }


def total(terms: dict[str, Tensor]) -> Tensor:
    """The weighted sum; terms that are not in WEIGHTS have weight 1."""
    return torch.stack([WEIGHTS.get(name, 1.0) * term for name, term in terms.items()]).sum()


def _laplace_nll(error: Tensor, log_scale: Tensor) -> Tensor:
    """Laplace negative log-likelihood, less a constant; the gradient reaches the scale, not the error."""
    return error.detach() * torch.exp(-log_scale) + log_scale


def _mean(value_nhw: Tensor, weight_nhw: Tensor) -> Tensor:
    """Weighted mean of each picture, and the mean of these."""
    return ((value_nhw * weight_nhw).sum((1, 2)) / weight_nhw.sum((1, 2)).clamp_min(1)).mean()


def _slope_error(error_nhw: Tensor, weight_nhw: Tensor, scales: int = 4) -> Tensor:
    """Mean absolute difference of the error between neighbours, at `scales` halvings; a pair has the lesser
    of its two weights.

    Source: the multi-scale gradient loss of Li & Snavely 2018 (MegaDepth), here on relief instead of log
    depth.
    """
    total_error = error_nhw.new_zeros(())
    for _ in range(scales):
        count = weight_nhw.sum((1, 2)).clamp_min(1)
        across = torch.diff(error_nhw, dim=2).abs() * torch.minimum(
            weight_nhw[:, :, 1:], weight_nhw[:, :, :-1]
        )
        down = torch.diff(error_nhw, dim=1).abs() * torch.minimum(weight_nhw[:, 1:], weight_nhw[:, :-1])
        total_error = total_error + ((across.sum((1, 2)) + down.sum((1, 2))) / count).mean()
        error_nhw, weight_nhw = error_nhw[:, ::2, ::2], weight_nhw[:, ::2, ::2]
    return total_error


def _normal_error(predicted_nhw: Tensor, relief_nhw: Tensor, weight_nhw: Tensor) -> Tensor:
    """Mean distance between the tips of the unit normals, from differences over one pixel plus over two.

    The distance is the angle in radians while that is small. Unlike the error of a slope it stays finite
    where a surface is steep.
    """
    total_error = predicted_nhw.new_zeros(())
    for step in (1, 2):
        right_and_below = torch.minimum(weight_nhw[:, step:, :-step], weight_nhw[:, :-step, step:])
        weight = torch.minimum(weight_nhw[:, step:, step:], right_and_below)
        (across, down), (true_across, true_down) = (
            _slopes(relief, step) for relief in (predicted_nhw, relief_nhw)
        )
        lengths = torch.sqrt((1 + across**2 + down**2) * (1 + true_across**2 + true_down**2))
        cosine = (1 + across * true_across + down * true_down) / lengths
        distance = torch.sqrt(2 * (1 - cosine).clamp_min(0) + ROOT_GUARD)
        total_error = total_error + _mean(distance, weight)
    return total_error


def _slopes(relief_nhw: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Rise per pixel to the right and downwards, measured over `step` pixels: (n, h - step, w - step)."""
    pixels = relief_nhw * (relief_nhw.shape[-1] / step)
    corner = pixels[:, step:, step:]
    return corner - pixels[:, step:, :-step], corner - pixels[:, :-step, step:]


def eye_loss(logit_n2hw: Tensor, eyes_nk3: Tensor) -> Tensor:
    """Cross-entropy against a Gaussian blob on each eye in view, 0 elsewhere; pixels of a blob weigh more."""
    height, width = logit_n2hw.shape[-2:]
    x = (torch.arange(width, device=logit_n2hw.device) + 0.5) / width
    y = (torch.arange(height, device=logit_n2hw.device) + 0.5) / height
    squared = (x - eyes_nk3[:, :, 0, None, None]) ** 2 + (y[:, None] - eyes_nk3[:, :, 1, None, None]) ** 2
    blobs = torch.exp(-squared / (2 * EYE_SIGMA**2)) * eyes_nk3[:, :, 2, None, None]
    blob = torch.stack([blobs[:, 0::2].amax(1), blobs[:, 1::2].amax(1)], 1)
    return (
        functional.binary_cross_entropy_with_logits(logit_n2hw, blob, reduction="none") * (1 + 20 * blob)
    ).mean()
