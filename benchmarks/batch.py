"""A folder of photos: photos a second with one and two processes, beside a loop that starts anew each time.

    python -m benchmarks.batch [--photos 12] [--side 384] [--rounds 1] [--memory 0] [--ray] [--overhead 0]

The loop is what a shell does with a command for one photo: start, load the network, convert, end. Seconds are
by the clock, so the machine should have nothing else to do; those of the processor, children included, stand
beside them. `--rounds N` measures all N times, in turns, and prints the least. `--photos 0` leaves the table
out.

`--memory N` converts N more photos in one process and prints its memory on the way. `--ray` adds
the command `batch` on this computer with one and two actors; the seconds of Ray's own processes are not among
those of the processor. `--overhead N` copies N small photos in place of converting them, in a process of the
command line and by Ray: what a photo costs beside its conversion, and the memory of the actor on the way.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

from face3d.batch.manifest import Outcome, Task
from face3d.batch.run import Convert
from face3d.batch.run import converted as run_converted
from face3d.cluster.command import batch
from face3d.export.files import save

ROOT = Path(__file__).resolve().parents[1]
SAMPLES_OF_MEMORY = 8


def make_photos(folder: Path, count: int, side: int) -> list[Path]:
    """JPEG portraits of one size, no two alike."""
    rng, paths = np.random.default_rng(0), []
    for number in range(count):
        top, left = (int(start) for start in rng.integers(0, 40, 2))
        part = astronaut()[top : top + 400, left + 20 : left + 420]
        part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA if side < 400 else cv2.INTER_CUBIC)
        paths.append(folder / f"photo{number:04}.jpg")
        cv2.imwrite(str(paths[-1]), part[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    return paths


def converted(photos: list[Path], *options: str) -> tuple[float, float]:
    """Seconds by the clock and of the processor for one command over the photos."""
    return _seconds_of(photos, [*map(str, photos), "-o"], options)


def converted_by_ray(photos: list[Path], actors: int) -> tuple[float, float]:
    """The same on a cluster that begins and ends with the command."""
    options = ["--ray", "local", "--actors", str(actors)]
    return _seconds_of(photos, ["batch", str(photos[0].parent)], options)[0], math.inf


def _seconds_of(photos: list[Path], words: Sequence[str], options: Sequence[str]) -> tuple[float, float]:
    before, started = _children_seconds(), time.perf_counter()
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "convert.py", *words, output, *options]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        made = len(list(Path(output).glob("*.glb")))
    if made != len(photos):
        raise SystemExit(f"{made} of {len(photos)} photos were converted.")
    return time.perf_counter() - started, _children_seconds() - before


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def copying(options: argparse.Namespace) -> Convert:
    """In place of `convert.opened`: a photo's only file is a copy of it."""
    return partial(_copy, options.output)


def _copy(output: Path, task: Task, _: object) -> Outcome:
    data = task.path.read_bytes()
    copy = output / f"{task.name}.jpg"
    save(copy, data)
    digest = hashlib.sha256(data).hexdigest()
    return Outcome("copied", sha256=digest, files={f"{task.name}.jpg": digest})


