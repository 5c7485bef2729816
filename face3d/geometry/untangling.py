"""Triangles that decimation has pushed through others, pulled apart in place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from face3d.geometry.intersections import touching_triangles
from face3d.geometry.meshes import weld
from face3d.structures import Array, Mesh

ROUNDS, STEP = 10, 0.3
"""Attempts, and how far a vertex moves in each, of the way to the mean of its neighbours."""
WIDER_FROM = 4
"""Attempt after which the vertices that move take in their neighbours, with each further one."""


def untangled(mesh: Mesh) -> Mesh:
    """The mesh with the vertices of triangles that pass through others moved towards their neighbours' mean.

    Repeated, with more vertices around each place, until no triangle passes through another, at most ROUNDS
    times. All other vertices, the triangles and the texture stay. Vertices at one place stay together.
    """
    kept, number_n, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_k3 = mesh.vertices_n3[kept].astype(np.float64)
    touching = touching_triangles(vertices_k3, faces_m3)
    if not len(touching):
        return mesh
    mean = _mean_of_neighbours(faces_m3, len(kept))
    moving_k = np.zeros(len(kept), bool)
    for attempt in range(ROUNDS):
        moving_k[faces_m3[touching]] = True
        vertices_k3[moving_k] += STEP * (mean[moving_k] @ vertices_k3 - vertices_k3[moving_k])
        touching = touching_triangles(vertices_k3.astype(np.float32), faces_m3)
        if not len(touching):
            break
        if attempt >= WIDER_FROM:
            moving_k |= mean @ moving_k > 0
    return replace(mesh, vertices_n3=vertices_k3.astype(mesh.vertices_n3.dtype)[number_n])


def _mean_of_neighbours(faces_m3: Array, count: int) -> sparse.csr_array:
    """(count, count): a vertex' mean over those that share an edge with it."""
    start, end = faces_m3.ravel(), np.roll(faces_m3, -1, axis=1).ravel()
    rows, columns = np.concatenate([start, end]), np.concatenate([end, start])
    joined = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    joined.data[:] = 1  # an edge of two triangles counts once
    return sparse.csr_array(sparse.diags_array(1 / joined.sum(axis=1)) @ joined)
