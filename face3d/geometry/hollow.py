"""A closed model made hollow: a cavity at the wall's thickness behind its surface, and a hole to drain it.

The cavity is where the distance to the outside of a grid of voxels is more than the wall. Differences of
closed meshes are closed again (manifold3d).
"""

from __future__ import annotations

import numpy as np
from manifold3d import Manifold
from manifold3d import Mesh as Triangles
from scipy import ndimage
from skimage.measure import marching_cubes

from face3d.errors import GeometryError
from face3d.geometry.meshes import decimate, is_closed, weld
from face3d.structures import Array, Mesh

VOXELS_PER_WALL, MOST_VOXELS = 3.0, 160
"""Voxels to a wall, and along the longest side at most."""
SURE_VOXELS = 1.1
"""Added to the wall: a distance between centres of voxels is up to 0.87 more than the one to the surface, and
decimation moves the cavity a little."""
SMOOTH_VOXELS = 0.7
"""Standard deviation of the Gaussian over the distance: the cavity is not in steps."""
HIDDEN_UV = (0.95, 0.0)
"""Place in the atlas of the cavity's colour, plain clay."""
HOLE_SIDES = 48


def hollowed(mesh: Mesh, wall_mm: float, drain_mm: float, budget: int) -> Mesh:
    """A closed model in millimetres, +Y up, on a flat floor, made hollow, with a round hole in the floor.

    Args:
        mesh: with coordinates of its texture. wall_mm: least thickness of the walls.
        drain_mm: diameter of the hole. budget: largest number of the cavity's triangles,
            unless so few would not be closed.

    Raises: GeometryError where such walls leave no cavity.
    """
    pitch = max(wall_mm / VOXELS_PER_WALL, float(np.ptp(mesh.vertices_n3, axis=0).max()) / MOST_VOXELS)
    outer = _manifold(mesh)
    depth_zyx, origin_3 = _depth(outer, pitch)
    level = wall_mm / pitch + SURE_VOXELS
    cavity_zyx = _largest(depth_zyx > level)
    if cavity_zyx.sum() < 8:
        raise GeometryError(
            f"Walls of {wall_mm:g} mm leave no room inside this model. "
            "Choose thinner walls or a larger model."
        )
    depth_zyx = np.where(ndimage.binary_dilation(cavity_zyx), depth_zyx, 0)
    points_n3, faces_m3, _, _ = marching_cubes(depth_zyx, level)
    points_n3 = (points_n3[:, ::-1] * pitch + origin_3).astype(np.float32)
    fewer_n3, fewer_m3 = decimate(points_n3, faces_m3.astype(np.int32), budget, closed=True)
    if is_closed(fewer_m3):
        points_n3, faces_m3 = fewer_n3, fewer_m3
    drain = _drain(cavity_zyx, pitch, origin_3, drain_mm)
    made = (outer - (_as_manifold(points_n3, faces_m3) + drain)).to_mesh()
    properties_n5 = np.asarray(made.vert_properties, np.float32)
    faces_m3 = np.asarray(made.tri_verts).astype(np.int32)
    return Mesh(
        properties_n5[:, :3].copy(), faces_m3, properties_n5[:, 3:5].copy(), mesh.texture_hwc, unit=mesh.unit
    )


def _manifold(mesh: Mesh) -> Manifold:
    """The mesh with its texture's coordinates; vertices at one place count as one."""
    assert mesh.uv_n2 is not None  # every closed kind has a texture
    kept, new_n, _ = weld(mesh.vertices_n3, mesh.faces_m3)
    doubled = np.flatnonzero(kept[new_n] != np.arange(len(new_n)))
    return Manifold(
        Triangles(
            np.ascontiguousarray(np.hstack([mesh.vertices_n3, mesh.uv_n2]), np.float32),
            np.ascontiguousarray(mesh.faces_m3, np.uint32),
            merge_from_vert=doubled.astype(np.uint32),
            merge_to_vert=kept[new_n][doubled].astype(np.uint32),
        )
    )


