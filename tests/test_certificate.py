import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from shapes import head, photo_of

from certificate import certify, count_components, edge_report, self_touching, signed_volume, smallest_wall
from export_3d_model import write
from generate_3d_model import ModelSettings, build_mesh
from life_size import life_size

DEPTH, PHOTO = head(), photo_of((96, 80))
BOX = trimesh.creation.box((4, 2, 1))
TORUS = trimesh.creation.torus(2, 0.5, major_sections=24, minor_sections=12)


def certified(kind, settings):
    mesh, placement = life_size(build_mesh(DEPTH, PHOTO, kind, settings), DEPTH, PHOTO, settings)
    return mesh, certify(mesh, placement, kind, DEPTH, PHOTO, settings)


def test_a_bust_is_printable_and_its_figures_agree_with_trimesh():
    mesh, proof = certified("bust", ModelSettings(face_budget=4000, height_mm=200.0))
    solid = trimesh.Trimesh(*(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)), process=False)
    assert proof.printable and proof.watertight and proof.outward and proof.components == 1
    assert proof.genus == 0 == (2 - solid.euler_number) // 2
    assert proof.volume_cm3 == pytest.approx(solid.volume / 1000, rel=1e-4)
    assert proof.size_mm == pytest.approx(solid.extents, abs=1e-3) and proof.size_mm[1] == pytest.approx(200, abs=0.01)
    assert proof.smallest_wall_mm > 0
    assert proof.reprojection_error_px < 0.2
    assert proof.depth_levels == len(np.unique(DEPTH.values_hw[DEPTH.mask_hw]))


def test_a_shell_is_not_printable():
    _, proof = certified("shell", ModelSettings())
    assert not proof.watertight and not proof.printable and proof.consistent_winding
    assert proof.volume_cm3 is None and proof.genus is None and proof.smallest_wall_mm is None


def test_a_texture_that_slid_shows_in_the_reprojection_error():
    settings = ModelSettings(face_budget=4000)
    mesh, placement = life_size(build_mesh(DEPTH, PHOTO, "shell", settings), DEPTH, PHOTO, settings)
    slid = replace(mesh, uv_n2=(mesh.uv_n2 * 0.9).astype(np.float32) + np.float32([0.05, 0.1]))
    before, after = (certify(model, placement, "shell", DEPTH, PHOTO, settings).reprojection_error_px for model in (mesh, slid))
    assert before < 0.1 < 1 < after


def test_the_json_holds_every_figure_and_the_bytes_of_each_file():
    mesh, proof = certified("relief", ModelSettings(face_budget=1000))
    files = {name: write(name, mesh) for name in ("stl", "glb")}
    read = json.loads(proof.as_json(files))
    assert read["exports"] == {name: {"bytes": len(files[name]), "unit": unit} for name, unit in (("stl", "mm"), ("glb", "m"))}
    assert read["watertight"] is True and read["printable"] is True and read["scale_sd_percent"] == pytest.approx(100 * 3.7 / 63, abs=0.01)


def test_known_solids_have_their_known_figures():
    assert signed_volume(BOX.vertices, BOX.faces) == pytest.approx(8) and signed_volume(BOX.vertices, BOX.faces[:, ::-1]) == pytest.approx(
        -8
    )
    assert edge_report(BOX.faces) == (True, True, 18)
    assert edge_report(BOX.faces[:-1])[:2] == (False, True)
    turned = BOX.faces.copy()
    turned[0] = turned[0, ::-1]
    assert edge_report(turned)[:2] == (True, False)
    assert count_components(np.concatenate([BOX.faces, BOX.faces + 8])) == 2
    assert smallest_wall(BOX.vertices.view(np.ndarray), BOX.faces.view(np.ndarray), np.random.default_rng(0)) == pytest.approx(1)
    assert 0.9 < smallest_wall(TORUS.vertices.view(np.ndarray), TORUS.faces.view(np.ndarray), np.random.default_rng(0)) <= 1.0


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
