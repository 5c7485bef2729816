"""Faults of what surrounds a run: the clock, the home folder, the folders for caches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.faults.disk import read_only
from benchmarks.faults.row import Row
from benchmarks.faults.runs import (
    LONGEST_SECONDS,
    QUICK,
    Ended,
    SkippedError,
    digests,
    expect,
    expect_same,
    lines,
    picture,
    run,
)
from face3d.bundled import sample_portraits

ROOT = Path(__file__).resolve().parents[2]
YEAR = 365 * 86_400
FORMATS = "glb,obj,3mf,usdz,stl,ply,html,exr"


def _set_clock_back() -> None:
    """The clock begins in 1970, as without a battery, and goes back a day each time that it is looked at."""
    real, now = time.localtime, 20 * 86_400.0

    def clock() -> float:
        nonlocal now
        now -= 86_400
        return now

    time.time = clock
    time.time_ns = lambda: int(clock() * 1e9)
    time.localtime = lambda seconds=None: real(clock() if seconds is None else seconds)


def clock_set_back(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abc")]
    run(folder, *photos, "-o", folder / "undisturbed", "--formats", FORMATS, *QUICK).expect(0)
    whole = digests(folder / "undisturbed")
    noted, output = folder / "run.jsonl", folder / "out"
    command = (*photos, "-o", output, "--formats", FORMATS, "--manifest", noted, *QUICK)
    run(folder, *command, first=_set_clock_back).expect(0)
    expect_same(output, whole)
    seconds = [float(str(line["seconds"])) for line in lines(noted)]
    expect(all(0 <= second < LONGEST_SECONDS for second in seconds), f"seconds {seconds}")
    for file in output.iterdir():
        os.utime(file, (YEAR, YEAR))
    run(folder, *command, "--resume", "--dry-run").expect(0, f"{len(photos)} are done already")
    return f"the same {len(whole)} files byte for byte, seconds from {min(seconds)} to {max(seconds)}"


def _real(folder: Path, *arguments: object, env: Mapping[str, str], before: Sequence[str] = ()) -> Ended:
    """A run with the bundled network, in a new program."""
    command = [*before, sys.executable, str(ROOT / "convert.py"), *map(str, arguments)]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    return Ended(done.returncode, done.stdout + done.stderr, time.perf_counter() - started)


def _environment(**more: str) -> dict[str, str]:
    """Nothing but what finds programs, and threads as here."""
    kept = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
    return kept | more


def no_home(folder: Path) -> str:
    photo = Path(shutil.copy(sample_portraits()[0], folder / "a.jpg"))
    stranger = ["unshare", "--user"]
    try:
        allowed = subprocess.run([*stranger, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        raise SkippedError("no user without a home folder can be had here")
    ended = _real(folder, photo, "-o", folder / "out", env=_environment(), before=stranger).expect(0)
    made = {path.name for path in folder.iterdir()} - {"a.jpg", "out"}
    expect(not made, f"{made} came into the folder")
    return f"converted, {len(digests(folder / 'out'))} files, nothing beside them; {ended.seconds:.0f} s"


def no_caches(folder: Path) -> str:
    photo = Path(shutil.copy(sample_portraits()[0], folder / "a.jpg"))
    with read_only(folder / "closed") as closed:
        names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TORCH_HOME", "HF_HOME")
        env = _environment(**dict.fromkeys(names, str(closed)))
        ended = _real(folder, photo, "-o", folder / "out", env=env).expect(0)
        fetched = _real(folder, photo, "-o", folder / "midas", "--network", "midas_v21_small_256", env=env)
        fetched.expect(1, str(closed))
    expect(not (folder / "midas").exists() or not digests(folder / "midas"), "files of the other network")
    sentence = fetched.said.strip().splitlines()[-1].replace(str(folder), "…").partition(" To fetch")[0]
    count = len(digests(folder / "out"))
    return f"converted, {count} files; {ended.seconds:.0f} s. A network to be downloaded: {sentence}"


ROWS = [
    Row(
        "Clock in 1970 and going back by a day at each look",
        "the same files; no negative times; --resume goes by content",
        clock_set_back,
    ),
    Row("No HOME and a user without a home folder, *real network*", "converted as ever", no_home),
    Row(
        "No right to write home and cache folders, *real network*",
        "converted; a network that has to be downloaded: one sentence",
        no_caches,
    ),
]
