"""A folder of photos: photos a second with one and two processes, beside a loop that starts anew each time.

    python -m benchmarks.batch [--photos 12] [--side 384] [--memory 0]

The loop is what a shell does with a command for one photo: start, load the network, convert, end. Seconds are
by the clock, so the machine should have nothing else to do; those of the processor, children included, stand
beside them. `--memory N` converts N more photos in one process and prints its memory on the way.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

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
    before, started = _children_seconds(), time.perf_counter()
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "convert.py", *map(str, photos), "-o", output, *options]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        made = len(list(Path(output).glob("*.glb")))
    if made != len(photos):
        raise SystemExit(f"{made} of {len(photos)} photos were converted.")
    return time.perf_counter() - started, _children_seconds() - before


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Photos a second of a folder.")
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--memory", type=int, default=0, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = make_photos(Path(folder), options.photos, options.side)
        anew = [converted([photo]) for photo in photos[: max(3, options.photos // 4)]]
        rows = {"a process for each photo": tuple(np.mean(anew, axis=0) * options.photos)}
        rows["one process"] = converted(photos, "--jobs", "1")
        rows["two processes"] = converted(photos, "--jobs", "2")
        print("| | photos a second | times the first row | processor seconds a photo |\n|---|--:|--:|--:|")
        slowest = rows["a process for each photo"][0]
        for name, (seconds, processor) in rows.items():
            rate = options.photos / seconds
            print(f"| {name} | {rate:.2f} | {slowest / seconds:.2f} | {processor / options.photos:.2f} |")
        if options.memory:
            print_memory(options.memory, options.side)


if __name__ == "__main__":
    main()
