"""What of a surface the photo shows, and values that are spread over it."""

import numpy as np
import pytest
from model_head import SCALE, model_head

from face3d.geometry.grid import triangulate
from face3d.head.colours import PhotoColours
from face3d.head.seams import ISLAND, STEEPEST, membrane, seen_vertices, without_islands

SIDE = 41


def sheet(z=0.0, side=SIDE):
    """A square of one unit in the plane of the picture, turned to the camera."""
    y, x = np.mgrid[0.5 : -0.5 : side * 1j, -0.5 : 0.5 : side * 1j]
    faces = triangulate(np.ones((side, side), bool))
    return np.stack([x, y, np.full_like(x, z)], -1).reshape(-1, 3).astype(np.float32), faces


@pytest.fixture(scope="module")
def photo():
    return PhotoColours.of(model_head().relief, SCALE)


def joined(*surfaces):
    counts = np.cumsum([0, *(len(vertices) for vertices, _ in surfaces)])
    return np.concatenate([vertices for vertices, _ in surfaces]), np.concatenate(
        [faces + count for (_, faces), count in zip(surfaces, counts[:-1], strict=True)]
    )


def test_a_surface_behind_another_is_not_seen_and_one_beside_it_is(photo):
    near, far = (sheet(z) for z in (0.1, -0.2))
    small = np.float32([0.25, 0.25, 1])
    vertices, faces = joined((near[0] * small, near[1]), (far[0] * small, far[1]))
    seen = seen_vertices(photo, vertices, faces)
    middle = np.abs(vertices[:, :2]).max(1) < 0.1
    assert seen[: SIDE**2][middle[: SIDE**2]].all() and not seen[SIDE**2 :][middle[SIDE**2 :]].any()
    alone = seen_vertices(photo, far[0] * small, far[1])
    assert alone[middle[SIDE**2 :]].all()


def test_a_surface_that_is_turned_away_or_steep_or_off_the_person_is_not_seen(photo):
    vertices, faces = sheet()
    small = vertices * np.float32([0.2, 0.2, 1])
    assert seen_vertices(photo, small, faces).all()
    assert not seen_vertices(photo, small, faces[:, ::-1]).any()
    steepness = np.sqrt(1 / STEEPEST**2 - 1)
    for factor, expected in ((0.8, True), (1.25, False)):
        leaning = small.copy()
        leaning[:, 2] = factor * steepness * small[:, 1]
        inner = np.abs(small[:, :2]).max(1) < 0.03
        assert (seen_vertices(photo, leaning, faces)[inner] == expected).all()
    corner = small + np.float32([0.45, 0.45, 0])
    assert not seen_vertices(photo, corner, faces).any()


def test_a_small_hidden_piece_takes_the_photo_and_a_large_one_does_not():
    vertices, faces = sheet()
    middles = vertices[faces].mean(1)
    for reach, expected in ((0.0125, True), (0.0375, False)):
        hidden = np.abs(middles[:, :2] - 0.0125).max(1) < reach
        assert (hidden.mean() < ISLAND) == expected and hidden.any()
        assert without_islands(vertices, faces, ~hidden)[hidden].all() == expected
    assert without_islands(vertices, faces, ~hidden)[~hidden].all()


def test_a_value_at_an_edge_fades_to_its_e_th_part_over_the_distance_that_is_asked_for():
    vertices, faces = sheet()
    known = vertices[:, 0] < -0.49
    values = np.where(known[:, None], [[1.0, -20.0]], 0)
    spread = membrane(vertices, faces, known, values, fade=0.15)
    assert (spread[known] == [1.0, -20.0]).all()
    row = spread.reshape(SIDE, SIDE, 2)[SIDE // 2]
    assert (np.diff(row[:, 0]) < 0).all() and np.allclose(row[:, 1], -20 * row[:, 0])
    at = np.interp(np.exp(-1), row[::-1, 0], np.linspace(1, 0, SIDE))
    assert at == pytest.approx(0.15, rel=0.25)


def test_between_equal_values_a_membrane_without_fading_is_flat_and_without_values_it_is_none():
    vertices, faces = sheet()
    known = np.abs(vertices[:, :2]).max(1) > 0.49
    assert np.allclose(membrane(vertices, faces, known, np.full((len(vertices), 1), 7.0), 1e3), 7, atol=1e-3)
    assert not membrane(vertices, faces, np.zeros(len(vertices), bool), np.ones((len(vertices), 1)), 1).any()
