"""Time and memory of each depth network for one photo on this machine.

Nothing is downloaded: all networks but the bundled one have random weights.

    python -m benchmarks.networks [NAME ...] [--precision bfloat16] [--device cuda] [--photo 640x480] \
        [--midas FOLDER]
    python -m benchmarks.networks --in-turns midas_v21_small_256 --photo 512x512 --threads 1

Each network runs in a process of its own; the peak memory is that of the whole process, weights and libraries
included. Where --midas names a checkout of isl-org/MiDaS that can be imported (it needs timm 0.6, which needs
Python 3.10), the official implementation is measured too.

With --in-turns the bundled network is compared with one MiDaS network: float32 on the CPU, in one process,
one call of each in every round, so that other work on the machine affects all alike. A pass is the bare
module on a square; from the photo to its map is the application's own code. The ratios are medians over the
rounds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from face3d.bundled import sample_portraits
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily, NetworkSpec
from face3d.structures import Array, Photo

if TYPE_CHECKING:
    from face3d.depth.estimator import DepthEstimator
    from face3d.depth.face.estimator import FaceEstimator

Result = TypeVar("Result")
REPEATS = 5
WARM_UP = 1
ROUNDS = 25
"""Of --in-turns."""
PASS_SIDE = 256
SAMPLE = sample_portraits()[0]
OFFICIAL_BACKBONES = {
    "dpt_beit_large_512": "beitl16_512",
    "dpt_beit_large_384": "beitl16_384",
    "dpt_beit_base_384": "beitb16_384",
    "dpt_swin2_large_384": "swin2l24_384",
    "dpt_swin2_base_384": "swin2b24_384",
    "dpt_swin2_tiny_256": "swin2t16_256",
    "dpt_swin_large_384": "swinl12_384",
    "dpt_large_384": "vitl16_384",
    "dpt_hybrid_384": "vitb_rn50_384",
}
"""The official code's names of the encoders of one class there; v2.1 and LeViT are built in other ways."""


@dataclass(frozen=True)
class Measurement:
    """Medians for one photo, from its pixels to the depth map, and the peak memory of the process in MB.

    cpu_seconds: summed over threads; other work on the machine changes it less than `seconds`.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


class RoundTimes(NamedTuple):
    """Seconds and processor seconds of one kind of call, one pair per round: (rounds, 2)."""

    seconds_r2: Array

    def ratios_to(self, other: RoundTimes) -> tuple[float, float]:
        """Ratios of the time and of the processor time to those of another call; medians over the rounds."""
        seconds, cpu_seconds = np.median(self.seconds_r2 / other.seconds_r2, axis=0)
        return float(seconds), float(cpu_seconds)


def measure(work: Callable[[], object]) -> Measurement:
    """Measures a call that returns when its work is done."""
    seconds, cpu_seconds = [], []
    for _ in range(WARM_UP + REPEATS):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    return Measurement(
        statistics.median(seconds[WARM_UP:]), statistics.median(cpu_seconds[WARM_UP:]), peak_memory_mb()
    )


def measure_in_turns(works: list[Callable[[], object]], rounds: int) -> list[RoundTimes]:
    """One call of each in every round, after WARM_UP rounds that do not count; all return when done."""
    taken = np.empty((WARM_UP + rounds, len(works), 2))
    for of_round in taken:
        for of_work, work in zip(of_round, works, strict=True):
            start, cpu_start = time.perf_counter(), time.process_time()
            work()
            of_work[:] = time.perf_counter() - start, time.process_time() - cpu_start
    return [RoundTimes(of_work) for of_work in taken[WARM_UP:].transpose(1, 0, 2)]


def peak_memory_mb(process: int | str = "self") -> float:
    """Peak memory of a process, given by its number on Linux.

    There it comes from /proc, since `ru_maxrss` starts at the parent's value.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        lines = status.read_text().splitlines()
        peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return peak_kib * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


def ours(
    name: str, photo_wh: tuple[int, int], device: str | None, precision: str | None, threads: int
) -> Measurement:
    """Our MiDaS network `name`, with the preprocessing and the resizing back."""
    from face3d.depth.device import choose_device
    from face3d.depth.midas.estimator import MidasEstimator
    from face3d.depth.midas.network import build_midas_network

    use_threads(threads)
    photo, chosen = _noise(photo_wh), choose_device(device, precision)
    estimator = MidasEstimator(chosen.place_module(build_midas_network(name)), NETWORKS[name], chosen)
    return measure(lambda: estimator.predict(photo))


