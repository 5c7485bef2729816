"""Photographs and portraits that once gave wrong results, by the bundled network, with their right values.

They lie beside the checkout (`../shared/cases`); without them these tests are skipped.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from depth_estimation import find_turn, load_network, predict
from face3d.geometry.camera import project
from face3d.geometry.settings import ModelSettings
from face3d.photo import read_photo
from generate_3d_model import generate_model

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the checkout")
FEW = ModelSettings(face_budget=4000)


@pytest.fixture(scope="module")
def network():
    return load_network("face")


def photo_of(name):
    return read_photo((CASES / name).read_bytes(), name)


@pytest.mark.parametrize("name", ["white_border.jpg", "cutout.png", "circle_s.png"])
def test_a_person_who_ends_inside_the_picture_stands(network, name):
    photo = photo_of(name)
    model = generate_model(predict(network, photo), photo, "bust", FEW)
    report = model.report
    assert model.points().points_n3[:, 1].min() >= model.mesh.vertices_n3[:, 1].min()
    assert report.stands and report.components == 1
    assert report.person == "face 1 of 1"


def test_of_two_people_size_and_points_are_of_one(network):
    """The astronaut, as far down as the photo shows her, is 492 mm high with her own eyes, and 355 mm with
    those of the man beside her.
    """
    photo = photo_of("two_sizes.jpg")
    depth = predict(network, photo)
    assert len(depth.faces) == 2 and depth.faces[0].box_xyxy[0] < photo.size_hw[1] / 2
    first = generate_model(depth, photo, "two-sided", FEW)
    assert first.report.size_mm[1] == pytest.approx(492, rel=0.06)
    between = 800  # the man's picture begins right of it
    second = generate_model(depth, photo, "shell", replace(FEW, face=2))
    for model, beyond in ((first, -1), (second, 1)):
        columns = project(model.placement.to_camera(model.points().points_n3), model.relief.camera)[0]
        assert (beyond * (columns - between) > 0).all()


def test_a_head_upside_down_is_no_face_and_is_found_by_a_turn(network):
    photo = photo_of("upside_down.jpg")
    assert predict(network, photo).faces == ()
    assert find_turn(network, photo) == 180
