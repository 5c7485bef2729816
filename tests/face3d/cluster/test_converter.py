"""An actor makes the command line's files and lines, and no photo ends it."""

import json
from pathlib import Path

import fsspec
import pyarrow
import stand_in
from cluster_photos import QUICK

import convert
from face3d.batch.manifest import read
from face3d.batch.options import arguments
from face3d.batch.run_options import recipe_of
from face3d.cluster.converter import Converter, Job
from face3d.cluster.options import parsed
from face3d.cluster.photos import listed, rows_of
from face3d.cluster.storage import storage_at


def job_of(source, output, opened):
    """A job and its rows."""
    options = parsed([str(source), output, "--ray", "local", *QUICK])
    recipe = recipe_of(options, arguments().parse_args([]))
    job = Job(opened, options, recipe, storage_at(str(source)), storage_at(output))
    return job, rows_of(listed(job.source, job.output), job.output, 1, recipe.as_json())


def called(converter, rows):
    """What becomes of rows."""
    return converter(pyarrow.Table.from_pylist([row._asdict() for row in rows])).to_pylist()


def test_an_actor_makes_the_files_and_lines_of_the_command_line(photos, tmp_path, monkeypatch):
    """Its files are in another kind of storage."""
    folder, out = photos("a.jpg", "one/b.jpg"), "memory://photos/out"
    call = [str(folder), "-r", "-o", str(tmp_path / "out"), "--manifest", str(tmp_path / "run.jsonl"), *QUICK]
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(f"depth_estimation.{name}", getattr(stand_in, name))
    assert convert.main([*call, "--jobs", "1"]) == 1
    job, rows = job_of(folder, out, "stand_in:opened")
    converter = Converter(job)
    made = called(converter, rows[:1]) + called(converter, rows[1:])
    scratch = Path(converter._scratch.name)
    assert not any(path.is_file() for path in scratch.rglob("*"))
    converter.close()
    assert not scratch.exists()
    store = fsspec.filesystem("memory")
    files = {path: store.cat_file(path) for path in store.find("/photos/out")}
    store.rm("/photos", recursive=True)
    ours = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    theirs = {path.removeprefix("/photos/out/"): data for path, data in files.items()}
    assert theirs == {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in ours}
    lines = [json.loads(row["line"]) for row in made]
    for line, usual in zip(lines, read(tmp_path / "run.jsonl"), strict=True):
        assert line.pop("warnings", None) != []
        assert line | {"seconds": usual["seconds"]} == usual
    assert [row["id"] for row in made] == [rows[0].id, f"failed {rows[1].id}", rows[2].id]
    assert [bool(row["error"]) for row in made] == [False, True, False]
