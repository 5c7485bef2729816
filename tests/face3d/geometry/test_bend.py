"""A plate that was bent is as thick and as high as it was, and closed; a cylinder is a tube."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.errors import GeometryError
from face3d.geometry.bend import bent
from face3d.structures import Mesh
from face3d.synthetic import head, photo_of
from generate_3d_model import ModelSettings, generate_model


def plate():
    """A strip of 5 by 2 points 2 mm before a flat back at z = 0, which it does not close: 40 mm wide."""
    rows, columns = np.indices((2, 5))
    points_n3 = np.stack([10.0 * columns - 20, 30.0 * rows, 2 + 0 * rows], -1).reshape(-1, 3)
    points_n3 = np.concatenate([points_n3, points_n3 * [1, 1, 0]]).astype(np.float32)
    a = np.array([0, 1, 2, 3])
    front_m3 = np.concatenate([np.stack([a, a + 1, a + 5], -1), np.stack([a + 1, a + 6, a + 5], -1)])
    faces_m3 = np.concatenate([front_m3, front_m3[:, ::-1] + 10]).astype(np.int32)
    return Mesh(points_n3, faces_m3, unit="mm")


@pytest.mark.parametrize(("shape", "around"), [("curved", 2 * np.pi / 3), ("cylinder", 2 * np.pi)])
def test_back_and_front_are_arcs_about_one_axis_a_thickness_apart(shape, around):
    made = bent(plate(), shape).vertices_n3.astype(float)
    radius = 40 / around
    if shape == "curved":
        made[:, 2] += radius - made[17, 2]  # the middle of the back stands before the axis
    to_axis = np.hypot(made[:, 0], made[:, 2])
    assert to_axis == pytest.approx([radius + 2] * 10 + [radius] * 10, rel=1e-5)
    assert (made[:, 1] == plate().vertices_n3[:, 1]).all()


def test_flat_is_as_it_was():
    assert bent(plate(), "flat").vertices_n3 is not None
    assert (bent(plate(), "flat").vertices_n3 == plate().vertices_n3).all()


@pytest.mark.parametrize(("shape", "genus"), [("curved", 0), ("cylinder", 1)])
def test_a_bent_lithophane_is_sound_and_stands(shape, genus):
    settings = ModelSettings(height_mm=90, face_budget=4000, lithophane_shape=shape)
    report = generate_model(head(), photo_of((96, 80)), "lithophane", settings).report
    assert report.sound and report.printable and report.genus == genus
    assert report.smallest_wall_mm == pytest.approx(0.8, abs=0.05) and report.size_mm[1] == pytest.approx(90)


def test_a_cylinder_without_a_frame_is_closed_too():
    settings = ModelSettings(height_mm=90, face_budget=3000, lithophane_shape="cylinder", plaque_border=0)
    assert generate_model(head(), photo_of((96, 80)), "lithophane", settings).report.sound


def test_an_unknown_shape_or_base_says_which_there_are():
    with pytest.raises(GeometryError, match="flat, curved, cylinder"):
        replace(ModelSettings(), lithophane_shape="cube")
    with pytest.raises(GeometryError, match="auto, square, round"):
        replace(ModelSettings(), base="oval")
