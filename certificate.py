"""What a model is worth: closed or not, how large, how thin, how true to the photo. Measured on the mesh as it is exported, seam welded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from camera import Camera, project
from export_3d_model import WRITERS, in_millimetres
from generate_3d_model import KINDS, ModelSettings, build_mesh, model_camera, plaque_margin_px, settings_of, smoothing_change
from life_size import Placement, life_size
from stages import Array, DepthMap, Mesh, Photo
from surfaces import weld
from texture import FRONT_SHARE

WALL_SAMPLES = 1000
THIN_WALL_MM = 1.0
"""What filament printers need for a wall: two lines of a 0.4 mm nozzle, and some."""
THIN_SHARE_PERCENT = 1.0
"""Up to this share of the surface may lie over thin walls, as along sharp edges, before a model is called thin."""
WALL_FACES = 0.87
"""Cosine of the largest angle between the way into a wall and the normal of the face it leaves by: 30 degrees."""
PIXEL_SAMPLES = 20_000
RAYS_TIMES_FACES = 6_000_000
"""Rays are followed in batches of so many pairs of ray and triangle, about 100 MB."""
LEAST_AREA_SHARE = 1e-14
"""A triangle is degenerate when its area is below this share of the square of the model's size: float32 cannot tell its corners apart."""


@dataclass(frozen=True)
class Certificate:
    """One model, measured. Lengths in mm, volume in cm3, None where a quantity has no meaning (the wall of an open surface) or is unknown.

    thin_surface_percent: share of the surface behind which the wall is thinner than `THIN_WALL_MM`. smoothing_change_mm: root mean square
    change of the face's relief by smoothing.
    """

    kind: str
    network: str
    watertight: bool
    consistent_winding: bool
    outward: bool | None
    components: int
    genus: int | None
    faces: int
    vertices: int
    degenerate_faces: int
    self_touching_faces: int
    volume_cm3: float | None
    size_mm: tuple[float, float, float]
    scale_sd_percent: float | None
    scale_source: str
    smallest_wall_mm: float | None
    thin_surface_percent: float | None
    smoothing_change_mm: float
    depth_levels: int
    reprojection_error_px: float | None
    texture_wh: tuple[int, int] | None

    @property
    def printable(self) -> bool:
        """Closed, in one piece, outward, and no face through another: a slicer needs no repair."""
        sound = self.watertight and self.consistent_winding and bool(self.outward)
        return sound and self.components == 1 and self.degenerate_faces == 0 and self.self_touching_faces == 0

    @property
    def verdict(self) -> str:
        """Whether it can be printed, in a phrase; thin walls keep a filament printer from it, though a slicer takes them."""
        if not self.watertight:
            return "open surface"
        if self.thin_surface_percent is not None and self.thin_surface_percent > THIN_SHARE_PERCENT:
            return f"closed, but {self.thin_surface_percent:.0f} % is thinner than {THIN_WALL_MM:g} mm"
        return "closed, printable" if self.printable else "closed"

    def as_json(self, files: dict[str, bytes]) -> bytes:
        """JSON with the bytes of the files that were exported with it; `files` by format name."""
        exports = {name: {"bytes": len(data), "unit": WRITERS[name].unit} for name, data in files.items()}
        return (json.dumps(asdict(self) | {"printable": self.printable, "exports": exports}, indent=2) + "\n").encode("utf-8")


def edge_report(faces_m3: Array) -> tuple[bool, bool, int]:
    """Whether every edge has exactly two triangles; whether no two triangles walk an edge the same way; how many edges there are."""
    start, end = faces_m3.astype(np.int64).ravel(), np.roll(faces_m3, -1, axis=1).astype(np.int64).ravel()
    count = int(faces_m3.max()) + 1
    _, uses = np.unique(np.minimum(start, end) * count + np.maximum(start, end), return_counts=True)
    _, walks = np.unique(start * count + end, return_counts=True)
    return bool((uses == 2).all()), bool((walks == 1).all()), len(uses)


def count_components(faces_m3: Array) -> int:
    """Pieces that hang together by shared vertices."""
    count = int(faces_m3.max()) + 1
    start, end = faces_m3.ravel(), np.roll(faces_m3, -1, axis=1).ravel()
    _, labels = connected_components(coo_array((np.ones(len(start), bool), (start, end)), shape=(count, count)), directed=False)
    return len(np.unique(labels[np.unique(faces_m3)]))


