"""A whole head from a relief: the fitted and wrapped head model with hair, eyes, teeth and expressions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from face3d.geometry.camera import project
from face3d.geometry.parts import AnimatedHead, HeadFigures, HeadPart
from face3d.geometry.relief import Relief
from face3d.head.charts import Chart, chart_of
from face3d.head.colours import PhotoColours, hair_outside, hair_picture, skin_picture
from face3d.head.eyes import BALLS, eye_picture, eye_places, eye_turns
from face3d.head.fit import HeadFit, fit_head
from face3d.head.hair import HairLayer, hair_layer, hair_mesh
from face3d.head.model import OUTSIDE, HeadModel, load_head_model
from face3d.head.seen import SkinGrid, seen_skin
from face3d.head.wrap import wrapped
from face3d.structures import Array, Mesh

GUMS, TEETH = 2, 3
INSIDE_MOUTH_RGB = {GUMS: (150, 84, 82), TEETH: (226, 220, 204)}
CHART_PX = 1024
"""Side of the picture of each of the two charts of the skin."""
NEAR_END = 0.03
"""Vertices so near to LOWEST tell where it lies on this head, head widths."""
HAIR_SHARE = 256
"""The hair's picture has a pixel more along each cell for so many pixels of that side."""
LOWEST = -0.86
"""Canonical height at which the skin ends, cut straight: below the neck, through the upper shoulders."""


@dataclass(frozen=True, eq=False)
class WholeHead:
    """fit, hair, vertices_v3, photo: what the parts are made of. seen_share: of the skin's area, how much the
    photo shows. strands: contrast of the hair's, see `face3d.head.strands`. animated: its meshes are in the
    unit and the space of the relief's camera.
    """

    relief: Relief
    fit: HeadFit
    hair: HairLayer | None
    vertices_v3: Array
    photo: PhotoColours
    seen_share: float
    strands: float
    animated: AnimatedHead

    def figures(self) -> HeadFigures:
        """How it was fitted, for the mesh report."""
        return HeadFigures(
            round(100 * self.fit.residual, 2),
            round(self.fit.residual_mm, 2),
            round(100 * self.fit.used, 1),
            round(100 * self.seen_share, 1),
            round(100 * self.hair.share, 1) if self.hair else 0.0,
        )

    @property
    def unit(self) -> float:
        """Length of a head width in the space of the relief's camera."""
        return _unit(self.fit, self.relief)


def cut_straight(model: HeadModel, fit: HeadFit, relief: Relief, vertices_v3: Array) -> Array:
    """The vertices, those below LOWEST on the mean head moved to where their edges pass the plane of those
    at it.
    """
    up, below = fit.rotation_33[:, 1], model.neutral_v3[:, 1] < LOWEST
    points = vertices_v3.astype(np.float64)
    height = points @ up
    level = float(np.median(height[np.abs(model.neutral_v3[:, 1] - LOWEST) < NEAR_END]))
    start, end = model.triangles_m3.ravel(), np.roll(model.triangles_m3, 1, axis=1).ravel()
    start, end = np.concatenate([start, end]), np.concatenate([end, start])
    crosses = below[start] & ~below[end]
    start, end = start[crosses], end[crosses]
    share = (level - height[start]) / np.maximum(height[end] - height[start], 1e-9)
    at = points[start] + np.clip(share, 0, 1)[:, None] * (points[end] - points[start])
    count = np.bincount(start, minlength=len(points))[:, None]
    sums = np.stack([np.bincount(start, at[:, axis], len(points)) for axis in range(3)], -1)
    points = np.where(count > 0, sums / np.maximum(count, 1), points)
    height = points @ up
    lift = np.where(below, level, np.maximum(height, level)) - height
    return np.asarray(points + lift[:, None] * up, np.float32)


