"""Colours of places on a solid by the surfaces that it is made of: skin, eyes, hair, and the body below."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from face3d.geometry.inspection import even_samples
from face3d.geometry.texture import sample_texture
from face3d.structures import Array, Mesh

SAMPLES = 30_000
"""Of each surface."""
BESIDE = 0.02
"""How far beside the next sample a place may lie and still be on the sample's plane, widths: about as far as
samples lie apart."""
NEAR = 0.1
"""A surface so far away, widths, counts only where all are."""
MIXED = 0.006
"""Distance from two surfaces, widths, within which a place takes the colours of both."""


@dataclass(frozen=True, eq=False)
class ColouredSurface:
    """points_n3, normals_n3 (unit length), colours_nc: of samples of a surface; more than three channels go
    with the colours.
    """

    points_n3: Array
    normals_n3: Array
    colours_nc: Array

    @classmethod
    def of(cls, mesh: Mesh, texture_hwc: Array, uv_n2: Array, further: float = 0.0) -> ColouredSurface:
        """Samples, even by area, of a mesh with a texture, whose places are those of the vertices.

        further: value of a fourth channel.
        """
        chosen, weights = even_samples(mesh.vertices_n3, mesh.faces_m3, SAMPLES, np.random.default_rng(0))
        corners = mesh.vertices_n3[mesh.faces_m3[chosen]].astype(np.float64)
        places = np.einsum("nc,ncd->nd", weights, uv_n2[mesh.faces_m3[chosen]].astype(np.float64))
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        colours = np.pad(sample_texture(texture_hwc, places), ((0, 0), (0, 1)), constant_values=further)
        return cls(np.einsum("nc,ncd->nd", weights, corners), normals, colours)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.points_n3)

    def nearest(self, points_k3: Array, width: float, within: float = np.inf) -> tuple[Array, Array]:
        """Distance (k,) of points from the surface, in widths, and its colour (k, c) there.

        within: widths beyond which a place is infinitely far away, and its colour any; sought much sooner.
        """
        _, near = self._tree.query(points_k3, distance_upper_bound=within * width)
        far = near == len(self.points_n3)
        near[far] = 0
        off = (points_k3 - self.points_n3[near]) / width
        from_plane = (off * self.normals_n3[near]).sum(1)
        beside = np.sqrt(np.maximum((off**2).sum(1) - from_plane**2, 0))
        away = np.hypot(from_plane, np.maximum(beside - BESIDE, 0))
        return np.where(far, np.inf, away), self.colours_nc[near]


def mixed_colours(surfaces: list[ColouredSurface], points_k3: Array, width: float) -> Array:
    """(k, c) float64: colours of points, those of the surface on which they lie; where two are as near, of
    both.

    width: of a head, in the unit of the points.
    """
    mixed, total = _mixed(surfaces, points_k3, width, NEAR)
    nowhere = total == 0
    if nowhere.any():
        mixed[nowhere] = _mixed(surfaces, points_k3[nowhere], width, np.inf)[0]
    return mixed


def _mixed(
    surfaces: list[ColouredSurface], points_k3: Array, width: float, within: float
) -> tuple[Array, Array]:
    """Colours (k, c) of points by the surfaces at most `within` widths away, and their weight (k,)."""
    total = np.zeros((len(points_k3), 1))
    sums = np.zeros((len(points_k3), surfaces[0].colours_nc.shape[1]))
    for surface in surfaces:
        away, colours = surface.nearest(points_k3, width, within)
        weight = 1 / (away**2 + MIXED**2)[:, None] ** 2
        total += weight
        sums += weight * colours
    return sums / np.where(total > 0, total, 1), total[:, 0]
