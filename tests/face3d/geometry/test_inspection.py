import numpy as np
import pytest
import trimesh

from face3d.geometry.inspection import edge_report, signed_volume, walls
from face3d.geometry.meshes import count_components

BOX = trimesh.creation.box((4, 2, 1))
TORUS = trimesh.creation.torus(2, 0.5, major_sections=24, minor_sections=12)


def walls_of(solid):
    return walls(solid.vertices.view(np.ndarray), solid.faces.view(np.ndarray), np.random.default_rng(0))


def test_known_solids_have_their_known_figures():
    assert signed_volume(BOX.vertices, BOX.faces) == pytest.approx(8) and signed_volume(
        BOX.vertices, BOX.faces[:, ::-1]
    ) == pytest.approx(-8)
    assert edge_report(BOX.faces) == (True, True, 18)
    assert edge_report(BOX.faces[:-1])[:2] == (False, True)
    turned = BOX.faces.copy()
    turned[0] = turned[0, ::-1]
    assert edge_report(turned)[:2] == (True, False)
    assert count_components(np.concatenate([BOX.faces, BOX.faces + 8])) == 2
    assert walls_of(BOX).min() == pytest.approx(1)
    assert 0.9 < walls_of(TORUS).min() <= 1.0


def test_a_sharp_edge_is_no_thin_wall():
    """A roof with slopes of 45 degrees, 6 long: however thin towards its eaves, the only walls are from gable
    to gable.
    """
    roof = trimesh.convex.convex_hull([(0, 0, 0), (2, 0, 0), (1, 0, 1), (0, 6, 0), (2, 6, 0), (1, 6, 1)])
    found = walls_of(roof)
    assert found.min() == pytest.approx(6) and 0 < np.isfinite(found).mean() < 0.2
