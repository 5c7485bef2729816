"""Ground truth per pixel: relief, thickness, normals, labels, heads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from face3d.geometry.meshes import vertex_normals
from face3d.structures import Array
from training.rendering.camera import SceneCamera
from training.rendering.rasteriser import rasterise
from training.scenes.primitives import LABEL_HEAD, LABEL_NOTHING, Part, only, unit

MOST_PEOPLE = 2


class Truth(NamedTuple):
    """The surface at each pixel's centre, 0 where it is no person's; (s, s) or, of normals and canonical
    coordinates, (s, s, 3).

    relief_hw, thickness_hw: float32, image widths. label_hw: uint8. distance_hw: float32, centimetres along
    the axis, also of things.
    normal_hwc: float32, unit length, camera axes. owner_hw: uint8, number of the person. canonical_hwc:
    float32, as in `Sample`.
    """

    relief_hw: Array
    thickness_hw: Array
    label_hw: Array
    distance_hw: Array
    normal_hwc: Array
    owner_hw: Array
    canonical_hwc: Array


def truth(mesh: Part, owner_m: Array, camera: SceneCamera, placed_v3: Array, side: int) -> Truth:
    """The visible surfaces. Loose strands and clear glass are none; thickness reaches to the last surface of
    the same person.

    owner_m: per triangle, the number of the person, 0 where it is of none. placed_v3: the mesh's vertices in
    camera axes.
    Raises ValueError where their numbers differ.
    """
    if len(placed_v3) != len(mesh.vertices_v3):
        raise ValueError(
            f"{len(placed_v3)} placed points for {len(mesh.vertices_v3)} vertices: place the mesh's own."
        )
    surfaces = (mesh.label_m != LABEL_NOTHING) | (owner_m == 0)
    mesh, owner_m = only(mesh, surfaces), owner_m[surfaces]
    screen = camera.project(placed_v3, side)
    index, weight, near = rasterise(screen, mesh.triangles_m3, side, side, False)
    label = np.where(index >= 0, mesh.label_m[index], LABEL_NOTHING).astype(np.uint8)
    owner = np.where(index >= 0, owner_m[index], 0).astype(np.uint8)
    far = near.copy()
    for person in range(1, int(owner_m.max()) + 1):
        last = rasterise(
            screen, np.ascontiguousarray(mesh.triangles_m3[owner_m == person]), side, side, True
        )[2]
        far = np.where(owner == person, last, far)
    hit = label != LABEL_NOTHING
    relief = np.where(hit, np.clip((camera.distance - near) / camera.scene_width, -1, 1), 0).astype(
        np.float32
    )
    thickness = np.where(hit, np.clip((far - near) / camera.scene_width, 0, 2), 0).astype(np.float32)
    seen = mesh.triangles_m3[index]
    smooth = np.einsum(
        "hwk,hwkc->hwc", weight, vertex_normals(placed_v3, mesh.triangles_m3).astype(np.float32)[seen]
    )
    corners = placed_v3[seen]
    flat = np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :])
    normal = _towards_camera(smooth, flat, camera.rays(side)) * hit[..., None]
    canonical = np.einsum("hwk,hwkc->hwc", weight, mesh.canonical_v3[seen])
    canonical[~hit] = np.nan
    return Truth(relief, thickness, label, near, normal.astype(np.float32), owner, canonical)


def _towards_camera(smooth_hwc: Array, flat_hwc: Array, ray_hwc: Array) -> Array:
    """Unit normals of the visible side; sheets have two. The triangle's own normal decides which. A smooth
    normal that points away from the camera is turned back to the outline.
    """
    normal = smooth_hwc * np.where((flat_hwc * ray_hwc).sum(-1, keepdims=True) > 0, -1, 1)
    normal = normal - np.maximum((normal * ray_hwc).sum(-1, keepdims=True), 0) * ray_hwc
    return unit(normal)


def heads_in_view(true: Truth) -> Array:
    """Middle and width of the visible part of each head, see `Sample.heads_23`."""
    heads = np.zeros((MOST_PEOPLE, 3), np.float32)
    for person in range(MOST_PEOPLE):
        rows, columns = np.nonzero((true.owner_hw == person + 1) & (true.label_hw >= LABEL_HEAD))
        if len(rows):
            left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
            heads[person] = (left + right) / 2, (top + bottom) / 2, right - left
    return heads