def _as_manifold(points_n3: Array, faces_m3: Array) -> Manifold:
    """A solid whose surface has the cavity's colour."""
    plain_n2 = np.tile(np.array(HIDDEN_UV, np.float32), (len(points_n3), 1))
    return Manifold(
        Triangles(np.hstack([points_n3, plain_n2]).astype(np.float32), faces_m3.astype(np.uint32))
    )


def _depth(outer: Manifold, pitch: float) -> tuple[Array, Array]:
    """(z, y, x) float32 distances of voxels to the outside, in voxels; x, y, z of the first one's centre."""
    low_3, high_3 = np.array(outer.bounding_box(), np.float64).reshape(2, 3)
    count_3 = np.ceil((high_3 - low_3) / pitch).astype(int) + 3
    origin_3 = low_3 - pitch
    inside_zyx = np.zeros(count_3[::-1], bool)
    for layer_yx, z in zip(inside_zyx, origin_3[2] + pitch * np.arange(count_3[2]), strict=True):
        outlines = [(np.asarray(line) - origin_3[:2]) / pitch for line in outer.slice(float(z)).to_polygons()]
        if outlines:
            layer_yx[:] = _filled(outlines, layer_yx.shape)
    depth_zyx = ndimage.distance_transform_edt(inside_zyx).astype(np.float32)
    return ndimage.gaussian_filter(depth_zyx, SMOOTH_VOXELS), origin_3


def _filled(outlines: list[Array], shape: tuple[int, int]) -> Array:
    """(h, w) bool: pixels, centred at whole numbers, that an odd number of outlines (k, 2) surround."""
    starts_k2 = np.concatenate(outlines)
    ends_k2 = np.concatenate([np.roll(line, -1, axis=0) for line in outlines])
    (x_k, y_k), (across_k, down_k) = starts_k2.T, (ends_k2 - starts_k2).T
    rows = np.arange(shape[0])
    edge, row = np.nonzero((y_k[:, None] <= rows) != (ends_k2[:, 1:] <= rows))
    columns = np.ceil(x_k[edge] + (row - y_k[edge]) / down_k[edge] * across_k[edge]).astype(int)
    crossings_hw = np.zeros(shape, int)
    np.add.at(crossings_hw, (row, columns), 1)
    filled_hw: Array = np.cumsum(crossings_hw, axis=1) % 2 == 1
    return filled_hw


def _largest(mask_zyx: Array) -> Array:
    """The largest piece: one hole drains it."""
    pieces_zyx, count = ndimage.label(mask_zyx)
    if count < 2:
        return mask_zyx
    largest: Array = pieces_zyx == np.argmax(np.bincount(pieces_zyx.ravel())[1:]) + 1
    return largest


def _drain(cavity_zyx: Array, pitch: float, origin_3: Array, drain_mm: float) -> Manifold:
    """An upright cylinder from below the floor into the lowest part of the cavity, where that is widest."""
    lowest = int(np.flatnonzero(cavity_zyx.any(axis=(0, 2)))[0])
    inside_zx = cavity_zyx[:, lowest : lowest + 3].any(axis=1)
    z, x = np.unravel_index(np.argmax(ndimage.distance_transform_edt(inside_zx)), inside_zx.shape)
    top = int(np.flatnonzero(cavity_zyx[z, :, x])[0]) + 1
    height = origin_3[1] + pitch * top + drain_mm
    hole = Manifold.cylinder(height, drain_mm / 2, circular_segments=HOLE_SIDES)
    # A cylinder's axis is z; turned to y.
    points_n3 = np.asarray(hole.to_mesh().vert_properties)[:, [0, 2, 1]] * [1, 1, -1]
    placed_n3 = points_n3 + np.array([origin_3[0] + pitch * x, -drain_mm, origin_3[2] + pitch * z])
    return _as_manifold(placed_n3.astype(np.float32), np.asarray(hole.to_mesh().tri_verts).astype(np.int32))
