"""The command line and who is in the photo: heads that lie, several people, mattes, advice."""

import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from command_line_photo import photo_file
from PIL import Image

import convert
import depth_estimation
from face3d.assistant.advice import Advice, SettingAdvice
from face3d.batch import assist_options
from face3d.synthetic import head

QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]


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


@pytest.mark.parametrize("depth", ["own", "midas_v21_small_256"])
@pytest.mark.parametrize(
    ("options", "said", "size"),
    [
        (["--matte", "none"], "The photo is small", (96, 80)),
        (["--matte", "none", "--rotate", "auto"], "turned clockwise by 270 degrees", (80, 96)),
        (["--mask", "mask.png"], "turned by 270 degrees. Use --rotate 270", (96, 80)),
        (["--mask", "mask.png", "--rotate", "auto"], "turned clockwise by 270 degrees", (80, 96)),
        (["--matte", "alpha", "--rotate", "90"], "The photo is small", (80, 96)),
    ],
)
def test_a_lying_head_is_told_and_turned_by_depth_that_knows_no_faces_and_by_every_matte(
    head_that_lies, depth, options, said, size, tmp_path, monkeypatch, capsys
):
    """The matte leaves a face where one is upright: here where the photo is higher than wide."""

    def cut_out(bare, photo, matte, **_):
        faces = head(photo.size_hw).faces if photo.size_hw[0] > photo.size_hw[1] else ()
        return bare if matte == "none" or not faces else replace(bare, faces=faces, detects_faces=True)

    def faceless(_, photo):
        return replace(head(photo.size_hw), faces=(), detects_faces=False, person_hw=None)

    monkeypatch.setattr(depth_estimation, "predict", faceless)
    monkeypatch.setattr(depth_estimation, "cut_out", cut_out)
    monkeypatch.setattr(
        depth_estimation, "find_faces", lambda network, _: () if network == "face" else pytest.fail(network)
    )
    monkeypatch.chdir(tmp_path)
    source = photo_file(tmp_path / "me.jpg", (96, 80))
    Image.new("L", (96, 80), 255).save("mask.png")
    seen = head((80, 96))
    np.save("own.npy", np.where(seen.mask_hw, seen.values_hw, np.nan).astype(np.float32))
    of_depth = (
        ["--depth-map", "own.npy", "--depth-meaning", "relief"] if depth == "own" else ["--network", depth]
    )
    assert convert.main([str(source), "-o", "out", *QUICK, *of_depth, *options]) == 0
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert Image.open("out/me_depth.png").size == size


def test_of_a_statue_cut_out_by_another_matte_nothing_is_said_of_faces(
    formula, tmp_path, monkeypatch, capsys
):
    """Faces were sought and none is there; of depth that is of any thing the model is as good."""
    bare = lambda _, photo: replace(head(photo.size_hw), faces=(), detects_faces=False)  # noqa: E731
    monkeypatch.setattr(depth_estimation, "predict", bare)
    monkeypatch.setattr(depth_estimation, "find_faces", lambda *_: ())
    monkeypatch.chdir(tmp_path)
    source = photo_file(tmp_path / "cup.jpg")
    Image.new("L", (80, 96), 255).save("mask.png")
    other = [str(source), "-o", "out", *QUICK, "--network", "midas_v21_small_256"]
    assert convert.main([*other, "--mask", "mask.png"]) == 0
    assert "face" not in capsys.readouterr().err
    assert convert.main([*other, "--matte", "none", "--rotate", "auto"]) == 0
    assert "whichever way the photo is turned: it stays as it is" in capsys.readouterr().err


def test_one_of_two_people_is_modelled_and_named(formula, tmp_path, monkeypatch, capsys):
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


