"""How many triangles a model may have: what memory carries, and what its shape needs."""

from __future__ import annotations

from math import ceil

from face3d.errors import GeometryError
from face3d.geometry.deviation import deviation
from face3d.geometry.grid import GRID_SHARES
from face3d.geometry.kinds import KINDS, full_triangles
from face3d.geometry.relief import Relief
from face3d.structures import Mesh

MEMORY_GB = 4.0
"""Memory that building and measuring a model may take, beside the network and the photo."""
WORKING_BYTES, KEPT_BYTES = 500, 1400
"""Bytes per triangle of the working grid, and per triangle of the model while it is measured: of a two-sided
bust from 4 megapixels the process took 1.4 GB for 500,000 triangles and 2.7 GB for 1,000,000, and these give
a quarter more. A whole head takes less for each, but where none fits the two-sided bust takes its place."""
HEAD_GB = 0.6
"""What a whole head takes however few its triangles are, by `python -m benchmarks.busts`."""
ENOUGH_TRIANGLES = 4000
"""From so many triangles on, the samples lie within 2.3 % of their surface, and busts of a whole head within
0.8 % of theirs (`python -m benchmarks.busts`): not measured."""
LARGER_BUDGETS = (*range(200, 1000, 100), *range(1000, 4000, 500), ENOUGH_TRIANGLES)


def memory_gb(relief: Relief, kind: str, budget: int) -> float:
    """Estimated memory for a model of at most `budget` triangles."""
    full = full_triangles(relief, kind)
    of_grid = (WORKING_BYTES * min(GRID_SHARES[0] * budget, full) + KEPT_BYTES * min(budget, full)) / 1e9
    return max(of_grid, HEAD_GB) if KINDS[kind].from_head and relief.depth.faces else of_grid


def require_memory(relief: Relief, kind: str, asked: int, share: float = 1.0) -> None:
    """Raises GeometryError where the model would take more than `MEMORY_GB`, with the number that fits.

    asked: the number of triangles that was asked for. share: of it that the relief's own budget is.
    """
    budget = relief.settings.face_budget
    if (needed := memory_gb(relief, kind, budget)) <= MEMORY_GB:
        return
    fitting = next(
        count
        for count in range(budget // 10_000 * 10_000, 0, -10_000)
        if memory_gb(relief, kind, count) <= MEMORY_GB
    )
    raise GeometryError(
        f"A {kind} of {asked:,} triangles would take about {ceil(10 * needed) / 10:g} GB of memory, and "
        f"{MEMORY_GB:g} GB are allowed: choose at most {int(fitting / share):,}."
    )


def even_kind(kind: str) -> str:
    """The kind, or the one through whose points it is a surface: cheaper to build, and as large in detail."""
    return kind if KINDS[kind].even else "bust"


def off_its_surface(relief: Relief, kind: str, mesh: Mesh) -> float:
    """`deviation` of a mesh in the camera's frame from its kind with many triangles; 0 where not measured."""
    if relief.settings.face_budget >= ENOUGH_TRIANGLES:
        return 0.0
    shape = KINDS[even_kind(kind)].build(relief, 2 * ENOUGH_TRIANGLES)
    return deviation((shape.vertices_n3, shape.faces_m3), (mesh.vertices_n3, mesh.faces_m3))
