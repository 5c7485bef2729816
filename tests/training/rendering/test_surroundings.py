"""Laws of light and backdrop of scenes of people."""

import numpy as np

from training.rendering.camera import SceneCamera
from training.rendering.rooms import panorama
from training.rendering.surroundings import random_surroundings, with_bleeding

CAMERA = SceneCamera(np.eye(3), 100.0, 30.0, (0.5, 0.5), 0.0)
ROOM = panorama(np.random.default_rng(1).random((32, 64, 3)).astype(np.float32))
COLOURS = np.array([[0.01, 0.01, 0.01]] * 3)


def drawn(seed, rooms=(ROOM,)):
    """Surroundings of a seed."""
    return random_surroundings(list(rooms), CAMERA, COLOURS, 48, np.random.default_rng(seed))


def test_a_seed_gives_one_place_and_all_are_light():
    for seed in range(15):
        place = drawn(seed)
        assert (place.backdrop_hwc == drawn(seed).backdrop_hwc).all()
        assert np.isfinite(place.backdrop_hwc).all()
        assert place.backdrop_hwc.min() >= 0
        assert place.room.harmonics_93[0].min() > 0


def test_without_rooms_no_room_is_drawn_and_with_them_half():
    assert not any("room" in drawn(seed, ()).has for seed in range(10))
    share = np.mean(["room" in drawn(seed).has for seed in range(50)])
    assert 0.3 < share < 0.7


def test_an_alike_ground_has_the_brightness_of_dark_hair():
    """Albedo 0.01 under light L: the ground is below 0.03 L, where no crowd stands before it."""
    alike = [place for seed in range(30) if "alike ground" in (place := drawn(seed)).has - {"crowd"}]
    assert alike
    dark = [place for place in alike if "crowd" not in place.has]
    assert all((p.backdrop_hwc < 0.03 * p.room.harmonics_93[0].max()).all() for p in dark)


def test_bleeding_light_falls_on_the_outline_first():
    """A dark bar before a bright ground: its rim is lighter than its middle."""
    there = np.zeros((48, 48), np.float32)
    there[:, 12:36] = 1
    lit = with_bleeding(np.zeros((48, 48, 3)), np.ones((48, 48, 3)), there, np.random.default_rng(2))
    assert lit[24, 13].mean() > lit[24, 24].mean()
    assert lit[24, 2].mean() > lit[24, 13].mean()
