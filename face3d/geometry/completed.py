"""How much of a model's surface the photo does not show and a completion has coloured."""

from __future__ import annotations

import numpy as np

from face3d.structures import Array, Completion, Mesh


def completed_share(
    mesh: Mesh, completion: Completion, front_share: float, border_px: tuple[int, int], plate: bool
) -> float:
    """Share of the surface, 0..1, on the hidden part of the texture or on replaced pixels of the photo.

    front_share: of the texture's width that the photo takes. border_px: of the texture around the photo, and
    below that. plate: its hidden part is no person's and does not count.
    """
    if mesh.uv_n2 is None:
        return 0.0
    corners_m33 = mesh.vertices_n3[mesh.faces_m3].astype(np.float64)
    edges_2m3 = corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]
    area_m: Array = np.linalg.norm(np.cross(*edges_2m3), axis=1)
    across_m, up_m = mesh.uv_n2[mesh.faces_m3].mean(axis=1).T
    hidden_m = across_m > front_share
    completed_m = hidden_m & (not plate)
    if completion.marked_hw is not None:
        height, width = completion.marked_hw.shape
        around, below = border_px
        columns_m = across_m / front_share * (width + 2 * around) - around
        rows_m = (1 - up_m) * (height + 2 * around + below) - around
        inside_m = ~hidden_m & (rows_m >= 0) & (rows_m < height) & (columns_m >= 0) & (columns_m < width)
        at = rows_m[inside_m].astype(int), columns_m[inside_m].astype(int)
        completed_m[inside_m] = completion.marked_hw[at]
    return float(area_m[completed_m].sum() / max(area_m.sum(), 1e-30))
