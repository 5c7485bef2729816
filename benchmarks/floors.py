"""Processor time of each stage from a photo to its files, and its floor: the most that it may take.

    python -m benchmarks.floors [--runs 5] [--threads 1]

Seconds are of the processor, summed over threads, and the least of several runs: other work on the machine
changes them little. `times MiDaS small` divides them by the whole way of MiDaS small (its official
architecture on timm, random weights, from a photo of 512 x 512 pixels to its map), measured in the same
process: it is what to compare between machines. A cold start is a process of its own, from its start to its
end. Warm stages run in one process, on the first sample portrait; stages of a model on the bust of 60,000
triangles of the portrait at 1,024 px.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.networks import SAMPLE, in_own_process, peak_memory_mb, sample_of_size, use_threads
from face3d.structures import Photo

if TYPE_CHECKING:
    from face3d.depth.estimator import DepthEstimator
    from generate_3d_model import Model

ROOT = Path(__file__).resolve().parent.parent
KIND = "bust"
DEPTH_SIDE, MODEL_SIDE, LARGE_FACES, TURN_FRAMES = 512, 1024, 500_000, 36
COLD_RUNS = 3


@dataclass(frozen=True)
class Floor:
    """What a stage may take: processor seconds, or times MiDaS small's; None where nothing is asked."""

    seconds: float | None = None
    times_midas: float | None = None


FLOORS = {
    "import app": Floor(),
    "convert.py --help": Floor(),
    "convert.py portrait.jpg": Floor(5.0),
    "depth map, 512 px": Floor(times_midas=1.0),
    "advice by the rules": Floor(0.05),
    "bust": Floor(0.5),
    "bust of 500,000 triangles, with its report": Floor(15.0),
    "mesh report": Floor(0.4),
    "point cloud": Floor(0.25),
    "OBJ": Floor(0.15),
    "PNG of the model": Floor(0.4),
    "turntable of 36 frames": Floor(2.5),
    "photo to GLB with its report": Floor(1.5),
}
MOST_MEMORY_MB = 600.0
"""Peak of a process that makes one photo of 1,024 px a GLB, libraries and weights included."""


class Taken(NamedTuple):
    """Processor seconds by stage; those of MiDaS small; peak memory in MB of the way to a GLB."""

    seconds: dict[str, float]
    midas_seconds: float
    peak_mb: float


def least_seconds(work: Callable[[], object], runs: int) -> float:
    """Processor seconds of a call in this process, the least of several."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def least_cold_seconds(arguments: list[str], threads: int) -> float:
    """Processor seconds of a Python process with these arguments, the least of COLD_RUNS.

    Raises: CalledProcessError where it fails.
    """
    taken = []
    for _ in range(COLD_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        command = [sys.executable, *arguments]
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def cold(threads: int) -> dict[str, float]:
    """The stages that start a process."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "import app": least_cold_seconds(["-c", "import app"], threads),
            "convert.py --help": least_cold_seconds(["convert.py", "--help"], threads),
            "convert.py portrait.jpg": least_cold_seconds(["convert.py", str(SAMPLE), "-o", folder], threads),
        }


def imported(module: str) -> list[str]:
    """Libraries outside Python's own that importing a module of ours in a fresh process loads, sorted."""
    script = f"import sys, {module}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    ours = {"app", "convert", "depth_estimation", "face3d", "generate_3d_model", "page"}
    names = set(found.stdout.split()) - set(sys.stdlib_module_names) - ours
    return sorted(name for name in names if not name.startswith("_"))


def to_glb(network: DepthEstimator, photo: Photo) -> bytes:
    """A textured GLB of a photo, with its report."""
    import depth_estimation
    from face3d.export.models import write
    from generate_3d_model import generate_model

    return write("glb", generate_model(depth_estimation.predict(network, photo), photo, KIND).mesh)


def midas_small() -> Callable[[Photo], object]:
    """The whole way of MiDaS small, from a photo to its map."""
    from face3d.depth.device import choose_device
    from face3d.depth.midas.estimator import MidasEstimator
    from face3d.depth.midas.network import build_midas_network
    from face3d.depth.registry import NETWORKS

    name = "midas_v21_small_256"
    return MidasEstimator(build_midas_network(name), NETWORKS[name], choose_device("cpu", "float32")).predict


def of_model(model: Model, runs: int) -> dict[str, float]:
    """The stages that need a finished model."""
    from face3d.export.models import write
    from face3d.export.renderings import FRONT, picture_from
    from face3d.export.turntable import turntable_gif
    from face3d.geometry.report import mesh_report

    works: dict[str, Callable[[], object]] = {
        "mesh report": lambda: mesh_report(model.mesh, model.placement, KIND, model.relief),
        "point cloud": lambda: write("ply", model.points()),
        "OBJ": lambda: write("obj", model.mesh),
        "PNG of the model": lambda: picture_from(model.mesh, FRONT),
        "turntable of 36 frames": lambda: turntable_gif(model.mesh, frames=TURN_FRAMES),
    }
    return {stage: least_seconds(work, runs) for stage, work in works.items()}


