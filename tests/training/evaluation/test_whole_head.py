"""The measures by which whole heads are compared."""

from types import SimpleNamespace

import numpy as np
import pytest
from model_head import model_head

from face3d.geometry.camera import project
from face3d.head.hair import MIDDLE
from face3d.head.model import load_head_model
from training.evaluation import whole_head
from training.evaluation.whole_head import (
    distances,
    in_its_picture,
    lines_of,
    outermost,
    outside_points,
    percentile_by_area,
    region_of,
    stretches,
    to_true_space,
)
from training.rendering.camera import SceneCamera
from training.scenes.primitives import LABEL_NARROW_FACE, euler


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(whole_head, "SAMPLES", 60_000)
    monkeypatch.setattr(whole_head, "ASKED", 3_000)


def ball(radius):
    """Triangles of a ball around the middle of the skull."""
    up, around = np.radians(np.linspace(-90, 90, 91)), np.radians(np.linspace(-180, 180, 181))
    y, angle = np.meshgrid(up, around, indexing="ij")
    unit = np.stack([np.cos(y) * np.sin(angle), np.sin(y), np.cos(y) * np.cos(angle)], -1)
    a, b, c, d = unit[:-1, :-1], unit[:-1, 1:], unit[1:, 1:], unit[1:, :-1]
    corners = [np.stack(three, -2).reshape(-1, 3, 3) for three in ((a, b, c), (a, c, d))]
    return MIDDLE + radius * np.concatenate(corners)


def test_balls_are_apart_by_the_difference_of_their_radii_in_percent():
    model = load_head_model()
    found = distances(outside_points(model, ball(0.6)), outside_points(model, ball(0.63)))
    assert found == pytest.approx(dict.fromkeys(whole_head.REGIONS, 3.0), abs=0.25)


def test_what_lies_inside_another_surface_does_not_count(monkeypatch):
    monkeypatch.setattr(whole_head, "SAMPLES", 400_000)
    model = load_head_model()
    both = np.concatenate([ball(0.5), ball(0.6), ball(0.3)])
    radius = np.linalg.norm(outside_points(model, both) - MIDDLE, axis=1)
    assert len(radius) > 50_000 and (radius < 0.58).mean() < 0.02
    assert outermost(MIDDLE + np.array([[0.2, 0, 0], [0.5, 0, 0], [0, 0.2, 0]])).tolist() == [
        False,
        True,
        True,
    ]


def test_regions_lie_where_their_names_say():
    model = load_head_model()
    places = model.neutral_v3[: model.skin_vertices]
    region = region_of(places[places[:, 1] > -0.4])
    places = places[places[:, 1] > -0.4]
    assert places[region["face"], 2].min() > 0 and places[region["back"], 2].max() < 0
    assert np.abs(places[region["ears"], 0]).min() > 0.42
    assert not (region["back"] & region["ears"]).any() and region["all"].all()
    assert all(mask.any() for mask in region.values())


def test_a_stretch_is_the_ratio_of_the_longest_to_the_shortest_side_of_a_pixel():
    """A square picture on a strip three times as long, turned in space; a similarity; no area."""
    flat = np.array([[0, 0], [4, 0], [0, 4]], float)
    turn = euler(30, 20, 50)
    strip, alike = (flat @ np.diag(size) @ turn[:2] for size in ((3.0, 1.0), (0.2, 0.2)))
    places = np.stack([flat, flat, np.zeros((3, 2))])
    found = stretches(np.stack([strip, alike, alike]), places)
    assert found[:2] == pytest.approx([3, 1]) and np.isinf(found[2])
    sheared = stretches(strip[None], flat[None] @ np.array([[0.6, 0.8], [-0.8, 0.6]]))
    assert sheared == pytest.approx([3]), "whatever the picture's directions are"


def test_a_percentile_counts_area():
    """One triangle of nine tenths of the area."""
    size = np.array([3.0, 1.0])
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]) * size[:, None, None]
    assert percentile_by_area(np.array([1.0, 5.0]), corners, 85) == 1
    assert percentile_by_area(np.array([1.0, 5.0]), corners, 95) == 5


def test_a_relief_is_brought_to_the_true_upright_head():
    """A relief in another unit, scaled and shifted, of a head turned by 20 degrees."""
    head = model_head(20.0)
    relief = head.relief
    width_cm = head.model.width_mm / 10
    camera = SceneCamera(
        euler(20, 0, 0),
        relief.camera.distance * width_cm / head.fit.scale,
        width_cm / head.fit.scale,
        (0.5, 0.45),
        20.0,
    )
    face = (head.places_hwc[..., 2] > 0.2) & (np.abs(head.places_hwc[..., 1]) < 0.3)
    sample = SimpleNamespace(
        label_hw=np.where(face, LABEL_NARROW_FACE, 0), relief_hw=np.asarray(relief.front_hw)
    )
    to_true = to_true_space(relief, SimpleNamespace(sample=sample, camera=camera))
    places = head.model.neutral_v3[: head.model.skin_vertices : 50]
    there = to_true(head.fit.placed(places, relief.camera).astype(np.float64))
    assert np.abs(there - places).max() < 0.02


def test_where_a_part_shows_the_photo_its_picture_is_the_photo():
    head = model_head()
    relief = head.relief
    faces = head.model.skin_triangles_m3
    mesh = whole_head.Mesh(
        head.fit.vertices(head.model, relief.camera)[: head.model.skin_vertices],
        faces,
        np.full((head.model.skin_vertices, 2), 0.25, np.float32),
        np.zeros((8, 8, 3), np.uint8),
    )
    places = in_its_picture(mesh, SimpleNamespace(unit=head.fit.scale, relief=relief))
    in_photo = np.stack(project(mesh.vertices_n3[faces], relief.camera), -1)
    shown = np.isclose(places, in_photo, atol=1e-4).all((1, 2))
    middle = head.model.neutral_v3[faces].mean(1)
    front = (np.abs(middle[:, 0]) < 0.1) & (np.abs(middle[:, 1] - 0.4) < 0.1) & (middle[:, 2] > 0.3)
    assert shown[front].mean() > 0.95 and not shown[middle[:, 2] < -0.3].any()
    assert (places[~shown] == 2).all()


def test_rows_are_averaged_by_yaw():
    rows = [(10.0, {"two-sided bust": {"a": 1.0}, "whole head": {"a": 3.0}})]
    rows.append((50.0, {"two-sided bust": {"a": 2.0}, "whole head": {"a": np.nan}}))
    lines = lines_of(rows, "truth")
    assert lines["truth, all, two-sided bust (2)"] == {"a": 1.5}
    assert lines["truth, all, whole head (2)"] == {"a": 3.0}
    assert lines["truth, yaw 45 to 90, two-sided bust (1)"] == {"a": 2.0}
    assert not any("yaw 20" in title for title in lines)