def test_of_a_photo_without_a_face_no_size_is_stated(formula, tmp_path, monkeypatch, capsys):
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
        (["--mask", "mask.png", "--crop", "9", "8", "60", "90"], "file"),
        (["--mask", "part.png", "--rotate", "90", "--crop", "9", "8", "60", "70"], "file"),
    ],
)
def test_the_matte_and_its_mask_reach_the_depth_map(formula, tmp_path, monkeypatch, options, expected):
    source, told = photo_file(tmp_path / "me.jpg"), []
    Image.new("L", (80, 96), 255).save(tmp_path / "mask.png")
    Image.new("L", (51, 62), 255).save(tmp_path / "part.png")

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
        (["--mask", "me.jpg"], "--mask me.jpg belongs to one photo, and 2 are named. Name one photo."),
        (["--matte", "none", "--refine-matte"], "no edge to refine"),
        (["--matte", "u2net", "you.jpg"], "The matte u2net needs the package rembg. Install it"),
        (
            ["--complete", "diffusers", "you.jpg"],
            "The completion diffusers needs a pipeline: name its folder",
        ),
        (["--complete", "diffusers", "--complete-pipeline", "x"], "needs the diffusers library"),
        (["--complete", "lama", "--complete-pipeline", "x"], "is for --complete diffusers"),
    ],
)
def test_a_mask_without_its_matte_is_refused_before_anything_is_computed(
    formula, tmp_path, monkeypatch, capsys, options, said
):
    """And so is what needs a package or a pipeline that is not there: once, however many photos there are."""
    for module in ("face3d.matte.rembg", "face3d.completion.pipelines"):
        monkeypatch.setattr(f"{module}.find_spec", lambda _: None)
    monkeypatch.setattr(depth_estimation, "load_network", lambda *_, **__: pytest.fail("it is loaded"))
    monkeypatch.chdir(tmp_path)
    photos = ["me.jpg", "you.jpg"] if "me.jpg" in options or "you.jpg" in options else ["me.jpg"]
    options = [option for option in options if option != "you.jpg"]
    for name in photos:
        photo_file(tmp_path / name)
    assert convert.main([*photos, "-o", "out", *options]) == 1
    assert capsys.readouterr().err.count(said) == 1
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


def test_advice_fills_what_is_left_at_its_default_and_the_report_says_by_whom(formula, tmp_path, capsys):
    source = photo_file(tmp_path / "me.jpg")
    arguments = [str(source), "-o", str(tmp_path), "--formats", "stl", "--assist", "rules"]
    assert convert.main([*arguments, "--faces", "20000"]) == 0
    (advice,) = json.loads((tmp_path / "me_bust_report.json").read_bytes())["advice"]
    assert advice["by"] == "rules"
    assert "advised by rules" in capsys.readouterr().err
    named = [setting["name"] for setting in advice["settings"]]
    assert "smoothing_px" in named
    assert "face_budget" not in named


def test_of_advice_the_report_has_what_was_applied_and_the_rest_is_said(
    formula, tmp_path, monkeypatch, capsys
):
    """Whose model it is the names of the files say, the depth map is cut out, LaMa would be downloaded."""
    settings = tuple(
        SettingAdvice(name, value, "Because.") for name, value in (("face", 2.0), ("smoothing_px", 2.0))
    )
    given = Advice("Two.", (), settings, "u2net", "Fine hair.", "", "Two people.", "openai")
    monkeypatch.setattr(assist_options, "advise", lambda *_, **__: given)
    twins = lambda _, photo: replace(one := head(photo.size_hw), faces=one.faces * 2)  # noqa: E731
    monkeypatch.setattr(depth_estimation, "predict", twins)
    arguments = [str(photo_file(tmp_path / "me.jpg")), "-o", str(tmp_path / "out"), "--assist", "rules"]
    arguments += ["--faces", "2000", "--model", "two-sided"]
    assert convert.main(arguments) == 0
    said = capsys.readouterr().err
    assert "The model is of face 1; --face chooses another" in said
    assert "face 2 is advised by openai: Because. The model is of face 1; use --face 2." in said
    assert "The matte u2net is advised by openai: Fine hair. Use --matte u2net." in said
    assert "Text for screen readers: Two people." in said
    report = json.loads((tmp_path / "out" / "me_two-sided_report.json").read_bytes())
    (advice,) = report["advice"]
    assert [setting["name"] for setting in advice["settings"]] == ["smoothing_px"]
    assert (advice["matte"], advice["completion"], report["face"]) == (None, None, 1)

    for engine, said, applied in (
        ("telea", "completion telea, advised", "telea"),
        ("lama", "about 208 MB", None),
    ):
        advice = replace(given, completion=engine, completion_reason="It is cut.", matte="face")
        monkeypatch.setattr(assist_options, "advise", lambda *_, advice=advice, **__: advice)
        assert convert.main(arguments) == 0
        assert said in (told := capsys.readouterr().err) and "matte" not in told
        report = json.loads((tmp_path / "out" / "me_two-sided_report.json").read_bytes())
        assert report["advice"][0]["completion"] == applied
        assert report["completion"] == applied or applied is None


def test_no_photo_is_sent_to_another_computer_without_consent(formula, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.org/v1")
    monkeypatch.setattr("face3d.assistant.chat.ask", lambda *_, **__: pytest.fail("the photo was sent"))
    source = photo_file(tmp_path / "me.jpg")
    assert convert.main([str(source), "-o", str(tmp_path / "out"), "--assist", "openai"]) == 1
    assert "--assistant-host-sees-photo" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
