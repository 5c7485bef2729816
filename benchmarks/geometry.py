"""Time and memory from a depth map to a textured GLB.

    python benchmarks/geometry.py [--sides 256 512 1024 2048] [--model bust]

The photo and the depth map are made from formulas, so it runs without weights. Memory: the peak of the process, and its growth.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
REPEATS = 5


def measure(side: int, kind: str) -> None:
    from shapes import head, photo_of

    import generate_3d_model as stages
    from export_3d_model import write
    from generate_3d_model import GRID_SHARES, KINDS, ModelSettings, build_mesh, settings_of
    from life_size import life_size
    from surfaces import decimate
    from texture import atlas, split_at_seam

    depth, photo, settings = head((side, side)), photo_of((side, side)), settings_of(kind, ModelSettings())
    build_mesh(head((64, 64)), photo_of((64, 64)), kind, settings)  # imports and lazy set-up
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        mesh, _ = life_size(build_mesh(depth, photo, kind, settings), depth, photo, settings)
        data = write("glb", mesh)
        whole.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    marks = [("", time.perf_counter())]
    prepared = stages._prepare(depth, photo, settings)
    marks.append(("masks, smoothing", time.perf_counter()))
    solid = KINDS[kind].build(prepared, settings, GRID_SHARES[0] * settings.face_budget)
    marks.append(("surface", time.perf_counter()))
    vertices, faces = decimate(*solid, settings.face_budget, closed=KINDS[kind].closed)
    marks.append(("decimation", time.perf_counter()))
    atlas(photo.rgb_hwc, depth, settings.texture_side, KINDS[kind].closed, None)
    marks.append(("texture", time.perf_counter()))
    split_at_seam(vertices, faces, prepared.camera, 0)
    marks.append(("seam, uv", time.perf_counter()))
    sized, _ = life_size(mesh, depth, photo, settings)
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", nargs="+", type=int, default=[256, 512, 1024, 2048])
    parser.add_argument("--model", default="bust")
    parser.add_argument("--one", type=int, help="measure this side in this process")
    options = parser.parse_args()
    if options.one:
        measure(options.one, options.model)
        return
    for side in options.sides:  # a process each, so that the peaks are their own
        subprocess.run([sys.executable, __file__, "--one", str(side), "--model", options.model], check=True)


if __name__ == "__main__":
    main()
