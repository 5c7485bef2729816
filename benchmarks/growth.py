"""How the time of each stage grows with the pixels of the photo and with the triangles of the model, as a
picture.

    python -m benchmarks.growth --out docs/pictures/growth.png [--runs 3]

Processor seconds, the least of several runs, with one thread. The photo is the first sample portrait at each
size; models of other sizes are made of it at 2,048 px. Printed: each stage's seconds, and its slope over the
larger half of the sizes in logarithms of both: 1 where twice as much takes twice as long.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.floors import KIND, least_seconds
from benchmarks.networks import sample_of_size, use_threads

MEGAPIXELS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
TRIANGLES = (10_000, 20_000, 60_000, 125_000, 250_000, 500_000)
MODEL_SIDE = 2048
WIDTH_PX, HEIGHT_PX, DOTS_PER_INCH = 1200, 520, 100

Growth = dict[str, list[float]]
"""Seconds of each stage, by size."""


def by_pixels(runs: int) -> Growth:
    """Stages that work on the photo's pixels."""
    import depth_estimation
    from face3d.geometry.texture import model_texture
    from generate_3d_model import ModelSettings, make_relief, point_cloud

    network, settings = depth_estimation.load_network(), ModelSettings()
    found: Growth = {}
    for megapixels in MEGAPIXELS:
        side = round(1000 * megapixels**0.5)
        photo = sample_of_size((side, side))
        depth = depth_estimation.predict(network, photo)
        relief = make_relief(depth, photo, settings)
        works: dict[str, Callable[[], object]] = {
            "depth map": partial(depth_estimation.predict, network, photo),
            "masks and smoothing": partial(make_relief, depth, photo, settings),
            "texture": partial(model_texture, relief, closed=True),
            "point cloud": partial(point_cloud, relief),
        }
        take(found, works, runs)
    return found


def by_triangles(runs: int) -> Growth:
    """Stages that work on the model's triangles."""
    import depth_estimation
    from face3d.export.models import write
    from face3d.export.views import View, render
    from face3d.geometry.report import mesh_report
    from face3d.head.bust import bust_mesh
    from face3d.head.finished import BUST_PICTURE_PX
    from face3d.head.whole import whole_head
    from generate_3d_model import ModelSettings, generate_model, make_relief

    photo = sample_of_size((MODEL_SIDE, MODEL_SIDE))
    depth = depth_estimation.predict(depth_estimation.load_network(), photo)
    found: Growth = {}
    for triangles in TRIANGLES:
        settings = replace(ModelSettings(), face_budget=triangles)
        head = whole_head(make_relief(depth, photo, settings), BUST_PICTURE_PX, moving=False)
        model = generate_model(depth, photo, KIND, settings)
        mesh = model.mesh
        works: dict[str, Callable[[], object]] = {
            "bust from its head": partial(bust_mesh, head, triangles),
            "mesh report": partial(mesh_report, mesh, model.placement, KIND, model.relief),
            "GLB": partial(write, "glb", mesh),
            "OBJ": partial(write, "obj", mesh),
            "picture, 640 px": partial(render, mesh, View(640)),
        }
        take(found, works, runs)
    return found


def take(found: Growth, works: dict[str, Callable[[], object]], runs: int) -> None:
    """Adds the seconds of stages at one more size."""
    for stage, work in works.items():
        found.setdefault(stage, []).append(least_seconds(work, runs))


def slope(sizes: tuple[float, ...], seconds: list[float]) -> float:
    """Of the logarithm of the time over that of the size, fitted to the larger half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(seconds[half:]), 1)[0])


def draw(panels: dict[str, tuple[tuple[float, ...], Growth]], path: Path) -> None:
    """One panel per quantity, both axes logarithmic, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(WIDTH_PX / DOTS_PER_INCH, HEIGHT_PX / DOTS_PER_INCH)
    )
    for axis, (quantity, (sizes, growth)) in zip(axes, panels.items(), strict=True):
        for stage, seconds in growth.items():
            axis.loglog(sizes, seconds, marker="o", label=f"{stage}, slope {slope(sizes, seconds):.2f}")
        axis.loglog(sizes, np.array(sizes) / sizes[-1], color="0.6", linestyle=":", label="slope 1")
        axis.set_xticks(sizes, [f"{size:g}" if size < 1000 else f"{size // 1000:.0f}k" for size in sizes])
        axis.minorticks_off()
        axis.set_xlabel(quantity)
        axis.set_ylabel("processor seconds")
        axis.grid(color="0.9")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=DOTS_PER_INCH)


def main() -> None:
    """Prints the seconds and slopes, and draws them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description="How the time of each stage grows."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture's file")
    parser.add_argument("--runs", type=int, default=3, help="of which the least counts, default 3")
    options = parser.parse_args()
    use_threads(1)
    panels = {
        "megapixels of the photo": (MEGAPIXELS, by_pixels(options.runs)),
        "triangles of the model": (TRIANGLES, by_triangles(options.runs)),
    }
    for quantity, (sizes, growth) in panels.items():
        print(f"| {quantity} | {' | '.join(f'{size:g}' for size in sizes)} | slope |")
        print("|---" * (len(sizes) + 2) + "|")
        for stage, seconds in growth.items():
            cells = [f"{one:.2f}" for one in seconds]
            print(f"| {stage} | {' | '.join(cells)} | {slope(sizes, seconds):.2f} |", flush=True)
    draw(panels, options.out)


if __name__ == "__main__":
    main()
