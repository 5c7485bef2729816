import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from face3d.export.models import write
from face3d.geometry import inspection, report
from face3d.geometry.inspection import count_components, edge_report, self_touching, signed_volume, walls
from face3d.geometry.report import certify
from face3d.geometry.scale import life_size
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, certified_model

DEPTH, PHOTO = head(), photo_of((96, 80))
BOX = trimesh.creation.box((4, 2, 1))
TORUS = trimesh.creation.torus(2, 0.5, major_sections=24, minor_sections=12)


def walls_of(solid):
    return walls(solid.vertices.view(np.ndarray), solid.faces.view(np.ndarray), np.random.default_rng(0))


def certified(kind, settings):
    mesh, placement = life_size(build_mesh(DEPTH, PHOTO, kind, settings), DEPTH, PHOTO, settings)
    return mesh, certify(mesh, placement, kind, DEPTH, PHOTO, settings)


def test_a_bust_is_printable_and_its_figures_agree_with_trimesh():
    mesh, proof = certified("bust", ModelSettings(face_budget=4000, height_mm=200.0))
    solid = trimesh.Trimesh(
        *(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)),
        process=False,
    )
    assert proof.printable and proof.watertight and proof.outward and proof.components == 1
    assert proof.genus == 0 == (2 - solid.euler_number) // 2
    assert proof.volume_cm3 == pytest.approx(solid.volume / 1000, rel=1e-4)
    assert proof.size_mm == pytest.approx(solid.extents, abs=1e-3) and proof.size_mm[1] == pytest.approx(
        200, abs=0.01
    )
    assert proof.smallest_wall_mm > 0 and 0 <= proof.thin_surface_percent < 5
    assert proof.reprojection_error_px < 0.2
    assert proof.depth_levels == len(np.unique(DEPTH.values_hw[DEPTH.mask_hw]))


def test_smoothing_is_stated_in_millimetres_of_the_face():
    rough, smooth = (
        certified("shell", ModelSettings(face_budget=4000, smoothing_px=px))[1] for px in (0.0, 3.0)
    )
    assert rough.smoothing_change_mm == 0
    mm_per_px = smooth.size_mm[0] / 80
    assert 0.02 * mm_per_px < smooth.smoothing_change_mm < 2 * mm_per_px


def test_a_model_with_triangles_in_each_others_way_is_built_again_without_decimation(monkeypatch):
    asked = []

    def build(*parts, decimated):
        asked.append(decimated)
        return build_mesh(*parts, decimated=decimated)

    monkeypatch.setattr(report, "build_mesh", build)
    monkeypatch.setattr(inspection, "self_touching", lambda *mesh: 2 if len(asked) == 1 else 0)
    mesh, _, proof = certified_model(DEPTH, PHOTO, "bust", ModelSettings(face_budget=4000))
    assert asked == [True, False] and proof.printable and len(mesh.faces_m3) <= 4000


def test_a_shell_is_not_printable():
    _, proof = certified("shell", ModelSettings())
    assert not proof.watertight and not proof.printable and proof.consistent_winding
    assert proof.volume_cm3 is None and proof.genus is None and proof.smallest_wall_mm is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"thin_surface_percent": 0.9}, "closed, printable"),
        ({"thin_surface_percent": 46.2}, "closed, but 46 % is thinner than 1 mm"),
        ({"thin_surface_percent": 0.9, "self_touching_faces": 2}, "closed"),
        ({"watertight": False, "thin_surface_percent": None}, "open surface"),
    ],
)
def test_the_verdict_names_what_keeps_a_model_from_being_printed(changed, says):
    _, proof = certified("bust", ModelSettings(face_budget=4000, height_mm=200.0))
    assert replace(proof, **changed).verdict == says


def test_a_size_of_unknown_error_is_not_called_exact():
    given, assumed = (
        certified_model(replace(DEPTH, faces=()), PHOTO, "shell", ModelSettings(height_mm=mm))[2]
        for mm in (200.0, None)
    )
    assert json.loads(given.as_json({}))["scale_sd_percent"] == 0
    assert json.loads(assumed.as_json({}))["scale_sd_percent"] is None


def test_a_texture_that_slid_shows_in_the_reprojection_error():
    settings = ModelSettings(face_budget=4000)
    mesh, placement = life_size(build_mesh(DEPTH, PHOTO, "shell", settings), DEPTH, PHOTO, settings)
    slid = replace(mesh, uv_n2=(mesh.uv_n2 * 0.9).astype(np.float32) + np.float32([0.05, 0.1]))
    before, after = (
        certify(model, placement, "shell", DEPTH, PHOTO, settings).reprojection_error_px
        for model in (mesh, slid)
    )
    assert before < 0.1 < 1 < after


def test_the_json_holds_every_figure_and_the_bytes_of_each_file():
    mesh, proof = certified("relief", ModelSettings(face_budget=1000))
    files = {name: write(name, mesh) for name in ("stl", "glb")}
    read = json.loads(proof.as_json(files))
    assert read["exports"] == {
        name: {"bytes": len(files[name]), "unit": unit} for name, unit in (("stl", "mm"), ("glb", "m"))
    }
    assert (
        read["watertight"] is True
        and read["printable"] is True
        and read["scale_sd_percent"] == pytest.approx(100 * 3.7 / 63, abs=0.01)
    )


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
