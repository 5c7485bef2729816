"""Whether a model can be written: models that no reader could use are refused before a file is begun."""

from __future__ import annotations

import numpy as np

from face3d.errors import ExportError
from face3d.geometry.scale import in_millimetres
from face3d.structures import Mesh, PointCloud

MOST_MM = 1e9
"""The largest coordinate that readers of 3MF take (lib3mf); float32, of STL and PLY, ends at 3.4e38."""
LEAST_MM = 1e-3
"""The least size of a surface: XYZ has four digits after the point."""


def check_writable(model: Mesh | PointCloud) -> None:
    """Raises: ExportError for a model without triangles or points, without metric scale, or out of range."""
    points_n3 = model.vertices_n3 if isinstance(model, Mesh) else model.points_n3
    if not len(points_n3) or (isinstance(model, Mesh) and not len(model.faces_m3)):
        what = "triangles" if isinstance(model, Mesh) else "points"
        raise ExportError(f"The model has no {what} to write. Use a photo in which the person is larger.")
    points_n3 = in_millimetres(points_n3, model.unit)
    farthest, size = float(np.abs(points_n3).max()), float(np.ptp(points_n3, axis=0).max())
    if farthest > MOST_MM:
        raise ExportError(
            f"The model reaches {farthest:.3g} mm from the origin, and files hold {MOST_MM:.0e} mm at most. "
            "Give it a height."
        )
    if isinstance(model, Mesh) and size < LEAST_MM:
        raise ExportError(
            f"The model is {size:.3g} mm large, and files hold {LEAST_MM:g} mm or more. Give it a height."
        )
