"""Screened Poisson surface through oriented points, by Open3D in a process of its own. Optional: `pip install
-r requirements-extra.txt`.

Open3D is large, needs system libraries and crashes with more than one thread (isl-org/Open3D issue 6828); a
crash must not end the page.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from face3d.errors import GeometryError
from face3d.structures import Array

OCTREE_DEPTH = 8
SECONDS = 120
SAMPLES_PER_VERTEX = 4


def poisson_surface(vertices_n3: Array, faces_m3: Array) -> tuple[Array, Array]:
    """A smooth closed surface through points of a closed mesh: vertices (n, 3) float32 and triangles (m, 3)
    int32.

    Raises: GeometryError where Open3D is missing or fails, with what to install or choose.
    Source: Kazhdan and Hoppe, "Screened Poisson surface reconstruction", ACM TOG 32(3), 2013.
    """
    if importlib.util.find_spec("open3d") is None:
        raise GeometryError(
            "The Poisson surface needs Open3D: pip install -r requirements-extra.txt, or choose the bust."
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "points.npz"), Path(folder, "surface.npz")
        points_k3, normals_k3 = _samples(vertices_n3, faces_m3)
        np.savez(source, points=points_k3, normals=normals_k3)
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__, source, target],
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise GeometryError(
                f"Open3D took more than {SECONDS} seconds. Choose the bust, or a smaller face budget."
            ) from error
        if done.returncode or not target.exists():
            reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise GeometryError(f"Open3D could not make the Poisson surface ({reason}). Choose the bust.")
        with np.load(target) as surface:
            return surface["vertices"].astype(np.float32), surface["faces"].astype(np.int32)


def _samples(vertices_n3: Array, faces_m3: Array) -> tuple[Array, Array]:
    """(k, 3) float64 points even by area, and their normals: from its few vertices a flat base would stay
    open.
    """
    import trimesh  # takes a third of a second

    solid = trimesh.Trimesh(vertices_n3.astype(np.float64), faces_m3, process=False)
    points_k3, face_k = trimesh.sample.sample_surface(solid, SAMPLES_PER_VERTEX * len(vertices_n3), seed=0)
    return np.asarray(points_k3), np.asarray(solid.face_normals[face_k])


def _reconstruct(source: str, target: str) -> None:
    """In the other process: points and normals from one file, the surface's largest piece to another."""
    import open3d

    with np.load(source) as given:
        cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(given["points"]))
        cloud.normals = open3d.utility.Vector3dVector(given["normals"])
    surface, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        cloud, depth=OCTREE_DEPTH, n_threads=1
    )
    pieces, sizes, _ = surface.cluster_connected_triangles()
    surface.remove_triangles_by_mask(np.asarray(pieces) != np.argmax(np.asarray(sizes)))
    surface.remove_unreferenced_vertices()
    np.savez(target, vertices=np.asarray(surface.vertices), faces=np.asarray(surface.triangles))


if __name__ == "__main__":
    _reconstruct(sys.argv[1], sys.argv[2])
