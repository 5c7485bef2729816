"""The hidden side: the network's second layer where it is reliable, a rounded continuation elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from face3d.geometry.filters import distance_inside, fill_by_diffusion, smooth
from face3d.geometry.outline import corner_distance, sampled_at
from face3d.structures import Array

LARGEST_DEPTH_TO_WIDTH = 1.6
"""A section of the body is at most this many times as deep as it is wide; limits the thickness near the
silhouette. Head length over head breadth is 1.27 on average (Farkas, Anthropometry of the Head and Face, 2nd
ed. 1994: 196 mm and 154 mm)."""
HEAD_DEPTH_TO_WIDTH = 1.27


def half_chord(mask_hw: Array) -> Array:
    """(h, w) float32, image widths: half the thickness of a round body of this silhouette, sqrt(d (2 R - d)).

    d is the distance to the silhouette and R the largest one. Where the frame cuts the body there is no
    silhouette.
    """
    if mask_hw.all():
        return np.full(mask_hw.shape, 0.25, np.float32)
    return (_round(distance_inside(mask_hw)) / mask_hw.shape[1]).astype(np.float32)


def _round(distance_hw: Array) -> Array:
    """Half the thickness of a round body at these distances from its silhouette, same unit."""
    half_hw: Array = np.sqrt(np.clip(distance_hw * (2 * distance_hw.max() - distance_hw), 0, None))
    return half_hw


WELL_WIDTH, WELL_DEPTH = 0.12, 0.08
"""A well is a dent of the front narrower than the first and deeper than the second, shares of the
silhouette's size (root of its area): as in the dark between face and hair. A solid does not
need it, and behind it the hidden side would be a spike."""
OUTLINE_SIGMA = 0.004
"""Standard deviation of the Gaussian that steadies the silhouette, image widths."""
SEAM_SIGMA_CELLS = 2.0
"""Standard deviation of the Gaussian that evens out where the front was continued, cells."""
LEAST_DEPTH_TO_WIDTH = 0.25
"""A section of the body is at least this many times as deep as it is wide."""
HIDDEN_SIGMA = 0.08
"""Standard deviation of the Gaussian over an estimated hidden side, share of the silhouette's size."""
RIM_CELLS, RIM_SHARE = 3.0, 0.05
"""Within so many cells of the silhouette, or this share of its size, the front gives way so that the two
sides can meet."""


def silhouette_size(mask_hw: Array) -> float:
    """Root of the area in cells, at least 1: a length that grows with the person in the picture."""
    return max(1.0, float(np.sqrt(mask_hw.sum())))


def steady_outline(mask_hw: Array) -> Array:
    """(h, w) bool: the mask with its outline smoothed; unchanged where it is too small for that."""
    sigma = OUTLINE_SIGMA * mask_hw.shape[1]
    if sigma < 0.5:
        return mask_hw
    steady_hw = (
        cv2.GaussianBlur(mask_hw.astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) > 0.5
    )
    return steady_hw if steady_hw.any() else mask_hw


def wells(front_hw: Array, cells_hw: Array) -> Array:
    """(h, w) bool: narrow, deep dents of the front (`WELL_WIDTH`, `WELL_DEPTH`), which its grey-scale closing
    fills.
    """
    size = silhouette_size(cells_hw)
    diameter = 2 * round(WELL_WIDTH * size / 2) + 1
    if diameter < 3:
        return np.zeros_like(cells_hw)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
    front_hw = front_hw.astype(np.float32)
    # Beyond the silhouette counts as far, so that a low rim is not taken for a dent; then as near, so that it
    # does not pull the rim down.
    filled_hw = cv2.dilate(np.where(cells_hw, front_hw, np.float32(-1e9)), disc)
    filled_hw = cv2.erode(np.where(filled_hw > -1e8, filled_hw, np.float32(1e9)), disc)
    deep_hw = cells_hw & (filled_hw - front_hw > WELL_DEPTH * size / cells_hw.shape[1])
    rim = np.ones((3, 3), np.uint8)
    return (
        cv2.dilate(deep_hw.astype(np.uint8), rim, iterations=max(1, round(0.01 * size))).astype(bool)
        & cells_hw
    )


