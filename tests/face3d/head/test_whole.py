"""A whole head from the relief of the head model with hair."""

from dataclasses import replace

import numpy as np
import pytest
from model_head import model_head

from face3d.errors import HeadError
from face3d.head.hair import to_canonical
from face3d.head.whole import LOWEST, whole_head

SKIN_RGB, HAIR_RGB = (200, 150, 120), (60, 40, 30)


@pytest.fixture(scope="module")
def whole():
    head = model_head(20.0, cap=0.68)
    return whole_head(head.painted(lambda places: SKIN_RGB, ground=HAIR_RGB), 256)


def part(whole, name):
    return next(part for part in whole.animated.parts if part.name == name)


def test_a_head_has_skin_eyes_teeth_and_hair_with_their_pictures(whole):
    assert {part.name for part in whole.animated.parts} == {"skin", "eyes", "teeth", "hair"}
    assert len(whole.animated.expression_names) == 53
    for one in whole.animated.parts:
        mesh = one.mesh
        assert np.isfinite(mesh.vertices_n3).all() and len(mesh.faces_m3)
        if one.name == "teeth":
            assert len(mesh.colours_n3) == len(mesh.vertices_n3)
        else:
            assert mesh.texture_hwc.ndim == 3 and 0 <= mesh.uv_n2.min() <= mesh.uv_n2.max() <= 1
    for name, colour in (("skin", SKIN_RGB), ("hair", HAIR_RGB)):
        median = np.median(part(whole, name).mesh.texture_hwc.reshape(-1, 3), axis=0)
        assert np.abs(median - colour).max() < 24


def test_each_expression_moves_each_vertex_of_skin_eyes_and_teeth(whole):
    """And none moves the hair."""
    for one in whole.animated.parts:
        if one.name == "hair":
            assert one.offsets_en3 is None
        else:
            assert one.offsets_en3.shape == (53, len(one.mesh.vertices_n3), 3)
            assert np.isfinite(one.offsets_en3).all()
    offsets, names = part(whole, "skin").offsets_en3, whole.animated.expression_names
    places = to_canonical(part(whole, "skin").mesh.vertices_n3, whole.fit, whole.relief)
    chin = (np.abs(places[:, 0]) < 0.05) & (np.abs(places[:, 1] + 0.38) < 0.05) & (places[:, 2] > 0.3)
    brow = (np.abs(places[:, 1] - 0.2) < 0.1) & (places[:, 2] > 0.2)
    jaw = offsets[names.index("jawOpen")]
    unit = whole.fit.scale * whole.relief.camera.unit_per_width / whole.fit.camera.unit_per_width
    assert chin.any() and jaw[chin, 1].mean() < -0.03 * unit
    assert np.abs(jaw[brow]).max() < 0.01 * unit


def test_the_skin_ends_below_in_a_plane(whole):
    heights = to_canonical(part(whole, "skin").mesh.vertices_n3, whole.fit, whole.relief)[:, 1]
    moved = whole.vertices_v3 - whole.fit.vertices(_model(), whole.relief.camera)
    slack = np.abs(moved).max() / whole.fit.scale + 0.005
    assert heights.min() > LOWEST - slack and heights.min() < LOWEST + 0.1


def test_a_bald_head_has_no_hair():
    assert [part.name for part in whole_head(model_head().relief, 256).animated.parts] == [
        "skin",
        "eyes",
        "teeth",
    ]


def test_without_a_skin_map_there_is_none():
    relief = model_head().relief
    depth = replace(relief.depth, faces=(replace(relief.depth.faces[0], skin=None),))
    with pytest.raises(HeadError, match="does not say where on the head skin lies"):
        whole_head(replace(relief, depth=depth))


def _model():
    return model_head().model
