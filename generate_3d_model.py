"""From a depth map to a model: points, meshes and their report. Neither torch nor Streamlit.

1. Relief: the depth map masked, smoothed and given its unit (`relief`), once per model. Whatever is asked of
   the model afterwards, points, mesh, report, figure, is made of it.
2. Surface: a whole head on shoulders (`head`), where the kind is one and a head is found; else the geometry
   of the kind (`kinds`) on the grid of the pixels, decimated to the number of triangles (`meshing`).
3. Finish: colours of the photo (`texture`), millimetres by the distance of the eyes (`scale`), walls where
   the model is to be hollow, and what was measured (`report`).
"""

from __future__ import annotations

from dataclasses import replace

from face3d.errors import HeadError, memory_errors_explained
from face3d.geometry import plates
from face3d.geometry.budget import require_memory
from face3d.geometry.clouds import even_points, point_cloud
from face3d.geometry.finished import OUTSIDE_SHARE, Model
from face3d.geometry.kinds import KINDS, settings_of
from face3d.geometry.meshing import build_mesh, model_on_grid
from face3d.geometry.relief import make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.finished import model_from_head
from face3d.structures import Completion, DepthMap, Photo

__all__ = [
    "KINDS",
    "Model",
    "ModelSettings",
    "build_mesh",
    "even_points",
    "generate_model",
    "make_relief",
    "point_cloud",
]


@memory_errors_explained()
def generate_model(
    depth: DepthMap,
    photo: Photo,
    kind: str = "bust",
    settings: ModelSettings | None = None,
    completion: Completion | None = None,
) -> Model:
    """A model of one of `KINDS` at its metric scale, with its report.

    Decimation may push triangles of a closed kind through each other; the mesh is then built again on an even
    grid, without decimation, unless that would be too coarse.
    completion: how the hidden side was completed, where depth map and photo come from `face3d.completion`.
    Raises: GeometryError for an unknown kind, where the depth map gives no such model, and where the number
    of triangles takes too much memory or is too small for the shape, with the number that fits;
    OutOfMemoryError.
    """
    settings = settings_of(kind, settings or ModelSettings())
    asked = settings.face_budget
    if hollow := settings.wall_mm is not None and KINDS[kind].can_be_hollow:
        settings = replace(settings, face_budget=max(100, round(OUTSIDE_SHARE * settings.face_budget)))
    relief = make_relief(depth, photo, settings, completion)
    relief = plates.with_frame(relief) if KINDS[kind].of_light else relief
    require_memory(relief, kind, asked, OUTSIDE_SHARE if hollow else 1.0)
    if not KINDS[kind].from_head:
        return model_on_grid(relief, kind, hollow, asked)
    try:
        return model_from_head(relief, kind, hollow)
    except HeadError as error:
        if not KINDS[kind].closed:
            raise
        model = model_on_grid(relief, kind, hollow, asked)
        return replace(model, report=replace(model.report, head_refused=str(error)))
