"""Laws of a head in parts, and of its parts as one mesh."""

import numpy as np
import pytest

from face3d.errors import GeometryError
from face3d.geometry.parts import AnimatedHead, HeadPart
from face3d.geometry.texture import sample_texture
from face3d.structures import Mesh


def test_an_animated_head_wants_arkits_names_and_an_offset_for_each():
    mesh = Mesh(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32))
    part = HeadPart("skin", mesh, np.zeros((1, 3, 3), np.float32))
    assert AnimatedHead((part,), ("mouthSmileLeft",)).parts == (part,)
    with pytest.raises(GeometryError, match="ARKit"):
        AnimatedHead((part,), ("mouthSmile_L",))
    with pytest.raises(GeometryError, match="another number"):
        AnimatedHead((part,), ("mouthSmileLeft", "mouthSmileRight"))
    with pytest.raises(GeometryError, match="do not fit"):
        HeadPart("skin", mesh, np.zeros((1, 4, 3), np.float32))


def test_the_parts_as_one_keep_places_and_colours():
    rng = np.random.default_rng(0)
    faces = np.array([[0, 1, 2]], np.int32)
    picture = rng.integers(0, 256, (12, 20, 3), np.uint8)
    textured = Mesh(
        rng.random((3, 3), np.float32), faces, rng.uniform(0.1, 0.9, (3, 2)).astype(np.float32), picture
    )
    colours = np.array([[10, 20, 30], [200, 0, 0], [0, 0, 250]], np.uint8)
    coloured = Mesh(rng.random((3, 3), np.float32) + 1, faces, colours_n3=colours)
    one = AnimatedHead((HeadPart("skin", textured), HeadPart("teeth", coloured)), ()).as_one()
    assert np.array_equal(one.vertices_n3, np.concatenate([textured.vertices_n3, coloured.vertices_n3]))
    assert np.array_equal(one.faces_m3, [[0, 1, 2], [3, 4, 5]])
    seen = sample_texture(one.texture_hwc, one.uv_n2)
    assert np.allclose(seen[:3], sample_texture(picture, textured.uv_n2), atol=1e-3)
    assert np.array_equal(np.round(seen[3:]), colours)


def test_a_head_is_scaled_with_its_expressions():
    mesh = Mesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32))
    part = HeadPart("skin", mesh, np.full((1, 3, 3), 0.5, np.float32))
    scaled = AnimatedHead((part,), ("jawOpen",)).scaled(np.array([0, 1, 0]), 10, "mm").parts[0]
    assert np.allclose(scaled.mesh.vertices_n3, [[10, -10, 0], [0, 0, 0], [0, -10, 10]])
    assert (scaled.mesh.unit, float(scaled.offsets_en3[0, 0, 0])) == ("mm", 5.0)
