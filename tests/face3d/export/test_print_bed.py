import numpy as np
import pytest

from face3d.export.files import save
from face3d.export.models import write
from face3d.export.print_bed import bed_from_model
from face3d.geometry.kinds import settings_of
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh

DEPTH, PHOTO = head(), photo_of((96, 80))
SETTINGS = ModelSettings(face_budget=3000, height_mm=240.0)


def stl_triangles(mesh, folder):
    """(m, 3, 3) corners as they stand in the file; the file's normals are those of its triangles."""
    stl = pytest.importorskip("stl")
    save(folder / "m.stl", write("stl", mesh))
    read = stl.mesh.Mesh.from_file(str(folder / "m.stl"), calculate_normals=False)
    corners_m33 = read.vectors.astype(float)
    outward_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])
    areas_m = np.linalg.norm(outward_m3, axis=1)
    assert np.einsum("ij,ij->i", read.normals, outward_m3)[areas_m > 0.1] == pytest.approx(
        areas_m[areas_m > 0.1], rel=1e-3
    )
    return corners_m33


def volume(corners_m33):
    return np.linalg.det(corners_m33).sum() / 6


def test_an_stl_of_a_bust_stands_on_its_foot_and_looks_to_the_front(bust, tmp_path):
    corners_m33, own_m33 = stl_triangles(bust, tmp_path), bust.vertices_n3[bust.faces_m3].astype(float)
    assert np.abs(corners_m33 - own_m33[..., [0, 2, 1]] * (1, -1, 1)).max() <= 1e-4
    assert corners_m33[..., 2].min() == pytest.approx(0, abs=1e-4) and corners_m33[
        ..., 2
    ].max() == pytest.approx(240, abs=0.01)
    assert volume(corners_m33) == pytest.approx(volume(own_m33), rel=1e-4) and volume(own_m33) > 0


def test_an_stl_of_a_plaque_lies_on_its_back(plaque, tmp_path):
    corners_m33, own_m33 = stl_triangles(plaque, tmp_path), plaque.vertices_n3[plaque.faces_m3].astype(float)
    assert np.abs(corners_m33 - own_m33 - (0, 0, -own_m33[..., 2].min())).max() <= 1e-4
    assert corners_m33[..., 2].min() == pytest.approx(0, abs=1e-4)
    assert volume(corners_m33) == pytest.approx(volume(own_m33), rel=1e-4) and volume(own_m33) > 0


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("kind", ["shell", "bust", "plaque", "lithophane"])
def test_only_a_plaque_lies(kind, kept):
    """A flat background, where it is kept, makes a flat back too; but a bust has a foot to stand on, and a
    shell no back.
    """
    flat = ModelSettings(
        face_budget=3000, foreground_only=not kept, height_mm=20
    )  # small: thick for its height
    mesh = build_mesh(make_relief(DEPTH, PHOTO, settings_of(kind, flat)), kind)
    turn_43 = bed_from_model(mesh.vertices_n3.astype(float), mesh.faces_m3)
    assert (turn_43[:3] == np.eye(3)).all() == (kind == "plaque")
    assert np.linalg.det(turn_43[:3]) == pytest.approx(1)
