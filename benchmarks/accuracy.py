"""Accuracy of a model built from exact depth, by resolution.

    python -m benchmarks.accuracy [--sides 128 256 512] [--face-model .../ict-facekit.npz]

Per size of the picture: mean two-way distance (Chamfer) between the model's surface and the true one, % of
the true height, and the mean angle between their normals. Of a sphere; with a face model, also of the visible
part of a synthetic head.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from face3d.geometry import relief
from face3d.geometry.camera import Camera, unproject
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.occlusions import depth_edges
from face3d.geometry.points import normals_of_grid
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import Array, DepthMap, DepthRepresentation, Mesh
from face3d.synthetic import photo_of, sphere
from generate_3d_model import build_mesh

SAMPLES = 200_000
TRUTH_SIDE = 1024
CUT_BELOW = -0.28
"""Height of the top of the sphere's foot, image widths."""


def samples(mesh: Mesh) -> tuple[Array, Array, float]:
    """Points spread evenly over a mesh, the interpolated normals there, and the spacing of the points."""
    kept, _, faces = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices = mesh.vertices_n3[kept].astype(np.float64)
    solid = trimesh.Trimesh(vertices, faces, process=False)
    points, face = trimesh.sample.sample_surface(solid, SAMPLES, seed=0)
    weights = trimesh.triangles.points_to_barycentric(solid.triangles[face], points)
    normals = np.einsum("kc,kcd->kd", weights, vertex_normals(vertices, faces)[faces[face]])
    return (
        points,
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        0.5 * np.sqrt(solid.area / SAMPLES),
    )


def degrees(one_n3: Array, other_n3: Array) -> Array:
    """Angles between unit vectors, (n,)."""
    return np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", one_n3, other_n3), -1, 1)))


def sphere_error(side: int) -> tuple[float, float]:
    """Of a two-sided bust of a sphere without foot: mean two-way distance over the height, mean angle."""
    distance = relief.camera_distance(30.0)
    mesh = build_mesh(
        make_relief(sphere((side, side), distance), photo_of((side, side)), ModelSettings(fov_degrees=30.0)),
        "two-sided",
    )
    points, normals, spacing = samples(mesh)
    above = points[:, 1] > CUT_BELOW
    points, normals = points[above], normals[above]
    far = np.linalg.norm(points, axis=1)
    truth = np.random.default_rng(0).normal(size=(50_000, 3))
    truth *= 0.3 / np.linalg.norm(truth, axis=1, keepdims=True)
    back = max(cKDTree(points).query(truth[truth[:, 1] > CUT_BELOW])[0].mean() - spacing, 0)
    return (np.abs(far - 0.3).mean() + back) / 2 / 0.6, degrees(normals, points / far[:, None]).mean()


class SyntheticHead:
    """A head from the face model, turned a little; its visible surface is rendered with exact depth."""

    def __init__(self, face_model: Path) -> None:
        from training.rendering.camera import SceneCamera
        from training.scenes.face_model import find_regions, load_face_model
        from training.scenes.primitives import euler
        from training.scenes.scene import random_person

        model = load_face_model(face_model)
        self.mesh = random_person(model, find_regions(model), np.random.default_rng(1)).mesh
        self.camera = SceneCamera(euler(15, -5, 3), 70.0, 42.0, (0.5, 0.5), 15.0)
        self.fov = float(np.degrees(2 * np.arctan(0.5 * self.camera.scene_width / self.camera.distance)))
        depth, label = self.depth(TRUTH_SIDE)
        self.height = np.ptp(np.flatnonzero((label >= 2).any(axis=1))) / TRUTH_SIDE
        rows, columns = np.indices(depth.size_hw) + 0.5
        camera = Camera(depth.size_hw, relief.camera_distance(self.fov))
        points = unproject(columns, rows, depth.values_hw, camera).astype(np.float64)
        known = depth.mask_hw & ~depth_edges(depth.values_hw, depth.mask_hw, camera.distance, 0.04)
        self.points, self.normals = points[known], normals_of_grid(points, known)[known].astype(np.float64)

    def depth(self, side: int) -> tuple[DepthMap, Array]:
        """Exact depth, and the labels of `training.scenes.primitives`."""
        from training.rendering.truth import truth

        owner = np.ones(len(self.mesh.triangles_m3), np.uint8)
        true = truth(self.mesh, owner, self.camera, self.camera.place(self.mesh.vertices_v3), side)
        depth = DepthMap(
            true.relief_hw,
            DepthRepresentation.RELIEF,
            true.label_hw > 0,
            "truth",
            true.relief_hw - true.thickness_hw,
        )
        return depth, true.label_hw

    def error(self, side: int) -> tuple[float, float]:
        """Of the visible surface: mean two-way distance over the height, mean angle."""
        depth, _ = self.depth(side)
        points, normals, spacing = samples(
            build_mesh(
                make_relief(depth, photo_of((side, side)), ModelSettings(fov_degrees=self.fov)), "shell"
            )
        )
        away, nearest = cKDTree(self.points).query(points)
        # The mean distance from a point of a plane to the nearest point of a unit grid is 0.38.
        true_spacing = 0.38 / TRUTH_SIDE
        back = cKDTree(points).query(self.points[::5])[0].mean()
        two_way = max(away.mean() - true_spacing, 0) + max(back - spacing, 0)
        return two_way / 2 / self.height, degrees(normals, self.normals[nearest]).mean()


def main() -> None:
    """Prints a line per shape and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", nargs="+", type=int, default=[128, 256, 512])
    parser.add_argument("--face-model", default=os.environ.get("FACE_MODEL", ""))
    options = parser.parse_args()
    shapes: dict[str, Callable[[int], tuple[float, float]]] = {"sphere": sphere_error}
    if options.face_model:
        shapes["head"] = SyntheticHead(Path(options.face_model)).error
    for name, error in shapes.items():
        for side in options.sides:
            share, angle = error(side)
            distance = f"distance {100 * share:.3f} % of the height"
            print(f"{name:6s} {side:4d} px   {distance}   normals {angle:.2f} degrees", flush=True)


if __name__ == "__main__":
    main()
