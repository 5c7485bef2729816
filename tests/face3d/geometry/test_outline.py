"""The border of cells on its smooth outline: a circle where they cover a disc."""

import numpy as np
import pytest

from face3d.geometry.outline import corner_distance, sampled_at
from face3d.geometry.solids import close_cells

SIDE, MIDDLE, RADIUS = 64, 32.3, 20.4
ROWS, COLUMNS = np.indices((SIDE, SIDE)) + 0.5
DISC = np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE) < RADIUS


def radii_of_border(smooth_rim):
    solid = close_cells(
        DISC,
        np.ones(DISC.shape),
        np.zeros(DISC.shape),
        least_thickness=0.1,
        with_foot=False,
        smooth_rim=smooth_rim,
    )
    upright = np.ptp(solid.positions_n3[solid.faces_m3, 2], axis=1) > 0.5
    border = np.unique(solid.faces_m3[upright])
    columns, rows = solid.positions_n3[border, :2].T
    free = rows < rows.max() - 1  # a bust stands on its lowest row
    return np.hypot(columns - MIDDLE, rows - MIDDLE)[free]


def test_the_border_of_a_disc_is_a_circle():
    assert np.ptp(radii_of_border(True)) < 0.5 * np.ptp(radii_of_border(False))
    assert radii_of_border(True).mean() == pytest.approx(RADIUS, abs=0.25)


def test_the_distance_is_0_on_a_straight_border_and_grows_by_a_cell_a_cell():
    distance_hw = corner_distance(COLUMNS > 20)
    assert distance_hw[:, 20] == pytest.approx(0, abs=0.1)
    assert np.diff(distance_hw, axis=1)[:, 12:40] == pytest.approx(1, abs=0.1)


def test_a_layer_is_continued_beyond_its_corners():
    layer_hw, used_hw = np.where(COLUMNS > 9, COLUMNS, -99), COLUMNS > 9
    places_n2 = np.array([[3.0, 5.0], [20.25, 7.5]])
    assert sampled_at(layer_hw, used_hw, places_n2) == pytest.approx([9.5, 20.75])
