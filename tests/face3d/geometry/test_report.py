import json
import re
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from face3d.export.models import report_json, write
from face3d.geometry import meshing, report
from face3d.geometry.kinds import settings_of
from face3d.geometry.relief import make_relief
from face3d.geometry.report import mesh_report
from face3d.geometry.scale import to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, generate_model

DEPTH, PHOTO = head(), photo_of((96, 80))


def measured(kind, settings):
    relief = make_relief(DEPTH, PHOTO, settings_of(kind, settings))
    mesh, placement = to_metric_scale(build_mesh(relief, kind), relief)
    return mesh, mesh_report(mesh, placement, kind, relief)


def test_a_bust_is_printable_and_its_figures_agree_with_trimesh():
    mesh, proof = measured("bust", ModelSettings(face_budget=4000, height_mm=200.0))
    solid = trimesh.Trimesh(
        *(lambda u, i: (u, i[mesh.faces_m3]))(*np.unique(mesh.vertices_n3, axis=0, return_inverse=True)),
        process=False,
    )
    assert proof.printable and proof.watertight and proof.outward and proof.components == 1
    assert proof.genus == 0 == (2 - solid.euler_number) // 2
    assert proof.volume_cm3 == pytest.approx(solid.volume / 1000, rel=1e-4)
    assert proof.weight_g == pytest.approx(1.24 * solid.volume / 1000, rel=1e-3)
    # A kilogram of PLA at 1.75 mm is 335 m.
    assert proof.filament_m == pytest.approx(proof.weight_g * 0.3353, rel=1e-2)
    assert proof.size_mm == pytest.approx(solid.extents, abs=1e-3) and proof.size_mm[1] == pytest.approx(
        200, abs=0.01
    )
    assert proof.smallest_wall_mm > 0 and 0 <= proof.thin_surface_percent < 5
    assert proof.reprojection_error_px < 0.2
    assert proof.depth_levels == len(np.unique(DEPTH.values_hw[DEPTH.mask_hw]))


def test_smoothing_is_stated_in_millimetres_of_the_face():
    rough, smooth = (
        measured("shell", ModelSettings(face_budget=4000, smoothing_px=px))[1] for px in (0.0, 3.0)
    )
    assert rough.smoothing_change_mm == 0
    mm_per_px = smooth.size_mm[0] / 80
    assert 0.02 * mm_per_px < smooth.smoothing_change_mm < 2 * mm_per_px


def test_a_model_with_triangles_in_each_others_way_is_built_again_without_decimation(monkeypatch):
    asked = []

    def build(*parts, decimated):
        asked.append(decimated)
        return build_mesh(*parts, decimated=decimated)

    monkeypatch.setattr(meshing, "build_mesh", build)
    monkeypatch.setattr(report, "self_touching", lambda *mesh: 2 if len(asked) == 1 else 0)
    model = generate_model(DEPTH, PHOTO, "bust", ModelSettings(face_budget=4000))
    assert asked == [True, False] and model.report.printable and len(model.mesh.faces_m3) <= 4000


def test_a_shell_is_not_printable():
    _, proof = measured("shell", ModelSettings())
    assert not proof.watertight and not proof.printable and proof.consistent_winding
    assert (
        proof.volume_cm3 is proof.weight_g is proof.filament_m is None
        and proof.genus is None
        and proof.smallest_wall_mm is None
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"thin_surface_percent": 0.9}, "closed, printable"),
        ({"thin_surface_percent": 46.2}, "closed, but 46 % is thinner than 1 mm"),
        ({"thin_surface_percent": 0.9, "self_touching_faces": 2}, "closed"),
        ({"watertight": False, "thin_surface_percent": None}, "open surface"),
        ({"tipping_angle_degrees": 9.9}, "closed, does not stand"),
        (
            {"size_mm": (366.0, 410.0, 258.0)},
            "closed, printable, but larger than a 220 mm bed: scale to 53 % or set a height",
        ),
    ],
)
def test_the_verdict_names_what_keeps_a_model_from_being_printed(changed, says):
    _, proof = measured("bust", ModelSettings(face_budget=4000, height_mm=200.0))
    assert replace(proof, **changed).verdict == says