def warm(runs: int, threads: int) -> tuple[dict[str, float], float]:
    """The stages that do not start a process, and MiDaS small's whole way; in turns with the depth map."""
    import depth_estimation
    from face3d.assistant import rules
    from face3d.geometry.relief import make_relief
    from face3d.head.bust import bust_mesh
    from face3d.head.finished import BUST_PICTURE_PX
    from face3d.head.whole import whole_head
    from generate_3d_model import ModelSettings, generate_model

    use_threads(threads)
    network, midas = depth_estimation.load_network(), midas_small()
    photo, small = (sample_of_size((side, side)) for side in (MODEL_SIDE, DEPTH_SIDE))
    depth_seconds, midas_seconds = [], []
    for _ in range(runs):
        depth_seconds.append(least_seconds(lambda: depth_estimation.predict(network, small), 1))
        midas_seconds.append(least_seconds(lambda: midas(small), 1))
    depth, settings = depth_estimation.predict(network, photo), ModelSettings()
    large = replace(settings, face_budget=LARGE_FACES)

    def bust() -> object:
        head = whole_head(make_relief(depth, photo, settings), BUST_PICTURE_PX, moving=False)
        return bust_mesh(head, settings.face_budget)

    seconds = {
        "depth map, 512 px": min(depth_seconds),
        "advice by the rules": least_seconds(lambda: rules.advise(photo, depth), runs),
        "bust": least_seconds(bust, runs),
        **of_model(generate_model(depth, photo, KIND, settings), runs),
        "photo to GLB with its report": least_seconds(lambda: to_glb(network, photo), runs),
        "bust of 500,000 triangles, with its report": least_seconds(
            lambda: generate_model(depth, photo, KIND, large), 1
        ),
    }
    return seconds, min(midas_seconds)


def peak_of_one_photo(threads: int) -> float:
    """Peak memory in MB of a process that makes one photo a GLB; the network computes in one thread."""
    import cv2

    import depth_estimation

    cv2.setNumThreads(threads)
    to_glb(depth_estimation.load_network(), sample_of_size((MODEL_SIDE, MODEL_SIDE)))
    return peak_memory_mb()


def measure(runs: int, threads: int) -> Taken:
    """All stages, in processes of their own."""
    seconds, midas_seconds = in_own_process(warm, runs, threads)
    return Taken(cold(threads) | seconds, midas_seconds, in_own_process(peak_of_one_photo, threads))


def rows(taken: Taken) -> dict[str, list[str]]:
    """Cells of the table by stage: seconds, times MiDaS small's, the most of either, and how far from it."""
    cells = {}
    for stage, floor in FLOORS.items():
        seconds = taken.seconds[stage]
        times = seconds / taken.midas_seconds
        most, share = "-", None
        if floor.seconds is not None:
            most, share = f"{floor.seconds:g} s", seconds / floor.seconds
        elif floor.times_midas is not None:
            most, share = f"{floor.times_midas:g} x MiDaS small", times / floor.times_midas
        cells[stage] = [f"{seconds:.2f}", f"{times:.1f}", most, "-" if share is None else f"{share:.2f}"]
    share = taken.peak_mb / MOST_MEMORY_MB
    peak, most = f"{taken.peak_mb:.0f} MB", f"{MOST_MEMORY_MB:.0f} MB"
    cells["peak memory, photo to GLB"] = [peak, "-", most, f"{share:.2f}"]
    return cells


HEADS = ["processor seconds", "times MiDaS small", "at most", "share of that"]


def print_table(heads: list[str], cells: dict[str, list[str]]) -> None:
    """As Markdown."""
    print(f"| stage | {' | '.join(heads)} |\n{'|---' * (1 + len(heads))}|")
    for stage, row in cells.items():
        print(f"| {stage} | {' | '.join(row)} |")


def options_of(description: str, command: str) -> argparse.Namespace:
    """Runs and threads from the command line."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    parser.add_argument("--runs", type=int, default=5, help="of which the least counts, default 5")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads, default 1")
    return parser.parse_args()


def main() -> None:
    """Prints the table, and what is imported."""
    options = options_of("Processor time of each stage beside the most it may take.", "benchmarks.floors")
    taken = measure(options.runs, options.threads)
    print_table(HEADS, rows(taken))
    print(f"\nMiDaS small's whole way: {taken.midas_seconds:.3f} s. Threads: {options.threads}.")
    for module in ("convert", "app"):
        print(f"`import {module}` loads {', '.join(imported(module))}.")


if __name__ == "__main__":
    main()
