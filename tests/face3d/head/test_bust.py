"""The bust of a whole head, on the relief of the head model with hair."""

from dataclasses import replace

import manifold3d
import numpy as np
import pytest
from model_head import model_head

from face3d.geometry.camera import project
from face3d.geometry.kinds import body_on_foot
from face3d.geometry.meshes import is_closed, weld
from face3d.geometry.texture import CLAY_RGB, sample_texture
from face3d.head.base import cut_height
from face3d.head.bust import bust_mesh
from face3d.head.hair import MIDDLE

BUDGET, BALL = 8_000, 0.68


def test_it_is_one_closed_solid_within_its_budget(bust):
    kept, _, faces = weld(bust.vertices_n3, bust.faces_m3)
    assert is_closed(faces) and len(faces) <= BUDGET
    solid = manifold3d.Manifold(manifold3d.Mesh(bust.vertices_n3[kept], faces.astype(np.uint32)))
    assert solid.status() == manifold3d.Error.NoError and solid.volume() > 0


def test_it_is_cut_flat_and_stands_on_the_section(bust):
    heights = bust.vertices_n3[:, 1]
    low = bust.faces_m3[(heights[bust.faces_m3] < heights.min() + 1e-4).all(1)]
    one, other, third = (bust.vertices_n3[low[:, corner]] for corner in range(3))
    downwards = -np.cross(other - one, third - one)[:, 1]
    assert (downwards >= 0).all()
    kept, _, faces = weld(bust.vertices_n3, bust.faces_m3)
    upright = np.ascontiguousarray(bust.vertices_n3[kept][:, [2, 0, 1]])
    solid = manifold3d.Manifold(manifold3d.Mesh(upright, faces.astype(np.uint32)))
    above = solid.slice(float(heights.min() + 0.03 * np.ptp(heights))).area()
    assert downwards.sum() / 2 > 0.5 * above


def test_it_has_no_foot_where_the_photo_ends_at_a_near_chest(capped_head):
    """Almost nothing of the section is below the photo's last row; a body's own foot is."""
    body = body_on_foot(capped_head.relief, BUDGET)
    floor, height = body.vertices_n3[:, 1].min(), cut_height(capped_head, body)
    assert height > floor + 0.05 * capped_head.unit
    at_cut = np.abs(body.vertices_n3[:, 1] - height) < 0.02 * capped_head.unit
    rows = project(body.vertices_n3[at_cut], capped_head.relief.camera)[1]
    assert (rows > body.photo_rows + 1).mean() < 0.2


@pytest.mark.parametrize("base", ["square", "round"])
def test_a_block_under_it_is_plain_and_wider_than_it(capped_head, bust, base):
    settings = replace(capped_head.relief.settings, base=base)
    stood = bust_mesh(replace(capped_head, relief=replace(capped_head.relief, settings=settings)), BUDGET)
    assert is_closed(weld(stood.vertices_n3, stood.faces_m3)[2])
    low = stood.vertices_n3[:, 1] < stood.vertices_n3[:, 1].min() + 1e-4
    across = np.ptp(stood.vertices_n3[low][:, [0, 2]], axis=0)
    if base == "round":
        assert across[0] == pytest.approx(across[1], rel=0.05)
    assert np.ptp(stood.vertices_n3[:, 1]) > np.ptp(bust.vertices_n3[:, 1])
    colours = sample_texture(stood.texture_hwc, stood.uv_n2)
    assert np.abs(colours[low] - CLAY_RGB).max() < 2


def test_its_hair_is_where_it_was_seen_and_its_face_is_the_reliefs(places):
    off = places - MIDDLE
    radius = np.linalg.norm(off, axis=1)
    above = off[:, 1] > 0.8 * radius
    assert above.sum() > 50 and np.abs(radius[above] - BALL).mean() < 0.05
    model = model_head().model
    face = (np.abs(places[:, 0]) < 0.2) & (np.abs(places[:, 1]) < 0.25) & (places[:, 2] > 0.3)
    assert face.sum() > 50 and np.median(model.nearest_places(places[face])[2]) < 0.015
