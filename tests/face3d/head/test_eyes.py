"""Laws of the eyes' pictures."""

import numpy as np
import pytest
from model_head import model_head

from face3d.head.colours import PhotoColours
from face3d.head.eyes import (
    BALLS,
    IRIS,
    IRIS_RGB,
    LOOKS,
    PUPIL_RGB,
    PX,
    WHITE_RGB,
    eye_picture,
    eye_places,
    eye_turns,
)

GREEN = np.array([20, 220, 40])


@pytest.fixture(scope="module")
def distance_hw():
    """From the middle of the picture, in radii of the eyeball."""
    across = (np.arange(PX) + 0.5) / PX * 2 - 1
    return np.hypot(*np.meshgrid(across, -across))


def picture_of(head, surface, paint=GREEN):
    relief = head.painted(lambda places: paint, ground=paint)
    points = head.fit.vertices(head.model, relief.camera)
    return eye_picture(head.model, surface, PhotoColours.of(relief, head.fit.scale), points)


@pytest.mark.parametrize("surface", BALLS)
def test_places_of_an_eyeball_are_as_seen_from_in_front(surface):
    model = model_head().model
    used, triangles, uv = eye_places(model, surface)
    assert set(used) == set(model.triangles_m3[model.material_m == surface].ravel())
    assert np.array_equal(used[triangles], model.triangles_m3[model.material_m == surface])
    assert uv.min() >= 0 and uv.max() <= 1
    places = model.neutral_v3[used]
    radius = np.ptp(places[:, 0]) / 2
    assert IRIS * radius * model.width_mm == pytest.approx(5.9, abs=0.2), "millimetres, as in a true eye"
    middle = (places.min(0) + places.max(0)) / 2
    assert np.allclose((uv - 0.5) * 2 * radius, (places - middle)[:, :2], atol=4e-3)


@pytest.mark.parametrize("surface", BALLS)
def test_an_eye_that_nobody_sees_is_drawn(surface, distance_hw):
    """From behind: pupil, iris and white at their radii."""
    picture = picture_of(model_head(180.0), surface)
    assert picture.shape == (PX, PX, 3) and picture.dtype == np.uint8
    for low, high, colour in ((0, 0.1, PUPIL_RGB), (0.22, 0.33, IRIS_RGB), (0.46, 2, WHITE_RGB)):
        ring = (distance_hw >= low) & (distance_hw < high)
        assert np.abs(picture[ring].astype(int) - colour).max() <= 1


@pytest.mark.parametrize("surface", BALLS)
def test_between_the_lids_it_is_the_photo_and_behind_them_the_white(surface, distance_hw):
    picture = picture_of(model_head(), surface).astype(int)
    rows = (np.arange(PX) + 0.5) / PX
    from_photo = np.abs(picture - GREEN).max(-1) < 25
    assert from_photo[distance_hw < 0.12].mean() > 0.9
    hidden = (distance_hw > IRIS + 0.05) & ((rows < 0.15) | (rows > 0.85))[:, None]
    assert np.abs(picture[hidden] - WHITE_RGB).max() <= 3
    assert 0.05 < from_photo.mean() < 0.6


@pytest.mark.parametrize(("surface", "side", "inward"), [(BALLS[0], "L", -1), (BALLS[1], "R", 1)])
def test_expressions_that_look_somewhere_turn_their_eye_there_and_nothing_else_does(surface, side, inward):
    model = model_head().model
    turns = eye_turns(model, surface)
    around = model.neutral_v3[eye_places(model, surface)[0]]
    around = around - (around.min(0) + around.max(0)) / 2
    front = around[:, 2] > 0.95 * around[:, 2].max()
    ways = {"Up": [0, 1], "Down": [0, -1], "In": [inward, 0], "Out": [-inward, 0]}
    named = {f"eyeLook{look}_{side}": look for look in LOOKS}
    for name, offsets in zip(model.expression_names, turns, strict=True):
        if name not in named:
            assert not offsets.any()
            continue
        moved = offsets[front].mean(0)
        way = np.array(ways[named[name]])
        assert moved[:2] @ way > 0.9 * np.linalg.norm(moved[:2]) > 0, name
        kept = np.linalg.norm(around + offsets, axis=1), np.linalg.norm(around, axis=1)
        assert np.allclose(*kept, atol=1e-5), "a turn keeps each vertex at its distance"
