"""The bundled head model: mean head, identity modes, expression shapes, surfaces.

Packed from the ICT face model (USC Institute for Creative Technologies, MIT licence) by
`training.release.pack_head_model`.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from face3d import bundled
from face3d.errors import HeadError
from face3d.structures import Array, read_only

FILE = bundled.FOLDER / "head_model.npz"
FORMAT = "head model 1"
SURFACES = (
    "M_Face",
    "M_BackHead",
    "M_GumsTongue",
    "M_Teeth",
    "M_ScleraLeft",
    "M_ScleraRight",
    "M_IrisLeft",
    "M_IrisRight",
    "M_EyeLashes",
)
"""Surfaces in the order of `HeadModel.material_m`, by the names of the ICT model."""
OUTSIDE = 0, 1
"""Surfaces of the skin with the sockets of eyes and mouth."""
FOLLOWERS = (((2, 3), 0.05), ((4, 6), 0.03), ((5, 7), 0.03))
"""Surfaces that move as one with the skin around them, and how near that skin lies, head widths: gums, tongue
and teeth with the lips; each eye with its lids."""
TRIANGLES_AT_A_VERTEX = 10
"""How many triangles around the nearest vertex are tried for the nearest place of the surface."""


@dataclass(frozen=True, eq=False)
class HeadModel:
    """The linear head model in canonical coordinates: in widths of the mean head, from its pivot, +X right,
    +Y up, +Z out of the face (docs/conventions.md).

    neutral_v3: (v, 3) float32; the skin of head, neck and shoulders comes first.
    identity_kv3: (k, v, 3) float32, one standard deviation each. expression_ev3: the same at full weight.
    expression_names: ARKit's; where that has one shape for both sides, with _L and _R.
    triangles_m3: (m, 3) int32. material_m: (m,) uint8, the number in SURFACES.
    uv_n2: (n, 2) float32 in 0..1, (0, 0) lower left. uv_triangles_m3: (m, 3) int32, corners in `uv_n2`.
    width_mm: width of the mean head with its ears. skin_vertices: number of vertices of the skin.
    """

    neutral_v3: Array
    identity_kv3: Array
    expression_ev3: Array
    expression_names: tuple[str, ...]
    triangles_m3: Array
    material_m: Array
    uv_n2: Array
    uv_triangles_m3: Array
    width_mm: float
    skin_vertices: int

    def shape(self, identity_k: Array, expression_e: Array) -> Array:
        """Vertices (v, 3) float32 of a head, in canonical axes and widths of the mean head."""
        moved = np.tensordot(np.asarray(identity_k, np.float32), self.identity_kv3, 1)
        moved += np.tensordot(np.asarray(expression_e, np.float32), self.expression_ev3, 1)
        return np.asarray(self.neutral_v3 + moved, np.float32)

    @cached_property
    def mirrored_expression(self) -> Array:
        """(e,) int: the number of the same expression on the other side; its own where there is none."""
        number = {name: i for i, name in enumerate(self.expression_names)}
        other = {"_L": "_R", "_R": "_L"}
        swapped = [name[:-2] + other.get(name[-2:], name[-2:]) for name in self.expression_names]
        # jawLeft and mouthLeft have no sides, but are each other's mirror image.
        words = [name.replace("Left", "\0").replace("Right", "Left") for name in swapped]
        return np.array([number[name.replace("\0", "Right")] for name in words])

    @cached_property
    def arkit_names(self) -> tuple[str, ...]:
        """`expression_names` as ARKit spells them: mouthSmileLeft for mouthSmile_L.

        Left is the side of the person, +X. ARKit has browInnerUp and cheekPuff for both sides at once only;
        the sides are named like the others here, browInnerUpLeft. ARKit's tongueOut is not among them.
        """
        sides = {"_L": "Left", "_R": "Right"}
        return tuple(
            name[:-2] + sides[name[-2:]] if name[-2:] in sides else name for name in self.expression_names
        )

    @cached_property
    def skin_triangles_m3(self) -> Array:
        """(m, 3) int32: the triangles of the skin."""
        return self.triangles_m3[(self.triangles_m3 < self.skin_vertices).all(1)]

    @cached_property
    def moving_triangles_m3(self) -> Array:
        """(m, 3) int32: the triangles of the skin with the sockets of eyes and mouth."""
        return self.triangles_m3[np.isin(self.material_m, OUTSIDE)]

    @cached_property
    def moving_vertices(self) -> int:
        """Number of their vertices, which come first."""
        return int(self.moving_triangles_m3.max()) + 1

    @cached_property
    def moving_laplacian(self) -> sparse.csr_array:
        """(n, n) float64, n the `moving_vertices`: a value less the mean of its neighbours', times their
        number; vertices at one place are neighbours.
        """
        count, faces = self.moving_vertices, self.moving_triangles_m3
        _, same = np.unique(np.round(self.neutral_v3[:count], 5), axis=0, return_inverse=True)
        first = np.full(same.max() + 1, count)
        np.minimum.at(first, same.ravel(), np.arange(count))
        twins = np.stack([first[same.ravel()], np.arange(count)], -1)
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]], twins])
        edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
        ones = np.ones(2 * len(edges))
        joined = sparse.csr_array((ones, (edges.ravel(), edges[:, ::-1].ravel())), shape=(count, count))
        return sparse.csr_array(sparse.diags_array(joined.sum(1)) - joined)

    @cached_property
    def moving_areas(self) -> Array:
        """(n,) float64: area of the mean head around each of the `moving_vertices`, over the median."""
        faces = self.moving_triangles_m3
        a, b, c = (self.neutral_v3[faces[:, corner]].astype(np.float64) for corner in range(3))
        area = np.repeat(np.linalg.norm(np.cross(b - a, c - a), axis=1), 3)
        around = np.bincount(faces.ravel(), area, minlength=self.moving_vertices)
        return np.asarray(around / np.median(around))

    @cached_property
    def mirrored_vertices(self) -> Array:
        """(n,) int: of the `moving_vertices`, the one next to the mirror image of each."""
        places = self.neutral_v3[: self.moving_vertices]
        return np.asarray(cKDTree(places).query(places * [-1, 1, 1])[1])

    @cached_property
    def followers(self) -> list[tuple[Array, Array]]:
        """Vertices of the mouth's inside and of each eye, and the vertices of the skin around each."""
        found = []
        skin = self.neutral_v3[: self.skin_vertices]
        for surfaces, reach in FOLLOWERS:
            part = np.unique(self.triangles_m3[np.isin(self.material_m, surfaces)])
            away = cKDTree(self.neutral_v3[part]).query(skin)[0]
            found.append((part, np.flatnonzero(away < reach)))
        return found

    @cached_property
    def openings(self) -> list[Array]:
        """The vertices (n,) int around each opening of the skin, in order: the lids of both eyes, the lips
        and the lower end. Triangles beside them name them in this order.
        """
        faces = self.skin_triangles_m3
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        alone = ~np.isin(start * self.skin_vertices + end, end * self.skin_vertices + start)
        following = dict(zip(start[alone].tolist(), end[alone].tolist(), strict=True))
        loops = []
        while following:
            first = next(iter(following))
            loop, after = [first], following.pop(first)
            while after != first:
                loop.append(after)
                after = following.pop(after)
            loops.append(np.array(loop))
        return loops

    def opening_around(self, place_3: Array) -> Array:
        """(n,) int: of `openings`, the one whose middle is nearest to a place."""
        away = [float(((self.neutral_v3[loop].mean(0) - place_3) ** 2).sum()) for loop in self.openings]
        return self.openings[int(np.argmin(away))]

    @cached_property
    def modes_vck(self) -> Array:
        """(skin vertices, 3, k + e) float32: identity modes, then expressions, of the skin."""
        modes = np.concatenate([self.identity_kv3, self.expression_ev3])[:, : self.skin_vertices]
        return np.ascontiguousarray(modes.transpose(1, 2, 0))

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.neutral_v3[: self.skin_vertices])

    @cached_property
    def _triangles_at_v(self) -> Array:
        """(skin vertices, TRIANGLES_AT_A_VERTEX) int: triangles at a vertex, the last one repeated."""
        corners = self.skin_triangles_m3.ravel()
        order = np.argsort(corners, kind="stable")
        first = np.searchsorted(corners[order], np.arange(self.skin_vertices))
        count = np.bincount(corners, minlength=self.skin_vertices)
        which = np.minimum(np.arange(TRIANGLES_AT_A_VERTEX)[None], np.maximum(count - 1, 0)[:, None])
        return order[np.minimum(first[:, None] + which, len(order) - 1)] // 3

    def nearest_places(self, canonical_n3: Array) -> tuple[Array, Array, Array]:
        """The places of the mean head's skin next to points (n, 3) in canonical coordinates.

        Returns: corners (n, 3) int, their weights (n, 3) float64 with the sum 1, distances (n,) in widths.
        """
        points = np.asarray(canonical_n3, np.float64)
        tried = self._triangles_at_v[self._tree.query(points)[1]]
        corners = self.neutral_v3[self.skin_triangles_m3[tried]].astype(np.float64)
        weights = _inside(_barycentric(corners, points[:, None]))
        away = np.linalg.norm((weights[..., None] * corners).sum(2) - points[:, None], axis=-1)
        best, rows = away.argmin(1), np.arange(len(points))
        return self.skin_triangles_m3[tried[rows, best]], weights[rows, best], away[rows, best]


