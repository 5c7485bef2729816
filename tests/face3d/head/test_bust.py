"""The bust of a whole head, on the relief of the head model with hair."""

import manifold3d
import numpy as np
from model_head import model_head

from face3d.geometry.meshes import is_closed, weld
from face3d.head.hair import MIDDLE

BUDGET, BALL = 8_000, 0.68


def test_it_is_one_closed_solid_within_its_budget(bust):
    kept, _, faces = weld(bust.vertices_n3, bust.faces_m3)
    assert is_closed(faces) and len(faces) <= BUDGET
    solid = manifold3d.Manifold(manifold3d.Mesh(bust.vertices_n3[kept], faces.astype(np.uint32)))
    assert solid.status() == manifold3d.Error.NoError and solid.volume() > 0


def test_it_stands_on_a_plane(bust):
    heights = bust.vertices_n3[:, 1]
    low = bust.faces_m3[(heights[bust.faces_m3] < heights.min() + 1e-4).all(1)]
    one, other, third = (bust.vertices_n3[low[:, corner]] for corner in range(3))
    downwards = -np.cross(other - one, third - one)[:, 1]
    width = np.ptp(bust.vertices_n3[:, 0])
    assert (downwards >= 0).all() and downwards.sum() / 2 > 0.15 * width**2


def test_its_hair_is_where_it_was_seen_and_its_face_is_the_reliefs(places):
    off = places - MIDDLE
    radius = np.linalg.norm(off, axis=1)
    above = off[:, 1] > 0.8 * radius
    assert above.sum() > 50 and np.abs(radius[above] - BALL).mean() < 0.05
    model = model_head().model
    face = (np.abs(places[:, 0]) < 0.2) & (np.abs(places[:, 1]) < 0.25) & (places[:, 2] > 0.3)
    assert face.sum() > 50 and np.median(model.nearest_places(places[face])[2]) < 0.015
