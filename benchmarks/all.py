"""What this project costs, today beside before it was made quicker: one table, then the other benchmarks.

    python -m benchmarks.all [--runs 5] [--threads 1]

The column `before` holds figures written down when the floors were set, processor seconds on two cores of an
AMD EPYC, cold: they are not measured here. Then `benchmarks.networks --in-turns`, `benchmarks.geometry` and
`benchmarks.page_load` run, each in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks import floors

BEFORE = {
    "convert.py portrait.jpg": "18",
    "depth map, 512 px": "1.4 to 1.8",
    "bust": "1.2",
    "bust of 500,000 triangles, with its report": "270",
    "mesh report": "3.8",
    "point cloud": "0.7",
    "OBJ": "0.8",
    "PNG of the model": "3.2",
    "turntable of 36 frames": "14.2",
    "photo to GLB with its report": "6.5",
}
"""Processor seconds by stage, where they were written down; the map was of 1,024 px."""
NETWORK_TO_COMPARE = "midas_v21_small_256"


def with_before(cells: dict[str, list[str]]) -> dict[str, list[str]]:
    """The rows of `floors.rows` with the column `before` in front."""
    return {stage: [BEFORE.get(stage, "-"), *row] for stage, row in cells.items()}


def main() -> None:
    """Prints all tables; ends with the exit code of the first benchmark that fails."""
    options = floors.options_of("What each stage costs, today and before.", "benchmarks.all")
    taken = floors.measure(options.runs, options.threads)
    floors.print_table(["before", *floors.HEADS], with_before(floors.rows(taken)))
    threads = str(options.threads)
    for module, *arguments in (
        ("networks", "--in-turns", NETWORK_TO_COMPARE, "--photo", "512x512", "--threads", threads),
        ("geometry", "--sides", "512", "1024"),
        ("page_load",),
    ):
        print(f"\n{module}", flush=True)
        ended = subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments])
        if ended.returncode:
            sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