def signed_volume(vertices_n3: Array, faces_m3: Array) -> float:
    """Volume enclosed, positive where triangles face outwards (divergence theorem; about the centroid, for accuracy)."""
    a, b, c = ((vertices_n3 - vertices_n3.mean(axis=0))[faces_m3[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _pierces(segments_k23: Array, triangles_k33: Array) -> Array:
    """(k,) bool: segments that cross the inside of their triangle."""
    origin_k3, along_k3 = segments_k23[:, 0], segments_k23[:, 1] - segments_k23[:, 0]
    distance_k, inside_k = _ray_hits(origin_k3, along_k3, triangles_k33)
    return inside_k & (distance_k > 0) & (distance_k < 1)


def _ray_hits(origin_k3: Array, along_k3: Array, triangles_k33: Array) -> tuple[Array, Array]:
    """Distance along each ray (in lengths of `along`) to its triangle's plane, and whether it hits the inside of the triangle.

    Source: Möller and Trumbore, "Fast, minimum storage ray/triangle intersection", Journal of Graphics Tools 2(1), 1997.
    """
    first_k3, second_k3 = triangles_k33[:, 1] - triangles_k33[:, 0], triangles_k33[:, 2] - triangles_k33[:, 0]
    p_k3 = np.cross(along_k3, second_k3)
    determinant_k = np.einsum("ij,ij->i", first_k3, p_k3)
    parallel = np.abs(determinant_k) < 1e-30
    inverse_k = 1 / np.where(parallel, 1, determinant_k)
    t_k3 = origin_k3 - triangles_k33[:, 0]
    u_k = np.einsum("ij,ij->i", t_k3, p_k3) * inverse_k
    q_k3 = np.cross(t_k3, first_k3)
    v_k = np.einsum("ij,ij->i", along_k3, q_k3) * inverse_k
    return np.einsum("ij,ij->i", second_k3, q_k3) * inverse_k, ~parallel & (u_k >= 0) & (v_k >= 0) & (u_k + v_k <= 1)


def near_pairs(vertices_n3: Array, faces_m3: Array) -> Array:
    """(k, 2) int: pairs of triangles whose boxes overlap and that share no vertex, each pair once.

    Boxes are sorted into cells a little larger than the usual triangle; a triangle is entered in every cell that its box touches.
    """
    corners_m33 = vertices_n3[faces_m3]
    low_m3, high_m3 = corners_m33.min(axis=1), corners_m33.max(axis=1)
    cell = max(1.2 * float(np.percentile((high_m3 - low_m3).max(axis=1), 90)), float(np.ptp(vertices_n3, axis=0).max()) / 400)
    first_m3, last_m3 = np.floor(low_m3 / cell).astype(np.int64), np.floor(high_m3 / cell).astype(np.int64)
    extent_m3 = last_m3 - first_m3 + 1
    entries_m = extent_m3.prod(axis=1)
    triangle_k = np.repeat(np.arange(len(faces_m3)), entries_m)
    within_k = np.arange(len(triangle_k)) - np.repeat(np.cumsum(entries_m) - entries_m, entries_m)
    within_k, x_k = np.divmod(within_k, extent_m3[triangle_k, 0])
    z_k, y_k = np.divmod(within_k, extent_m3[triangle_k, 1])
    cells_k3 = np.stack([x_k, y_k, z_k], -1) + first_m3[triangle_k] - first_m3.min(axis=0)
    size_3 = cells_k3.max(axis=0) + 1
    key_k = (cells_k3[:, 0] * size_3[1] + cells_k3[:, 1]) * size_3[2] + cells_k3[:, 2]
    order = np.argsort(key_k, kind="stable")
    key_k, triangle_k = key_k[order], triangle_k[order]
    pairs = []
    for step in range(1, len(key_k)):  # entries of one cell lie together: compare each with the next, the one after, ...
        same = np.flatnonzero(key_k[step:] == key_k[:-step])
        if not len(same):
            break
        one, other = triangle_k[same], triangle_k[same + step]
        overlap = ((low_m3[one] <= high_m3[other]) & (low_m3[other] <= high_m3[one])).all(axis=1)
        one, other = one[overlap], other[overlap]
        apart = (faces_m3[one][:, :, None] != faces_m3[other][:, None, :]).all(axis=(1, 2))
        pairs.append(np.stack([one[apart], other[apart]], -1))
    if not pairs:
        return np.zeros((0, 2), np.int64)
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)


def self_touching(vertices_n3: Array, faces_m3: Array) -> int:
    """Triangles that another one, sharing no vertex with it, passes through."""
    pairs_k2 = near_pairs(vertices_n3, faces_m3)
    corners_m33 = vertices_n3[faces_m3]
    touching_k = np.zeros(len(pairs_k2), bool)
    for one, other in ((0, 1), (1, 0)):
        for corner in range(3):
            segments_k23 = corners_m33[pairs_k2[:, one]][:, [corner, (corner + 1) % 3]]
            touching_k |= _pierces(segments_k23, corners_m33[pairs_k2[:, other]])
    return len(np.unique(pairs_k2[touching_k]))


def walls(vertices_n3: Array, faces_m3: Array, rng: np.random.Generator) -> Array:
    """(WALL_SAMPLES,) lengths of the way through the solid along the inward normal, from points even by area; in the vertices' unit.

    A way counts where it leaves through a face that looks away (`WALL_FACES`); it is infinite elsewhere: every solid is thin towards a
    sharp edge, and that is no wall.
    """
    corners_m33 = vertices_n3[faces_m3]
    normals_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])
    areas_m = np.linalg.norm(normals_m3, axis=1)
    chosen_k = rng.choice(len(faces_m3), WALL_SAMPLES, p=areas_m / areas_m.sum())
    origins_k3 = np.einsum("kc,kcd->kd", _in_triangle(len(chosen_k), rng), corners_m33[chosen_k])
    normals_m3 /= np.maximum(areas_m, 1e-300)[:, None]
    inward_k3 = -normals_m3[chosen_k]
    middle_3 = vertices_n3.mean(axis=0)
    centres_m3 = (corners_m33.mean(axis=1) - middle_3).astype(np.float32)  # float32 will do to find the triangles near a ray
    radii_m = 1.001 * np.linalg.norm(corners_m33 - middle_3 - centres_m3[:, None], axis=2).max(axis=1).astype(np.float32)
    centres_m = (centres_m3**2).sum(axis=1)
    walls_k = np.full(len(chosen_k), np.inf)
    at_once = max(1, RAYS_TIMES_FACES // len(faces_m3))
    for first in range(0, len(chosen_k), at_once):
        part = slice(first, first + at_once)
        origin, inward = origins_k3[part], inward_k3[part]
        start, way = (origin - middle_3).astype(np.float32), inward.astype(np.float32)
        along_km = way @ centres_m3.T - np.einsum("kd,kd->k", start, way)[:, None]
        squared_km = centres_m - 2 * start @ centres_m3.T + (start**2).sum(axis=1)[:, None]
        ray, triangle = np.nonzero((squared_km - along_km**2 <= radii_m**2) & (along_km > -radii_m))
        distance, inside = _ray_hits(origin[ray], inward[ray], corners_m33[triangle])
        facing = np.einsum("kd,kd->k", inward[ray], normals_m3[triangle]) > WALL_FACES
        hits = inside & facing & (distance > 0) & (triangle != chosen_k[part][ray])
        np.minimum.at(walls_k, first + ray[hits], distance[hits])
    return walls_k


def _in_triangle(count: int, rng: np.random.Generator) -> Array:
    """(count, 3) barycentric coordinates, even over the triangle. Source: Osada et al., "Shape distributions", TOG 21(4), 2002."""
    root_k, share_k = np.sqrt(rng.random(count)), rng.random(count)
    return np.stack([1 - root_k, root_k * (1 - share_k), root_k * share_k], -1)


def reprojection_error(mesh_in_camera: Mesh, camera: Camera, front_share: float, margin_px: int, rng: np.random.Generator) -> float | None:
    """Mean distance in pixels of the photo between where the texture puts a point of the visible side and where the camera saw that point.

    A texture is linear over a triangle and a photo is not: large triangles let it slide. None without a texture.
    """
    if mesh_in_camera.uv_n2 is None:
        return None
    vertices_n3 = mesh_in_camera.vertices_n3.astype(np.float64)
    seen = mesh_in_camera.faces_m3[mesh_in_camera.uv_n2[mesh_in_camera.faces_m3, 0].mean(axis=1) < front_share]  # left part of the atlas
    if not len(seen):
        return None
    corners_k3 = seen[rng.integers(len(seen), size=PIXEL_SAMPLES)]
    weights_k3 = _in_triangle(PIXEL_SAMPLES, rng)
    uv_k2 = np.einsum("kc,kcd->kd", weights_k3, mesh_in_camera.uv_n2[corners_k3].astype(np.float64))
    height, width = camera.size_hw
    uv_columns = uv_k2[:, 0] / front_share * (width + 2 * margin_px) - margin_px
    uv_rows = (1 - uv_k2[:, 1]) * (height + 2 * margin_px) - margin_px
    columns, rows = project(np.einsum("kc,kcd->kd", weights_k3, vertices_n3[corners_k3]), camera)
    return float(np.hypot(columns - uv_columns, rows - uv_rows).mean())


def certified_model(depth: DepthMap, photo: Photo, kind: str, settings: ModelSettings) -> tuple[Mesh, Placement, Certificate]:
    """The model at life size, its place in the camera's frame, and its certificate.

    Decimation may leave triangles of a closed kind in each other's way; the model is then built coarser, without it.
    Raises: GeometryError as `build_mesh` and `life_size`.
    """
    settings = settings_of(kind, settings)
    for decimated in (True, False):
        mesh, placement = life_size(build_mesh(depth, photo, kind, settings, decimated=decimated), depth, photo, settings)
        proof = certify(mesh, placement, kind, depth, photo, settings)
        if proof.printable or not KINDS[kind].closed:
            break
    return mesh, placement, proof


def certify(mesh: Mesh, placement: Placement, kind: str, depth: DepthMap, photo: Photo, settings: ModelSettings) -> Certificate:
    """Measure a model that `life_size` has given its size. The samples are drawn with a fixed seed: same model, same certificate."""
    rng = np.random.default_rng(0)
    sized_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_n3 = sized_n3[kept]
    two_each, one_way, edges = edge_report(faces_m3)
    closed = two_each and one_way
    components = count_components(faces_m3)
    corners_m33 = vertices_n3[faces_m3]
    doubled_m = np.linalg.norm(np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]), axis=1)
    size_3 = np.ptp(vertices_n3, axis=0)
    volume = signed_volume(vertices_n3, faces_m3)
    row = KINDS[kind]
    camera = model_camera(depth, photo, kind, settings)
    in_camera = replace(mesh, vertices_n3=placement.to_camera(sized_n3).astype(np.float32), unit="image width")
    error_px = reprojection_error(
        in_camera, camera, FRONT_SHARE if row.closed else 1.0, plaque_margin_px(settings, camera) if row.plaque else 0, rng
    )
    texture = mesh.texture_hwc
    walls_k = walls(vertices_n3, faces_m3, rng) if closed else None
    return Certificate(
        kind=kind,
        network=depth.network,
        watertight=two_each,
        consistent_winding=one_way,
        outward=volume > 0 if closed else None,
        components=components,
        genus=components - (len(np.unique(faces_m3)) - edges + len(faces_m3)) // 2 if closed else None,
        faces=len(faces_m3),
        vertices=len(vertices_n3),
        degenerate_faces=int((doubled_m <= 2 * LEAST_AREA_SHARE * size_3.max() ** 2).sum()),
        self_touching_faces=self_touching(vertices_n3, faces_m3),
        volume_cm3=round(volume / 1000, 3) if closed else None,
        size_mm=(round(float(size_3[0]), 3), round(float(size_3[1]), 3), round(float(size_3[2]), 3)),
        scale_sd_percent=None if placement.scale.sd_percent is None else round(placement.scale.sd_percent, 2),
        scale_source=placement.scale.source,
        smallest_wall_mm=None if walls_k is None or not np.isfinite(walls_k).any() else round(float(walls_k.min()), 3),
        thin_surface_percent=None if walls_k is None else round(100 * float((walls_k < THIN_WALL_MM).mean()), 2),
        smoothing_change_mm=round(smoothing_change(depth, photo, settings) * placement.scale.mm_per_unit, 4),
        depth_levels=len(np.unique(depth.values_hw[depth.mask_hw])),
        reprojection_error_px=None if error_px is None else round(error_px, 4),
        texture_wh=None if texture is None else (texture.shape[1], texture.shape[0]),
    )
