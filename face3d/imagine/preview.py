"""What a picture is about to become, from the latents between two steps of a denoiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from face3d.bundled import sample_portraits
from face3d.photo import read_photo
from face3d.structures import Array

SIDE = 256
"""Of the portrait that the colours are fitted on, pixels."""


class Preview:
    """Colours as a linear function of latents, fitted by least squares on what the pipeline's own autoencoder
    makes of a bundled portrait. It costs one encoding of 256 x 256 pixels, where the decoder takes as long as
    a step.
    """

    def __init__(self, pipeline: Any) -> None:
        """pipeline: of diffusers. Without an autoencoder on grids of latents there is no preview."""
        self._weights: Array | None = None
        portraits = sample_portraits()
        vae = pipeline.vae
        if not portraits or not hasattr(vae, "encode"):
            return
        rgb_hwc = read_photo(portraits[0].read_bytes(), portraits[0].name).rgb_hwc
        rgb_chw = torch.from_numpy(rgb_hwc.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1
        picture = torch.nn.functional.interpolate(rgb_chw[None], (SIDE, SIDE), mode="area")
        with torch.inference_mode():
            encoded = vae.encode(picture.to(vae.device, vae.dtype))
            if not hasattr(encoded, "latent_dist"):
                return
            latents = encoded.latent_dist.mean.float().cpu() * vae.config.scaling_factor
            small = torch.nn.functional.interpolate(picture, latents.shape[-2:], mode="area")
        inputs = _with_constant(latents[0])
        self._weights = np.linalg.lstsq(inputs, small[0].flatten(1).T.numpy(), rcond=None)[0]

    def of(self, latents_bchw: Any) -> Array | None:
        """(h, w, 3) uint8 at the latents' size of the first picture; None where latents are no grid."""
        latents = latents_bchw[0].detach().float().cpu()
        if self._weights is None or latents.ndim != 3 or len(latents) + 1 != len(self._weights):
            return None
        colours = _with_constant(latents) @ self._weights
        picture = (colours.reshape(*latents.shape[1:], 3) + 1) * 127.5
        return np.asarray(np.nan_to_num(picture).clip(0, 255), np.uint8)


def _with_constant(latents_chw: torch.Tensor) -> Array:
    """(pixels, channels + 1), the last column 1."""
    flat = latents_chw.flatten(1).T.numpy()
    return np.column_stack([flat, np.ones(len(flat), np.float32)])
