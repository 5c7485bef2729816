"""A manifest is whole lines at any moment, and says truly what is done."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pytest
from batch_run import RECIPE

from face3d import VERSION
from face3d.batch.manifest import Done, Manifest, Outcome, Task, entry, kept_names, read
from face3d.errors import BatchError

FILL_UP = """
import resource, signal, sys
from pathlib import Path
from face3d.batch.manifest import Manifest
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, tuple(map(int, sys.argv[2:])))
Manifest(Path(sys.argv[1])).append({"photo": "x" * 100})
"""


def noted(tmp_path, tasks, **contents):
    """A manifest of photos that are done, and their tasks; one file each, NAME.copy in out/."""
    found, path = tasks(**contents), tmp_path / "run.jsonl"
    with Manifest(path) as manifest:
        for task in found:
            data = task.path.read_bytes()
            digest = sha256(data).hexdigest()
            (tmp_path / "out" / f"{task.name}.copy").write_bytes(data)
            made = Outcome("", "", digest, {"faces": 1}, {f"{task.name}.copy": digest}, 0.5)
            manifest.append(entry(task, made, RECIPE))
    return path, found


def test_a_line_says_what_was_made_of_what(tmp_path, tasks, run_options):
    path, (task,) = noted(tmp_path, tasks, a=b"photo")
    (line,) = [json.loads(line) for line in path.read_text().splitlines()]
    digest = sha256(b"photo").hexdigest()
    assert line == {
        "photo": str(task.path),
        "name": "a",
        "sha256": digest,
        "version": VERSION,
        "settings": {"model": "bust", "formats": ["glb", "stl"]},
        "reads": {},
        "network": {"name": "face", "sha256": "ab"},
        "report": {"faces": 1},
        "files": {"a.copy": digest},
        "seconds": 0.5,
    }
    failed = entry(task, Outcome(error="It is bad.", sha256=digest), RECIPE)
    assert failed["error"] == "It is bad." and "files" not in failed


def test_a_manifest_cut_anywhere_gives_its_whole_lines_and_is_gone_on_from(tmp_path, tasks, run_options):
    path, (_, second) = noted(tmp_path, tasks, a=b"1", b=b"2")
    whole = path.read_bytes()
    line = whole.index(b"\n") + 1
    for length in [*range(line, len(whole), 9), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert [found["name"] for found in read(path)] == ["a"]
        with Manifest(path) as manifest:
            manifest.append(entry(second, Outcome(), RECIPE))
        assert [found["name"] for found in read(path)] == ["a", "b"]
    assert list(read(tmp_path / "absent")) == []


@pytest.mark.parametrize("content", [b"a note", b"{}\n", b"[1]\n", b"\xff\xd8\xff\xe0 a photo\n", b"1\n2"])
def test_no_other_file_is_taken_for_a_manifest(content, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(BatchError, match=r"notes.txt is no manifest of this program. Name another file"):
        Manifest(path)
    assert path.read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_manifest_that_is_removed_meanwhile_is_begun_anew(tmp_path, tasks, run_options):
    a, b, c = (entry(task, Outcome(), RECIPE) for task in tasks(a=b"1", b=b"2", c=b"3"))
    path = tmp_path / "gone" / "run.jsonl"
    with Manifest(path) as manifest:
        manifest.append(a)
        shutil.rmtree(path.parent)
        manifest.append(b)
        manifest.append(c)
    assert [line["name"] for line in read(path)] == ["b", "c"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_is_no_manifest(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BatchError, match="pipe is no manifest of this program"):
        Manifest(tmp_path / "pipe")


def test_names_are_those_that_photos_have_since_they_were_converted_last(tmp_path):
    def line(photo, name, error="", **settings):
        outcome = Outcome(error=error) if error else Outcome()
        return entry(Task(tmp_path / photo, name), outcome, replace(RECIPE, settings=settings))

    lines = [line("a.jpg", "a"), line("b.jpg", "b"), line("c.jpg", "c", "It is bad."), line("d.jpg", "d")]
    lines += [line("a.jpg", "a_face2", face=2), line("b.png", "b"), line("d.jpg", "d_jpg", faces=500)]
    kept = {photo.removeprefix(f"{tmp_path}/"): name for photo, name in kept_names(lines, {}).items()}
    assert kept == {"a.jpg": "a", "b.png": "b", "d.jpg": "d_jpg"}
    assert list(kept_names(lines, {"face": 2}).values()) == ["a_face2"]


def test_done_is_what_is_still_as_the_last_line_has_it(tmp_path, tasks, run_options):
    path, (a, b) = noted(tmp_path, tasks, a=b"1", b=b"2")
    out = tmp_path / "out"

    def known(recipe=RECIPE):
        done = Done(path, recipe)
        return [task.name for task in (a, b) if done.of(task, out)]

    assert known() == ["a", "b"]
    assert known(replace(RECIPE, settings={"model": "shell"})) == []
    assert known(replace(RECIPE, reads={"mask": "00"})) == []
    assert known(replace(RECIPE, network={"name": "face", "sha256": "cd"})) == []
    a.path.write_bytes(b"another photo")
    assert known() == ["b"]
    a.path.write_bytes(b"1")
    (out / "a.copy").unlink()
    (out / "b.copy").write_bytes(b"changed")
    assert known() == []
    (out / "a.copy").write_bytes(b"1")
    assert known() == ["a"]
    with Manifest(path) as manifest:
        manifest.append(entry(a, Outcome(error="It is bad."), RECIPE))
    assert known() == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_line_for_which_there_is_no_room_leaves_nothing(tmp_path, tasks, run_options):
    path, _ = noted(tmp_path, tasks, a=b"1")
    before = path.read_bytes()
    limit = [str(len(before) + 20)] * 2
    done = subprocess.run([sys.executable, "-c", FILL_UP, path, *limit], capture_output=True, text=True)
    assert "run.jsonl cannot be written: File too large." in done.stderr
    assert path.read_bytes() == before
