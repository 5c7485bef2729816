"""From a photo and its depth map to the same with what the camera did not see completed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from face3d.completion.beyond import continue_head, missing_px
from face3d.completion.hidden_side import HiddenSide, Painter, mirrored_side, painted_side
from face3d.completion.marked import reveal
from face3d.completion.mirror import find_mirror_plane
from face3d.completion.painters import find_painter
from face3d.completion.seen import see
from face3d.completion.shape import with_mirrored_back
from face3d.completion.symmetry import Mirrored, compare_halves
from face3d.completion.table import COMPLETIONS, DEFAULT_COMPLETION
from face3d.depth.download import Progress
from face3d.errors import CompletionError, GeometryError, memory_errors_explained
from face3d.geometry.filters import resample
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.structures import Array, Completion, DepthMap, Photo

NO_FACE = "No face was found, so there is no symmetry: the hidden side has the colours of the outline."
NOTHING_CUT = (
    "Nothing is cut out, so no person's sides are completed: the back has the colours of the outline."
)
CONTINUED = "The photo cuts the head; what lies beyond the photo's edge is made up."
NO_PLANE = "Too little of the face is seen twice: the hidden side has the colours of the outline."


class Completed(NamedTuple):
    """Depth map and photo, the same wherever the camera saw the person, and how the rest was completed."""

    depth: DepthMap
    photo: Photo
    completion: Completion


@memory_errors_explained()
def complete(
    depth: DepthMap,
    photo: Photo,
    name: str = DEFAULT_COMPLETION,
    *,
    face: int = 1,
    hidden_hw: Array | None = None,
    beyond_edge: bool = True,
    hidden_side: bool = True,
    named: bool = True,
    checkpoint: str | None = None,
    progress: Progress | None = None,
) -> Completed:
    """What the photo does not show, completed by one of `COMPLETIONS`, of the person with the face `face`.

    beyond_edge: whether a head that the photo's edge cuts is continued beyond it: photo and depth map grow.
    Of a map of which nothing is cut out no head is continued, and none is mirrored.
    hidden_side: whether the model has a side that an engine colours; where it has none, and nothing else is
    to be painted, no checkpoint is opened or fetched. named: see `Completion`.
    hidden_hw: (h, w) bool, pixels of the photo that show something before the person; they get colours and
    depth of the person. All other pixels keep both.
    checkpoint: folder or hub id of an engine that has none of its own. progress: of a download.
    Raises: CompletionError for an unknown engine or one that cannot run here; WeightsError where its
    checkpoint is not available; GeometryError where there is no such face; OutOfMemoryError.
    """
    if name not in COMPLETIONS:
        raise CompletionError(f"There is no completion '{name}'; choose one of {', '.join(COMPLETIONS)}.")
    is_cut = beyond_edge and not _is_whole(depth) and 0 < face <= len(depth.faces)
    is_cut = is_cut and any(missing_px(depth, face).values())
    paints = hidden_side or is_cut or hidden_hw is not None
    paint = find_painter(COMPLETIONS[name], checkpoint, progress) if paints else None
    uses_symmetry = name == "symmetry"
    settings = ModelSettings(face=face)
    added_hw = None
    if is_cut and (continued := continue_head(depth, photo, face, paint)) is not None:
        if hidden_hw is not None:
            hidden_hw = _in_frame(hidden_hw, continued.photo)
        depth, photo, added_hw = continued.depth, continued.photo, continued.added_hw
    relief = make_relief(depth, photo, settings)
    mirrored, note = _find_symmetry(relief, hidden_hw) if uses_symmetry else (None, "")
    marked_hw, confidences = None, []
    if hidden_hw is not None:
        depth, photo, marked_hw, sure_hw = reveal(depth, photo, hidden_hw, face, paint, mirrored)
        confidences.append(_on_grid(sure_hw, marked_hw, see(relief).size_hw))
        relief = make_relief(depth, photo, settings)
        if uses_symmetry:
            mirrored, note = _find_symmetry(relief, None)
    if mirrored is not None:
        depth = with_mirrored_back(depth, mirrored)
        relief = make_relief(depth, photo, settings)
    if added_hw is not None:
        confidences.append(_on_grid(np.zeros(added_hw.shape, np.float32), added_hw, see(relief).size_hw))
        marked_hw = added_hw if marked_hw is None else marked_hw | added_hw
    side, failure = _hidden_side(relief, mirrored, paint if hidden_side else None)
    confidences.append(side.confidence_hw[side.covered_hw])
    mean = float(np.concatenate(confidences).mean()) if sum(map(len, confidences)) else 0.0
    return Completed(
        depth,
        photo,
        Completion(
            name,
            side.rgb_hwc,
            side.confidence_hw,
            mean,
            marked_hw,
            " ".join(filter(None, (failure or note, CONTINUED * (added_hw is not None)))),
            named,
        ),
    )


def _is_whole(depth: DepthMap) -> bool:
    """Whether nothing was cut out of the picture."""
    return depth.matte_hw is None and bool(depth.mask_hw.all())


def _in_frame(layer_hw: Array, photo: Photo) -> Array:
    """A layer (h, w) bool of what the lens took, in the picture that was continued beyond it; False there."""
    left, top, width, height = photo.frame
    whole_hw = np.zeros(photo.size_hw, bool)
    whole_hw[top : top + height, left : left + width] = layer_hw
    return whole_hw


def _find_symmetry(relief: Relief, hidden_hw: Array | None) -> tuple[Mirrored | None, str]:
    """What symmetry knows of a relief without its hidden pixels, or None and a sentence why."""
    if not relief.depth.faces:
        return None, NO_FACE
    if _is_whole(relief.depth):
        return None, NOTHING_CUT
    seen, face = see(relief, hidden_hw), relief.depth.faces[0]
    plane = find_mirror_plane(seen, face)
    if plane is None:
        return None, NO_PLANE
    head_width = face.width / relief.camera.size_hw[1] * relief.camera.unit_per_width
    return Mirrored(seen, plane, compare_halves(seen, plane, head_width), face, head_width), ""


def _on_grid(confidence_hw: Array, marked_hw: Array, size_hw: tuple[int, int]) -> Array:
    """(n,) float32: confidences of the replaced pixels, as many as cells of the grid that they cover."""
    return resample(confidence_hw, marked_hw, size_hw)[0][resample(confidence_hw, marked_hw, size_hw)[1]]


def _hidden_side(relief: Relief, mirrored: Mirrored | None, paint: Painter | None) -> tuple[HiddenSide, str]:
    """The hidden side, and a sentence where there is none."""
    seen = see(relief) if mirrored is None else mirrored.seen
    nothing = HiddenSide(None, np.zeros(seen.size_hw, np.float32), seen.known_hw)
    try:
        if paint is not None:
            return painted_side(relief, seen, paint), ""
        return (nothing if mirrored is None else mirrored_side(relief, mirrored)), ""
    except GeometryError as error:  # of a bust, and the model may be of another kind
        return nothing, str(error)
