import numpy as np
import pytest
import trimesh

from face3d.geometry.meshes import is_closed
from face3d.geometry.plinth import add_plinth
from face3d.geometry.solids import close_cells
from face3d.geometry.stability import tipping_angle


def leaning_bust(eye_z):
    """A slab of cells whose upper half juts out to the front, on a foot, unprojected from `eye_z`."""
    front_hw = np.where(np.arange(12)[:, None] < 6, 0.9, 0.1) + 0.02 * np.sin(3 * np.arange(8))
    solid = close_cells(
        np.ones((12, 8), bool),
        front_hw,
        np.zeros((12, 8)),
        least_thickness=0.1,
        with_foot=True,
        smooth_rim=False,
    )
    column, row, z = solid.positions_n3.T
    spread = np.ones_like(z) if np.isinf(eye_z) else (eye_z - z) / eye_z
    vertices_n3 = np.stack([(column / 8 - 0.5) * spread, (0.5 - row / 8) * spread, z], -1)
    vertices_n3[solid.foot_n, 1] = vertices_n3[:, 1].min() - 0.03
    return vertices_n3.astype(np.float32), solid.faces_m3, solid.foot_n


@pytest.mark.parametrize("eye_z", [2.0, np.inf])
def test_a_plinth_makes_a_leaning_bust_stand(eye_z):
    vertices_n3, faces_m3, foot_n = leaning_bust(eye_z)
    assert tipping_angle(vertices_n3, faces_m3) < 0
    stood_n3, stood_m3 = add_plinth(vertices_n3, faces_m3, foot_n, eye_z)
    assert is_closed(stood_m3) and (stood_n3[: len(vertices_n3)] == vertices_n3).all()
    assert tipping_angle(stood_n3, stood_m3) > 12
    before, after = (
        trimesh.Trimesh(points.astype(float), faces, process=False)
        for points, faces in ((vertices_n3, faces_m3), (stood_n3, stood_m3))
    )
    check_ledge(before, after, stood_n3[len(vertices_n3) :])


@pytest.mark.parametrize("eye_z", [2.0, np.inf])
def test_a_round_plinth_is_a_disc_around_the_foot(eye_z):
    vertices_n3, faces_m3, foot_n = leaning_bust(eye_z)
    stood_n3, stood_m3 = add_plinth(vertices_n3, faces_m3, foot_n, eye_z, is_round=True)
    assert is_closed(stood_m3) and tipping_angle(stood_n3, stood_m3) > 12
    added_n3 = stood_n3[len(vertices_n3) :].astype(float)
    middle_2 = (vertices_n3[foot_n].min(axis=0) + vertices_n3[foot_n].max(axis=0))[[0, 2]] / 2
    radii = np.hypot(*(added_n3[:, [0, 2]] - middle_2).T)
    assert np.ptp(radii) < 1e-5
    before, after = (
        trimesh.Trimesh(points.astype(float), faces, process=False)
        for points, faces in ((vertices_n3, faces_m3), (stood_n3, stood_m3))
    )
    disc = np.pi * radii[0] ** 2 * np.ptp(added_n3[:, 1])
    assert 0.97 * disc < after.volume - before.volume < disc
    upper = np.isclose(after.triangles[:, :, 1], added_n3[:, 1].max(), atol=1e-6).all(axis=1)
    assert (after.face_normals[upper & (after.area_faces > 1e-9), 1] > 0.999).all()


def check_ledge(before, after, added_n3):
    # What was added is a box: its ledge lies over itself nowhere, else the parts facing up would be larger.
    low, high = np.ptp(added_n3, axis=0), added_n3
    assert after.volume - before.volume == pytest.approx(np.prod(low), rel=1e-3)
    on_top = np.isclose(after.triangles[:, :, 1], high[:, 1].max(), atol=1e-6).all(axis=1)
    foot = np.isclose(before.triangles[:, :, 1], before.vertices[:, 1].min(), atol=1e-6).all(axis=1)
    assert after.area_faces[on_top].sum() == pytest.approx(
        low[0] * low[2] - before.area_faces[foot].sum(), rel=1e-3
    )
    assert (after.face_normals[on_top, 1] > 0.999).all()
