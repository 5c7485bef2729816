import numpy as np
import pytest
import trimesh

from face3d.geometry.meshes import decimate, drop_unused, is_closed, vertex_normals
from face3d.geometry.solids import close_cells


def test_decimation_keeps_a_solid_closed_and_its_volume():
    rows, columns = np.indices((60, 50))
    front_hw = 8 * np.cos((rows - 30) / 25) * np.cos((columns - 25) / 20) + 10
    solid = close_cells(
        np.ones((60, 50), bool),
        front_hw,
        np.zeros((60, 50)),
        least_thickness=0.1,
        with_foot=False,
        smooth_rim=False,
    )
    before = trimesh.Trimesh(solid.positions_n3, solid.faces_m3)
    vertices, faces = decimate(solid.positions_n3.astype(np.float32), solid.faces_m3, 1500, closed=True)
    assert len(faces) <= 1500 and is_closed(faces)
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(before.volume, rel=0.01)


@pytest.mark.parametrize(
    "faces", [[[0, 1, 2]], [[0, 1, 2], [0, 1, 2]], [[0, 1, 2], [2, 1, 0], [3, 4, 5], [5, 4, 3]]]
)
def test_what_is_open_doubled_or_in_two_pieces_is_not_closed(faces):
    assert not is_closed(np.array(faces, np.int32))


def test_unused_points_are_dropped():
    used, faces = drop_unused(np.array([[5, 2, 9]], np.int32), 12)
    assert used.tolist() == [2, 5, 9] and faces.tolist() == [[1, 0, 2]]


def test_vertex_normals_of_a_sphere_point_outwards():
    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices = ball.vertices.astype(np.float32)
    normals = vertex_normals(vertices, ball.faces.astype(np.int32))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    assert ((normals * vertices).sum(1) > 0.99).all()
