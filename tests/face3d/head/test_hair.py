"""Laws of the hair layer, on reliefs of the head model with a ball of hair around its skull."""

import manifold3d
import numpy as np
import pytest
from model_head import model_head

from face3d.geometry.meshes import is_closed, vertex_normals, weld
from face3d.head.hair import COLUMNS, LEAST, LOWEST, MIDDLE, ROWS, hair_layer, hair_mesh, to_canonical

BALL = 0.68
"""Radius of the hair, head widths; the skull's is 0.5 to 0.62."""


def layer_of(head):
    return hair_layer(head.model, head.fit, head.relief, head.fit.vertices(head.model, head.relief.camera))


def degenerate(vertices_n3, faces_m3):
    a, b, c = (vertices_n3[faces_m3[:, corner]] for corner in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) < 1e-9


@pytest.fixture(scope="module")
def layer():
    return layer_of(model_head(0.0, cap=BALL))


def test_a_bald_head_has_none():
    assert layer_of(model_head()) is None


def test_a_ball_around_the_skull_is_found_with_its_thickness(layer):
    """Away from its edge, above and behind; the layer lies LEAST below what is seen."""
    up = np.degrees(np.arcsin(layer.unit_hw3[..., 1]))
    around = np.abs(np.degrees(np.arctan2(layer.unit_hw3[..., 0], layer.unit_hw3[..., 2])))
    inner = (up > 60) | ((around > 110) & (up > 10))
    assert inner.sum() > 1000
    off = layer.outer_hw[inner] + LEAST - BALL
    assert np.abs(off).mean() < 0.012 and np.abs(off).max() < 0.05
    assert np.allclose(layer.thickness_hw, np.maximum(layer.outer_hw - layer.scalp_hw, 0))
    face = (around < 45) & (up < 15)
    assert not layer.thickness_hw[face].any() and not layer.thickness_hw[:3].any()
    assert 0.3 < layer.share <= 1


def test_a_head_that_is_its_own_mirror_image_has_such_hair(layer):
    off = np.abs(layer.outer_hw - layer.outer_hw[:, ::-1])
    assert off.mean() < 0.001 and off.max() < 0.03


@pytest.mark.parametrize("yaw", [0.0, 55.0])
def test_its_mesh_is_a_closed_solid_whose_edge_lies_under_the_scalp(yaw):
    layer = layer_of(model_head(yaw, cap=BALL))
    vertices, faces, uv = hair_mesh(layer)
    kept, _, welded = weld(vertices.astype(np.float32), faces)
    assert is_closed(welded)
    solid = manifold3d.Manifold(manifold3d.Mesh(vertices.astype(np.float32)[kept], welded.astype(np.uint32)))
    assert solid.status() == manifold3d.Error.NoError and solid.volume() > 0.1
    assert uv.min() >= 0 and uv.max() <= 1
    outside = np.linalg.norm(vertices - MIDDLE, axis=1)
    column, row = np.round(uv[:, 0] * COLUMNS).astype(int) % COLUMNS, np.round(uv[:, 1] * (ROWS - 1))
    scalp = layer.scalp_hw[row.astype(int), column]
    # An edge vertex of the outside is one from which a wall goes to the inside at the same cell.
    half = len(vertices) // 2
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    walls = edges[(edges[:, 0] < half) & (edges[:, 1] == edges[:, 0] + half)][:, 0]
    assert not degenerate(vertices, faces).any(), "the uppermost row is one place"
    assert len(walls) > 50 and (outside[walls] < scalp[walls]).all()
    assert (outside[half:] < scalp[half:]).all(), "its inside lies under the scalp"
    assert (outside[:half] >= outside[half:]).all()


def test_normals_of_its_outside_point_outwards(layer):
    vertices, faces, _ = hair_mesh(layer)
    half = len(vertices) // 2
    top = faces[(faces < half).all(1)]
    away = vertices[:half] - MIDDLE
    normals = vertex_normals(vertices[:half], top)
    used = np.unique(top)
    assert ((normals * away).sum(1)[used] > 0).mean() > 0.99


def test_canonical_axes_are_those_of_the_fit():
    """There and back, before the relief's camera."""
    head = model_head(40.0)
    places = head.model.neutral_v3[::500].astype(np.float64)
    points = head.fit.placed(places, head.relief.camera)
    assert np.allclose(to_canonical(points, head.fit, head.relief), places, atol=1e-5)
    assert LOWEST < 0
