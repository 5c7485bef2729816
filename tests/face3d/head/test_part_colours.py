"""Colours of places by the surfaces on which they lie."""

import numpy as np
import pytest

from face3d.head.part_colours import BESIDE, MIXED, ColouredSurface, mixed_colours
from face3d.structures import Mesh

RED, BLUE = np.array([200, 10, 10]), np.array([10, 10, 200])
WIDTH = 2.0


def square(z, rgb):
    """One square of a head's width, of one colour."""
    corners = np.float32([[-1, -1, z], [1, -1, z], [1, 1, z], [-1, 1, z]])
    faces = np.int32([[0, 1, 2], [0, 2, 3]])
    texture = np.tile(np.uint8(rgb), (4, 4, 1))
    return ColouredSurface.of(Mesh(corners, faces), texture, np.full((4, 2), 0.5), z)


@pytest.fixture(scope="module")
def surfaces():
    return [square(0.0, RED), square(0.2, BLUE)]


def test_a_place_on_a_surface_has_its_colour_and_one_between_two_has_the_mean(surfaces):
    places = np.array([[0.3, -0.2, 0.0], [0.3, -0.2, 0.2], [0.3, -0.2, 0.1]])
    found = mixed_colours(surfaces, places, WIDTH)
    assert np.allclose(found[:, :3], [RED, BLUE, (RED + BLUE) / 2], atol=0.5)
    assert np.allclose(found[:, 3], [0, 0.2, 0.1], atol=1e-3)


def test_from_one_surface_to_the_other_the_colour_changes_evenly(surfaces):
    """However the samples lie: a border between hair and skin is no row of dots."""
    x = np.linspace(-0.7, 0.7, 41)
    for height in (0.06, 0.1, 0.14):
        along = mixed_colours(surfaces, np.stack([x, 0.3 * x, np.full_like(x, height)], -1), WIDTH)
        assert np.ptp(along[:, 0]) < 1
    up = np.linspace(0, 0.2, 21)
    rising = mixed_colours(surfaces, np.stack([0 * up, 0 * up, up], -1), WIDTH)
    assert (np.diff(rising[:, 2]) > -1e-9).all()


def test_beside_its_end_a_surface_counts_less_the_farther_it_is():
    ends = square(0.0, RED)
    away, colours = ends.nearest(np.array([[0.0, 0, 0.5], [1.0, 0, 0], [1.4, 0, 0]]), WIDTH)
    assert (colours[:, :3] == RED).all()
    assert away[0] == pytest.approx(0.25)
    assert away[1] < MIXED and 0.2 - 2 * BESIDE < away[2] < 0.2
