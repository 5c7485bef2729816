from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face3d.errors import GeometryError
from face3d.geometry import filters, relief
from face3d.geometry.camera import project
from face3d.geometry.grid import grid, triangulate
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head, photo_of, sphere
from generate_3d_model import build_mesh

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)).filter(np.any)

PLAIN = ModelSettings(smoothing_px=0, edge_tolerance=0, remove_outliers=False)


def test_the_grid_is_the_surface_with_holes_and_a_rim():
    depth, photo = head(), photo_of((96, 80))
    shown = grid(make_relief(depth, photo, ModelSettings(grid_side=48)))
    assert shown.x_hw.shape == (48, 40) == shown.mask_hw.shape
    assert (
        (np.isfinite(shown.z_hw) == shown.mask_hw).all() and shown.mask_hw.any() and not shown.mask_hw.all()
    )
    relief_of_head = make_relief(depth, photo, ModelSettings())
    front_hw, known_hw = relief_of_head.front_hw, relief_of_head.known_hw
    inner_hw = filters.resample(front_hw, known_hw, (48, 40))[1]
    assert shown.mask_hw[inner_hw].all() and not inner_hw[shown.mask_hw].all()
    points_n3 = np.stack([shown.x_hw, shown.y_hw, shown.z_hw], -1)[inner_hw]
    columns, rows = project(points_n3, relief_of_head.camera)
    assert np.allclose(columns % 2, 1, atol=1e-2) and np.allclose(rows % 2, 1, atol=1e-2)


def border_length(mesh):
    """Length, seen from the front, of the edges that belong to one triangle only."""
    edges = np.sort(mesh.faces_m3[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    single, counts = np.unique(edges, axis=0, return_counts=True)
    ends = mesh.vertices_n3[single[counts == 1], :2]
    return np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()


def test_a_shell_ends_in_a_smooth_line_where_the_cells_end_in_steps():
    depth, photo = sphere((160, 120), relief.camera_distance(30.0)), photo_of((160, 120))
    settings = ModelSettings(fov_degrees=30.0, perspective=False, edge_tolerance=0, face_budget=20_000)
    mesh = build_mesh(make_relief(depth, photo, settings), "shell")
    assert border_length(mesh) == pytest.approx(np.pi * np.ptp(mesh.vertices_n3[:, 0]), rel=0.03)
    assert len(mesh.faces_m3) <= settings.face_budget


def test_a_surface_without_a_triangle_is_one_sentence():
    """Of single pixels, each far before or behind the next."""
    size = 34, 46
    mask_hw = np.zeros(size, bool)
    mask_hw[::3, ::3] = True
    dots = DepthMap(
        (np.indices(size).sum(axis=0) % 2 * 0.9).astype(np.float32),
        DepthRepresentation.RELIEF,
        mask_hw,
        "dots",
    )
    apart = make_relief(dots, photo_of(size), replace(PLAIN, edge_tolerance=0.04))
    with pytest.raises(GeometryError, match="four neighbouring pixels"):
        build_mesh(apart, "shell")


def doubled_areas(points_n2, faces):
    """Twice the signed area of plane triangles, +Y up: positive counter-clockwise."""
    (ax, ay), (bx, by), (cx, cy) = (points_n2[faces[:, k]].T for k in range(3))
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@given(st.integers(2, 12), st.integers(2, 12))
def test_an_unmasked_grid_has_two_triangles_a_cell(height, width):
    assert len(triangulate(np.ones((height, width), bool))) == 2 * (height - 1) * (width - 1)


@given(masks)
def test_every_grid_triangle_uses_masked_points_only_and_faces_the_viewer(mask_hw):
    faces = triangulate(mask_hw)
    assert mask_hw.ravel()[faces].all()
    rows, columns = np.divmod(np.arange(mask_hw.size), mask_hw.shape[1])
    assert (
        doubled_areas(np.stack([columns, -rows], -1), faces) == 1
    ).all()  # twice the area of half a cell, counter-clockwise
