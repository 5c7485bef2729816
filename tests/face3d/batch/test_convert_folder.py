"""The command line over a folder: manifest, resume, and Ctrl-C before anything began."""

import json
import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import stand_in

import convert
from face3d.batch.manifest import read

ROOT = Path(convert.__file__).parent
QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]
PRESS_DURING_IMPORTS = """
import os, signal, sys
class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == "depth_estimation":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Presses())
sys.argv = ["/usr/bin/photo-to-3d-face", "--help"]
import convert
import stand_in
"""


def contents(folder):
    """Every file of a folder by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_first_lines_of_many_photos_in_the_readme_do_what_they_say(
    network, photo_file, tmp_path, monkeypatch, capsys
):
    text = (ROOT / "README.md").read_text().split("## Many photos")[1].split("```")[1]
    plain, again, planned = (shlex.split(line, comments=True) for line in text.strip().splitlines()[:3])
    monkeypatch.chdir(tmp_path)
    for seed, path in enumerate(("a.jpg", "in/b.jpg")):
        photo_file(tmp_path / "photos" / path, seed)
    assert convert.main(plain[2:]) == 0
    files = {path for path in contents(tmp_path / "out") if path.endswith(".glb")}
    assert files == {"a_bust.glb", "in/b_bust.glb"}
    assert convert.main(again[2:]) == 0 == convert.main(again[2:])
    assert capsys.readouterr().err.endswith("2 of 2 photos were done already.\n")
    assert convert.main(planned[2:]) == 0
    assert capsys.readouterr().out.endswith("2 of 2 photos would be converted.\n")


def test_the_manifest_has_digests_settings_and_report_and_a_run_goes_on_from_it(
    network, photo_file, tmp_path, capsys
):
    for seed, name in enumerate("ab"):
        photo_file(tmp_path / "in" / f"{name}.jpg", seed)
    (tmp_path / "in" / "c.png").write_bytes(b"not a picture")
    out, manifest = tmp_path / "out", tmp_path / "run.jsonl"
    call = [str(tmp_path / "in"), "-o", str(out), "--manifest", str(manifest), *QUICK]
    assert convert.main([*call, "--dry-run"]) == 0
    assert not out.exists() and not manifest.exists()
    assert convert.main(call) == 1
    a, b, c = read(manifest)
    files = contents(out)
    for line, name in ((a, "a"), (b, "b")):
        assert line["sha256"] == sha256((tmp_path / "in" / f"{name}.jpg").read_bytes()).hexdigest()
        assert line["settings"] == {"faces": 500, "height_mm": 100.0, "model": "shell"}
        assert line["files"] == {
            path: sha256(data).hexdigest() for path, data in files.items() if path[0] == name
        }
        assert line["report"] == json.loads(files[f"{name}_shell_report.json"])
    assert c["name"] == "c" and c["error"].startswith("c.png") and "report" not in c
    assert len(files) == 12  # no lock is left
    capsys.readouterr()
    assert convert.main([*call, "--resume"]) == 1
    assert capsys.readouterr().out == ""
    assert [line["name"] for line in read(manifest)] == ["a", "b", "c", "c"]
    assert convert.main([*call, "--resume", "--dry-run", "--smoothing", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 of 3 photos would be converted."


def test_a_photo_that_is_done_keeps_its_name_when_another_of_that_name_is_added(
    network, photo_file, tmp_path, capsys
):
    out, manifest = tmp_path / "out", tmp_path / "run.jsonl"
    call = [str(tmp_path / "in"), "-o", str(out), "--manifest", str(manifest), "--resume", *QUICK]
    photo_file(tmp_path / "in" / "a.jpg")
    assert convert.main(call) == 0
    before = contents(out)
    photo_file(tmp_path / "in" / "a.png", 1)
    assert convert.main([*call, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("converted, 1 are done already.")
    assert convert.main(call) == 0
    assert [line["name"] for line in read(manifest)] == ["a", "a_png"]
    assert {name: data for name, data in contents(out).items() if not name.startswith("a_png_")} == before
    (tmp_path / "in" / "a.jpg").unlink()
    assert convert.main(call) == 0
    assert len(list(read(manifest))) == 2 and len(contents(out)) == 2 * len(before)


def test_to_resume_needs_a_manifest(tmp_path, capsys):
    assert convert.main([str(tmp_path), "-o", str(tmp_path / "out"), "--resume"]) == 1
    assert capsys.readouterr().err == "--resume goes on from a manifest. Add --manifest FILE.\n"


def test_ctrl_c_during_imports_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "-c", PRESS_DURING_IMPORTS], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_folders_are_mirrored_and_two_processes_give_the_bytes_of_one(
    network, photo_file, tmp_path, monkeypatch, capsys
):
    """The networks of the other processes are stood in for as well."""
    for seed, name in enumerate(("a.jpg", "one/a.jpg", "one/two/b.jpg", ".hidden/c.jpg")):
        photo_file(tmp_path / "in" / name, seed)
    call = [str(tmp_path / "in"), "-r", *QUICK, "-o"]
    assert convert.main([*call, str(tmp_path / "1"), "--jobs", "1"]) == 0
    assert capsys.readouterr().err.count("The photo is small") == 3
    monkeypatch.setattr(convert, "opened", stand_in.opened)
    assert convert.main([*call, str(tmp_path / "2"), "--jobs", "2"]) == 0
    said = capsys.readouterr()
    assert said.err.count("The photo is small") == 3 and said.out.count("\n") == 3
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    folders = {path.rpartition("/")[0] for path in contents(tmp_path / "1")}
    assert folders == {"", "one", "one/two"} and len(contents(tmp_path / "1")) == 18
