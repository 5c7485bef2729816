"""The texture of a bust: the photo for what it shows, the colours of head and body for the rest."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from face3d.geometry.camera import project
from face3d.geometry.filters import fill_by_diffusion
from face3d.geometry.kinds import Shape
from face3d.geometry.meshes import pieces_of, vertex_normals
from face3d.geometry.relief import Relief
from face3d.geometry.texture import FRONT_SHARE, foot_px, model_texture, picture_uv, sample_texture
from face3d.head.base import above_body
from face3d.head.charts import chart_of
from face3d.head.colours import PhotoColours
from face3d.head.whole import WholeHead
from face3d.structures import Array, Mesh

AXIS_SECTIONS, AXIS_SIGMA = 32, 1.5
"""Sections of a bust in which its vertical axis is looked for, and the smoothing of it, sections."""
COLOURED_BELOW = 0.1
"""How far below its upper end the body's hidden colours are its own, not those of the head."""
SOLID_OFF_RELIEF = 0.1
"""How far off the relief the solid may lie to take the photo's colour, head widths: its hair is smoothed, and
lies about 0.04 behind the relief."""
SHOWN = 0.4
"""How far the photo must show the corners of a triangle that takes it, see `PhotoColours.at`."""
ISLAND = 2e-3
"""Share of the surface below which a hidden piece is drawn with the photo around it."""
NEAREST = 4
"""Vertices of the parts of which a hidden place takes the mean colour, by distance."""
GOES_ON = 0.25
"""How far what the photo shows goes on beside it, head widths, until only the parts' colours are left."""
COLOURED_PARTS = "skin", "eyes", "hair"


def textured(head: WholeHead, body: Shape, vertices_n3: Array, faces_m3: Array) -> Mesh:
    """The solid with the atlas of all solids: the photo on the left, what it does not show on the right."""
    relief = head.relief
    below_px = foot_px(relief.camera.size_hw[0])
    texture = model_texture(relief, closed=True, photo_rows=body.photo_rows).copy()
    photo = PhotoColours.of(relief, head.unit)
    share = photo.at(vertices_n3.astype(np.float64), vertex_normals(vertices_n3, faces_m3), SOLID_OFF_RELIEF)[
        1
    ]
    plain_n = _plain(body, vertices_n3, relief)
    plain = plain_n[faces_m3].all(1)
    shown = _without_islands(vertices_n3, faces_m3, np.asarray((share > SHOWN)[faces_m3].all(1))) & ~plain
    around = _around(head, vertices_n3, faces_m3)
    width = texture.shape[1] - round(texture.shape[1] * FRONT_SHARE)
    height = _photo_px(texture, relief, below_px)
    front_n2 = picture_uv(vertices_n3, relief.camera, 0, below_px)
    front_n2[:, 0] *= FRONT_SHARE
    # Well inside the rows of clay: at the texture's edge many programs mix in the opposite one.
    clay_v = 0.4 * (1 - height / texture.shape[0])
    front_n2[:, 1] = np.maximum(front_n2[:, 1], clay_v)
    seen = np.unique(faces_m3[shown])
    seen = seen[~plain_n[seen]]
    hidden = np.flatnonzero(~shown & ~plain)
    texture[:height, -width:] = _hidden_picture(
        head,
        body,
        texture,
        (vertices_n3[seen], sample_texture(texture, front_n2[seen])),
        vertices_n3,
        faces_m3[hidden],
        around[hidden],
        (height, width),
    )
    side = np.select([shown, plain], [0, 1], 2)
    places = np.where((side == 2)[:, None, None], np.round(around * 65535), 0).astype(np.int64)
    keys = np.concatenate([faces_m3.reshape(-1, 1), np.repeat(side, 3)[:, None], places.reshape(-1, 2)], 1)
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    source, side = keys[first, 0], keys[first, 1]
    uv = front_n2[source]
    uv[side == 1, 1] = clay_v
    sides = np.array([width / texture.shape[1], height / texture.shape[0]])
    hidden_uv = 1 - sides * (1 - around.reshape(-1, 2)[first].astype(np.float64))
    return Mesh(
        vertices_n3[source],
        number.reshape(-1, 3).astype(np.int32),
        np.where((side == 2)[:, None], hidden_uv, uv).astype(np.float32),
        texture,
        unit=relief.unit,
    )