def face(photo_wh: tuple[int, int], threads: int) -> Measurement:
    """The bundled network on the first sample at this size, with its crop inference and upsampling."""
    use_threads(threads)
    photo, estimator = sample_of_size(photo_wh), _face_estimator()
    return measure(lambda: estimator.predict(photo))


def in_turns(
    name: str, photo_wh: tuple[int, int], threads: int, rounds: int
) -> dict[str, tuple[RoundTimes, RoundTimes]]:
    """Passes over a square of PASS_SIDE pixels and predictions from the first sample, by row of the table.

    The bundled network is computed by ONNX Runtime in one thread, as in the application, MiDaS by PyTorch:
    contiguous, as in the application on a CPU, and channels last.
    """
    import torch

    from face3d.depth.device import choose_device
    from face3d.depth.midas.estimator import MidasEstimator
    from face3d.depth.midas.network import build_midas_network

    use_threads(threads)
    photo, image = sample_of_size(photo_wh), torch.rand(1, 3, PASS_SIDE, PASS_SIDE)
    spec, cpu = NETWORKS[name], choose_device("cpu", "float32")
    channels_last = build_midas_network(name).to(memory_format=torch.channels_last)
    face = _face_estimator()
    rivals = {
        f"{name}, contiguous as it ships": MidasEstimator(build_midas_network(name), spec, cpu),
        f"{name}, channels last": MidasEstimator(channels_last, spec, cpu),
    }
    with torch.inference_mode():
        modules = [partial(one.network, image) for one in rivals.values()]
        passes = measure_in_turns([partial(face.network.infer, image.numpy()), *modules], rounds)
    predict: list[DepthEstimator] = [face, *rivals.values()]
    predictions = measure_in_turns([partial(one.predict, photo) for one in predict], rounds)
    return dict(zip(("face, as it ships", *rivals), zip(passes, predictions, strict=True), strict=True))


def use_threads(threads: int) -> None:
    """Sets the number of threads of PyTorch and of OpenCV."""
    import cv2
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)


def sample_of_size(photo_wh: tuple[int, int]) -> Photo:
    """The first sample portrait, brought to this size."""
    import cv2

    from face3d.photo import read_photo

    sample = read_photo(SAMPLE.read_bytes(), SAMPLE.name)
    return Photo(cv2.resize(sample.rgb_hwc, photo_wh, interpolation=cv2.INTER_AREA), None, None, "benchmark")


def _face_estimator() -> FaceEstimator:
    """The bundled network, as the page loads it."""
    import depth_estimation
    from face3d.depth.face.estimator import FaceEstimator

    estimator = depth_estimation.load_network()
    assert isinstance(estimator, FaceEstimator)
    return estimator


def _noise(photo_wh: tuple[int, int]) -> Photo:
    rgb_hwc = np.random.default_rng(0).integers(0, 256, (photo_wh[1], photo_wh[0], 3), dtype=np.uint8)
    return Photo(rgb_hwc, None, None, "benchmark")


def official(name: str, input_hw: tuple[int, int], folder: Path, threads: int) -> Measurement:
    """The official module of a DPT network, float32 on the CPU, on an input of the same size, without
    preprocessing.

    Raises ImportError where `folder` holds no code that can be imported.
    """
    import torch

    sys.path.insert(0, str(folder))
    from midas.dpt_depth import DPTDepthModel  # type: ignore[import-not-found]

    use_threads(threads)
    module = DPTDepthModel(path=None, backbone=OFFICIAL_BACKBONES[name], non_negative=True).eval()
    image = torch.zeros(1, 3, *input_hw)
    with torch.inference_mode():
        return measure(lambda: module(image))