def print_overhead(count: int) -> None:
    """What a photo costs beside its conversion: seconds of `count` photos less those of a tenth of them."""
    few = max(1, count // 10)
    with tempfile.TemporaryDirectory() as folder:
        photos = make_photos(Path(folder), 1, 128)
        for number in range(1, count):
            shutil.copy(photos[0], photos[0].with_name(f"photo{number:06}.jpg"))
        named = sorted(Path(folder).iterdir())
        for name, seconds_of in (("a process", _copied), ("Ray, one actor", _copied_by_ray)):
            with tempfile.TemporaryDirectory() as output:
                start = seconds_of(named[:few], Path(output))
            with tempfile.TemporaryDirectory() as output:
                whole = seconds_of(named, Path(output))
            each = (whole - start) / (count - few)
            print(f"{name}: {1000 * each:.1f} ms a photo, and {start - few * each:.1f} s at the start")


def _copied(photos: Sequence[Path], output: Path) -> float:
    started = time.perf_counter()
    options, tasks = argparse.Namespace(output=output), [Task(path, path.stem) for path in photos]
    with closing(run_converted(iter(tasks), copying, options, 1)) as outcomes:
        assert all(not outcome.error for _, outcome in outcomes)
    return time.perf_counter() - started


def _copied_by_ray(photos: Sequence[Path], output: Path) -> float:
    listed = output / "photos.txt"
    listed.write_text("".join(f"{path}\n" for path in photos))
    words = [str(listed), str(output / "out"), "--ray", "local", "--actors", "1"]
    memory: dict[int, int] = {}
    ended = threading.Event()
    thread = threading.Thread(target=_watch_actor, args=(output / "out", len(photos), memory, ended))
    thread.start()
    started = time.perf_counter()
    try:
        if batch(words, "benchmarks.batch:copying"):
            raise SystemExit("Some photos were not copied.")
        return time.perf_counter() - started
    finally:
        ended.set()
        thread.join()
        print("MB of the actor after so many photos: " + ", ".join(f"{n}: {mb}" for n, mb in memory.items()))


def _watch_actor(output: Path, count: int, memory: dict[int, int], ended: threading.Event) -> None:
    while not ended.wait(0.2):
        done = len(list(output.glob("*.jpg")))
        if done and done >= (len(memory) + 1) * count / SAMPLES_OF_MEMORY:
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    if path.read_bytes().startswith(b"ray::MapWorker(MapBatches"):
                        memory[done] = round(_memory_mb(int(path.parent.name)))


def print_memory(count: int, side: int) -> None:
    """Memory of one process after so many photos, in MB, as one line."""
    said: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as output:
        make_photos(Path(folder), count, side)
        command = [sys.executable, "convert.py", folder, "-o", output, "--jobs", "1", "--faces", "4000"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet) as process:
            while process.poll() is None:
                done = len(list(Path(output).glob("*.glb")))
                if done and done >= (len(said) + 1) * count / SAMPLES_OF_MEMORY:
                    said[done] = _memory_mb(process.pid)
                time.sleep(0.2)
    print("\nMemory after so many photos, MB: " + ", ".join(f"{n}: {mb:.0f}" for n, mb in said.items()))


def _memory_mb(number: int) -> float:
    """Resident memory of a process now, on Linux."""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def print_rates(count: int, side: int, with_ray: bool, rounds: int) -> None:
    """The table of photos a second: of each row the least of the rounds, which go through all rows."""
    with tempfile.TemporaryDirectory() as folder:
        photos = make_photos(Path(folder), count, side)

        def one_each() -> tuple[float, float]:
            some = [converted([photo]) for photo in photos[: max(3, count // 4)]]
            seconds, processor = (float(mean) for mean in np.mean(some, axis=0) * count)
            return seconds, processor

        rows: dict[str, Callable[[], tuple[float, float]]] = {
            "a process for each photo": one_each,
            "one process": partial(converted, photos, "--jobs", "1"),
            "two processes": partial(converted, photos, "--jobs", "2"),
        }
        if with_ray:
            rows["Ray, one actor"] = partial(converted_by_ray, photos, 1)
            rows["Ray, two actors"] = partial(converted_by_ray, photos, 2)
        least = dict.fromkeys(rows, (math.inf, math.inf))
        for number in range(rounds):
            for name, measured in rows.items():
                found = measured()
                least[name] = min(least[name][0], found[0]), min(least[name][1], found[1])
                print(f"round {number + 1}, {name}: {found[0]:.1f} s", file=sys.stderr, flush=True)
    print("| | photos a second | times the first row | processor seconds a photo |\n|---|--:|--:|--:|")
    slowest = least["a process for each photo"][0]
    for name, (seconds, processor) in least.items():
        used = "-" if math.isinf(processor) else f"{processor / count:.2f}"
        print(f"| {name} | {count / seconds:.2f} | {slowest / seconds:.2f} | {used} |", flush=True)


def main() -> None:
    """Prints what the options name."""
    parser = argparse.ArgumentParser(description="Photos a second of a folder.")
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--memory", type=int, default=0, metavar="N")
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--overhead", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if options.photos:
        print_rates(options.photos, options.side, options.ray, options.rounds)
    if options.overhead:
        print_overhead(options.overhead)
    if options.memory:
        print_memory(options.memory, options.side)


if __name__ == "__main__":
    main()
