"""The ICT face model (ICT-VGL/ICT-FaceKit, MIT licence): mean head, identity and expression offsets, and
regions.

Reads the packed `ict-facekit.npz` or the folder `FaceXModel` of the original repository (one OBJ file per
shape).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from face3d.structures import Array
from training.scenes.primitives import open_edges

# The 68 landmarks in Multi-PIE order, as vertex indices of the ICT topology.
LANDMARKS_68 = np.fromstring(
    """1225 1888 1052 367 1719 1722 2199 1447 966 3661 4390 3927 3924 2608 3272 4088 3443 268 493 1914 2044
    1401 3615 4240 4114 2734 2509 978 4527 4942 4857 1140 2075 1147 4269 3360 1507 1542 1537 1528 1518 1511
    3742 3751 3756 3721 3725 3732 5708 5695 2081 0 4275 6200 6213 6346 6461 5518 5957 5841 5702 5711
    5533 6216 6207 6470 5517 5966""",
    int,
    sep=" ",
)
JAW, BROWS, NOSE_TIP, EYES, LIPS_OUTER = (
    range(0, 17),
    (range(17, 22), range(22, 27)),
    30,
    (range(36, 42), range(42, 48)),
    range(48, 60),
)

# Vertex ranges of the parts, [start, stop).
FACE = slice(0, 9409)
NARROW_FACE = slice(0, 6706)
HEAD = slice(0, 11248)
MOUTH_AND_EYE_SOCKETS = slice(11248, 14062)
GUMS = slice(14062, 17039)
TEETH = slice(17039, 21451)
EYEBALLS = (slice(21451, 23021), slice(23021, 24591))
SKIN_SURFACES = (
    "M_Face",
    "M_BackHead",
    "M_GumsTongue",
    "M_Teeth",
    "M_ScleraLeft",
    "M_ScleraRight",
    "M_IrisLeft",
    "M_IrisRight",
)
EYE_CENTRES = np.array([[-3.094, 3.614, 7.995], [3.094, 3.614, 7.995]], np.float32)
"""Centres of the eyeballs in the mean face, centimetres; the eye on -X (left in a frontal picture) first."""
PIVOT = np.array([0, 0, 2], np.float32)
"""The point about which a head is turned, and the origin of canonical coordinates, centimetres."""
NECKLINE_BELOW = -10.0
"""Height under which the only open edge of the skin is that of the shoulders, centimetres."""


@dataclass(frozen=True, eq=False)
class FaceModel:
    """The linear head model. Lengths in centimetres, +Y up, +Z out of the face.

    neutral_v3: (v, 3) float32. identity_kv3: (100, v, 3) float32, one standard deviation each.
    expression_kv3: (57, v, 3) float32 at weight 1.
    triangles_m3: (m, 3) int32, the surfaces that a photo can show (no lashes, tear film or shadow cards).
    """

    neutral_v3: Array
    identity_kv3: Array
    expression_kv3: Array
    expression_names: tuple[str, ...]
    triangles_m3: Array

    def shape(self, identity_k: Array, expression_k: Array) -> Array:
        """Vertices (v, 3) float32 for identity coefficients (100,) and expression weights (57,)."""
        flat = identity_k.astype(np.float32) @ self._identity_flat
        used = np.flatnonzero(expression_k)
        flat = flat + expression_k[used].astype(np.float32) @ self._expression_flat[used]
        return self.neutral_v3 + flat.reshape(-1, 3)

    @cached_property
    def _identity_flat(self) -> Array:
        return self.identity_kv3.reshape(len(self.identity_kv3), -1)

    @cached_property
    def _expression_flat(self) -> Array:
        return self.expression_kv3.reshape(len(self.expression_kv3), -1)

    @cached_property
    def mirrored_expression(self) -> Array:
        """(57,) int: the index of the same expression on the other side; its own where there is none."""
        index = {name: i for i, name in enumerate(self.expression_names)}
        swap = {"_L": "_R", "_R": "_L"}
        return np.array(
            [
                index.get(name[:-2] + swap.get(name[-2:], ""), i)
                for i, name in enumerate(self.expression_names)
            ]
        )


def load_face_model(path: Path) -> FaceModel:
    """Reads the packed model (.npz) or the original folder of OBJ files. Raises FileNotFoundError."""
    if path.is_dir():
        return _from_obj_folder(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No face model at {path}: give ict-facekit.npz, or the folder FaceXModel of "
            "github.com/ICT-VGL/ICT-FaceKit, with --face-model."
        )
    with np.load(path) as packed:
        wanted = [i for i, name in enumerate(packed["material_names"]) if name in SKIN_SURFACES]
        return FaceModel(
            packed["neutral"].astype(np.float32),
            packed["identity"].astype(np.float32),
            packed["expression"].astype(np.float32),
            tuple(str(name) for name in packed["expression_names"]),
            np.ascontiguousarray(packed["tri"][np.isin(packed["material"], wanted)], np.int32),
        )


def _from_obj_folder(folder: Path) -> FaceModel:
    neutral, triangles = _read_obj(folder / "generic_neutral_mesh.obj")
    identity = [_read_obj(file)[0] - neutral for file in sorted(folder.glob("identity*.obj"))]
    shapes = sorted(f for f in folder.glob("*.obj") if not re.match(r"identity\d+|generic_neutral", f.stem))
    expression = [_read_obj(file)[0] - neutral for file in shapes]
    return FaceModel(
        neutral, np.stack(identity), np.stack(expression), tuple(f.stem for f in shapes), triangles
    )


def _read_obj(file: Path) -> tuple[Array, Array]:
    """Vertices (v, 3) float32 and triangles (m, 3) int32 of SKIN_SURFACES in an OBJ file; quads split."""
    vertices: list[list[float]] = []
    triangles: list[list[int]] = []
    visible = True
    for line in file.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(number) for number in rest.split()[:3]])
        elif kind == "usemtl":
            visible = rest.strip() in SKIN_SURFACES
        elif kind == "f" and visible:
            corner = [int(word.split("/")[0]) - 1 for word in rest.split()]
            triangles.extend([corner[0], corner[i], corner[i + 1]] for i in range(1, len(corner) - 1))
    return np.array(vertices, np.float32), np.array(triangles, np.int32).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of the mean head, per vertex: distances in centimetres, soft masks in 0..1, float32 (v,) but
    the last three.

    direction_v3: float32 unit vectors from the middle of the skull. canonical_v3: float32, place of the skin
    on the neutral head, from PIVOT, in widths of that head with its ears; NaN in mouth and eyes. neckline_k2:
    edges, as numbers of vertices, along which the skin of the shoulders ends.
    """

    to_brow: Array
    to_eyelid: Array
    lips: Array
    cheek: Array
    nose: Array
    beard: Array
    from_eye_axis: Array
    above_chin: Array
    direction_v3: Array
    canonical_v3: Array
    neckline_k2: Array


