"""Depth maps as files: PNG of 8 and 16 bits, NPY."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from face3d.export.images import encode_png
from face3d.structures import DepthMap


def depth_png8(depth: DepthMap) -> bytes:
    """8-bit grey PNG: near = light, far = dark, outside the mask black."""
    return encode_png(depth.as_grey())


def depth_png16(depth: DepthMap) -> bytes:
    """16-bit grey PNG over its whole range: nearest = 65535, farthest = 1, outside the mask 0."""
    levels_hw = np.round(1 + depth.nearness_hw().astype(np.float64) * 65534)
    return encode_png(np.where(depth.mask_hw, levels_hw, 0).astype(np.uint16))


def depth_npy(depth: DepthMap) -> bytes:
    """NPY, float32, the network's own values and representation; NaN outside the mask."""
    packed = io.BytesIO()
    np.save(packed, np.where(depth.mask_hw, depth.values_hw, np.float32(np.nan)))
    return packed.getvalue()


DEPTH_WRITERS: dict[str, Callable[[DepthMap], bytes]] = {
    "_depth.png": depth_png8,
    "_depth16.png": depth_png16,
    "_depth.npy": depth_npy,
}
"""Writers of the depth map, by what is added to the photo's name."""