def _without_islands(vertices_n3: Array, faces_m3: Array, shown_m: Array) -> Array:
    """(m,) bool: the triangles that take the photo, with small pieces among them that it hardly shows, such
    as nostrils.
    """
    hidden = np.flatnonzero(~shown_m)
    piece = pieces_of(faces_m3[hidden], len(vertices_n3))
    a, b, c = (vertices_n3[faces_m3[:, corner]].astype(np.float64) for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    small = np.bincount(piece, area[hidden]) < ISLAND * area.sum()
    shown_m = shown_m.copy()
    shown_m[hidden[small[piece]]] = True
    return shown_m


def _plain(body: Shape, points_n3: Array, relief: Relief) -> Array:
    """(n,) bool: points on the foot or the plinth, which wear nothing of the photo."""
    below = project(points_n3, relief.camera)[1] > body.photo_rows
    return np.asarray(below | (points_n3[:, 1] <= body.plain_below))


def _photo_px(texture_hwc: Array, relief: Relief, below_px: int) -> int:
    """Rows of the texture that the photo takes, above the rows of clay."""
    height = relief.camera.size_hw[0]
    return round(texture_hwc.shape[0] * height / (height + below_px))


def _around(head: WholeHead, vertices_n3: Array, faces_m3: Array) -> Array:
    """(m, 3, 2) places of the triangles' corners in the picture of what is hidden, 0..1 from the lower left:
    the angle around a vertical axis, and the length along its outline from the floor to the top. The axis
    goes through the middle of each section, so that the head is as large in the picture as it can be.
    """
    x_n, z_n = _axis(vertices_n3, float(head.vertices_v3[:, 1].mean()))
    x, z = vertices_n3[:, 0] - x_n, vertices_n3[:, 2] - z_n
    y = vertices_n3[:, 1] - float(head.vertices_v3[:, 1].mean())
    radius = 0.5 * head.unit
    along = np.where(y > 0, radius * np.arctan2(y, np.hypot(x, z)), y)
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    angle = np.arctan2(x, z)[faces_m3] / (2 * np.pi) + 0.5
    # A triangle across the seam behind continues beyond the end; the picture has room for it.
    wraps = np.ptp(angle, axis=1) > 0.5
    angle[wraps] += angle[wraps] < 0.5
    return np.stack([0.04 + 0.92 * np.clip(angle, 0, 1.04) / 1.04, 0.02 + 0.96 * along[faces_m3]], -1)


def _axis(vertices_n3: Array, highest: float) -> tuple[Array, Array]:
    """x and z (n,) of the axis at the height of each vertex; above `highest` it goes straight up."""
    heights = vertices_n3[:, 1]
    edges = np.linspace(heights.min(), highest, AXIS_SECTIONS + 1)
    section = np.clip(np.searchsorted(edges, heights) - 1, 0, AXIS_SECTIONS - 1)
    section[heights > highest] = AXIS_SECTIONS - 1
    used = np.unique(section)
    middles = (edges[:-1] + edges[1:]) / 2
    along = []
    for axis in (0, 2):
        values = vertices_n3[:, axis]
        low = ndimage.minimum(values, section, used)
        high = ndimage.maximum(values, section, used)
        middle = np.interp(middles, middles[used], (low + high) / 2)
        even = ndimage.gaussian_filter1d(middle, AXIS_SIGMA, mode="nearest")
        along.append(np.interp(heights, middles, even))
    return along[0], along[1]


def _hidden_picture(
    head: WholeHead,
    body: Shape,
    texture_hwc: Array,
    seen: tuple[Array, Array],
    vertices_n3: Array,
    faces_m3: Array,
    places_m32: Array,
    size_hw: tuple[int, int],
) -> Array:
    """(h, w, 3) uint8: the colours of the parts by place around the head.

    seen: vertices (n, 3) that the photo shows, and their colours (n, 3), which go on beside them.
    """
    shrunk = max(1, round(size_hw[1] / 512))
    small = size_hw[0] // shrunk, size_hw[1] // shrunk
    chart = chart_of(places_m32, faces_m3, small)
    at = chart.of_vertices(vertices_n3)
    mean, _ = _nearest_colours(at, *_coloured_points(head, body, texture_hwc), head.unit)
    if len(seen[0]):
        beside, away = _nearest_colours(at, *seen, head.unit)
        share = np.clip(1 - away / (GOES_ON * head.unit), 0, 1)[:, None]
        mean += share * share * (3 - 2 * share) * (beside - mean)
    ground = np.zeros((*small, 3), np.float32)
    picture = chart.picture(mean.astype(np.float32), ground)
    known = chart.picture(np.ones((len(mean), 1), np.float32), ground[..., :1])[..., 0] > 0
    filled = fill_by_diffusion(picture, known) if known.any() else picture
    filled[known] = picture[known]
    return cv2.resize(
        np.clip(np.round(filled), 0, 255).astype(np.uint8), size_hw[::-1], interpolation=cv2.INTER_LINEAR
    )


def _nearest_colours(at_n3: Array, points_k3: Array, colours_k3: Array, unit: float) -> tuple[Array, Array]:
    """(n, 3) mean colours of the nearest points, by distance, and the distance of the nearest one (n,).

    unit: a head width.
    """
    away, near = cKDTree(points_k3).query(at_n3, k=min(NEAREST, len(points_k3)))
    away, near = away.reshape(len(at_n3), -1), near.reshape(len(at_n3), -1)
    weight = 1 / (away + 1e-3 * unit) ** 2
    return (weight[..., None] * colours_k3[near]).sum(1) / weight.sum(1)[:, None], away[:, 0]


def _coloured_points(head: WholeHead, body: Shape, texture_hwc: Array) -> tuple[Array, Array]:
    """Vertices (n, 3) of the head's skin and hair and of the body's hidden side, with colours (n, 3)."""
    points: list[Array] = []
    colours: list[Array] = []
    for part in head.animated.parts:
        mesh = part.mesh
        if part.name in COLOURED_PARTS and mesh.texture_hwc is not None and mesh.uv_n2 is not None:
            points.append(mesh.vertices_n3)
            colours.append(sample_texture(mesh.texture_hwc, mesh.uv_n2))
    relief = head.relief
    below = body.vertices_n3[above_body(head, body.vertices_n3) < -COLOURED_BELOW]
    uv = picture_uv(below, relief.camera, 0, foot_px(relief.camera.size_hw[0]))
    uv[:, 0] = FRONT_SHARE + uv[:, 0] * (1 - FRONT_SHARE)
    return np.concatenate([*points, below]), np.concatenate([*colours, sample_texture(texture_hwc, uv)])
