"""What a bust with a whole head takes and keeps, by its number of triangles: peak memory, and how far it is
off its surface.

    python -m benchmarks.busts [--faces 4000 100000 500000] [--megapixels 4]

The photo is the first sample portrait, enlarged. Each number runs in a process of its own. The memory of the
model is the peak of that process while it is built and measured, less what is held before: network, photo
and depth map. On Linux; elsewhere less the peak before, which is more. The deviation is that of
`face3d.geometry.deviation`, from the bust of the largest number.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.networks import in_own_process, peak_memory_mb, sample_of_size
from face3d.structures import Mesh

FORGET = Path("/proc/self/clear_refs")
REFERENCE = 200_000
"""Triangles of the bust that others are compared with, where none of more is asked for."""


class Taken(NamedTuple):
    """Of one bust: mesh in the camera's frame; memory in GB, and what was estimated; processor seconds."""

    mesh: Mesh
    gb: float
    estimated_gb: float
    seconds: float


def measure(faces: int, side: int) -> Taken:
    """One bust, in this process, which must be a new one: a peak does not fall again."""
    import depth_estimation
    from face3d.geometry.budget import memory_gb
    from generate_3d_model import ModelSettings, generate_model

    photo = sample_of_size((side, side))
    depth = depth_estimation.predict(depth_estimation.load_network(), photo)
    if FORGET.exists():
        FORGET.write_text("5")  # the peak is what is held now, see proc_pid_clear_refs(5)
    before, start = peak_memory_mb(), time.process_time()
    model = generate_model(depth, photo, "bust", ModelSettings(face_budget=faces))
    taken = time.process_time() - start
    if model.report.head is None:
        raise SystemExit(f"With {faces:,} triangles there is no whole head: {model.report.head_refused}")
    estimated = memory_gb(model.relief, "bust", faces)
    in_camera = model.placement.to_camera(model.mesh.vertices_n3).astype("float32")
    mesh = replace(model.mesh, vertices_n3=in_camera, unit="image width")
    return Taken(mesh, (peak_memory_mb() - before) / 1000, estimated, taken)


def main() -> None:
    """Print one row per number of triangles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--faces", type=int, nargs="+", default=[4000, 100_000, 500_000])
    parser.add_argument("--megapixels", type=float, default=4.0)
    options = parser.parse_args()
    side = round((options.megapixels * 1e6) ** 0.5)
    from face3d.geometry.deviation import deviation

    asked = sorted(options.faces, reverse=True)
    rows = {faces: in_own_process(measure, faces, side) for faces in asked}
    finest = rows[asked[0]]
    if asked[0] < REFERENCE:
        finest = in_own_process(measure, REFERENCE, side)
    surface = finest.mesh.vertices_n3, finest.mesh.faces_m3
    print("| triangles asked for | given | off its surface | memory | estimated | processor |")
    print("|---|---|---|---|---|---|")
    for faces in sorted(rows):
        row = rows[faces]
        off = deviation(surface, (row.mesh.vertices_n3, row.mesh.faces_m3))
        print(
            f"| {faces:,} | {len(row.mesh.faces_m3):,} | {100 * off:.2f} % | {row.gb:.2f} GB "
            f"| {row.estimated_gb:.2f} GB | {row.seconds:.1f} s |"
        )


if __name__ == "__main__":
    main()
