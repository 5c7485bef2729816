"""Laws of charts, on random triangulations."""

import numpy as np
import pytest
from scipy.spatial import Delaunay

from face3d.head.charts import chart_of

SIZE = 40, 56


@pytest.fixture(scope="module")
def flat():
    """Places in 0..1 with those of the corners, and triangles between them."""
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.random((60, 2)), [[0, 0], [1, 0], [0, 1], [1, 1]]])
    return places, Delaunay(places).simplices


def test_each_pixel_is_covered_once(flat):
    places, triangles = flat
    chart = chart_of(places[triangles], triangles, SIZE)
    covered = np.zeros(SIZE, int)
    np.add.at(covered, (chart.rows_n, chart.columns_n), 1)
    assert (covered == 1).all()


def test_linear_fields_are_reproduced_at_the_pixels_middles(flat):
    places, triangles = flat
    chart = chart_of(places[triangles], triangles, SIZE)
    assert chart.weights_n3.min() > -1e-5
    assert np.allclose(chart.weights_n3.sum(1), 1, atol=1e-5)
    u, v = chart.of_vertices(places).T
    assert np.allclose(u * SIZE[1], chart.columns_n + 0.5, atol=1e-3)
    assert np.allclose((1 - v) * SIZE[0], chart.rows_n + 0.5, atol=1e-3)


def test_a_triangle_beyond_the_picture_is_cut_and_one_between_pixels_shows_nothing():
    large, none = [[-1, -1], [3, -1], [-1, 3]], [[0.5, 0.5], [0.501, 0.5], [0.5, 0.501]]
    size = 4, 4
    chart = chart_of(np.array([large]), np.array([[0, 1, 2]]), size)
    assert len(chart.rows_n) == 16
    both = chart_of(np.array([large, none]), np.array([[0, 1, 2], [3, 4, 5]]), size)
    assert len(both.rows_n) == 16


def test_values_are_put_over_the_ground():
    """The lower left half of a picture."""
    chart = chart_of(np.array([[[0, 0], [1.01, 0], [0, 1.01]]]), np.array([[0, 1, 2]]), (3, 3))
    picture = chart.picture(np.full((len(chart.rows_n), 1), 7.0), np.zeros((3, 3, 1)))
    assert picture[..., 0].tolist() == [[7, 0, 0], [7, 7, 0], [7, 7, 7]]
