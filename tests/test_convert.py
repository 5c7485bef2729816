import io
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.spatial import cKDTree

import convert
import depth_estimation
from face3d.batch.outputs import ENDINGS
from face3d.errors import DepthError
from face3d.export.images import encode_png
from face3d.structures import DepthMap, DepthRepresentation
from face3d.synthetic import head

ROOT = Path(__file__).parent.parent


@pytest.fixture
def network(monkeypatch):
    """In place of a network: the formula's head at the photo's size; a photo of one pixel fails."""

    def predict(given, photo):
        if photo.size_hw == (64, 64):
            raise DepthError("This photo is of no use. Choose another.")
        return head(photo.size_hw)

    monkeypatch.setattr(depth_estimation, "load_network", lambda name="face", **_: name)
    monkeypatch.setattr(depth_estimation, "predict", predict)
    monkeypatch.setattr(depth_estimation, "cut_out", lambda depth, *_, **__: depth)


def photo_file(path, size=(80, 96), where=False):
    """A JPEG of noise; `where` puts a place into its EXIF."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8))
    exif = Image.Exif()
    if where:
        exif[0x010F] = "SECRETMAKER"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    image.save(path, "JPEG", exif=exif)
    return path


def links_of(page):
    """Every src and href of an HTML page's own elements: what a browser would fetch."""
    found = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: found.extend(
        value for name, value in attributes if name in ("src", "href")
    )
    reader.feed(page)
    return found


@pytest.fixture
def small_pictures(monkeypatch):
    """Pictures of a model and the frames of its turntable are small and few."""
    monkeypatch.setattr("face3d.export.renderings.PICTURE_PX", 160)
    monkeypatch.setattr("face3d.export.turntable.SIZE_PX", 64)
    monkeypatch.setattr("face3d.export.turntable.FRAMES", 4)


def test_one_photo_gives_all_its_files(network, small_pictures, tmp_path, capsys):
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


def test_a_relative_map_becomes_deeper_with_the_near_far_ratio(network, tmp_path, monkeypatch):
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


