"""Tasks over processes: all are answered, whatever becomes of a process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import worker_tasks

from face3d.batch import workers
from face3d.batch.workers import Died, spread
from face3d.errors import BatchError, DepthError

WORK = """
import sys, worker_tasks
from face3d.batch.workers import spread
if __name__ == "__main__":
    list(spread([15], worker_tasks.squares, sys.argv[1], 1))
"""
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@POSIX
def test_every_task_has_its_result_and_one_that_kills_its_process_fails_alone(tmp_path):
    numbers = [*range(10, 20)]
    numbers.remove(15)
    found = dict(spread(numbers, worker_tasks.squares, str(tmp_path), 2))
    died = found.pop(13)
    assert isinstance(died, Died) and str(died) == f"signal {signal.SIGKILL.value}"
    assert found == {number: number**2 for number in numbers if number != 13}


def test_what_a_process_cannot_open_is_raised(tmp_path):
    with pytest.raises(DepthError, match="There is no such network"):
        list(spread([1, 2], worker_tasks.squares, None, 1))
    with pytest.raises(BatchError, match="before its first photo: exit code 9"):
        list(spread([1, 2], worker_tasks.dies, None, 1))


@POSIX
def test_a_run_that_ends_early_leaves_no_process_and_no_unfinished_file(tmp_path):
    results = spread([15, 1], worker_tasks.squares, str(tmp_path), 2)
    assert next(results) == (1, 1)
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    results.close()
    assert (tmp_path / "tidied up").exists()
    for file in tmp_path.glob("process *"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.name.split()[1]), 0)


@POSIX
def test_the_processes_of_a_killed_program_end_in_order(tmp_path):
    tests = Path(worker_tasks.__file__).parent
    paths = os.pathsep.join(map(str, (tests, tests.parent)))
    killed = subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path)], env=os.environ | {"PYTHONPATH": paths}
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    while not (tmp_path / "tidied up").exists():
        time.sleep(0.01)


def test_the_threads_of_all_processes_are_the_cores(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 7)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    asked = dict(spread(["MKL_NUM_THREADS", "OMP_NUM_THREADS"], worker_tasks.threads, None, 2))
    assert asked == {"MKL_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}  # what the user says counts
    assert "MKL_NUM_THREADS" not in os.environ