@pytest.mark.parametrize(
    ("angle", "says"),
    [
        (22.4, "yes, it tips over at 22°"),
        (4.1, "no, it tips over at 4°, less than 10°"),
        (-5.6, "no, its centre of mass is not above its foot"),
        (None, "not applicable: an open surface has no mass"),
    ],
)
def test_whether_it_stands_is_said_for_every_kind(angle, says):
    _, proof = measured("bust", ModelSettings(face_budget=1000, height_mm=200.0))
    proof = replace(proof, tipping_angle_degrees=angle)
    assert proof.standing == says and proof.printable == (angle == 22.4)


def test_a_plaque_stands_lying_on_its_back():
    _, proof = measured("plaque", ModelSettings(face_budget=1000))
    assert proof.stands and re.fullmatch(r"yes, lying on its back, it tips over at [78]\d°", proof.standing)


def test_a_size_of_unknown_error_is_not_called_exact():
    given, assumed = (
        generate_model(replace(DEPTH, faces=()), PHOTO, "shell", ModelSettings(height_mm=mm)).report
        for mm in (200.0, None)
    )
    assert json.loads(report_json(given, {}))["scale_sd_percent"] == 0
    assert json.loads(report_json(assumed, {}))["scale_sd_percent"] is None


def test_a_texture_that_slid_shows_in_the_reprojection_error():
    relief = make_relief(DEPTH, PHOTO, ModelSettings(face_budget=4000))
    mesh, placement = to_metric_scale(build_mesh(relief, "shell"), relief)
    slid = replace(mesh, uv_n2=(mesh.uv_n2 * 0.9).astype(np.float32) + np.float32([0.05, 0.1]))
    before, after = (
        mesh_report(model, placement, "shell", relief).reprojection_error_px for model in (mesh, slid)
    )
    assert before < 0.1 < 1 < after


def test_the_json_holds_every_figure_and_the_bytes_of_each_file():
    mesh, proof = measured("plaque", ModelSettings(face_budget=1000))
    files = {name: write(name, mesh) for name in ("stl", "glb")}
    read = json.loads(report_json(proof, files))
    assert read["exports"] == {
        name: {"bytes": len(files[name]), "unit": unit} for name, unit in (("stl", "mm"), ("glb", "m"))
    }
    assert (
        read["watertight"] is True
        and read["printable"] is True
        and read["scale_sd_percent"] == pytest.approx(100 * 3.7 / 63, abs=0.01)
    )


def test_a_model_of_nobody_has_no_size_and_is_not_printable():
    """The mesh is sound; its size is stated only where the user gave it."""
    depth, photo = replace(head((96, 80)), faces=()), photo_of((96, 80))
    report = generate_model(depth, photo, "bust", ModelSettings(face_budget=4000)).report
    assert report.sound and report.stands and not report.printable
    assert report.person == "no face" and report.verdict.startswith("no face was found")
    lengths = (report.size_mm, report.volume_cm3, report.smallest_wall_mm, report.smoothing_change_mm)
    assert lengths == (None,) * 4 and report.thin_surface_percent is None
    of_height = generate_model(depth, photo, "bust", ModelSettings(face_budget=4000, height_mm=80)).report
    assert of_height.size_mm[1] == pytest.approx(80) and not of_height.printable


def test_a_network_that_looks_for_no_face_finds_none_missing():
    depth = replace(head((96, 80)), faces=(), detects_faces=False)
    report = generate_model(depth, photo_of((96, 80)), "bust", ModelSettings(face_budget=4000)).report
    assert report.printable and report.faces_found is None and "does not look for faces" in report.person
