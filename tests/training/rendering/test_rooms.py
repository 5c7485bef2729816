"""Laws of rooms as light and as backdrop."""

import numpy as np
import pytest

from training.rendering.camera import SceneCamera
from training.rendering.portrait_shading import irradiance
from training.rendering.rooms import harmonics, load_rooms, panorama, room_light, room_view, turned

FLAT = np.ones((32, 64, 3), np.float32)
NORMALS = np.array([[0, 0, 1.0], [0, 1, 0], [0.6, 0, -0.8], [-1, 0, 0], [0, -0.6, 0.8]])


def test_an_even_room_lights_every_surface_alike():
    room = panorama(FLAT)
    assert abs(room.share_hw.sum() - 1) < 1e-5
    light = [irradiance(normal, harmonics(room.radiance_hwc, room)) for normal in NORMALS]
    assert np.abs(np.array(light) - 1).max() < 0.02


def test_a_matt_surface_under_a_bright_sky_has_lamberts_law():
    """Light above the horizon only: a floor has all of it, a wall half, a ceiling none (within 10 %, which
    nine terms leave: Ramamoorthi and Hanrahan, 2001).
    """
    room = panorama(FLAT)
    sky = np.where(room.way_hw3[..., 1:2] > 0, 1.0, 0.0) * FLAT
    floor, wall, ceiling = (
        irradiance(np.array(normal), harmonics(sky, room))[0]
        for normal in ([0, 1.0, 0], [1.0, 0, 0], [0, -1.0, 0])
    )
    assert abs(floor - 1) < 0.1
    assert abs(wall - 0.5) < 0.05
    assert abs(ceiling) < 0.1


def test_the_lamp_is_where_the_room_is_brightest():
    room = panorama(FLAT)
    towards = np.array([0.6, 0.48, 0.64])
    lit = panorama(np.where((room.way_hw3 @ towards > 0.98)[..., None], 40, 1) * FLAT)
    lighting, _ = room_light(lit, np.random.default_rng(1))
    assert lighting.lights[0].towards_3 @ towards > 0.99
    assert lighting.lights[0].colour_3.min() > 0.1


def test_the_camera_sees_what_lies_behind_the_head():
    """It looks along -Z: a red wall there fills the view; what lies behind the camera does not show."""
    room = panorama(FLAT)
    wall = (room.way_hw3[..., 2] < -0.2)[..., None]
    two = panorama(np.where(wall, [1.0, 0, 0], [0, 1.0, 0]).astype(np.float32))
    camera = SceneCamera(np.eye(3), 100.0, 30.0, (0.5, 0.5), 0.0)
    view = room_view(two, camera, 24, np.random.default_rng(3))
    assert view[..., 0].min() > 0.5
    assert view[..., 1].max() < 0.1


def test_a_turned_room_is_as_bright():
    room = panorama(np.random.default_rng(1).random((32, 64, 3)).astype(np.float32))
    other = turned(room, np.random.default_rng(5)).radiance_hwc
    assert np.allclose(np.sort(other.ravel()), np.sort(room.radiance_hwc.ravel()))


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"training\.rendering\.rooms"):
        load_rooms(tmp_path / "rooms.npz")
