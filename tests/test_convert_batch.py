"""The command line over several photos: what fails alone, what is overwritten, what is said beforehand."""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line_photo import photo_file

import convert
import depth_estimation
from face3d.export.images import encode_png
from face3d.synthetic import head

QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]


def test_a_bad_photo_fails_alone(formula, tmp_path, capsys):
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
def test_a_name_that_the_console_cannot_write_stops_no_batch(formula, tmp_path, monkeypatch):
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


def test_input_and_output_are_the_default_folders(formula, tmp_path, monkeypatch, capsys):
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
    arguments, says, formula, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(depth_estimation, "load_network", lambda *_, **__: pytest.fail("loaded"))
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    photo_file(tmp_path / "full" / "a.jpg")
    folders = {"empty": str(tmp_path / "empty"), "full": str(tmp_path / "full")}
    assert convert.main([argument.format(**folders) for argument in arguments]) == 1
    assert says in capsys.readouterr().err


def test_no_photo_is_overwritten_and_no_output_becomes_a_photo(formula, tmp_path, monkeypatch, capsys):
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


def test_a_path_that_cannot_be_read_fails_alone(formula, tmp_path, capsys):
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


def test_a_name_of_the_greatest_length_is_converted(formula, tmp_path, capsys):
    names = [tmp_path / f"{'李' * 82}{tail}.jpg" for tail in "ab"]  # 251 bytes
    for path in names:
        photo_file(path)
    assert convert.main([*map(str, names), "-o", str(tmp_path / "out"), *QUICK]) == 0
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert len(found) == 12 and {f"{'李' * 76}_depth.png", f"{'李' * 76}_2_depth.png"} <= found


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_photo_without_enough_memory_fails_alone(error, formula, tmp_path, capsys, monkeypatch):
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


def test_an_interrupt_says_how_far_the_batch_came(formula, tmp_path, capsys, monkeypatch):
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


def test_nothing_but_outputs_is_said_before_a_network_is_loaded(formula, tmp_path, capsys, monkeypatch):
    source = photo_file(tmp_path / "a.jpg")
    assert convert.main([str(source), "-o", str(tmp_path), *QUICK]) == 0
    monkeypatch.setattr(depth_estimation, "load_network", lambda *_, **__: pytest.fail("loaded"))
    assert convert.main([str(tmp_path / "a_depth.png"), "-o", str(tmp_path), *QUICK]) == 1
    assert capsys.readouterr().err.endswith("passed over: a_depth.png.\nThere is no photo to convert.\n")


@pytest.mark.parametrize("option", ["--mask", "--hidden"])
def test_no_output_replaces_a_mask_that_was_named(formula, tmp_path, monkeypatch, option):
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


def test_no_output_replaces_the_settings_of_the_run(formula, tmp_path):
    source, chosen = photo_file(tmp_path / "me.jpg"), tmp_path / "me_depth.npy"
    chosen.write_text("faces = 500\n")
    assert convert.main([str(source), "-o", str(tmp_path), *QUICK, "--settings", str(chosen)]) == 0
    assert chosen.read_text() == "faces = 500\n" and (tmp_path / "me_2_depth.npy").exists()
