"""Renderers of the training's ground truth compared: first and last surface along each ray of random scenes,
on one core.

    python -m benchmarks.renderers --face-model .../ict-facekit.npz [--scenes 10] [--side 256]

Beside our compiled rasteriser: ray casting (trimesh with Intel's Embree: `pip install embreex`) and OpenGL
(`pip install moderngl`, and EGL: Debian's libegl1 and libgl1-mesa-dri). Renderers that are not installed are
left out and reported. Every scene is a new mesh, so the preparation of a mesh (a tree of boxes, buffers) is
included. The renderers alternate on each scene. Ratios are of processor seconds, which other work on the
machine changes little; with OpenGL on a graphics card they include the processor's share only.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from face3d.structures import Array
from training.rendering.camera import SceneCamera, random_camera
from training.rendering.rasteriser import rasterise
from training.scenes.face_model import FaceModel, Regions, find_regions, load_face_model
from training.scenes.primitives import LABEL_NOTHING
from training.scenes.scene import random_scene

DEFAULT_FACE_MODEL = (
    Path(__file__).resolve().parent.parent.parent / "shared" / "face-model" / "ict-facekit.npz"
)
FIRST_SEED = 0
NEAREST_CM = 1.0
"""Near plane of OpenGL."""


@dataclass(frozen=True, eq=False)
class RenderTask:
    """The input of a renderer.

    placed_v3: (v, 3) float32, centimetres in camera axes. triangles_m3: int32. side: of the picture, pixels.
    """

    placed_v3: Array
    triangles_m3: Array
    camera: SceneCamera
    side: int


class Surfaces(NamedTuple):
    """Distance along the camera's axis to the first and the last surface, (side, side) centimetres; 0 for
    none.
    """

    first_hw: Array
    last_hw: Array


Renderer = Callable[[RenderTask], Surfaces]


def random_surfaces(model: FaceModel, regions: Regions, seed: int, side: int) -> RenderTask:
    """A training scene before its camera, without loose strands and clear glass, which are no surfaces."""
    rng = np.random.default_rng(seed)
    scene = random_scene(model, regions, rng)
    camera = random_camera(rng)
    surfaces = (scene.mesh.label_m != LABEL_NOTHING) | (scene.owner_m == 0)
    return RenderTask(
        camera.place(scene.mesh.vertices_v3),
        np.ascontiguousarray(scene.mesh.triangles_m3[surfaces]),
        camera,
        side,
    )


def by_rasteriser(task: RenderTask) -> Surfaces:
    """Our rasteriser, twice."""
    screen = task.camera.project(task.placed_v3, task.side)
    return Surfaces(
        *(
            rasterise(screen, task.triangles_m3, task.side, task.side, farthest)[2]
            for farthest in (False, True)
        )
    )


def by_ray_casting(task: RenderTask) -> Surfaces:
    """Embree through trimesh. The last surface is the first hit of a ray back from behind the scene."""
    import trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    mesh = trimesh.Trimesh(task.placed_v3, task.triangles_m3, process=False)
    tree = RayMeshIntersector(mesh)
    eye = np.array([0, 0, task.camera.distance])
    away_n3 = task.camera.rays(task.side).reshape(-1, 3)
    reach = 1 + float(np.linalg.norm(task.placed_v3 - eye, axis=1).max())

    def distance_hw(origin_n3: Array, direction_n3: Array) -> Array:
        """Distance of the first hits of these rays."""
        _, ray, point = tree.intersects_id(
            origin_n3, direction_n3, multiple_hits=False, return_locations=True
        )
        distance = np.zeros(task.side**2)
        distance[ray] = np.maximum(task.camera.distance - point[:, 2], 0)
        return distance.reshape(task.side, task.side)

    return Surfaces(
        distance_hw(np.broadcast_to(eye, away_n3.shape), away_n3),
        distance_hw(eye + reach * away_n3, -away_n3),
    )


VERTEX_SHADER = """
#version 330
uniform float side, near, far;
in vec3 screen;  // pixel x, pixel y, distance along the axis
void main() {
    float depth = ((far + near) * screen.z - 2.0 * far * near) / (far - near);
    gl_Position = vec4((2.0 * screen.xy / side - 1.0) * screen.z, depth, screen.z);
}
"""
FRAGMENT_SHADER = """
#version 330
out float distance;
void main() { distance = 1.0 / gl_FragCoord.w; }
"""


class OpenGl:
    """OpenGL without a window. Row 0 of the picture is row 0 of the frame buffer: nothing is flipped."""

    def __init__(self, side: int) -> None:
        """Raises ImportError without moderngl, and errors of moderngl where no context can be made."""
        import moderngl

        self.context = moderngl.create_context(standalone=True, backend="egl")
        self.name = self.context.info["GL_RENDERER"]
        self.program = self.context.program(VERTEX_SHADER, FRAGMENT_SHADER)
        self.target = self.context.framebuffer(
            self.context.texture((side, side), 1, dtype="f4"), self.context.depth_renderbuffer((side, side))
        )
        self.context.enable_only(moderngl.DEPTH_TEST)

    def __call__(self, task: RenderTask) -> Surfaces:
        """Two passes: with the nearest, then with the farthest surface kept."""
        screen = task.camera.project(task.placed_v3, task.side)
        buffers = [self.context.buffer(screen), self.context.buffer(task.triangles_m3)]
        triangles = self.context.vertex_array(self.program, [(buffers[0], "3f", "screen")], buffers[1])
        self.program["side"], self.program["near"], self.program["far"] = (
            task.side,
            NEAREST_CM,
            float(screen[:, 2].max()) + 1,
        )
        self.target.use()
        found = []
        for comparison, empty in (("<", 1.0), (">", 0.0)):
            self.context.depth_func = comparison
            self.target.clear(depth=empty)
            triangles.render()
            found.append(
                np.frombuffer(self.target.read(components=1, dtype="f4"), np.float32).reshape(
                    task.side, task.side
                )
            )
        for held in (triangles, *buffers):
            held.release()
        return Surfaces(*found)


def renderers(side: int) -> tuple[dict[str, Renderer], list[str]]:
    """Those that run here by name, ours first, and a line for each that does not."""
    found: dict[str, Renderer] = {"our rasteriser": by_rasteriser}
    missing = []
    try:
        import embreex  # noqa: F401

        found["ray casting, trimesh with Embree"] = by_ray_casting
    except ImportError:
        missing.append("No ray casting: `pip install embreex` (trimesh's own is far too slow).")
    try:
        opengl = OpenGl(side)
        found[f"OpenGL, {opengl.name}"] = opengl
    except Exception as error:  # noqa: BLE001 - a driver may raise anything
        missing.append(
            f"No OpenGL ({error}): `pip install moderngl`, "
            "and EGL: `apt-get install libegl1 libgl1-mesa-dri`."
        )
    return found, missing


def disagreement(surfaces: Surfaces, ours: Surfaces) -> Array:
    """Median differences in centimetres of first and last surfaces, and % of pixels where only one has a
    surface.
    """
    both = (surfaces.first_hw > 0) & (ours.first_hw > 0)
    apart = [float(np.median(np.abs(a - b)[both])) for a, b in zip(surfaces, ours, strict=True)]
    return np.array([*apart, 100 * ((surfaces.first_hw > 0) != (ours.first_hw > 0)).mean()])


def compare(tasks: list[RenderTask], found: dict[str, Renderer]) -> dict[str, Array]:
    """Per renderer: processor seconds, seconds, and `disagreement` with the first one; means over the tasks.

    The first task is rendered once more, before all, for what is compiled and loaded only once.
    """
    taken: dict[str, list[Array]] = {name: [] for name in found}
    for number, task in enumerate([tasks[0], *tasks]):
        ours: Surfaces | None = None
        for name, render in found.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            surfaces = render(task)
            times = time.process_time() - cpu_start, time.perf_counter() - start
            ours = ours or surfaces
            if number:
                taken[name].append(np.array([*times, *disagreement(surfaces, ours)]))
    return {name: np.mean(rows, axis=0) for name, rows in taken.items()}


COLUMNS = (
    "renders a CPU second",
    "times ours",
    "renders a second",
    "first surface: median difference, cm",
    "last surface",
    "% of pixels with a surface in one only",
)


def print_table(options: argparse.Namespace, triangles: float, rows: dict[str, Array]) -> None:
    """As Markdown, a row per renderer. triangles: mean number of a scene."""
    title = f"{options.scenes} scenes, {options.side} px, {triangles:,.0f} triangles"
    print(f"| {title} | {' | '.join(COLUMNS)} |\n{'|---' * (len(COLUMNS) + 1)}|")
    ours = next(iter(rows.values()))
    for name, (cpu_seconds, seconds, first, last, alone) in rows.items():
        speeds = f"{1 / cpu_seconds:.1f} | {ours[0] / cpu_seconds:.2f} | {1 / seconds:.1f}"
        print(f"| {name} | {speeds} | {first:.0e} | {last:.0e} | {alone:.3f} |")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.renderers", description="Renderers of the training's truth, on one core."
    )
    parser.add_argument(
        "--face-model", type=Path, default=Path(os.environ.get("FACE_MODEL", DEFAULT_FACE_MODEL))
    )
    parser.add_argument("--scenes", type=int, default=10, help="default 10")
    parser.add_argument("--side", type=int, default=256, help="of the picture, pixels, default 256")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux; Embree and OpenGL would start threads on every core
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    model = load_face_model(options.face_model)
    regions = find_regions(model)
    tasks = [
        random_surfaces(model, regions, FIRST_SEED + number, options.side) for number in range(options.scenes)
    ]
    found, missing = renderers(options.side)
    rows = compare(tasks, found)
    print_table(options, float(np.mean([len(task.triangles_m3) for task in tasks])), rows)
    for line in missing:
        print(f"\n{line}")


if __name__ == "__main__":
    main()
