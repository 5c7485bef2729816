"""Laws of pulling triangles apart, on a ball with a spike through its far side."""

import numpy as np
import trimesh

from face3d.geometry.intersections import self_touching
from face3d.geometry.untangling import untangled
from face3d.structures import Mesh

SPIKE = 500
"""The vertex that lies beyond the far side."""


def ball(spike=0.0):
    found = trimesh.creation.icosphere(subdivisions=3, radius=1.0)
    vertices = np.asarray(found.vertices, np.float32)
    if spike:
        vertices[SPIKE] *= -spike
    return vertices, np.asarray(found.faces, np.int32)


def test_triangles_that_pass_through_others_are_pulled_apart_and_all_else_stays():
    vertices, faces = ball(spike=1.1)
    assert self_touching(vertices, faces) > 0
    mended = untangled(Mesh(vertices, faces)).vertices_n3
    assert self_touching(mended, faces) == 0
    assert 0 < (np.abs(mended - vertices).max(1) > 0).sum() < 100


def test_a_mesh_without_such_triangles_is_left_as_it_is():
    mesh = Mesh(*ball())
    assert untangled(mesh) is mesh


def test_vertices_at_one_place_stay_together():
    vertices, faces = ball(spike=1.1)
    odd = np.arange(len(faces))[:, None] % 2 == 1
    doubled = Mesh(
        np.concatenate([vertices, vertices]), np.where(odd, faces, faces + len(vertices)).astype(np.int32)
    )
    one, other = np.split(untangled(doubled).vertices_n3, 2)
    assert np.array_equal(one, other) and not np.array_equal(one[SPIKE], vertices[SPIKE])
