"""What becomes of a batch when something goes wrong under it: each fault is brought about and looked at.

    python -m benchmarks.faults [--write docs/faults.md] [WORD ...]

Words choose rows by their first column. Printed: a line per row, ok, not ok or skipped, with what was
measured. Exit code 1 where a row is not ok. Linux only.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import cv2

from benchmarks.faults import disk, inputs, kills, surroundings
from benchmarks.faults.row import Row
from benchmarks.faults.runs import NotOkError, SkippedError

ROWS = [*disk.ROWS, *kills.ROWS, *surroundings.ROWS, *inputs.ROWS]


class Result(NamedTuple):
    """A row with what came out."""

    row: Row
    verdict: str
    measured: str
    seconds: float


def measure(row: Row) -> Result:
    """Bring one fault about."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        try:
            verdict, measured = "ok", row.check(Path(folder).resolve())
        except SkippedError as error:
            verdict, measured = "skipped", str(error)
        except NotOkError as error:
            verdict, measured = "**not ok**", str(error)
    return Result(row, verdict, measured, time.perf_counter() - started)


def page(results: list[Result]) -> str:
    """The table as a page of Markdown."""
    ok = sum(result.verdict == "ok" for result in results)
    skipped = sum(result.verdict == "skipped" for result in results)
    seconds = sum(result.seconds for result in results)
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    rows = "\n".join(
        f"| {result.row.fault} | {result.row.expected} | {result.verdict} | {_cell(result.measured)} |"
        for result in results
    )
    return f"""# Faults

Written by `python -m benchmarks.faults --write docs/faults.md`: each fault is brought about under real runs
of the command line, and looked at. {ok} of {len(results)} rows are ok, {skipped} skipped.
It took {seconds:.0f} seconds on {where}, beside other work. In place of the network
stands a formula, which takes no time; rows that say *real network* use the bundled one. The clock is that of
the run's own process. Moments of SIGKILL are counted in calls that open and move files, so
each run has the same.

| fault | expected | | measured |
|---|---|---|---|
{rows}

With one process (`--jobs 1`, and by default up to four photos) a signal that ends it ends the run; `--resume`
goes on from the manifest, and `--jobs 2` gets past the photo.
"""


def _rest(path: Path) -> str:
    """What stands in the file after the table, from its first section on."""
    before = path.read_text() if path.is_file() else ""
    start = before.find("\n## ")
    return before[start:] if start >= 0 else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="What becomes of a batch when something goes wrong under it."
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="rows with one of them; default: all")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the table as Markdown")
    options = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the faults are brought about by means of Linux")
    cv2.setNumThreads(1)  # the threads of its pool are not in a process that is forked off
    results = []
    for row in ROWS:
        if options.words and not any(word.lower() in row.fault.lower() for word in options.words):
            continue
        results.append(measure(row))
        print(f"{results[-1].verdict:8} {results[-1].seconds:5.1f} s  {row.fault}: {results[-1].measured}")
        sys.stdout.flush()
    if options.write:
        options.write.write_text(page(results) + _rest(options.write))
    return any("not" in result.verdict for result in results)


if __name__ == "__main__":
    sys.exit(main())
