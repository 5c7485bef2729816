"""Runs that are killed, as a whole or a process of theirs, and runs that are short of memory."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.faults.row import Row
from benchmarks.faults.runs import (
    QUICK,
    NotOkError,
    Run,
    copied,
    digests,
    expect,
    expect_same,
    expect_whole,
    lines,
    on_event,
    picture,
    run,
)
from benchmarks.faults.stand_in import DEADLY_SIZE_HW, FAULTY_SIZE_HW

MOMENTS = 10
PHOTOS = 3
ROOM_MB = (20, 100, 270)
"""Address space beyond what a run has when it begins: too little for the large photo, or for anything."""


def _begun(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Photos, and their files as an undisturbed run makes them."""
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abcdefgh"[:PHOTOS])]
    run(folder, *photos, "-o", folder / "undisturbed", *QUICK).expect(0)
    return photos, digests(folder / "undisturbed")


def _resumed(folder: Path, command: tuple[object, ...], whole: dict[str, str]) -> None:
    """Raises NotOkError unless what was killed left nothing half, and --resume finishes it."""
    output, noted = folder / "out", folder / "run.jsonl"
    if output.exists():
        expect_whole(output, whole)
    done = [line["name"] for line in lines(noted)]
    run(folder, *command, "--resume").expect(0)
    expect_same(output, whole)
    names = [line["name"] for line in lines(noted)]
    expect(names[: len(done)] == done and len(names) == len(set(names)), f"the manifest has {names}")


def _kill_this() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ten_moments(folder: Path) -> str:
    photos, whole = _begun(folder)
    output = folder / "out"
    command = (*photos, "-o", output, "--manifest", folder / "run.jsonl", *QUICK)
    half = MOMENTS // 2
    at = [("open", 1 + round(k * (len(whole) - 1) / (half - 1))) for k in range(half)]
    at += [("os.rename", 1 + round(k * (len(whole) - 1) / (half - 1))) for k in range(half)]
    found = []
    for event, number in at:
        ended = run(
            folder, *command, first=on_event(_kill_this, event, lambda path: str(output) in path, number)
        )
        expect(ended.code == -signal.SIGKILL, f"not killed at {event} {number}: {ended.code}")
        found.append(len(digests(output)))
        _resumed(folder, command, whole)
        shutil.rmtree(output)
        (folder / "run.jsonl").unlink()
    return (
        f"killed before {len(at)} of the calls that open and move files, when "
        f"{', '.join(map(str, found))} of {len(whole)} files were there: all whole, each time finished"
    )


def in_a_write(folder: Path) -> str:
    photos, whole = _begun(folder)
    largest = max(path.stat().st_size for path in (folder / "undisturbed").iterdir())

    def first() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, resource.RLIM_INFINITY))

    command = (*photos, "-o", folder / "out", "--manifest", folder / "run.jsonl", *QUICK)
    ended = run(folder, *command, first=first)
    expect(ended.code == -signal.SIGXFSZ, f"not killed: {ended.code}")
    halves = [path.stat().st_size for path in (folder / "out").glob(".*.tmp")]
    expect(halves, "nothing was under way")
    _resumed(folder, command, whole)
    return f"{max(halves)} of {largest} bytes were under a temporary name; --resume removed them and finished"


