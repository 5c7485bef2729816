"""A hollow model is one closed surface with walls of at least the thickness and a hole through the floor."""

import numpy as np
import pytest
import trimesh

from face3d.errors import GeometryError
from face3d.geometry.hollow import hollowed
from face3d.geometry.meshes import is_closed, weld
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import CLAY_RGB, sample_texture
from face3d.structures import Mesh
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model

WALL = 4.0


@pytest.fixture(scope="module")
def models():
    """A bust of 120 mm, solid and hollow."""
    settings = {"face_budget": 4000, "height_mm": 120.0}
    return [
        generate_model(head(), photo_of((96, 80)), "bust", ModelSettings(**settings, **more))
        for more in ({}, {"wall_mm": WALL, "drain_mm": 6.0})
    ]


def test_a_hollow_bust_is_sound_and_lighter(models):
    solid, hollow = (model.report for model in models)
    assert hollow.sound and hollow.stands and hollow.components == 1 and hollow.genus == 0
    assert hollow.faces <= 1.1 * 4000
    assert hollow.volume_cm3 < 0.8 * solid.volume_cm3 and hollow.weight_g < 0.8 * solid.weight_g
    assert hollow.size_mm == pytest.approx(solid.size_mm, rel=0.05)


def box(side_mm):
    made = trimesh.creation.box((side_mm,) * 3)
    points_n3 = made.vertices.astype(np.float32) + np.array([0, side_mm / 2, 0], np.float32)
    texture_hwc = np.full((20, 30, 3), 9, np.uint8)
    texture_hwc[-2:] = CLAY_RGB
    return Mesh(points_n3, made.faces.astype(np.int32), np.zeros((8, 2), np.float32), texture_hwc, unit="mm")


def test_a_box_becomes_a_box_in_a_box():
    side, wall, drain = 60.0, 5.0, 8.0
    made = hollowed(box(side), wall, drain, 2000)
    kept, _, faces_m3 = weld(made.vertices_n3, made.faces_m3)
    points_n3 = made.vertices_n3[kept]
    assert is_closed(faces_m3)
    inner_n3 = points_n3[(np.abs(points_n3[:, [0, 2]]) < side / 2 - 1).all(axis=1)]
    walls = inner_n3[(inner_n3[:, 1] > 1) & (np.hypot(inner_n3[:, 0], inner_n3[:, 2]) > drain)]
    away = np.minimum(
        side / 2 - np.abs(walls[:, [0, 2]]).max(axis=1), np.minimum(walls[:, 1], side - walls[:, 1])
    )
    pitch = wall / 3
    assert away.min() >= wall and away.max() < wall + 2.5 * pitch
    read = trimesh.Trimesh(points_n3.astype(float), faces_m3, process=False)
    assert side**3 - (side - 2 * wall) ** 3 < read.volume < side**3 - (side - 2 * wall - 4 * pitch) ** 3
    on_floor = points_n3[np.abs(points_n3[:, 1]) < 1e-4]
    hole = on_floor[(np.abs(on_floor) < side / 2 - 1).all(axis=1)]
    assert np.ptp(hole, axis=0)[[0, 2]] == pytest.approx(drain, rel=0.01)
    inside = made.uv_n2[(np.abs(made.vertices_n3) < side / 2 - 1).all(axis=1)]
    assert np.abs(sample_texture(made.texture_hwc, inside) - CLAY_RGB).max() < 2


def test_walls_that_leave_no_room_are_an_error_with_a_mend():
    with pytest.raises(GeometryError, match="Choose thinner walls or a larger model"):
        hollowed(box(10.0), 5.0, 2.0, 2000)
