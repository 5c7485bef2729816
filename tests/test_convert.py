"""The command line: the files of one photo, and what they are made with."""

import io
import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import trimesh
from command_line_photo import photo_file
from PIL import Image
from scipy.spatial import cKDTree

import convert
import depth_estimation
from face3d.batch.outputs import ENDINGS
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head

ROOT = Path(__file__).parent.parent
QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]


def links_of(page):
    """Every src and href of an HTML page's own elements: what a browser would fetch."""
    found = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: found.extend(
        value for name, value in attributes if name in ("src", "href")
    )
    reader.feed(page)
    return found


def test_one_photo_gives_all_its_files(formula, small_pictures, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg", where=True)
    out = tmp_path / "out"
    arguments = [
        str(source),
        "-o",
        str(out),
        "--model",
        "bust",
        "--formats",
        "glb,stl,ply,obj,3mf,usdz,xyz,html,png,cutout,gif,mp4,anaglyph,stereo,exr,normals,normals-directx,strip",
        "--colours",
        "turbo",
    ]
    assert convert.main([*arguments, "--height-mm", "120", "--faces", "2000"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1 and "x 120 x" in said.out and "printable" in said.out
    assert said.err.count("\n") == 1 and "me.jpg: The photo is small" in said.err
    of_depth = "_depth.png _depth16.png _depth.npy _depth.exr _depth_colour.png _normals.png"
    of_depth += " _normals_directx.png"
    of_model = ".glb .stl .ply .obj.zip .3mf .usdz .xyz .html _points.ply _report.json"
    of_model += " _view.png _cutout.png _turntable.gif _turntable.mp4 _anaglyph.png _stereo.png _strip.png"
    names = {f"me{e}" for e in of_depth.split()} | {f"me_bust{e}" for e in of_model.split()}
    assert {path.name for path in out.iterdir()} == names
    assert names == {f"me{e}" for e in ENDINGS if e in of_depth or e.startswith("_bust")}
    for path in out.iterdir():
        assert b"SECRETMAKER" not in path.read_bytes() and b"GPS" not in path.read_bytes().upper()[:4096], (
            path.name
        )
    proof = json.loads((out / "me_bust_report.json").read_text())
    assert proof["printable"] and proof["stands"] and proof["bed_scale_percent"] is None
    assert proof["exports"]["stl"]["bytes"] == (out / "me_bust.stl").stat().st_size
    assert Image.open(io.BytesIO((out / "me_depth16.png").read_bytes())).size == (80, 96)
    near, _ = cKDTree(np.loadtxt(out / "me_bust.xyz")[:, :3]).query(
        trimesh.load(out / "me_bust_points.ply").vertices
    )
    assert np.median(near) < 3  # of 120 mm; the corners of 2,000 triangles lie several apart
    with zipfile.ZipFile(out / "me_bust.obj.zip") as archive:
        assert sorted(archive.namelist()) == ["me_bust.mtl", "me_bust.obj", "me_bust.png"]
    page = (out / "me_bust.html").read_text()
    assert all(link.startswith("data:") for link in links_of(page))
    assert "WebGLRenderer" in page and "<title>me</title>" in page


def test_a_relative_map_becomes_deeper_with_the_near_far_ratio(formula, tmp_path, monkeypatch):
    def relative(_, photo):
        seen = head(photo.size_hw)
        return DepthMap(
            seen.values_hw, DepthRepresentation.RELATIVE_INVERSE, seen.mask_hw, "midas_v21_small_256"
        )

    monkeypatch.setattr(depth_estimation, "predict", relative)
    source, deep = photo_file(tmp_path / "me.jpg"), []
    for ratio in ("1.2", "2", "4"):
        arguments = [
            str(source),
            "-o",
            str(tmp_path / ratio),
            "--model",
            "shell",
            "--height-mm",
            "100",
            "--faces",
            "2000",
        ]
        assert convert.main([*arguments, "--near-far", ratio]) == 0
        deep.append(json.loads((tmp_path / ratio / "me_shell_report.json").read_text())["size_mm"][2])
    assert deep[0] < deep[1] < deep[2]
    assert (
        convert.main(
            [
                str(source),
                "-o",
                str(tmp_path / "default"),
                "--model",
                "shell",
                "--height-mm",
                "100",
                "--faces",
                "2000",
            ]
        )
        == 0
    )
    assert json.loads((tmp_path / "default" / "me_shell_report.json").read_text())["size_mm"][2] == deep[1]


def test_a_depth_map_of_the_user_takes_the_place_of_the_network(formula, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(depth_estimation, "predict", None)
    source, own = photo_file(tmp_path / "me.jpg"), tmp_path / "me_depth.npy"
    seen = head((96, 80))
    values_hw = np.where(seen.mask_hw, seen.values_hw, np.nan).astype(np.float32)
    np.save(own, values_hw)
    arguments = [str(source), "-o", str(tmp_path), "--depth-map", str(own), "--model", "shell"]
    arguments += ["--faces", "500", "--height-mm", "100"]
    assert convert.main(arguments) == 1 and "--depth-meaning" in capsys.readouterr().err
    assert convert.main([*arguments, "--depth-meaning", "relief", "--rotate", "90"]) == 0
    assert np.array_equal(np.load(own), values_hw, equal_nan=True)  # the output has another name
    turned_hw = np.rot90(values_hw, -1) * np.float32(80 / 96)  # in widths of the turned photo
    assert np.array_equal(np.load(tmp_path / "me_2_depth.npy"), turned_hw, equal_nan=True)


def test_a_thin_model_is_not_called_printable(formula, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg")
    assert (
        convert.main([str(source), "-o", str(tmp_path / "out"), "--faces", "2000", "--height-mm", "1"]) == 0
    )
    assert re.search(r"x 1 x .*, closed, but \d+ % is thinner than 1 mm[,;] ", capsys.readouterr().out)


def test_an_unknown_format_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        convert.main(["--formats", "glb,fbx"])
    assert stopped.value.code == 2 and "fbx: not among glb, stl" in capsys.readouterr().err


@pytest.mark.parametrize("formats", ["", " , "])
def test_formats_without_one_are_a_usage_error(formats, capsys):
    with pytest.raises(SystemExit) as stopped:
        convert.main(["--formats", formats])
    assert stopped.value.code == 2 and "an empty list: not among glb, stl" in capsys.readouterr().err


def test_models_of_two_kinds_stand_beside_each_other(formula, tmp_path):
    source = photo_file(tmp_path / "me.jpg")
    for kind in ("shell", "plaque"):
        assert convert.main([str(source), "-o", str(tmp_path / "out"), *QUICK, "--model", kind]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    of_model = ("_points.ply", ".glb", "_report.json")
    assert names == {f"me_{kind}{e}" for kind in ("shell", "plaque") for e in of_model} | {
        f"me_depth{e}" for e in (".png", "16.png", ".npy")
    }


def test_help_needs_no_torch():
    call = "try: convert.main(['--help'])\nexcept SystemExit: pass"
    code = f"import sys, convert\n{call}\nsys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--height-mm" in done.stdout and "130, interrupted" in done.stdout
