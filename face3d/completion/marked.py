"""What covers the person, marked by the user: a hand, a microphone, sunglasses. Colour and depth below it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from face3d.completion.blend import correction
from face3d.completion.hidden_side import PAINTED_SIDE, Painter
from face3d.completion.seen import sampled
from face3d.completion.symmetry import Mirrored, in_head, mirrored_surface
from face3d.errors import CompletionError
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.grid import pixel_points
from face3d.structures import Array, DepthMap, DepthRepresentation, Photo

THRESHOLD = 127
"""Above it a pixel of a mask picture is marked."""
CONTEXT = 0.6
"""Surroundings that are looked at around what is marked, share of its size on each side; at least
`LEAST_PX`."""
LEAST_PX = 24
DOUBT = (0.3, 0.6)
"""Agreement of the seen halves between which symmetry begins to be used."""


class Revealed(NamedTuple):
    """Depth map and photo without what covered the person, the replaced pixels (h, w) bool, and how sure they
    are, (h, w) float32 in 0..1.
    """

    depth: DepthMap
    photo: Photo
    marked_hw: Array
    confidence_hw: Array


def as_marked(mask: Photo, size_hw: tuple[int, int]) -> Array:
    """(h, w) bool: the pixels that a mask picture marks: its opaque ones where it has transparency, else the
    white ones. Raises: CompletionError for another size than the photo's, or where nothing is marked.
    """
    if mask.size_hw != size_hw:
        (rows, columns), (height, width) = mask.size_hw, size_hw
        raise CompletionError(
            f"The mask of what is hidden has {columns} x {rows} pixels and the photo {width} x {height}. "
            "Choose the mask of this photo, in its size."
        )
    grey_hw = mask.rgb_hwc.mean(axis=-1) if mask.alpha_hw is None else mask.alpha_hw
    marked_hw = np.asarray(grey_hw > THRESHOLD)
    if not marked_hw.any():
        raise CompletionError("The mask of what is hidden is empty. Paint white what covers the person.")
    return marked_hw


def reveal(
    depth: DepthMap,
    photo: Photo,
    hidden_hw: Array,
    number: int,
    paint: Painter | None,
    mirrored: Mirrored | None,
) -> Revealed:
    """Colour and depth of the marked pixels (h, w) bool that belong to the person; all others are unchanged.

    Both come from the seen half by symmetry where `mirrored` has one, else depth is the smoothest one and
    colours are painted by `paint`, None: spread; both meet their surroundings without a step.
    number: of the person's face.
    Raises: CompletionError where the mask marks nothing of the person, or all of it.
    """
    known_hw = depth.mask_hw & ~hidden_hw
    relief_hw, places_hw2, trust_hw = _by_symmetry(mirrored, depth)
    person_hw = ndimage.binary_fill_holes(depth.mask_hw) | (trust_hw > 0.5)
    target_hw = hidden_hw & person_hw
    if not target_hw.any():
        raise CompletionError(
            "The mask of what is hidden marks nothing of the person. Paint white what covers the person."
        )
    if not known_hw.any():
        raise CompletionError(
            "The mask of what is hidden covers the whole person. Paint white only what covers the person."
        )
    window = window_around(target_hw)
    target, known, trust = target_hw[window], known_hw[window], trust_hw[window]
    trust = cv2.GaussianBlur(trust, (0, 0), 2.0)
    ring = known & ndimage.binary_dilation(target, iterations=2)
    is_relief = depth.representation is DepthRepresentation.RELIEF
    values = depth.values_hw[window][..., None]
    guide = fill_by_diffusion(np.nan_to_num(values), known)
    if is_relief:
        guide = guide + trust[..., None] * (relief_hw[window][..., None] - guide)
    values = np.where(target, (guide + correction(values - guide, ring, target))[..., 0], values[..., 0])
    rgb = photo.rgb_hwc[window].astype(np.float32)
    guide = painted(photo.rgb_hwc[window], target, known, paint)
    if mirrored is not None and paint is None:
        places_n2 = places_hw2[window].reshape(-1, 2)
        # In the light of the other half: the membrane along the border evens it.
        image = sampled(photo.rgb_hwc, places_n2).reshape(guide.shape)
        guide = guide + trust[..., None] * (image - guide)
    rgb = np.where(target[..., None], guide + correction(rgb - guide, ring, target), rgb)
    confidence_hw = np.zeros(depth.size_hw, np.float32)
    confidence_hw[window] = np.where(target, trust, 0) if paint is None else 0
    completed = photo.rgb_hwc.copy()
    completed[window] = np.round(np.clip(rgb, 0, 255)).astype(np.uint8)
    values_hw = depth.values_hw.copy()
    values_hw[window] = values
    changed = _with_values(depth, values_hw.astype(np.float32), target_hw, confidence_hw, number)
    return Revealed(changed, replace(photo, rgb_hwc=completed), target_hw, confidence_hw)


def _by_symmetry(mirrored: Mirrored | None, depth: DepthMap) -> tuple[Array, Array, Array]:
    """The seen surface mirrored, at the size of the depth map: relief, places in its pixels (h, w, 2), and
    trust.
    """
    height, width = depth.size_hw
    if mirrored is None:
        empty_hwk = np.zeros((height, width, 4), np.float32)
        return empty_hwk[..., 0], empty_hwk[..., 1:3], empty_hwk[..., 3]
    seen, plane, halves, face, _ = mirrored
    relief_hw, places_hw2, trust_hw = mirrored_surface(seen, plane, hidden=False)
    agreement_hw = halves.of(pixel_points(relief_hw, seen.camera), plane)[1]
    places_hw2 = places_hw2 * np.array([width / seen.size_hw[1], height / seen.size_hw[0]], np.float32)
    layers_hwk = fill_by_diffusion(np.dstack([relief_hw, places_hw2]), trust_hw > 0)
    share = np.clip((agreement_hw - DOUBT[0]) / (DOUBT[1] - DOUBT[0]), 0, 1)
    trust_hw = (trust_hw * share * in_head(seen, face)).astype(np.float32)
    large_hwk = cv2.resize(np.dstack([layers_hwk, trust_hw]), (width, height), interpolation=cv2.INTER_LINEAR)
    return large_hwk[..., 0], large_hwk[..., 1:3], large_hwk[..., 3]


def window_around(target_hw: Array) -> tuple[slice, slice]:
    """The rectangle around what is to be completed, with its surroundings."""
    slices = []
    for axis, length in enumerate(target_hw.shape):
        used = np.flatnonzero(target_hw.any(axis=1 - axis))
        margin = max(LEAST_PX, round(CONTEXT * (used[-1] - used[0] + 1)))
        slices.append(slice(max(0, used[0] - margin), min(length, used[-1] + 1 + margin)))
    return slices[0], slices[1]


def painted(rgb_hwc: Array, target_hw: Array, known_hw: Array, paint: Painter | None) -> Array:
    """(h, w, 3) float32: the picture with its target (h, w) bool painted, or spread from what is known of the
    person.
    """
    if paint is None:
        return fill_by_diffusion(rgb_hwc.astype(np.float32), known_hw)
    height, width = target_hw.shape
    scale = min(1.0, PAINTED_SIDE / max(height, width))
    size_wh = max(8, round(width * scale)), max(8, round(height * scale))
    small_hwc = cv2.resize(rgb_hwc, size_wh, interpolation=cv2.INTER_AREA)
    hole_hw = cv2.resize(target_hw.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA) > 0
    painted_hwc = cv2.resize(paint(small_hwc, hole_hw), (width, height), interpolation=cv2.INTER_LINEAR)
    return painted_hwc.astype(np.float32)


def _with_values(
    depth: DepthMap, values_hw: Array, target_hw: Array, confidence_hw: Array, number: int
) -> DepthMap:
    """The depth map with new values at the replaced pixels, which belong to the person."""
    mask_hw = depth.mask_hw | target_hw

    def stated(error_hw: Array | None) -> Array | None:
        if error_hw is None:
            return None
        largest = error_hw[depth.mask_hw].max()
        usual = np.median(error_hw[depth.mask_hw])
        doubt_hw = largest + confidence_hw * (usual - largest)
        return np.where(target_hw, doubt_hw, error_hw).astype(np.float32)

    back_hw = depth.back_hw
    if back_hw is not None:
        if (mask_hw & ~depth.mask_hw).any():
            filled_hw = fill_by_diffusion(back_hw[..., None], depth.mask_hw)[..., 0]
            back_hw = np.where(depth.mask_hw, back_hw, filled_hw)
        back_hw = np.where(mask_hw, np.minimum(back_hw, values_hw), back_hw).astype(np.float32)
    person_hw = depth.person_hw
    if person_hw is not None:
        person_hw = np.where(target_hw, np.uint8(number), person_hw)
    matte_hw = depth.matte_hw
    if matte_hw is not None:
        matte_hw = np.where(target_hw, np.float32(1), matte_hw)
    return replace(
        depth,
        values_hw=values_hw,
        mask_hw=mask_hw,
        back_hw=back_hw,
        uncertainty_hw=stated(depth.uncertainty_hw),
        thickness_uncertainty_hw=stated(depth.thickness_uncertainty_hw),
        matte_hw=matte_hw,
        person_hw=person_hw,
    )