def in_a_line(folder: Path) -> str:
    photos, whole = _begun(folder)
    noted = folder / "run.jsonl"
    command = (*photos, "-o", folder / "out", "--manifest", noted, *QUICK)
    run(folder, *command).expect(0)
    data = noted.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    for end in (last + 1, (last + len(data)) // 2, len(data) - 1):
        noted.write_bytes(data[:end])
        expect(len(lines(noted)) == PHOTOS - 1, "the whole lines cannot be read")
        _resumed(folder, command, whole)
        expect(len(lines(noted)) == PHOTOS, "not all lines")
    return f"cut at 3 places in its last line: {PHOTOS - 1} lines are read, --resume adds the last"


def several_processes(folder: Path) -> str:
    photos, whole = _begun(folder)
    noted = folder / "run.jsonl"
    command = (*photos, "-o", folder / "out", "--manifest", noted, *QUICK[:-1], "2")
    running = Run(folder, *command)
    _wait(lambda: noted.exists() and bool(lines(noted)))
    running.kill()
    started = time.perf_counter()
    running.ended()
    seconds = time.perf_counter() - started
    there = expect_whole(folder / "out", whole)
    _resumed(folder, command, whole)
    return (
        f"its processes ended {seconds:.1f} s later; {there} of {len(whole)} files, whole; --resume finished"
    )


def _wait(until: Callable[[], bool], seconds: float = 30) -> None:
    end = time.perf_counter() + seconds
    while not until():
        if time.perf_counter() > end:
            raise NotOkError(f"nothing within {seconds:.0f} s")
        time.sleep(0.01)


def worker_killed(folder: Path) -> str:
    photos, whole = _begun(folder)
    deadly = picture(folder / "deadly.png", 5, DEADLY_SIZE_HW)
    noted = folder / "run.jsonl"
    command = (photos[0], deadly, *photos[1:], "-o", folder / "out", "--manifest", noted)
    ended = run(folder, *command, *QUICK[:-1], "2")
    ended.expect(1, "deadly.png: failed. Its process died twice (signal 9)", "1 of 4 photos failed")
    expect_same(folder / "out", whole)
    expect(sum("error" in line for line in lines(noted)) == 1, "the manifest does not say it")
    return f"tried twice, then failed by name; the {PHOTOS} others are whole"


def _address_space() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _limit(room_mb: int) -> None:
    limit = _address_space() + room_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def memory_limited(folder: Path) -> str:
    photos, whole = _begun(folder)
    large = folder / "large.png"
    large.write_bytes(cv2.imencode(".png", np.zeros((8000, 9000, 3), np.uint8))[1].tobytes())
    made = []
    for jobs, room_mb in [*(("1", room_mb) for room_mb in ROOM_MB), ("2", max(ROOM_MB))]:
        output = folder / f"out {jobs} {room_mb}"
        command = (photos[0], large, *photos[1:], "-o", output, *QUICK[:-1], jobs)
        ended = run(folder, *command, first=partial(_limit, room_mb))
        ended.expect(1, "not enough memory", *["large.png: failed."] * (room_mb > min(ROOM_MB)))
        made.append(expect_whole(output, whole) if output.exists() else 0)
    expect(made[-2:] == [len(whole)] * 2, f"{made} files of the other photos, of {len(whole)}")
    return (
        f"with {', '.join(map(str, ROOM_MB))} MB to spare, with two processes too; of the "
        f"{len(whole)} files of the others {', '.join(map(str, made))} were made, all whole"
    )


def error_of_the_program(folder: Path) -> str:
    photos, whole = _begun(folder)
    faulty = picture(folder / "faulty.png", 5, FAULTY_SIZE_HW)
    ended = run(folder, photos[0], faulty, *photos[1:], "-o", folder / "out", *QUICK)
    ended.expect(1, "faulty.png: failed. An unexpected error ended it: KeyError in", "1 of 4 photos failed")
    expect_same(folder / "out", whole)
    return f"it failed by name, with the place of the error; the {PHOTOS} others are whole"


def overwritten(folder: Path) -> str:
    photos, whole = _begun(folder)
    output = copied(folder / "undisturbed", folder / "out")
    for number in (1, 2, 5, 6):
        at = on_event(_kill_this, "os.rename", lambda path: str(output) in path, number)
        expect(run(folder, *photos, "-o", output, *QUICK, first=at).code == -signal.SIGKILL, "not killed")
        expect(expect_whole(output, whole) == len(whole), f"{set(whole) - set(digests(output))} is gone")
    run(folder, *photos, "-o", output, *QUICK).expect(0)
    expect_same(output, whole)
    return f"killed at 4 moments: all {len(whole)} files were there, whole"


ROWS = [
    Row(
        f"SIGKILL at {MOMENTS} moments of a run",
        "each file whole or absent, the manifest readable; --resume finishes the rest, nothing twice",
        ten_moments,
    ),
    Row("Killed in the middle of writing a file (SIGXFSZ)", "the same", in_a_write),
    Row(
        "Manifest that ends in the middle of a line, as after a kill",
        "readable to its last whole line; --resume goes on",
        in_a_line,
    ),
    Row(
        "SIGKILL while files of an earlier run are replaced",
        "each file is there, whole, the earlier or the new one",
        overwritten,
    ),
    Row(
        "SIGKILL of a run with two processes",
        "its processes end too and leave no half file; --resume finishes",
        several_processes,
    ),
    Row(
        "SIGKILL of the process of one photo, as where memory runs out (--jobs 2)",
        "that photo is tried again and then fails by name; the others go on",
        worker_killed,
    ),
    Row(
        "An error of the program in one photo (KeyError)",
        "that photo fails by name, with the place of the error; the others go on",
        error_of_the_program,
    ),
    Row(
        "Memory limit (RLIMIT_AS) hit by a photo of 72 million pixels",
        "it fails by name, others where they fit; with next to nothing, one sentence",
        memory_limited,
    ),
]
