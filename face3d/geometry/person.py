"""The one person of a depth map that a model is of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face3d.errors import GeometryError
from face3d.structures import DepthMap


def only_person(depth: DepthMap, number: int) -> DepthMap:
    """The map with the mask, the matte and the face of one person; the same map where no face is known.

    number: of the face, from 1 on; 1 is the person who covers most of the picture.
    Raises: GeometryError where there are fewer faces.
    """
    count = len(depth.faces)
    if number > max(count, 1):
        found = {0: "no face", 1: "1 face"}.get(count, f"{count} faces")
        found = found if depth.detects_faces else "no face, for this network does not look for faces"
        raise GeometryError(f"Face {number} was asked for; the photo has {found}. Choose another number.")
    if count < 2:
        return depth
    faces = (depth.faces[number - 1],)
    if depth.person_hw is None:
        return replace(depth, faces=faces)
    person_hw = depth.person_hw == number
    return replace(
        depth,
        mask_hw=depth.mask_hw & person_hw,
        matte_hw=None if depth.matte_hw is None else depth.matte_hw * person_hw.astype(np.float32),
        faces=faces,
        person_hw=person_hw.astype(np.uint8),
    )
