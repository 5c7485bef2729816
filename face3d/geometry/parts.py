"""A head in parts that expressions move, and the parts as one mesh."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from face3d.errors import GeometryError
from face3d.geometry.texture import CLAY_RGB
from face3d.structures import Array, Mesh, read_only

SWATCH_PX = 8
"""Side of the square of a texture that one colour of vertices takes."""
GUTTER_PX = 4
"""Rows and columns around each part's picture, like its edge: neighbours do not shine through."""


@dataclass(frozen=True, eq=False)
class HeadPart:
    """One part of an animated head: its skin, its hair, its eyes or its teeth.

    mesh: with texture and `uv_n2`, or with `colours_n3`.
    offsets_en3: (e, n, 3) float32, how far each expression at full weight moves each vertex, in the mesh's
    unit; None for a part that no expression moves.
    """

    name: str
    mesh: Mesh
    offsets_en3: Array | None = None

    def __post_init__(self) -> None:
        if self.offsets_en3 is None:
            return
        if self.offsets_en3.dtype != np.float32 or self.offsets_en3.shape[1:] != self.mesh.vertices_n3.shape:
            raise GeometryError(f"The offsets of the part {self.name} do not fit its vertices.")
        object.__setattr__(self, "offsets_en3", read_only(self.offsets_en3))


@dataclass(frozen=True, eq=False)
class AnimatedHead:
    """A head in parts, as the photo shows it, with expressions that move it from there.

    expression_names: in ARKit's spelling, mouthSmileLeft and not mouthSmile_L; see `HeadModel.arkit_names`.
    """

    parts: tuple[HeadPart, ...]
    expression_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(name.endswith(("_L", "_R")) for name in self.expression_names):
            raise GeometryError("Expressions have ARKit's names, with Left and Right in place of _L and _R.")
        wanted = len(self.expression_names)
        if any(part.offsets_en3 is not None and len(part.offsets_en3) != wanted for part in self.parts):
            raise GeometryError("A part has offsets for another number of expressions.")

    def scaled(self, origin_3: Array, factor: float, unit: str) -> AnimatedHead:
        """The head with its points less an origin times a factor, in another unit."""

        def moved(part: HeadPart) -> HeadPart:
            points = ((part.mesh.vertices_n3 - origin_3) * factor).astype(np.float32)
            offsets = part.offsets_en3
            return HeadPart(
                part.name,
                replace(part.mesh, vertices_n3=points, unit=unit),
                None if offsets is None else offsets * np.float32(factor),
            )

        return replace(self, parts=tuple(map(moved, self.parts)))

    def as_one(self) -> Mesh:
        """All parts as they are, one mesh with one texture: the parts' pictures below each other."""
        pictures, places = zip(*(_picture_of(part.mesh) for part in self.parts), strict=True)
        framed = [
            cv2.copyMakeBorder(picture, GUTTER_PX, GUTTER_PX, GUTTER_PX, GUTTER_PX, cv2.BORDER_REPLICATE)
            for picture in pictures
        ]
        width, height = max(picture.shape[1] for picture in framed), sum(map(len, framed))
        texture = np.empty((height, width, 3), np.uint8)
        texture[:] = CLAY_RGB
        top, count = 0, 0
        uvs, faces = [], []
        for part, picture, uv in zip(self.parts, framed, places, strict=True):
            rows, columns = picture.shape[:2]
            texture[top : top + rows, :columns] = picture
            across = GUTTER_PX + uv[:, 0] * (columns - 2 * GUTTER_PX)
            down = top + GUTTER_PX + (1 - uv[:, 1]) * (rows - 2 * GUTTER_PX)
            uvs.append(np.stack([across / width, 1 - down / height], -1))
            faces.append(part.mesh.faces_m3 + count)
            top, count = top + rows, count + len(part.mesh.vertices_n3)
        return Mesh(
            np.concatenate([part.mesh.vertices_n3 for part in self.parts]),
            np.concatenate(faces).astype(np.int32),
            np.concatenate(uvs).astype(np.float32),
            texture,
            unit=self.parts[0].mesh.unit,
        )


@dataclass(frozen=True)
class HeadFigures:
    """How a head model was fitted to a face.

    residual_percent, residual_mm: root mean square distance of the seen skin from its places on the model, in
    percent of the head's width, and on a head as wide as the mean one. used_percent: share of the seen skin
    that agrees with it. seen_percent: share of the skin's surface that the photo shows; the rest is the
    model's. hair_percent: share of the upper half of the head that hair covers.
    """

    residual_percent: float
    residual_mm: float
    used_percent: float
    seen_percent: float
    hair_percent: float


def _picture_of(mesh: Mesh) -> tuple[Array, Array]:
    """A mesh's texture and the places of its vertices there; of colours of vertices, a square for each."""
    if mesh.texture_hwc is not None and mesh.uv_n2 is not None:
        return mesh.texture_hwc, mesh.uv_n2
    if mesh.colours_n3 is None:
        colours, number = np.array([CLAY_RGB], np.uint8), np.zeros(len(mesh.vertices_n3), int)
    else:
        colours, number = np.unique(mesh.colours_n3, axis=0, return_inverse=True)
    picture = np.repeat(np.repeat(colours[None], SWATCH_PX, axis=0), SWATCH_PX, axis=1)
    return picture, np.stack([(number.ravel() + 0.5) / len(colours), np.full(len(number), 0.5)], -1)
