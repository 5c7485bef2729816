"""A lithophane: a plate that shows the photo when light shines through it, thin where the photo is bright.

It is made of the photo's light and the mask; depth plays no part in it.
"""

from __future__ import annotations

import cv2
import numpy as np

from face3d.geometry.relief import Relief
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import CLAY_RGB, rim_matte
from face3d.structures import Array

LUMINANCE_RGB = (0.2126, 0.7152, 0.0722)
"""Share of each primary of sRGB in the luminance of light. Source: ITU-R BT.709-6, item 3.2."""
DISPLAY_GAMMA = 2.2
LAMP_RGB = (255, 236, 208)
"""Colour of the lamp behind the plate in its texture: warm white."""
CLEAR_MM = 1.0
"""Thickness of white plastic that takes the light down to 1 / e. Of PLA this differs by maker and colour; it
is assumed, not measured."""


def luminance(relief: Relief) -> Array:
    """(h, w) float32 luminance of the photo's light as a display encodes it, 0 black to 1 white.

    White around the person, unless the background is kept.
    """
    light_hwc = (relief.photo.rgb_hwc.astype(np.float32) / 255) ** DISPLAY_GAMMA
    light_hw = light_hwc @ np.array(LUMINANCE_RGB, np.float32)
    if relief.settings.foreground_only:
        matte_hw = rim_matte(relief.depth)
        light_hw = light_hw * matte_hw + (1 - matte_hw)
    result_hw: Array = np.clip(light_hw, 0, 1) ** (1 / DISPLAY_GAMMA)
    return result_hw.astype(np.float32)


def thickness_mm(luminance_hw: Array, settings: ModelSettings) -> Array:
    """Thickness of the plate: `lithophane_thick_mm` where black to `lithophane_thin_mm` where white.

    It falls linearly with the luminance to the power of `lithophane_gamma`.
    """
    thin, thick = settings.lithophane_thin_mm, settings.lithophane_thick_mm
    result_hw: Array = thick - (thick - thin) * luminance_hw**settings.lithophane_gamma
    return result_hw


def translucence(thickness_hw: Array, settings: ModelSettings) -> Array:
    """Brightness of the plate before a lamp, 1 where it is thinnest, as a display encodes it: the light falls
    exponentially with the thickness (Beer and Lambert).
    """
    result_hw: Array = np.exp(-(thickness_hw - settings.lithophane_thin_mm) / (CLEAR_MM * DISPLAY_GAMMA))
    return result_hw


def lithophane_texture(relief: Relief, border_px: int) -> Array:
    """(h, w + w // 2, 3) uint8: the plate lit from behind, as its thickness lets the light through, and clay
    for what the camera does not see.

    border_px: of the frame, in pixels of the photo.
    """
    scale = min(1.0, relief.settings.texture_side / max(relief.camera.size_hw))
    height, width = (max(2, round(side * scale)) for side in relief.camera.size_hw)
    seen_hw = cv2.resize(luminance(relief), (width, height), interpolation=cv2.INTER_AREA)
    thick_hw = thickness_mm(np.pad(seen_hw, round(border_px * scale)), relief.settings)
    bright_hw1 = translucence(thick_hw, relief.settings)[..., None]
    front_hwc = np.round(bright_hw1 * np.array(LAMP_RGB)).astype(np.uint8)
    return np.hstack([front_hwc, np.full_like(front_hwc[:, : front_hwc.shape[1] // 2], CLAY_RGB)])