def in_own_process(work: Callable[..., Result], *arguments: object) -> Result:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def main() -> None:
    """Prints one row per network, or the comparison of two."""
    measured = {
        spec.name: spec for spec in NETWORKS.values() if spec.family is not NetworkFamily.TRANSFORMERS
    }
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.networks", description="Seconds and memory per network on this machine."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(measured)}")
    parser.add_argument(
        "--photo", default=(640, 480), type=_size_wh, metavar="WxH", help="size of the photo, default 640x480"
    )
    parser.add_argument("--device", default=None, help="cpu, cuda or mps; default: the fastest")
    parser.add_argument(
        "--precision", default=None, help="float32, bfloat16 or float16; default: the device's usual one"
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads, default 2")
    parser.add_argument(
        "--in-turns",
        default=None,
        metavar="NAME",
        help="compare the bundled network with this one, in one process",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of --in-turns, default {ROUNDS}")
    parser.add_argument(
        "--midas",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="a checkout of isl-org/MiDaS to compare with",
    )
    options = parser.parse_args()
    others = [name for name, spec in measured.items() if spec.family is NetworkFamily.MIDAS]
    if options.in_turns not in (None, *others):
        parser.error(
            f"--in-turns takes a MiDaS network, not {options.in_turns}; choose from {', '.join(others)}"
        )
    if unknown := [name for name in options.names if name not in measured]:
        parser.error(
            f"there is no network {', '.join(unknown)} to measure; choose from {', '.join(measured)}"
        )
    if options.in_turns:
        print(
            _in_turns_table(
                in_own_process(in_turns, options.in_turns, options.photo, options.threads, options.rounds),
                options,
            )
        )
        return
    print("| network | input | seconds | CPU seconds | peak MB | official CPU seconds | official peak MB |")
    print("|---|---|---|---|---|---|---|")
    for name in options.names or measured:
        print(_row(measured[name], options), flush=True)


def _size_wh(text: str) -> tuple[int, int]:
    """'640x480' as (640, 480)."""
    width, height = map(int, text.split("x"))
    if min(width, height) < 1:
        raise ValueError("no pixels")
    return width, height


def _row(spec: NetworkSpec, options: argparse.Namespace) -> str:
    """The table's row of one network, measured from the photo to the map."""
    if spec.family is NetworkFamily.FACE:
        input_text, theirs = "own", "- | -"
        mine = in_own_process(face, options.photo, options.threads)
    else:
        from face3d.depth.midas.estimator import input_size_hw

        input_hw = input_size_hw(spec, options.photo[::-1])
        input_text = f"{input_hw[1]} x {input_hw[0]}"
        mine = in_own_process(
            ours, spec.name, options.photo, options.device, options.precision, options.threads
        )
        theirs = _official_cells(spec, input_hw, options)
    return f"| {spec.name} | {input_text} | {_cells(mine)} | {theirs} |"


def _in_turns_table(rows: dict[str, tuple[RoundTimes, RoundTimes]], options: argparse.Namespace) -> str:
    """Median seconds of each row's passes and predictions, and their ratios to the first row's times."""
    kinds = f"one pass {PASS_SIDE} x {PASS_SIDE}", f"photo {options.photo[0]} x {options.photo[1]} to map"
    heads = [
        f"{kind}: {column}"
        for kind in kinds
        for column in ("seconds", "times as long", "times the CPU seconds")
    ]
    lines = [f"| threads: {options.threads} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    first = next(iter(rows.values()))
    for name, kinds_of_row in rows.items():
        cells = [name]
        for times, of_first in zip(kinds_of_row, first, strict=True):
            longer, more = times.ratios_to(of_first)
            cells += [f"{np.median(times.seconds_r2[:, 0]):.3f}", f"{longer:.2f}", f"{more:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(mine: Measurement) -> str:
    return f"{mine.seconds:.3f} | {mine.cpu_seconds:.3f} | {mine.peak_mb:.0f}"


def _official_cells(spec: NetworkSpec, input_hw: tuple[int, int], options: argparse.Namespace) -> str:
    """The last two cells of a row: the official implementation, where --midas is given."""
    if options.midas is None or spec.name not in OFFICIAL_BACKBONES:
        return "- | -"
    try:
        compared = in_own_process(official, spec.name, input_hw, options.midas, options.threads)
    except (ImportError, RuntimeError, AttributeError) as error:  # old code on a new timm or torch
        return f"not importable ({type(error).__name__}) | -"
    return f"{compared.cpu_seconds:.2f} | {compared.peak_mb:.0f}"


if __name__ == "__main__":
    main()
