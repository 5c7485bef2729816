import numpy as np
import pytest
import trimesh

from face3d.geometry.stability import centre_of_mass, tipping_angle

BOX = trimesh.creation.box((4, 3, 2))


def test_the_centre_of_mass_is_that_of_trimesh():
    solid = trimesh.creation.cone(1, 3)
    solid.apply_translation((50, -20, 7))
    assert centre_of_mass(solid.vertices, solid.faces) == pytest.approx(solid.center_mass)


@pytest.mark.parametrize(("up", "half_width", "half_height"), [(1, 1, 1.5), (2, 1.5, 1)])
def test_a_box_tips_over_its_nearest_edge(up, half_width, half_height):
    want = np.degrees(np.arctan(half_width / half_height))
    assert tipping_angle(BOX.vertices, BOX.faces, up) == pytest.approx(want)


def test_what_leans_beyond_its_foot_has_a_negative_angle():
    """A prism 4 high, sheared by 3 along x: the centre of mass is 0.5 beyond the foot, half a side from the
    middle.
    """
    leaning = trimesh.creation.box((2, 4, 2))
    points = leaning.vertices + np.outer(leaning.vertices[:, 1] + 2, [0.75, 0, 0])
    assert tipping_angle(points, leaning.faces) == pytest.approx(-np.degrees(np.arctan(0.5 / 2)))


def test_what_stands_on_a_point_does_not_stand():
    corners = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    octahedron = trimesh.convex.convex_hull(np.array(corners, float))
    assert tipping_angle(octahedron.vertices, octahedron.faces) == 0