def whole_head(relief: Relief, picture_px: int = CHART_PX, *, moving: bool = True) -> WholeHead:
    """The head of the relief's person. picture_px: see CHART_PX.

    moving: with expressions, with what only they show, the teeth, and with strands where no hair is seen.

    Raises: HeadError where the network does not say where on the head skin lies, and where no head fits.
    """
    model = load_head_model()
    fit = fit_head(model, seen_skin(relief))
    vertices = wrapped(model, fit, relief)
    hair = hair_layer(model, fit, relief, vertices)
    photo = PhotoColours.of(relief, _unit(fit, relief))
    parts = [
        _skin(model, fit, photo, vertices, picture_px, moving),
        _eyes(model, fit, photo, vertices, moving),
    ]
    if moving:
        parts.append(_teeth(model, fit, relief, vertices))
    strands = 0.0
    if hair is not None:
        part, strands = _hair(hair, fit, photo, max(1, picture_px // HAIR_SHARE), strands=moving)
        parts.append(part)
    seen = photo.seen_share(vertices[: model.skin_vertices], model.skin_triangles_m3)
    animated = AnimatedHead(tuple(parts), model.arkit_names)
    return WholeHead(relief, fit, hair, vertices, photo, seen, strands, animated)


def _unit(fit: HeadFit, relief: Relief) -> float:
    """Length of a head width in the space of the relief's camera."""
    return fit.scale * relief.camera.unit_per_width / fit.camera.unit_per_width


def _offsets(model: HeadModel, fit: HeadFit, relief: Relief, used_n: Array) -> Array:
    return _turned(model.expression_ev3[:, used_n], fit, relief)


def _turned(offsets_en3: Array, fit: HeadFit, relief: Relief) -> Array:
    """Offsets in canonical axes and head widths in the space of the relief's camera."""
    return np.asarray(offsets_en3 @ (fit.rotation_33.T * _unit(fit, relief)).astype(np.float32), np.float32)


@lru_cache(maxsize=2)
def _charts(model: HeadModel, side: int) -> tuple[Chart, ...]:
    return tuple(
        chart_of(
            model.uv_n2[model.uv_triangles_m3[model.material_m == surface]],
            model.triangles_m3[model.material_m == surface],
            (side, side),
        )
        for surface in OUTSIDE
    )


@lru_cache(maxsize=1)
def _skin_layout(model: HeadModel) -> tuple[Array, Array, Array]:
    """Vertices of the model that the skin uses, one for each of their places in the picture (n,); triangles
    that name them by their number here (m, 3) int32; the places (n, 2) float32.
    """
    corners, places = [], []
    for number, surface in enumerate(OUTSIDE):
        mine = model.material_m == surface
        uv = model.uv_n2[model.uv_triangles_m3[mine]]
        corners.append(model.triangles_m3[mine])
        places.append(np.stack([(uv[..., 0] + number) / len(OUTSIDE), uv[..., 1]], -1))
    triangles, uv = np.concatenate(corners), np.concatenate(places)
    kept = model.neutral_v3[triangles, 1].max(1) > LOWEST
    triangles, uv = triangles[kept], uv[kept]
    keys = np.concatenate([triangles.reshape(-1, 1), np.round(uv.reshape(-1, 2) * 65535)], axis=1)
    _, first, corner = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    used = triangles.ravel()[first]
    faces, places_n2 = corner.reshape(-1, 3).astype(np.int32), uv.reshape(-1, 2)[first].astype(np.float32)
    return used, faces, places_n2


def _skin(
    model: HeadModel, fit: HeadFit, photo: PhotoColours, vertices_v3: Array, picture_px: int, moving: bool
) -> HeadPart:
    """The skin with the sockets; the pictures of its two surfaces stand side by side."""
    pictures = skin_picture(model, _charts(model, picture_px), photo, vertices_v3)
    used, faces, uv = _skin_layout(model)
    mesh = Mesh(
        cut_straight(model, fit, photo.relief, vertices_v3)[used],
        faces,
        uv,
        np.hstack(pictures),
    )
    return HeadPart("skin", mesh, _offsets(model, fit, photo.relief, used) if moving else None)


def _eyes(model: HeadModel, fit: HeadFit, photo: PhotoColours, vertices_v3: Array, moving: bool) -> HeadPart:
    """Both eyes; their pictures stand side by side."""
    used: list[Array] = []
    faces: list[Array] = []
    uvs: list[Array] = []
    pictures: list[Array] = []
    for number, surface in enumerate(BALLS):
        of_eye, triangles, uv = eye_places(model, surface)
        faces.append(triangles + sum(len(of_other) for of_other in used))
        used.append(of_eye)
        uvs.append(np.stack([(uv[:, 0] + number) / len(BALLS), uv[:, 1]], -1))
        pictures.append(eye_picture(model, surface, photo, vertices_v3))
    both = np.concatenate(used)
    mesh = Mesh(
        vertices_v3[both],
        np.concatenate(faces).astype(np.int32),
        np.concatenate(uvs).astype(np.float32),
        np.hstack(pictures),
    )
    if not moving:
        return HeadPart("eyes", mesh)
    turns = np.concatenate([eye_turns(model, surface) for surface in BALLS], axis=1)
    moved = _offsets(model, fit, photo.relief, both) + _turned(turns, fit, photo.relief)
    return HeadPart("eyes", mesh, moved)


def _teeth(model: HeadModel, fit: HeadFit, relief: Relief, vertices_v3: Array) -> HeadPart:
    """Gums, tongue and teeth, of one colour each."""
    surfaces = np.isin(model.material_m, list(INSIDE_MOUTH_RGB))
    triangles = model.triangles_m3[surfaces]
    used, number = np.unique(triangles, return_inverse=True)
    colours = np.empty((len(used), 3), np.uint8)
    for surface, rgb in INSIDE_MOUTH_RGB.items():
        colours[np.isin(used, model.triangles_m3[model.material_m == surface])] = rgb
    mesh = Mesh(vertices_v3[used], number.reshape(-1, 3).astype(np.int32), colours_n3=colours)
    return HeadPart("teeth", mesh, _offsets(model, fit, relief, used))


def _hair(
    layer: HairLayer, fit: HeadFit, photo: PhotoColours, px_per_cell: int, *, strands: bool
) -> tuple[HeadPart, float]:
    """The hair, and the contrast of its strands."""
    relief = photo.relief
    places, faces, uv = hair_mesh(layer)
    outside = hair_outside(layer, px_per_cell)
    points = fit.placed(outside.reshape(-1, 3), relief.camera).astype(np.float64)
    columns, rows = (np.floor(values).astype(int) for values in project(points, relief.camera))
    _, skin = SkinGrid.of(relief).at(rows, columns)
    picture, contrast = hair_picture(
        photo, points.reshape(outside.shape), skin.reshape(outside.shape[:2]), strands=strands
    )
    return HeadPart("hair", Mesh(fit.placed(places, relief.camera), faces, uv, picture)), contrast
