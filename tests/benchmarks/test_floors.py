"""The table of floors, from figures that are known."""

import sys

import pytest

from benchmarks import all as all_benchmarks
from benchmarks import floors

TAKEN = floors.Taken(dict.fromkeys(floors.FLOORS, 0.5), 0.25, 900.0)


def test_a_row_states_seconds_ratio_floor_and_share():
    cells = floors.rows(TAKEN)
    assert cells["bust"] == ["0.50", "2.0", "0.5 s", "1.00"]
    assert cells["depth map, 512 px"] == ["0.50", "2.0", "1 x MiDaS small", "2.00"]
    assert cells["import app"] == ["0.50", "2.0", "-", "-"]
    assert cells["peak memory, photo to GLB"] == ["900 MB", "-", "600 MB", "1.50"]


def test_the_least_of_several_runs_counts(monkeypatch):
    clock = iter([0, 3, 3, 4, 4, 6])
    monkeypatch.setattr(floors.time, "process_time", lambda: next(clock))
    assert floors.least_seconds(lambda: None, 3) == 1


def test_what_was_written_down_before_is_of_stages_that_are_measured():
    assert set(all_benchmarks.BEFORE) <= set(floors.FLOORS)
    cells = all_benchmarks.with_before(floors.rows(TAKEN))
    assert cells["bust"][:2] == ["1.2", "0.50"] and cells["import app"][:2] == ["-", "0.50"]


def test_a_benchmark_that_fails_ends_the_command(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["all"])
    monkeypatch.setattr(floors, "measure", lambda runs, threads: TAKEN)
    monkeypatch.setattr(all_benchmarks.sys, "executable", "false")
    with pytest.raises(SystemExit) as ended:
        all_benchmarks.main()
    assert ended.value.code == 1
