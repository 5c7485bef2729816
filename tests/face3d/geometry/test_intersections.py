import numpy as np
import pytest
import trimesh

from face3d.geometry import intersections
from face3d.geometry.intersections import near_pairs, self_touching

TORUS = trimesh.creation.torus(2, 0.5, major_sections=24, minor_sections=12)


def test_only_solids_that_pass_through_each_other_touch():
    def pair(shift):
        points, faces = (
            np.concatenate([TORUS.vertices, TORUS.vertices + shift]),
            np.concatenate([TORUS.faces, TORUS.faces + len(TORUS.vertices)]),
        )
        return self_touching(points, faces)

    assert self_touching(TORUS.vertices.view(np.ndarray), TORUS.faces.view(np.ndarray)) == 0
    assert pair((0, 0, 1.1)) == 0
    assert pair((0.4, 0.1, 0.6)) > 10


@pytest.mark.parametrize("at_once", [intersections.CANDIDATES_AT_ONCE, 50])
def test_near_pairs_are_those_of_all_whose_boxes_overlap(at_once, monkeypatch):
    """Small triangles and long ones, some with a vertex in common; each pair once."""
    monkeypatch.setattr(intersections, "CANDIDATES_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    points_n3 = rng.random((240, 3))
    points_n3[1::3] = points_n3[::3] + rng.normal(0, 0.03, (80, 3))
    points_n3[2:180:3] = points_n3[:180:3] + rng.normal(0, 0.03, (60, 3))
    faces_m3 = np.concatenate([np.arange(240).reshape(-1, 3), rng.integers(0, 240, (20, 3))])
    low_m3, high_m3 = points_n3[faces_m3].min(axis=1), points_n3[faces_m3].max(axis=1)
    wanted = {
        (one, other)
        for one in range(100)
        for other in range(one + 1, 100)
        if (low_m3[one] <= high_m3[other]).all() and (low_m3[other] <= high_m3[one]).all()
        if not set(faces_m3[one]) & set(faces_m3[other])
    }
    found = [tuple(sorted(pair)) for batch in near_pairs(points_n3, faces_m3) for pair in batch.tolist()]
    assert len(found) == len(wanted) > 100 and set(found) == wanted


def test_a_single_triangle_touches_nothing():
    assert self_touching(np.eye(3), np.array([[0, 1, 2]])) == 0
