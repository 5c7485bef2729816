"""A cluster of two nodes: whatever becomes of it, no photo is lost and none is there twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import cluster_photos
import pytest
import stand_in
from cluster_photos import QUICK

import convert
from face3d.batch.manifest import read
from face3d.cluster.command import batch
from face3d.cluster.photos import MANIFEST
from face3d.cluster.storage import storage_at
from face3d.errors import BatchError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
NAMES = [f"{number:02}.jpg" for number in range(10)]
TESTS = Path(cluster_photos.__file__).parent
INHERITED = {
    "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent))),
    "RAY_worker_niceness": "0",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""What every process of the cluster has in its environment. Without keys the requests are not signed, and the
server keeps the checksums between the parts of an object."""
TRIES = 10
OPENED = "cluster_photos:opened"
RUN = f"import sys; from face3d.cluster.command import batch; sys.exit(batch(sys.argv[1:], {OPENED!r}))"
ACTOR = "ray::MapWorker(MapBatches(Converter))"


@pytest.fixture(scope="module")
def cluster():
    """Two nodes with a core each. Ray gives way to other programs; here it would wait for them."""
    ray_cluster = pytest.importorskip("ray.cluster_utils")
    monkeypatch = pytest.MonkeyPatch()
    for name, value in INHERITED.items():
        monkeypatch.setenv(name, value)
    made = ray_cluster.Cluster()
    add_node(made)
    add_node(made)
    yield made
    made.shutdown()
    monkeypatch.undo()


def add_node(cluster):
    """Another node. On a busy computer its agent may be too slow for it, and then the node dies."""
    for _ in range(TRIES):
        with suppress(Exception):
            return cluster.add_node(num_cpus=1, include_dashboard=False, include_log_monitor=False)
    return pytest.fail("No node starts here within the time that Ray gives it.")


@pytest.fixture
def expected(photos, tmp_path, monkeypatch):
    """The photos, and what the command line makes of them but of `deadly`, which would end this process."""
    folder = photos(*NAMES)
    for name in ("load_network", "predict", "cut_out"):
        monkeypatch.setattr(f"depth_estimation.{name}", getattr(stand_in, name))
    assert convert.main([str(folder), "-o", str(tmp_path / "usual"), "--jobs", "1", *QUICK]) == 1
    (folder / "deadly.jpg").write_bytes((folder / NAMES[0]).read_bytes())
    return folder, {path.name: path.read_bytes() for path in (tmp_path / "usual").iterdir()}


def wait_for(condition, seconds=600):
    """Returns when something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def process_ids(name):
    """Numbers of the processes whose command begins with a name."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes().startswith(name.encode()):
                yield int(path.parent.name)


def files_of(place):
    """Every file of a run's output by its path there, but for Ray's and the manifest's; and the lines."""
    files, lines = {}, []
    for path, _, _ in sorted(place.files()):
        data = place.at(str(path)).read(2**28)
        if path.parts[0] == MANIFEST:
            lines += data.decode().splitlines()
        else:
            files[str(path)] = data
    return files, lines


def lines_there(place):
    """How many lines a manifest has, whose folder may not be there yet."""
    with suppress(BatchError):
        return len(files_of(place)[1])
    return 0


def parsed_lines(lines, tmp_path):
    """The lines of a manifest, as the command line reads them."""
    (tmp_path / "run.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return list(read(tmp_path / "run.jsonl"))


def check_whole(files, lines, usual, tmp_path):
    """The files are the command line's; each photo has one line."""
    assert files == usual
    found = parsed_lines(lines, tmp_path)
    failed = {
        line["name"]: line for line in found if "error" in line
    }  # they are tried again; the last counts
    found = [line for line in found if "error" not in line] + list(failed.values())
    assert Counter(line["name"] for line in found) == Counter(
        [*(name[:2] for name in NAMES), "bad", "deadly"]
    )
    errors = {name: line["error"] for name, line in failed.items()}
    assert errors.keys() == {"bad", "deadly"} and "died twice (signal 9)" in errors["deadly"]
    assert errors["bad"].startswith("bad.jpg is damaged")


def test_a_setting_of_no_use_ends_the_run_with_its_sentence(cluster, photos, tmp_path):
    words = [str(photos(*NAMES[:1])), str(tmp_path / "out"), "--ray", cluster.address]
    with pytest.raises(BatchError, match=r"^There is no such network\. Choose another\.$"):
        batch([*words, *QUICK], "cluster_photos:without_network")


def test_an_actor_and_a_node_are_lost(cluster, expected, tmp_path):
    folder, usual = expected
    out = tmp_path / "out"
    lost = add_node(cluster)

    def end_some():
        wait_for(lambda: len(list(out.glob("*.glb"))) >= 2)
        os.kill(next(process_ids(ACTOR)), signal.SIGKILL)
        killed.append(ACTOR)
        cluster.remove_node(lost)

    killed = []
    thread = threading.Thread(target=end_some)
    thread.start()
    try:
        assert batch([str(folder), str(out), "--ray", cluster.address, *QUICK], OPENED) == 1
    finally:
        thread.join()
    assert killed == [ACTOR]
    check_whole(*files_of(storage_at(str(out))), usual, tmp_path)


def test_a_killed_run_on_a_store_of_objects_goes_on(cluster, expected, store, tmp_path, capsys):
    folder, usual = expected
    source, output = storage_at(store("in")), storage_at(store("out"))
    source.save_all({path.name: path.read_bytes() for path in folder.iterdir()})
    words = [store("in"), store("out"), "--ray", cluster.address, *QUICK]
    killed = subprocess.Popen([sys.executable, "-c", RUN, *words])
    wait_for(lambda: lines_there(output) >= 3)
    killed.kill()
    killed.wait()
    time.sleep(5)  # Ray ends what it began
    before = {path: seconds for path, _, seconds in output.files()}
    done = {line["name"] for line in parsed_lines(files_of(output)[1], tmp_path) if "error" not in line}
    assert 2 <= len(done) < len(NAMES)
    assert batch([*words, "--resume"], OPENED) == 1
    assert f"{len(done)} were done already" in capsys.readouterr().out
    check_whole(*files_of(output), usual, tmp_path)
    after = {path: seconds for path, _, seconds in output.files()}
    assert all(after[path] == before[path] for path in before if path.name.split("_")[0] in done)