def _barycentric(corners_nt33: Array, points_n13: Array) -> Array:
    """Barycentric coordinates (n, t, 3) of the feet of points on the planes of triangles."""
    origin = corners_nt33[..., 0, :]
    one, other, to = corners_nt33[..., 1, :] - origin, corners_nt33[..., 2, :] - origin, points_n13 - origin
    a, b, c = (one * one).sum(-1), (one * other).sum(-1), (other * other).sum(-1)
    p, q = (to * one).sum(-1), (to * other).sum(-1)
    whole = np.maximum(a * c - b * b, 1e-20)
    v, w = (c * p - b * q) / whole, (a * q - b * p) / whole
    return np.stack([1 - v - w, v, w], -1)


def _inside(weights_nt3: Array) -> Array:
    """The coordinates moved into the triangle: near its nearest place."""
    cut = np.clip(weights_nt3, 0, None)
    return cut / cut.sum(-1, keepdims=True)


@cache
def load_head_model(path: Path = FILE) -> HeadModel:
    """The head model of a file. Raises HeadError where the file is missing or not a head model."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != FORMAT:
                raise ValueError(f"format {file['format']}")
            step = float(file["step"])
            arrays = {
                "neutral_v3": file["neutral"],
                "identity_kv3": _offsets(file["identity"], step),
                "expression_ev3": _offsets(file["expression"], step),
                "triangles_m3": file["triangles"].astype(np.int32),
                "material_m": file["material"],
                "uv_n2": file["uv"].astype(np.float32) / np.float32(65535),
                "uv_triangles_m3": file["uv_triangles"].astype(np.int32),
            }
            return HeadModel(
                expression_names=tuple(str(name) for name in file["expression_names"]),
                width_mm=float(file["width_mm"]),
                skin_vertices=int(file["skin_vertices"]),
                **{name: read_only(values) for name, values in arrays.items()},
            )
    except FileNotFoundError as error:
        raise HeadError(
            f"The head model is missing: {path} is not there. Restore it from the repository."
        ) from error
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise HeadError(
            f"{path} is damaged or not a head model of this version. Restore it from the repository."
        ) from error


def _offsets(planes_2k3v: Array, step: float) -> Array:
    """Offsets (k, v, 3) float32 from low and high bytes of differences along the vertices."""
    low, high = planes_2k3v.astype(np.uint16)
    steps = np.cumsum((low | high << 8).view(np.int16), -1, dtype=np.int16)
    return np.ascontiguousarray(steps.transpose(0, 2, 1)) * np.float32(step)
