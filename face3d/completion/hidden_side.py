"""Colours of the hidden side: from the seen half by symmetry, or painted inwards from the outline."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from face3d.completion.blend import correction
from face3d.completion.mirror import MirrorPlane
from face3d.completion.seen import Seen, person_colours, sampled
from face3d.completion.sheet import hidden_sheet
from face3d.completion.symmetry import (
    BLACK,
    Mirrored,
    falling,
    find_images,
    in_head,
    less_tinted,
    mirrored_surface,
)
from face3d.geometry.filters import distance_inside, fill_by_diffusion
from face3d.geometry.grid import grid_size, pixel_points
from face3d.geometry.relief import Relief
from face3d.structures import Array

Painter = Callable[[Array, Array], Array]
"""From a picture (h, w, 3) uint8 and its holes (h, w) bool to the picture with the holes painted."""

COLOUR_SIDE, PAINTED_SIDE = 1024, 512
"""Longest side of the picture of the hidden side, pixels: by symmetry, and painted."""
RIM_SHARE = 0.015
"""Width of the band along the outline that front and hidden side share, picture widths."""
FADE = 0.12
"""Distance over which a correction of colour along the outline fades, head widths."""
SEAM_CELLS = 2.5
"""Width of the band along the outline where it is compared with its mirror image, cells."""
LEAST_USED = 0.003
"""Share of the hidden side below which what symmetry gives is not worth a seam."""
NEAR_SHEET = (0.12, 0.3)
"""Distances from the bust's hidden side, in head widths, between which the trust in a mirrored surface falls
from 1 to 0: that side is smoother than a head, and yet another surface may lie behind the mirrored one."""
DOUBT = (0.35, 0.7)
"""Agreement of the seen halves between which symmetry begins to be used."""


TURNED = 0.17
"""Sine of the turn from which on the far outline of a head is that of the face: 10 degrees."""


class HiddenSide(NamedTuple):
    """rgb_hwc: uint8 colours over the picture, of any size; None for those spread from the outline.
    confidence_hw: (h, w) float32 in 0..1 over the grid of `Seen`. covered_hw: (h, w) bool, where on it there
    is a hidden side.
    """

    rgb_hwc: Array | None
    confidence_hw: Array
    covered_hw: Array


def mirrored_side(relief: Relief, mirrored: Mirrored) -> HiddenSide:
    """The hidden side with the colours of the seen half where its mirror image is seen.

    Lighting is evened by the ratio between the halves where both are seen; along the outline colours meet
    those of the front (see `blend`). Elsewhere colours are spread from the outline and from these.
    Raises: GeometryError where the relief gives no bust.
    """
    seen, plane, halves, face, head_width = mirrored
    image = mirrored_surface(seen, plane, hidden=True)
    if image.trust_hw.sum() < LEAST_USED * seen.known_hw.sum():
        return HiddenSide(None, np.zeros(seen.size_hw, np.float32), seen.known_hw)
    points_hw3, covered_hw = hidden_sheet(relief, seen.size_hw)
    away_hw = np.abs(image.relief_hw - points_hw3[..., 2] / seen.camera.unit_per_width)
    near_hw = falling(away_hw / head_width * seen.camera.unit_per_width, *NEAR_SHEET)
    trust_hw = image.trust_hw * covered_hw * near_hw * in_head(seen, face)
    light_hwc, agreement_hw = halves.of(pixel_points(image.relief_hw, seen.camera), plane)
    share = np.clip((agreement_hw - DOUBT[0]) / (DOUBT[1] - DOUBT[0]), 0, 1)
    used_hw, confidence_hw = ((trust_hw * layer).astype(np.float32) for layer in (share, agreement_hw))
    if used_hw.sum() < LEAST_USED * covered_hw.sum():
        return HiddenSide(None, confidence_hw, covered_hw)
    size_hw = grid_size(relief.camera.size_hw, min(1.0, COLOUR_SIDE / max(relief.camera.size_hw)))
    front_hwc = person_colours(relief, size_hw).astype(np.float32)
    inside_hw = _enlarged(covered_hw.astype(np.float32), size_hw) > 0.5
    places_hw2 = _places(image.places_hw2, image.trust_hw > 0, seen.size_hw, size_hw)
    mirrored_hwc = sampled(front_hwc, places_hw2.reshape(-1, 2)).reshape(front_hwc.shape)
    mirrored_hwc = (mirrored_hwc + BLACK) * np.exp(
        _enlarged(fill_by_diffusion(light_hwc, image.trust_hw > 0), size_hw)
    ) - BLACK
    used_hw = np.where(inside_hw, _enlarged(used_hw, size_hw), 0)
    rim_hw = inside_hw & (distance_inside(inside_hw) <= max(2.0, RIM_SHARE * size_hw[1]))
    seam_hwc = _seam(mirrored, covered_hw)
    mirrored_hwc = np.clip(mirrored_hwc + _enlarged(seam_hwc, size_hw), 0, 255)
    far_hw = _enlarged(_far_half(seen, plane, points_hw3) * in_head(seen, face), size_hw) > 0.5
    spread_hwc = _spread(front_hwc, rim_hw & ~far_hw, mirrored_hwc, used_hw)
    rgb_hwc = spread_hwc + used_hw[..., None] * (mirrored_hwc - spread_hwc)
    return HiddenSide(np.round(np.clip(rgb_hwc, 0, 255)).astype(np.uint8), confidence_hw, covered_hw)


def _far_half(seen: Seen, plane: MirrorPlane, points_hw3: Array) -> Array:
    """(h, w) float32: 1 on the far half of a head that is turned by `TURNED` or more, else 0.

    The outline of that half is the face's own: cheek and brow are no colours of the back of the head.
    """
    if abs(plane.normal_3[2]) < TURNED:
        return np.zeros(seen.size_hw, np.float32)
    beyond_hw = points_hw3 @ plane.normal_3 - plane.offset
    return (beyond_hw * -np.sign(plane.normal_3[2]) > 0).astype(np.float32)


def _seam(mirrored: Mirrored, covered_hw: Array) -> Array:
    """(h, w, 3) float32 on the grid of `Seen`: what colours by symmetry lack to meet the front's.

    Along the outline it is the difference between the front and its own mirror image, the same place of the
    surface seen and inserted; from there it fades over the hidden side.
    """
    seen, plane, halves, _, head_width = mirrored
    images = find_images(seen, plane, seen.points_hw3, seen.known_hw, head_width)
    image_hwc = sampled(seen.rgb_hwc, images.places_hw2.reshape(-1, 2)).reshape(seen.rgb_hwc.shape)
    light_hwc = halves.of(seen.points_hw3, plane)[0]
    difference_hwc = less_tinted(seen.rgb_hwc - ((image_hwc + BLACK) * np.exp(light_hwc) - BLACK))
    border_hw = (distance_inside(seen.known_hw) <= SEAM_CELLS) & (images.trust_hw > 0.3)
    fade_cells = FADE * head_width / seen.camera.unit_per_width * seen.size_hw[1]
    return correction(difference_hwc, border_hw, covered_hw, fade_cells)


def _enlarged(layer: Array, size_hw: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(layer, size_hw[::-1], interpolation=cv2.INTER_LINEAR))


def _places(
    places_hw2: Array, covered_hw: Array, grid_hw: tuple[int, int], size_hw: tuple[int, int]
) -> Array:
    """Places in cells of a grid as places in pixels of a larger picture, for each of its pixels."""
    filled_hw2 = fill_by_diffusion(places_hw2, covered_hw)
    scale_2 = np.array([size_hw[1] / grid_hw[1], size_hw[0] / grid_hw[0]], np.float32)
    return _enlarged(filled_hw2, size_hw) * scale_2


def _spread(front_hwc: Array, rim_hw: Array, mirrored_hwc: Array, used_hw: Array) -> Array:
    """Colours spread from the outline and from what symmetry gives, at a quarter of the size, as those of
    `texture.spread_colours`.
    """
    height, width = used_hw.shape
    known_hw = rim_hw | (used_hw > 0.5)
    share_hw = np.where(rim_hw, np.minimum(used_hw, 0.5), used_hw)[..., None]
    known_hwc = front_hwc + share_hw * (mirrored_hwc - front_hwc)
    small_wh = max(1, width // 4), max(1, height // 4)
    weight_hw = cv2.resize(known_hw.astype(np.float32), small_wh, interpolation=cv2.INTER_AREA)
    sums_hwc = cv2.resize(
        (known_hwc * known_hw[..., None]).astype(np.float32), small_wh, interpolation=cv2.INTER_AREA
    )
    small_hwc = sums_hwc / np.maximum(weight_hw, 1e-3)[..., None]
    filled_hwc = fill_by_diffusion(small_hwc.astype(np.float32), weight_hw > 0.3)
    filled_hwc = cv2.GaussianBlur(filled_hwc, (0, 0), max(2.0, RIM_SHARE * small_wh[0]))
    return _enlarged(filled_hwc, (height, width))


def painted_side(relief: Relief, seen: Seen, paint: Painter) -> HiddenSide:
    """The hidden side painted inwards from the outline by `paint`."""
    size_hw = grid_size(relief.camera.size_hw, min(1.0, PAINTED_SIDE / max(relief.camera.size_hw)))
    front_hwc = person_colours(relief, size_hw)
    subject_hw = _enlarged(relief.subject_hw.astype(np.float32), size_hw) > 0.5
    reach = max(2.0, RIM_SHARE * size_hw[1])
    hole_hw = subject_hw & (distance_inside(subject_hw, frame_ends_it=True) > reach)
    covered_hw = seen.known_hw
    nothing_hw = np.zeros(covered_hw.shape, np.float32)
    return HiddenSide(paint(front_hwc, hole_hw) if hole_hw.any() else None, nothing_hw, covered_hw)
