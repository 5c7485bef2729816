"""Laws of a head's colours, on photos of known colours."""

import numpy as np
import pytest
from model_head import SIDE, model_head

from face3d.geometry.camera import project, unproject
from face3d.head.charts import chart_of
from face3d.head.colours import (
    FACING,
    FRONTAL,
    OFF_RELIEF,
    PhotoColours,
    hair_outside,
    hair_picture,
    skin_picture,
)
from face3d.head.hair import LOWEST, MIDDLE, HairLayer, hair_layer
from face3d.head.model import OUTSIDE
from face3d.head.seen import SkinGrid
from face3d.head.strands import USUAL

ONE = np.array([200, 150, 120])


def charts_of(model, side=128):
    surfaces = [model.material_m == surface for surface in OUTSIDE]
    return tuple(
        chart_of(model.uv_n2[model.uv_triangles_m3[mine]], model.triangles_m3[mine], (side, side))
        for mine in surfaces
    )


def skin_of(head, relief):
    """The pictures of the skin, and their charts."""
    charts, points = charts_of(head.model), head.fit.vertices(head.model, relief.camera)
    return skin_picture(head.model, charts, PhotoColours.of(relief, head.fit.scale), points), charts


def pattern(places_n3):
    """Colours by the place, the same on both halves."""
    x, y, z = np.abs(places_n3[:, 0]), places_n3[:, 1], places_n3[:, 2]
    return 128 + 70 * np.stack([np.sin(9 * y), np.cos(7 * x + 4 * y), np.sin(6 * z + 5 * x)], -1)


@pytest.mark.parametrize("yaw", [0.0, 50.0])
def test_a_photo_of_one_colour_gives_one_colour_everywhere(yaw):
    """Whatever the colour of the background is."""
    head = model_head(yaw)
    rgb = np.broadcast_to(np.uint8(ONE), (SIDE, SIDE, 3)).copy()
    rgb[~head.relief.subject_hw] = 10, 60, 200
    pictures, _ = skin_of(head, head.painted(lambda places: ONE, ground=ONE))
    assert all(np.abs(picture - ONE).max() <= 1 for picture in pictures)
    photo = type(head.relief.photo)(rgb, None, None, "0" * 64)
    relief = type(head.relief)(**{**vars(head.relief), "photo": photo})
    for picture in skin_of(head, relief)[0]:
        off = np.abs(picture.astype(int) - ONE).max(-1)
        assert np.percentile(off, 99) <= 2 and off.max() <= 12


def test_the_unseen_half_takes_the_colour_of_the_other_half():
    head = model_head(55.0)
    relief = head.painted(pattern)
    pictures, charts = skin_of(head, relief)
    place = charts[0].of_vertices(head.model.neutral_v3)
    shown = pictures[0][charts[0].rows_n, charts[0].columns_n].astype(float)
    face = (np.abs(place[:, 1]) < 0.3) & (place[:, 2] > 0.15)
    unseen = face & (place[:, 0] < -0.2) if seen_side(head) > 0 else face & (place[:, 0] > 0.2)
    other = face & (np.sign(place[:, 0]) == seen_side(head)) & (np.abs(place[:, 0]) > 0.2)
    assert unseen.sum() > 100 and other.sum() > 100
    wrong = np.abs(shown - pattern(place)).mean(1)
    spread = np.abs(pattern(place[unseen]) - pattern(place[unseen]).mean(0)).mean()
    assert wrong[other].mean() < 8
    assert wrong[unseen].mean() < 12 < spread


def seen_side(head):
    """The sign of x of the half that the camera sees more of."""
    return np.sign(np.nanmean(head.places_hwc[..., 0]))


def test_nothing_is_sampled_at_grazing_angles_off_the_relief_or_beside_it():
    """A point of the relief with normals at all angles to its line of sight."""
    head = model_head()
    relief = head.painted(pattern)
    photo = PhotoColours.of(relief, head.fit.scale)
    row, column = SIDE // 2, SIDE // 2
    point = unproject(column + 0.5, row + 0.5, relief.front_hw[row, column], relief.camera).astype(float)
    sight = np.array([0, 0, relief.camera.distance]) - point
    sight /= np.linalg.norm(sight)
    cosines = np.linspace(-1, 1, 41)
    across = np.cross(sight, [0, 1, 0])
    normals = cosines[:, None] * sight + np.sqrt(1 - cosines**2)[:, None] * across / np.linalg.norm(across)
    colours, seen = photo.at(np.tile(point, (41, 1)), normals)
    assert np.allclose(colours, relief.photo.rgb_hwc[row, column], atol=1)
    assert (np.diff(seen) >= 0).all()
    assert not seen[cosines < FACING].any() and np.allclose(seen[cosines > FRONTAL + 0.01], 1)
    for off in (1.2, -1.2):
        away = point + off * OFF_RELIEF * head.fit.scale * sight
        assert photo.at(away[None], sight[None])[1] == 0
    beside = unproject(np.array([-3.0, 2.5]), np.array([70.0, 2.5]), np.zeros(2), relief.camera)
    assert not photo.at(beside.astype(float), np.tile([0, 0, 1.0], (2, 1)))[1].any()


def test_hair_is_of_hairs_colour_only_where_the_photo_shows_skin_beside_it():
    head = model_head(40.0, cap=0.68)
    relief = head.painted(lambda places: ONE, ground=(60, 40, 30))
    layer = hair_layer(head.model, head.fit, relief, head.fit.vertices(head.model, relief.camera))
    outside = hair_outside(layer, 4)
    points = head.fit.placed(outside.reshape(-1, 3), relief.camera).astype(float).reshape(outside.shape)
    photo = PhotoColours.of(relief, head.fit.scale)
    columns, rows = (np.floor(at).astype(int).ravel() for at in project(points, relief.camera))
    skin = SkinGrid.of(relief).at(rows, columns)[1].reshape(points.shape[:2])
    picture, contrast = hair_picture(photo, points, skin, strands=False)
    off = np.abs(picture.astype(int) - [60, 40, 30]).max(-1)
    hair = np.repeat(np.repeat(layer.thickness_hw[::-1] > 0, 4, 0), 4, 1)
    assert picture.shape == points.shape and 0 < skin.mean() < 1
    assert contrast < 0.1, "hair of one colour"
    # The skin is 140 brighter; a pixel at the hairline is a mixture.
    assert np.median(off[hair]) < 12 and np.percentile(off[hair], 95) < 28
    assert off[outside[..., 1] > 0.65].max() < 12
    nowhere, contrast = hair_picture(photo, points, np.ones(points.shape[:2]), strands=True)
    assert nowhere.shape == picture.shape and contrast == USUAL, (
        "all of it skin: nothing is known, and nothing fails"
    )


def test_points_of_the_layers_picture_lie_in_its_directions_at_its_distance():
    """A layer whose distance grows with the height."""
    head = model_head(40.0, cap=0.68)
    unit = hair_layer(head.model, head.fit, head.relief, head.fit.vertices(head.model)).unit_hw3
    radius = 1 + 0.2 * unit[..., 1]
    outside = hair_outside(HairLayer(unit, radius - 0.1, radius), 4) - MIDDLE
    distance = np.linalg.norm(outside, axis=-1)
    assert np.allclose(distance, 1 + 0.2 * outside[..., 1] / distance, atol=2e-3)
    up = np.degrees(np.arcsin(outside[..., 1] / distance))
    assert up[0] == pytest.approx(90, abs=0.5) and up[-1] == pytest.approx(LOWEST, abs=0.5)
    assert np.abs(up - up.mean(1, keepdims=True)).max() < 1e-9