def test_a_depth_map_of_the_user_takes_the_place_of_the_network(network, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(depth_estimation, "predict", None)
    source, own = photo_file(tmp_path / "me.jpg"), tmp_path / "me_depth.npy"
    seen = head((96, 80))
    values_hw = np.where(seen.mask_hw, seen.values_hw, np.nan).astype(np.float32)
    np.save(own, values_hw)
    arguments = [str(source), "-o", str(tmp_path), "--depth-map", str(own), "--model", "shell"]
    arguments += ["--faces", "500", "--height-mm", "100"]
    assert convert.main(arguments) == 1 and "(--depth-meaning)" in capsys.readouterr().err
    assert convert.main([*arguments, "--depth-meaning", "relief", "--rotate", "90"]) == 0
    assert np.array_equal(np.load(own), values_hw, equal_nan=True)  # the output has another name
    assert np.array_equal(np.load(tmp_path / "me_2_depth.npy"), np.rot90(values_hw, -1), equal_nan=True)


def test_a_bad_photo_fails_alone(network, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    photo_file(folder / "a.jpg")
    photo_file(folder / "b.jpeg", size=(64, 64))
    (folder / "c.png").write_bytes(b"not a picture")
    (folder / "notes.txt").write_text("no photo")
    assert (
        convert.main(
            [str(folder), str(tmp_path / "absent.jpg"), "-o", str(tmp_path / "out"), "--faces", "500"]
        )
        == 1
    )
    said = capsys.readouterr()
    assert "a.jpg: bust" in said.out and said.out.count("\n") == 1
    for name in (
        "b.jpeg: failed. This photo is of no use",
        "c.png: failed.",
        "absent.jpg is not there.",
        "3 of 4 photos failed",
    ):
        assert name in said.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"a{e}"
        for e in (
            "_depth.png",
            "_depth16.png",
            "_depth.npy",
            "_bust_points.ply",
            "_bust.glb",
            "_bust_report.json",
        )
    }


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are text there")
def test_a_name_that_the_console_cannot_write_stops_no_batch(network, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("李.jpg", os.fsdecode(b"\xff\xe9.jpg"), "plain.jpg"):
        photo_file(folder / name)
    (folder / "李.png").write_bytes(b"not a picture")
    said, wrong = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252") for _ in range(2))
    with monkeypatch.context() as console:
        console.setattr(sys, "stdout", said)
        console.setattr(sys, "stderr", wrong)
        assert (
            convert.main([str(folder), "-o", str(tmp_path / "out"), "--faces", "500", "--formats", "html"])
            == 1
        )
        said.flush()
        wrong.flush()
    lines = said.buffer.getvalue().decode("cp1252").splitlines()
    assert len(lines) == 3 and any("\\u674e.jpg: bust" in line for line in lines)
    assert b"\\u674e.png: failed." in wrong.buffer.getvalue()
    titles = {
        page.read_text("utf-8").split("</title>")[0].split("<title>")[1]
        for page in (tmp_path / "out").glob("*.html")
    }
    assert titles == {"李_jpg", "??", "plain"}


def test_a_thin_model_is_not_called_printable(network, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg")
    assert (
        convert.main([str(source), "-o", str(tmp_path / "out"), "--faces", "2000", "--height-mm", "1"]) == 0
    )
    assert re.search(r"x 1 x .*, closed, but \d+ % is thinner than 1 mm, ", capsys.readouterr().out)


def test_input_and_output_are_the_default_folders(network, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert convert.main([]) == 1
    assert capsys.readouterr().err.startswith("input is not there. Name a photo")
    Path("input").mkdir()
    photo_file(Path("input/a.jpg"))
    assert convert.main(["--faces", "500"]) == 0
    assert Path("output/a_bust.glb").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--height-mm", "-3"], "The height in millimetres must be 1 to 10,000, not -3"),
        (["--plaque-depth", "0"], "depth of the plaque's relief in millimetres must be 0.2 to 500, not 0"),
        (["--lithophane-thin", "4"], "4 mm thick where it is thinnest: choose more than that"),
        (["{empty}"], "holds no photo"),
        (["--faces", "4"], "The largest number of triangles must be 100 to 5,000,000, not 4."),
        (["--near-far", "1"], "ratio of the farthest distance to the nearest must be 1.01 to 100, not 1"),
        (["--model", "plaque", "--fov", "nan"], "field of view in degrees must be 1 to 179, not nan"),
        (["{empty}/absent.jpg", "{empty}/other.jpg"], "absent.jpg is not there. Name a photo"),
        (["{full}", "-o", "{full}/a.jpg/out"], "cannot be written: Not a directory. Choose another folder."),
    ],
)
def test_what_cannot_be_done_is_said_before_a_network_is_loaded(
    arguments, says, network, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(depth_estimation, "load_network", lambda *_, **__: pytest.fail("loaded"))
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    photo_file(tmp_path / "full" / "a.jpg")
    folders = {"empty": str(tmp_path / "empty"), "full": str(tmp_path / "full")}
    assert convert.main([argument.format(**folders) for argument in arguments]) == 1
    assert says in capsys.readouterr().err


def test_an_unknown_format_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        convert.main(["--formats", "glb,fbx"])
    assert stopped.value.code == 2 and "fbx: not among glb, stl" in capsys.readouterr().err


@pytest.mark.parametrize("formats", ["", " , "])
def test_formats_without_one_are_a_usage_error(formats, capsys):
    with pytest.raises(SystemExit) as stopped:
        convert.main(["--formats", formats])
    assert stopped.value.code == 2 and "an empty list: not among glb, stl" in capsys.readouterr().err


QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]


def test_no_photo_is_overwritten_and_no_output_becomes_a_photo(network, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photo_file(Path("face.jpg"))
    before = photo_file(Path("face_depth.png")).read_bytes()
    assert convert.main(["face.jpg", "face_depth.png", "-o", ".", *QUICK]) == 0
    assert Path("face_depth.png").read_bytes() == before
    assert "face.jpg: shell" in (said := capsys.readouterr().out) and "-> face_2_*" in said
    after = {path: path.read_bytes() for path in Path().iterdir()}
    assert len(after) == 2 + 2 * 6 and Path("face_depth_depth.png") in after
    for photos in (["."], sorted(map(str, after))):
        assert convert.main([*photos, "-o", ".", *QUICK]) == 0
        assert {path: path.read_bytes() for path in Path().iterdir()} == after
        said = capsys.readouterr()
        assert said.out.count("\n") == 2 and said.err.count("passed over") == 1
        assert said.err.startswith("Outputs of an earlier run were passed over: face_2_depth.npy, ")


def test_models_of_two_kinds_stand_beside_each_other(network, tmp_path):
    source = photo_file(tmp_path / "me.jpg")
    for kind in ("shell", "plaque"):
        assert convert.main([str(source), "-o", str(tmp_path / "out"), *QUICK, "--model", kind]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    of_model = ("_points.ply", ".glb", "_report.json")
    assert names == {f"me_{kind}{e}" for kind in ("shell", "plaque") for e in of_model} | {
        f"me_depth{e}" for e in (".png", "16.png", ".npy")
    }


def test_a_path_that_cannot_be_read_fails_alone(network, tmp_path, capsys):
    source = photo_file(tmp_path / "a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "empty").mkdir()
    bad = [str(tmp_path / name) for name in ("loop", "a.jpg/b.jpg", "empty", "n" * 300)]
    assert convert.main([*bad, str(source), "-o", str(tmp_path / "out"), *QUICK]) == 1
    said = capsys.readouterr()
    assert said.out.count("\n") == 1 and "a.jpg: shell" in said.out
    *sentences, _, total = said.err.splitlines()  # the one before the last says that the photo is small
    assert total == "4 of 5 photos failed."
    assert all(sentence.startswith(path) for path, sentence in zip(bad, sentences, strict=True))


def test_a_name_of_the_greatest_length_is_converted(network, tmp_path, capsys):
    names = [tmp_path / f"{'李' * 82}{tail}.jpg" for tail in "ab"]  # 251 bytes
    for path in names:
        photo_file(path)
    assert convert.main([*map(str, names), "-o", str(tmp_path / "out"), *QUICK]) == 0
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert len(found) == 12 and {f"{'李' * 76}_depth.png", f"{'李' * 76}_2_depth.png"} <= found


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_photo_without_enough_memory_fails_alone(error, network, tmp_path, capsys, monkeypatch):
    def predict(_, photo):
        if photo.size_hw == (64, 64):
            raise error
        return head(photo.size_hw)

    monkeypatch.setattr(depth_estimation, "predict", predict)
    photos = [photo_file(tmp_path / "a.jpg", (64, 64)), photo_file(tmp_path / "b.jpg")]
    assert convert.main([*map(str, photos), "-o", str(tmp_path / "out"), *QUICK]) == 1
    said = capsys.readouterr()
    assert "a.jpg: failed. There is not enough memory. Close other programs" in said.err
    assert "b.jpg: shell" in said.out


def test_an_interrupt_says_how_far_the_batch_came(network, tmp_path, capsys, monkeypatch):
    def predict(_, photo):
        if photo.size_hw == (64, 64):
            raise KeyboardInterrupt
        return head(photo.size_hw)

    monkeypatch.setattr(depth_estimation, "predict", predict)
    photos = [photo_file(tmp_path / f"{name}.jpg", (64 if name == "b" else 80, 64)) for name in "abc"]
    assert convert.main([*map(str, photos), "-o", str(tmp_path / "out"), *QUICK]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped. 1 of 3 photos are done."
    assert len(names := [path.name for path in (tmp_path / "out").iterdir()]) == 6
    assert all(name.startswith("a_") for name in names)


def test_nothing_but_outputs_is_said_before_a_network_is_loaded(network, tmp_path, capsys, monkeypatch):
    source = photo_file(tmp_path / "a.jpg")
    assert convert.main([str(source), "-o", str(tmp_path), *QUICK]) == 0
    monkeypatch.setattr(depth_estimation, "load_network", lambda *_, **__: pytest.fail("loaded"))
    assert convert.main([str(tmp_path / "a_depth.png"), "-o", str(tmp_path), *QUICK]) == 1
    assert capsys.readouterr().err.endswith("passed over: a_depth.png.\nThere is no photo to convert.\n")


def test_help_needs_no_torch():
    call = "try: convert.main(['--help'])\nexcept SystemExit: pass"
    code = f"import sys, convert\n{call}\nsys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--height-mm" in done.stdout and "130, interrupted" in done.stdout


@pytest.fixture
def head_that_lies(monkeypatch):
    """A network that finds a face in upright photos only, which are higher than wide."""

    def predict(given, photo):
        seen = head(photo.size_hw)
        return seen if photo.size_hw[0] > photo.size_hw[1] else replace(seen, faces=())

    monkeypatch.setattr(depth_estimation, "load_network", lambda name="face", **_: name)
    monkeypatch.setattr(depth_estimation, "predict", predict)
    monkeypatch.setattr(depth_estimation, "cut_out", lambda depth, *_, **__: depth)
    monkeypatch.setattr(depth_estimation, "find_turn", lambda network, photo: 270)


@pytest.mark.parametrize(
    ("rotate", "said", "size"),
    [
        ("0", "no upright face was found, but one in the photo turned by 270", (96, 80)),
        ("auto", "turned clockwise by 270 degrees", (80, 96)),
        ("90", "The photo is small", (80, 96)),
        ("180", "turned by 90 degrees. Use --rotate 90", (96, 80)),
    ],
)
def test_a_lying_head_is_told_and_turned_when_asked_for(head_that_lies, rotate, said, size, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg", (96, 80))
    assert convert.main([str(source), "-o", str(tmp_path), *QUICK, "--rotate", rotate]) == 0
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert Image.open(tmp_path / "me_depth.png").size == size


def test_one_of_two_people_is_modelled_and_named(network, tmp_path, monkeypatch, capsys):
    """The second is twice as wide as the first; of a third there is none."""

    def pair(_, photo):
        one = head(photo.size_hw)
        halves = np.where(np.arange(photo.size_hw[1]) < photo.size_hw[1] / 3, 1, 2).astype(np.uint8)
        return replace(one, faces=one.faces * 2, person_hw=one.mask_hw * halves)

    monkeypatch.setattr(depth_estimation, "predict", pair)
    source = photo_file(tmp_path / "two.jpg")
    wide = []
    for number in ("1", "2"):
        assert convert.main([str(source), "-o", str(tmp_path / "out"), *QUICK, "--face", number]) == 0
        said = capsys.readouterr().err
        assert "2 faces were found" in said and f"of face {number}" in said
        name = "two" if number == "1" else "two_face2"
        points = trimesh.load(tmp_path / "out" / f"{name}_shell_points.ply").vertices
        report = json.loads((tmp_path / "out" / f"{name}_shell_report.json").read_text())
        wide.append(report["size_mm"][0])
        assert np.ptp(points[:, 0]) == pytest.approx(wide[-1], rel=0.15)
    assert wide[1] != pytest.approx(wide[0], rel=0.2)
    assert convert.main([str(source), "-o", str(tmp_path / "3"), *QUICK, "--face", "3"]) == 1
    assert "Face 3 was asked for; the photo has 2 faces" in capsys.readouterr().err


def test_of_a_photo_without_a_face_no_size_is_stated(network, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(depth_estimation, "predict", lambda _, photo: replace(head(photo.size_hw), faces=()))
    monkeypatch.setattr(depth_estimation, "find_turn", lambda network, photo: 0)
    source = photo_file(tmp_path / "cup.jpg")
    assert convert.main([str(source), "-o", str(tmp_path), "--faces", "4000"]) == 0
    said = capsys.readouterr()
    assert " mm" not in said.out and "bust, no face was found: of no known use" in said.out
    assert "no face was found" in said.err
    report = json.loads((tmp_path / "cup_bust_report.json").read_text())
    assert report["size_mm"] is None and report["person"] == "no face" and not report["printable"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "face"),
        (["--matte", "none"], "none"),
        (["--mask", "mask.png"], "file"),
        (["--mask", "mask.png", "--rotate", "90"], "file"),
    ],
)
def test_the_matte_and_its_mask_reach_the_depth_map(network, tmp_path, monkeypatch, options, expected):
    source, told = photo_file(tmp_path / "me.jpg"), []
    Image.new("L", (80, 96), 255).save(tmp_path / "mask.png")

    def cut_out(depth, photo, matte, *, mask, **_):
        told.append((matte, mask and mask.size_hw, photo.size_hw))
        return depth

    monkeypatch.setattr(depth_estimation, "cut_out", cut_out)
    monkeypatch.chdir(tmp_path)
    assert convert.main([str(source), "-o", "out", "--formats", "stl", *options]) == 0
    ((matte, mask_hw, photo_hw),) = told
    assert matte == expected
    assert mask_hw == (photo_hw if expected == "file" else None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--matte", "file"], "needs --mask"),
        (["--matte", "none", "--mask", "mask.png"], "Leave one of them out"),
        (["--mask", "nothing.png"], "nothing.png is not there"),
        (["--matte", "none", "--refine-matte"], "no edge to refine"),
    ],
)
def test_a_mask_without_its_matte_is_refused_before_anything_is_computed(
    network, tmp_path, monkeypatch, capsys, options, said
):
    monkeypatch.chdir(tmp_path)
    photo_file(tmp_path / "me.jpg")
    assert convert.main(["me.jpg", "-o", "out", *options]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("option", ["--mask", "--hidden"])
def test_no_output_replaces_a_mask_that_was_named(network, tmp_path, monkeypatch, option):
    """Not even one that an earlier run has written, whose files are replaced otherwise."""
    monkeypatch.setattr(depth_estimation, "cut_out", lambda depth, *_, **__: depth)
    source, mask = photo_file(tmp_path / "me.jpg"), tmp_path / "me_depth.png"
    marked_hwc = np.zeros((96, 80, 3), np.uint8)
    marked_hwc[40:50, 35:45] = 255
    mask.write_bytes(encode_png(marked_hwc))
    before = mask.read_bytes()
    options = ["-o", str(tmp_path), "--formats", "stl", option, str(mask)]
    assert convert.main([str(source), *options]) == 0
    assert mask.read_bytes() == before and (tmp_path / "me_2_depth.png").exists()


def test_advice_fills_what_is_left_at_its_default_and_the_report_says_by_whom(network, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg")
    arguments = [str(source), "-o", str(tmp_path), "--formats", "stl", "--assist", "rules"]
    assert convert.main([*arguments, "--faces", "20000"]) == 0
    (advice,) = json.loads((tmp_path / "me_bust_report.json").read_bytes())["advice"]
    assert advice["by"] == "rules"
    assert "advised by rules" in capsys.readouterr().err
    named = [setting["name"] for setting in advice["settings"]]
    assert "smoothing_px" in named
    assert "face_budget" not in named


def test_no_photo_is_sent_to_another_computer_without_consent(network, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.org/v1")
    monkeypatch.setattr("face3d.assistant.chat.ask", lambda *_, **__: pytest.fail("the photo was sent"))
    source = photo_file(tmp_path / "me.jpg")
    assert convert.main([str(source), "-o", str(tmp_path / "out"), "--assist", "openai"]) == 1
    assert "--assistant-host-sees-photo" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
