"""Where the pixels of a head were in the frame before, by its two boxes and by optical flow."""

from __future__ import annotations

import math

import cv2
import numpy as np

from face3d.structures import Array, Face

MARGIN = 0.2
"""Around a head's box, in head widths."""
FLOW_SIDE = 192
"""Longest side of the pictures of which the flow is computed, pixels."""
LEAST_SIDE = 16
"""Of a head, pixels, below which no flow is computed."""


def head_window(face: Face, size_hw: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a head's box with the margin, inside the picture."""
    left, top, right, bottom = face.box_xyxy
    around = MARGIN * face.width
    rows = slice(max(0, math.floor(top - around)), min(size_hw[0], math.ceil(bottom + around)))
    columns = slice(max(0, math.floor(left - around)), min(size_hw[1], math.ceil(right + around)))
    return rows, columns


def places_before(grey_hw: Array, before_hw: Array, now: Face, then: Face) -> tuple[Array, Array] | None:
    """Columns and rows, (h, w) float32 each, where the pixels of a head's window were in the frame before.

    grey_hw, before_hw: both frames, (H, W) float32, 0..255. now, then: the head in each. The boxes say how
    far it went and how much larger it is; the flow what is left of that.
    None where the head is too small.

    Source: Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016, as OpenCV has it.
    """
    rows, columns = head_window(now, (grey_hw.shape[0], grey_hw.shape[1]))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if min(height, width) < LEAST_SIDE or min(now.width, then.width) < 1:
        return None
    grown = then.width / now.width
    centre_now, centre_then = (
        ((face.box_xyxy[0] + face.box_xyxy[2]) / 2, (face.box_xyxy[1] + face.box_xyxy[3]) / 2)
        for face in (now, then)
    )
    x, y = np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop))
    x = (centre_then[0] + grown * (x + 0.5 - centre_now[0]) - 0.5).astype(np.float32)
    y = (centre_then[1] + grown * (y + 0.5 - centre_now[1]) - 0.5).astype(np.float32)
    scale = min(1.0, FLOW_SIDE / max(height, width))
    size_wh = max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale))
    pictures = (
        grey_hw[rows, columns],
        cv2.remap(before_hw, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
    )
    now_hw, then_hw = (
        np.clip(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), 0, 255).astype(np.uint8)
        for picture in pictures
    )
    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = flow_of.calc(now_hw, then_hw, np.zeros((*now_hw.shape, 2), np.float32))
    flow_hw2 = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    x += flow_hw2[..., 0] * np.float32(grown * width / size_wh[0])
    y += flow_hw2[..., 1] * np.float32(grown * height / size_wh[1])
    return x, y
