"""One small run on this computer alone. Clusters of two nodes, losses and stores of objects are tested by
`make test-all` (test_pipeline.py).
"""

import os
from pathlib import Path

import cluster_photos
import pytest
import stand_in
from cluster_photos import QUICK

import convert
from face3d.batch.manifest import read
from face3d.cluster.command import batch
from face3d.cluster.photos import MANIFEST, earlier_lines
from face3d.cluster.storage import storage_at

pytest.importorskip("ray")
TESTS = Path(cluster_photos.__file__).parent
OPENED = "cluster_photos:opened"


@pytest.fixture
def run(photos, tmp_path, monkeypatch):
    """The folder of a photo and a damaged one, what the command line makes of it, and the words of a run."""
    folder, usual = photos("a.jpg"), tmp_path / "usual"
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(f"depth_estimation.{name}", getattr(stand_in, name))
    call = [str(folder), "-o", str(usual), "--jobs", "1", "--manifest", str(tmp_path / "run.jsonl"), *QUICK]
    assert convert.main(call) == 1
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (TESTS, TESTS.parent))))
    monkeypatch.setenv("RAY_worker_niceness", "0")
    words = [str(folder), str(tmp_path / "out"), "--ray", "local", "--actors", "1", *QUICK]
    return folder, contents(usual), words


def contents(folder):
    """Its files by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.timeout(600)
def test_a_run_on_this_computer_makes_the_files_and_lines_of_the_command_line(run, tmp_path):
    """About 22 s of processor time, most of it the start of Ray's processes."""
    _, files, words = run
    assert batch(words, OPENED) == 1  # one photo is damaged
    assert contents(tmp_path / "out") == files
    lines = list(earlier_lines(storage_at(words[1]).at(MANIFEST)))
    expected = {line["name"]: line for line in read(tmp_path / "run.jsonl")}
    assert {line["name"] for line in lines} == expected.keys() == {"a", "bad"}
    for line in lines:
        assert line.get("files") == expected[line["name"]].get("files")
        assert line.get("error") == expected[line["name"]].get("error")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_photo_that_is_done_keeps_its_files_when_another_of_its_name_is_added(run, tmp_path, capsys):
    folder, files, words = run
    assert batch(words, OPENED) == 1
    (folder / "a.png").write_bytes((folder / "a.jpg").read_bytes())
    capsys.readouterr()
    assert batch([*words, "--resume"], OPENED) == 1
    assert "1 of 3 photos are converted, 1 were done already" in capsys.readouterr().out
    made = contents(tmp_path / "out")
    assert {name: made[name] for name in files} == files
    assert {name for name in made if name not in files} == {f"a_png{name[1:]}" for name in files}