def find_regions(model: FaceModel) -> Regions:
    """Computes the regions once per run."""
    points = model.neutral_v3
    marks = points[LANDMARKS_68]
    count = len(points)
    to_brow, to_eyelid, lips, cheek, nose, beard = face_fields(points, marks)
    lips[FACE.stop :] = False
    from_axis = np.full(count, 9.0, np.float32)
    for part in EYEBALLS:
        ball = points[part] - (points[part].max(0) + points[part].min(0)) / 2
        from_axis[part] = np.where(ball[:, 2] > 0, np.linalg.norm(ball[:, :2], axis=1), 9)
    skull = points - np.array([0, 3.0, 0.5], np.float32)
    direction = skull / np.linalg.norm(skull, axis=1, keepdims=True)
    above_chin = is_above_chin(points, marks[8]).astype(np.float32)
    skin = model.triangles_m3[(model.triangles_m3 < HEAD.stop).all(1)]
    rim = open_edges(skin)
    neckline = rim[(points[rim, 1] < NECKLINE_BELOW).all(1)]
    canonical = (points - PIVOT) / np.ptp(points[HEAD, 0][above_chin[HEAD] > 0])
    canonical[HEAD.stop :] = np.nan
    soft = (to_brow, to_eyelid, lips, cheek, nose, beard, from_axis, above_chin, direction, canonical)
    per_vertex = [np.asarray(values, np.float32) for values in soft]
    return Regions(*[*per_vertex, neckline])


def face_fields(points_n3: Array, marks_683: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Of points on the neutral head: distances to brows and eyelids (n,), in the lips (n,) bool, and soft
    masks of cheeks, nose and beard (n,).
    """
    points, marks = points_n3, marks_683
    to_brow = np.minimum(*(_distance_to_polyline(points, marks[list(brow)]) for brow in BROWS))
    to_eyelid = np.minimum(*(_distance_to_polyline(points, marks[[*eye, eye[0]]]) for eye in EYES))
    lips = _inside_polygon(points[:, :2], marks[list(LIPS_OUTER), :2]) & (points[:, 2] > marks[48, 2] - 1)
    cheek = np.exp(
        -np.minimum(*(_squared_distance(points, (marks[a] + marks[b]) / 2) for a, b in ((36, 48), (45, 54))))
        / 4
    )
    nose = np.exp(-_squared_distance(points, marks[NOSE_TIP]) / 2)
    beard = (points[:, 1] < marks[33, 1] - 0.3) & (points[:, 1] > marks[8, 1] - 2.5)
    return to_brow, to_eyelid, lips, cheek, nose, beard * np.clip((points[:, 2] + 1) / 4, 0, 1)


def is_above_chin(points_n3: Array, chin_3: Array) -> Array:
    """Whether points of the neutral head belong to it, (n,) bool. The jaw line rises towards the ears: what
    lies below it and behind the chin is neck.
    """
    jaw_line = chin_3[1] - 0.8 + 0.45 * np.clip(chin_3[2] - points_n3[:, 2], 0, 12)
    return np.asarray(points_n3[:, 1] > jaw_line)


def _squared_distance(points_n3: Array, centre_3: Array) -> Array:
    return ((points_n3 - centre_3) ** 2).sum(1)


def _distance_to_polyline(points_n3: Array, line_k3: Array) -> Array:
    nearest = np.full(len(points_n3), np.inf)
    for start, end in itertools.pairwise(line_k3):
        along = end - start
        t = np.clip((points_n3 - start) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points_n3 - start - t[:, None] * along, axis=1))
    return nearest


def _inside_polygon(points_n2: Array, polygon_k2: Array) -> Array:
    """Even-odd rule."""
    inside = np.zeros(len(points_n2), bool)
    x, y = points_n2.T
    for (x0, y0), (x1, y1) in zip(polygon_k2, np.roll(polygon_k2, -1, 0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
