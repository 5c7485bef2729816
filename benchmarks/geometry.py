"""Time and memory from a depth map to a textured GLB.

    python -m benchmarks.geometry [--sides 256 512 1024 2048] [--model two-sided]

The photo and the depth map are made from formulas, so it runs without weights. Memory: the peak of the
process, and its growth.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import time

import numpy as np

from face3d.export.models import write
from face3d.geometry.grid import GRID_SHARES
from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.meshes import decimate
from face3d.geometry.relief import make_relief
from face3d.geometry.scale import to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import model_texture, split_at_seam
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh

REPEATS = 5


def measure(side: int, kind: str) -> None:
    """Prints one line: seconds, memory, faces, bytes, and the share of each step."""
    depth, photo, settings = head((side, side)), photo_of((side, side)), settings_of(kind, ModelSettings())
    build_mesh(make_relief(head((64, 64)), photo_of((64, 64)), settings), kind)  # imports, lazy set-up
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        relief = make_relief(depth, photo, settings)
        mesh = build_mesh(relief, kind)
        sized, _ = to_metric_scale(mesh, relief)
        data = write("glb", sized)
        whole.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    marks = [("", time.perf_counter())]
    relief = make_relief(depth, photo, settings)
    marks.append(("masks, smoothing", time.perf_counter()))
    solid = KINDS[kind].build(relief, GRID_SHARES[0] * settings.face_budget)
    marks.append(("surface", time.perf_counter()))
    vertices, faces = decimate(
        solid.vertices_n3, solid.faces_m3, settings.face_budget, closed=KINDS[kind].closed
    )
    marks.append(("decimation", time.perf_counter()))
    model_texture(relief, closed=KINDS[kind].closed)
    marks.append(("texture", time.perf_counter()))
    split_at_seam(vertices, faces, relief.camera, 0)
    marks.append(("seam, uv", time.perf_counter()))
    sized, _ = to_metric_scale(mesh, relief)
    marks.append(("size", time.perf_counter()))
    write("glb", sized)
    marks.append(("glb", time.perf_counter()))
    parts = [(name, now - then) for (_, then), (name, now) in itertools.pairwise(marks)]
    total = sum(seconds for _, seconds in parts)
    shares = ", ".join(f"{name} {100 * seconds / total:.0f} %" for name, seconds in parts)
    print(
        f"{side:5d} px  {np.median(whole):5.2f} s (best {min(whole):.2f})  "
        f"+{(peak - before) / 1024:4.0f} MB, process {peak / 1024:4.0f} MB  "
        f"{len(mesh.faces_m3)} faces, GLB {len(data) / 1e6:.1f} MB  [{shares}]",
        flush=True,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Time and memory from a depth map to a textured GLB.")
    parser.add_argument("--sides", nargs="+", type=int, default=[256, 512, 1024, 2048])
    parser.add_argument("--model", default="two-sided")
    parser.add_argument("--one", type=int, help="measure this side in this process")
    options = parser.parse_args()
    if options.one:
        measure(options.one, options.model)
        return
    for side in options.sides:  # a process each, so that the peaks are their own
        subprocess.run(
            [sys.executable, "-m", "benchmarks.geometry", "--one", str(side), "--model", options.model],
            check=True,
        )


if __name__ == "__main__":
    main()
