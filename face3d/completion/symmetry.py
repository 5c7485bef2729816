"""Evidence by symmetry: what is seen of one half of a head, for the same place of the other half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from face3d.completion.mirror import MirrorPlane
from face3d.completion.raster import rasterise
from face3d.completion.seen import Seen, sampled
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.grid import triangulate
from face3d.structures import Array, Face

FACING = (0.1, 0.3)
"""Cosines to the line of sight between which the trust in what is seen at grazing angles grows from 0
to 1."""
NEAR = (0.04, 0.12)
"""Distances from the seen surface, in head widths, between which the trust in a mirror image falls from 1 to
0: beyond, another surface is seen there."""
LIGHT_REACH = 0.12
"""Standard deviation of the Gaussian that tells the light of the two halves from their detail, in head
widths."""
LARGEST_RATIO = 2.0
"""Largest ratio of the light on the two halves that is evened."""
EVENED = 0.75
"""Share of a difference between the halves that is made the same in all channels."""
BLACK = 12.0
"""Added to brightness before a ratio is taken: noise in the dark is none of light."""
COLOUR_TOLERANCE, SHAPE_TOLERANCE = 0.25, 0.05
"""Differences between the two seen halves at which confidence has fallen to 61 %: of the logarithm of colour,
and of shape in head widths."""
BELOW_CHIN = 0.15
"""Over so much below a head, in its heights, the trust in its symmetry ends."""
DETAIL_REACH = 0.015
"""Standard deviation of the Gaussian over that difference, head widths."""


@dataclass(frozen=True, eq=False)
class Halves:
    """Where both halves of a head are seen: how they differ, on the grid of `Seen`.

    Of each half by itself, continued over the frame: first the one on the side to which the mirror plane's
    normal points, then the other.
    light_2hwc: float32, logarithm of the ratio of light between a place and its mirror image.
    agreement_2hw: float32 in 0..1, how alike they are in colour and shape; 0.5 where nothing tells.
    """

    light_2hwc: Array
    agreement_2hw: Array

    def of(self, points_hw3: Array, plane: MirrorPlane) -> tuple[Array, Array]:
        """Light (h, w, 3) and agreement (h, w) for points on the grid, each by the half that it is of."""
        second_hw = (points_hw3 @ plane.normal_3 < plane.offset).astype(int)
        rows, columns = np.indices(second_hw.shape)
        return self.light_2hwc[second_hw, rows, columns], self.agreement_2hw[second_hw, rows, columns]


class Image(NamedTuple):
    """The seen surface mirrored, as the camera would see it, on the grid of `Seen`.

    relief_hw: float32. places_hw2: float32, columns and rows in cells of where it is seen itself. trust_hw:
    float32 in 0..1, 0 where there is none.
    """

    relief_hw: Array
    places_hw2: Array
    trust_hw: Array


@dataclass(frozen=True, eq=False)
class Images:
    """What the camera saw of the mirror images of places on a surface.

    places_hw2: float32, columns and rows in cells of the grid of `Seen`. trust_hw: float32 in 0..1, whether
    the image is seen there: on the surface, and not at a grazing angle.
    """

    places_hw2: Array
    trust_hw: Array


class Mirrored(NamedTuple):
    """What symmetry knows about a person. head_width: in the unit of the points."""

    seen: Seen
    plane: MirrorPlane
    halves: Halves
    face: Face
    head_width: float


def falling(values: Array, full: float, none: float) -> Array:
    """1 up to `full`, 0 from `none` on, smooth between; `none` may be the smaller one."""
    share = np.clip((values - none) / (full - none), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def find_images(
    seen: Seen, plane: MirrorPlane, points_hw3: Array, valid_hw: Array, head_width: float
) -> Images:
    """The mirror images of points (h, w, 3), where valid."""
    points_n3 = points_hw3[valid_hw].astype(np.float64)
    images_n3 = plane.mirrored(points_n3)
    places_n2 = seen.places(images_n3)
    found_n3, normals_n3 = (sampled(layer, places_n2) for layer in (seen.points_hw3, seen.normals_hw3))
    away_n = np.abs(((images_n3 - found_n3) * normals_n3).sum(-1)) / head_width
    trust_n = falling(away_n, *NEAR) * falling(sampled(seen.facing_hw, places_n2), FACING[1], FACING[0])
    trust_n[sampled(seen.known_hw, places_n2) < 0.99] = 0
    places_hw2, trust_hw = np.zeros((*valid_hw.shape, 2), np.float32), np.zeros(valid_hw.shape, np.float32)
    places_hw2[valid_hw], trust_hw[valid_hw] = places_n2, trust_n
    return Images(places_hw2, trust_hw)


def compare_halves(seen: Seen, plane: MirrorPlane, head_width: float) -> Halves:
    """How the two seen halves differ."""
    images = find_images(seen, plane, seen.points_hw3, seen.known_hw, head_width)
    head_px = head_width / seen.camera.unit_per_width * seen.size_hw[1]
    # Both must be seen well: the trust is of the image, the facing of the place itself.
    weight_hw = images.trust_hw * falling(seen.facing_hw, FACING[1], FACING[0])
    places_n2 = images.places_hw2.reshape(-1, 2)
    image_hwc = sampled(seen.rgb_hwc, places_n2).reshape(seen.rgb_hwc.shape)
    ratio_hwc = np.log((seen.rgb_hwc + BLACK) / (image_hwc + BLACK))
    found_n3, normals_n3 = (sampled(layer, places_n2) for layer in (seen.points_hw3, seen.normals_hw3))
    shape_n = ((_mirrored_points(seen, plane) - found_n3) * normals_n3).sum(-1) / head_width
    second_hw = seen.points_hw3 @ plane.normal_3 < plane.offset
    layers = [
        _compare_half(ratio_hwc, shape_n.reshape(weight_hw.shape), weight_hw * half_hw, head_px)
        for half_hw in (~second_hw, second_hw)
    ]
    light, agreement = zip(*layers, strict=True)
    return Halves(np.stack(light), np.stack(agreement))


def _compare_half(ratio_hwc: Array, shape_hw: Array, weight_hw: Array, head_px: float) -> tuple[Array, Array]:
    """Light and agreement of one half, see `Halves`, from logarithms of ratios of colour, distances in head
    widths, and weights.
    """
    if weight_hw.max() < 0.5:
        return np.zeros_like(ratio_hwc), np.full(weight_hw.shape, 0.5, np.float32)

    def averaged(layer_hwc: Array, reach: float) -> tuple[Array, Array]:
        sigma = max(0.5, reach * head_px)
        sums_hwc = cv2.GaussianBlur(layer_hwc * weight_hw[..., None], (0, 0), sigma)
        weights_hw = cv2.GaussianBlur(weight_hw.astype(np.float32), (0, 0), sigma)
        means_hwc = sums_hwc.reshape(layer_hwc.shape) / np.maximum(weights_hw, 1e-4)[..., None]
        return means_hwc.astype(np.float32), weights_hw > 0.05

    limit = np.log(LARGEST_RATIO)
    light_hwc, lit_hw = averaged(np.clip(ratio_hwc, -limit, limit), LIGHT_REACH)
    light_hwc = less_tinted(light_hwc)
    light_hwc = fill_by_diffusion(light_hwc, lit_hw)
    # Signed differences are averaged: grain of skin and strands of hair, which no two halves share, cancel.
    apart_hwc, both_hw = averaged(np.dstack([ratio_hwc - light_hwc, shape_hw]), DETAIL_REACH)
    colour_hw, shape_hw = np.abs(apart_hwc[..., :3]).mean(-1), np.abs(apart_hwc[..., 3])
    apart_hw = (colour_hw / COLOUR_TOLERANCE) ** 2 + (shape_hw / SHAPE_TOLERANCE) ** 2
    agreement_hw = np.exp(-0.5 * apart_hw).astype(np.float32)
    return light_hwc, fill_by_diffusion(agreement_hw[..., None], both_hw)[..., 0]


def less_tinted(layer_hwc: Array) -> Array:
    """A difference of colour, more of it the same in all channels: light differs in strength more than in
    tint, and a tint would be seen.
    """
    return np.asarray(layer_hwc + EVENED * (layer_hwc.mean(-1, keepdims=True) - layer_hwc))


def _mirrored_points(seen: Seen, plane: MirrorPlane) -> Array:
    return plane.mirrored(seen.points_hw3.reshape(-1, 3).astype(np.float64))


def mirrored_surface(seen: Seen, plane: MirrorPlane, *, hidden: bool) -> Image:
    """The seen surface mirrored: the part that faces away from the camera, the last surface of it (`hidden`),
    or the part towards it, the first one.
    """
    mask_hw = seen.known_hw & (seen.facing_hw > FACING[0])
    faces_m3 = triangulate(mask_hw)
    shape = seen.size_hw
    nothing = Image(
        np.zeros(shape, np.float32), np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    )
    images_n3 = _mirrored_points(seen, plane)
    turned_n3 = plane.turned(seen.normals_hw3.reshape(-1, 3).astype(np.float64))
    facing_n = (turned_n3 * seen.towards_camera(images_n3)).sum(-1)
    chosen_n = facing_n < -0.05 if hidden else facing_n > FACING[0]
    faces_m3 = faces_m3[chosen_n[faces_m3].all(axis=1)]
    trust_n = falling(seen.facing_hw.ravel(), FACING[1], FACING[0])
    if not hidden:
        trust_n = trust_n * falling(facing_n, FACING[1], FACING[0])
    rows, columns = np.indices(shape).reshape(2, -1) + 0.5
    relief_n = images_n3[:, 2] / seen.camera.unit_per_width
    values_n4 = np.stack([relief_n, columns, rows, trust_n], -1)
    away_n = relief_n if hidden else -relief_n
    if not len(faces_m3):
        return nothing
    drawn_hw4, covered_hw = rasterise(seen.places(images_n3), away_n, faces_m3, values_n4, shape)
    return Image(drawn_hw4[..., 0], drawn_hw4[..., 1:3], np.where(covered_hw, drawn_hw4[..., 3], 0))


def in_head(seen: Seen, face: Face) -> Array:
    """(h, w) float32 in 0..1: 1 down to the chin, 0 below it: shoulders turn by themselves."""
    _, top, _, bottom = (edge * seen.size_hw[0] / seen.camera.size_hw[0] for edge in face.box_xyxy)
    rows = np.arange(seen.size_hw[0], dtype=np.float32) + 0.5
    share = falling(rows, bottom, bottom + BELOW_CHIN * (bottom - top))
    return np.repeat(share[:, None], seen.size_hw[1], axis=1)