def complete_front(front_hw: Array, known_hw: Array) -> Array:
    """Front relief continued from known pixels into unknown ones, smoothed where the two meet."""
    if known_hw.all():
        return front_hw
    filled_hw = np.where(known_hw, front_hw, fill_by_diffusion(front_hw[..., None], known_hw)[..., 0]).astype(
        np.float32
    )
    even_hw = cv2.GaussianBlur(filled_hw, (0, 0), SEAM_SIGMA_CELLS, borderType=cv2.BORDER_REPLICATE)
    share_hw = cv2.GaussianBlur(
        (~known_hw).astype(np.float32), (0, 0), SEAM_SIGMA_CELLS, borderType=cv2.BORDER_REPLICATE
    )
    share_hw = np.where(known_hw, np.minimum(share_hw, 0.5) * 2 * (share_hw > 0.02), 1)
    return (filled_hw + share_hw * (even_hw - filled_hw)).astype(np.float32)


def complete_back(
    front_hw: Array, back_hw: Array | None, cells_hw: Array, sure_hw: Array, exact: bool
) -> Array:
    """(h, w) float32: relief of the hidden side over `cells_hw`.

    Args:
        front_hw: (h, w) front relief, finite everywhere. back_hw: the network's hidden relief or None.
        cells_hw: (h, w) bool, what will be closed. sure_hw: (h, w) bool, pixels at which `back_hw` may be
        trusted.
        exact: `back_hw` is no estimate: keep its detail. An estimate's is the front's own (a nose on the back
        of the head): it is
            smoothed away.

    Where nothing is known the body is taken to be as round behind as its silhouette, its rim as far away as
    the visible rim.
    """
    sure_hw = sure_hw & cells_hw
    if back_hw is None or not sure_hw.any():
        rim_hw = cells_hw & ~ndimage.binary_erosion(cells_hw, border_value=1)
        base_hw = (
            fill_by_diffusion(front_hw[..., None], rim_hw)[..., 0]
            if rim_hw.any()
            else np.full_like(front_hw, front_hw.min())
        )
        return np.minimum(base_hw, front_hw) - HEAD_DEPTH_TO_WIDTH * half_chord(cells_hw)
    # The hidden relief is continued, not the thickness: a thickness carried under a low front would grow a
    # spike.
    filled_hw = complete_front(np.minimum(back_hw, front_hw), sure_hw)
    return filled_hw if exact else smooth(filled_hw, cells_hw, HIDDEN_SIGMA * silhouette_size(cells_hw))


def meet_at_the_rim(front_n: Array, back_n: Array, cells_hw: Array, corners_n2: Array) -> tuple[Array, Array]:
    """Reliefs at the corners of the cells, limited by `LEAST_` and `LARGEST_DEPTH_TO_WIDTH`.

    Args: front_n, back_n: ((h + 1) * (w + 1),) relief. cells_hw: (h, w) bool. corners_n2: columns and rows.

    At the silhouette the line of sight only touches a round body: there the two sides meet, halfway. Where
    the frame cuts it, they do not. Near it the middle and the shape of the section change slowly along the
    silhouette, and the section itself is as steep as a round one; so the stairs of the silhouette, which
    stand for nothing, do not become grooves.
    """
    if cells_hw.all():
        return front_n, back_n
    padded_hw = np.pad(cells_hw, 1, mode="edge")
    around = padded_hw[:-1, :-1], padded_hw[:-1, 1:], padded_hw[1:, :-1], padded_hw[1:, 1:]
    inner_hw, used_hw = np.logical_and.reduce(around), np.logical_or.reduce(around)
    band = max(RIM_CELLS, RIM_SHARE * silhouette_size(cells_hw))
    distance_n = sampled_at(corner_distance(cells_hw), np.ones_like(inner_hw), corners_n2)
    away_hw = np.where(inner_hw, np.maximum(distance_n.reshape(inner_hw.shape), 0), 0)
    chord_hw = _round(away_hw) / cells_hw.shape[1]
    front_hw, back_hw = front_n.reshape(inner_hw.shape), back_n.reshape(inner_hw.shape)
    ratio_hw = np.divide(
        (front_hw - back_hw) / 2,
        chord_hw,
        out=np.full_like(chord_hw, LARGEST_DEPTH_TO_WIDTH),
        where=chord_hw > 0,
    )
    ratio_hw = np.clip(ratio_hw, LEAST_DEPTH_TO_WIDTH, LARGEST_DEPTH_TO_WIDTH)
    near_hw = np.clip(1 - away_hw / band, 0, 1)
    near_hw = near_hw * near_hw * (3 - 2 * near_hw)
    ratio_hw = ratio_hw + near_hw * (smooth(ratio_hw.astype(np.float32), inner_hw, band / 2) - ratio_hw)
    middle_hw = smooth(((front_hw + back_hw) / 2).astype(np.float32), used_hw, band / 2)
    met_hw = front_hw + near_hw * (middle_hw + ratio_hw * chord_hw - front_hw)
    return met_hw.ravel(), (met_hw - 2 * ratio_hw * chord_hw).ravel()
