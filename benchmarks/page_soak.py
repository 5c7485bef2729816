"""Whether the memory of the page's server grows with its visitors.

    python -m benchmarks.page_soak [--visits 200] [--first 20] [--at-once 2]

Visits go through the three steps by websocket, as in `benchmarks.page_load`, and leave. Printed: memory of
the server after the first visits and after all of them, each when the last of them has ended, which takes
two minutes more, and the ratio: at most 1.10.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path

from benchmarks.page_load import run_sessions
from page.local_server import serving

UNTIL_ENDED_SECONDS = 140
"""Longer than `page.visits.KEPT_SECONDS`, and a few sweeps."""
AT_MOST = 1.10


def memory_mb(pid: int) -> float:
    """Resident memory of a process, on Linux."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6


def visit(address: str, count: int, at_once: int) -> list[str]:
    """So many visits, a few at once. Returns the errors."""
    errors = []
    for start in range(0, count, at_once):
        results = asyncio.run(run_sessions(address, min(at_once, count - start)))
        errors += [error for _, found in results for error in found]
    return errors


def main() -> None:
    """Prints memory and ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_soak", description=__doc__)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    done, found, errors = 0, [], []
    with serving() as server:
        for goal in (options.first, options.visits):
            errors += visit(server.address, goal - done, options.at_once)
            done = goal
            at_end = memory_mb(server.pid)
            time.sleep(UNTIL_ENDED_SECONDS)
            found.append(memory_mb(server.pid))
            print(f"{done:5} visits: {at_end:.0f} MB, {found[-1]:.0f} MB when all have ended", flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Ratio {found[1] / found[0]:.3f}, at most {AT_MOST}; errors {len(errors)} {errors[:2] or ''}")
    print(f"Load average over 1, 5 and 15 minutes, this run included: {load}; {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
