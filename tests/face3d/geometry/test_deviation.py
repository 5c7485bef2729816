import numpy as np
import pytest
import trimesh

from face3d.geometry.deviation import deviation


def test_a_smaller_ball_is_off_by_the_difference_of_the_radii():
    big, small = (trimesh.creation.icosphere(subdivisions=4, radius=radius) for radius in (1.0, 0.8))
    surface = np.asarray(big.vertices), np.asarray(big.faces)
    assert deviation(surface, (np.asarray(small.vertices), np.asarray(small.faces))) == pytest.approx(
        0.1, rel=0.02
    )
    assert deviation(surface, surface) < 0.01
