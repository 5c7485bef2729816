"""What a model is worth: closed or not, how large, how thin, how true to the photo. Measured on the mesh as
it is exported, seam welded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np

from face3d.export.models import WRITERS
from face3d.geometry.inspection import (
    count_components,
    edge_report,
    reprojection_error,
    self_touching,
    signed_volume,
    walls,
)
from face3d.geometry.kinds import KINDS, model_camera, plaque_margin_px
from face3d.geometry.meshes import weld
from face3d.geometry.relief import smoothing_change
from face3d.geometry.scale import Placement, in_millimetres
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import FRONT_SHARE
from face3d.structures import DepthMap, Mesh, Photo

THIN_WALL_MM = 1.0
"""What filament printers need for a wall: two lines of a 0.4 mm nozzle, and some."""
THIN_SHARE_PERCENT = 1.0
"""Up to this share of the surface may lie over thin walls, as along sharp edges, before a model is called
thin."""

LEAST_AREA_SHARE = 1e-14
"""A triangle is degenerate when its area is below this share of the square of the model's size: float32
cannot tell its corners apart."""


@dataclass(frozen=True)
class Certificate:
    """One model, measured. Lengths in mm, volume in cm3, None where a quantity has no meaning (the wall of an
    open surface) or is unknown.

    thin_surface_percent: share of the surface behind which the wall is thinner than `THIN_WALL_MM`.
    smoothing_change_mm: root mean square change of the face's relief by smoothing.
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
        """Whether it can be printed, in a phrase; thin walls keep a filament printer from it, though a slicer
        takes them.
        """
        if not self.watertight:
            return "open surface"
        if self.thin_surface_percent is not None and self.thin_surface_percent > THIN_SHARE_PERCENT:
            return f"closed, but {self.thin_surface_percent:.0f} % is thinner than {THIN_WALL_MM:g} mm"
        return "closed, printable" if self.printable else "closed"

    def as_json(self, files: dict[str, bytes]) -> bytes:
        """JSON with the bytes of the files that were exported with it; `files` by format name."""
        exports = {name: {"bytes": len(data), "unit": WRITERS[name].unit} for name, data in files.items()}
        return (
            json.dumps(asdict(self) | {"printable": self.printable, "exports": exports}, indent=2) + "\n"
        ).encode("utf-8")


def certify(
    mesh: Mesh, placement: Placement, kind: str, depth: DepthMap, photo: Photo, settings: ModelSettings
) -> Certificate:
    """Measure a model that `life_size` has given its size. The samples are drawn with a fixed seed: same
    model, same certificate.
    """
    rng = np.random.default_rng(0)
    sized_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_n3 = sized_n3[kept]
    two_each, one_way, edges = edge_report(faces_m3)
    closed = two_each and one_way
    components = count_components(faces_m3)
    corners_m33 = vertices_n3[faces_m3]
    doubled_m = np.linalg.norm(
        np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0]), axis=1
    )
    size_3 = np.ptp(vertices_n3, axis=0)
    volume = signed_volume(vertices_n3, faces_m3)
    row = KINDS[kind]
    camera = model_camera(depth, photo, kind, settings)
    in_camera = replace(
        mesh, vertices_n3=placement.to_camera(sized_n3).astype(np.float32), unit="image width"
    )
    error_px = reprojection_error(
        in_camera,
        camera,
        FRONT_SHARE if row.closed else 1.0,
        plaque_margin_px(settings, camera) if row.plaque else 0,
        rng,
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
        smallest_wall_mm=None
        if walls_k is None or not np.isfinite(walls_k).any()
        else round(float(walls_k.min()), 3),
        thin_surface_percent=None
        if walls_k is None
        else round(100 * float((walls_k < THIN_WALL_MM).mean()), 2),
        smoothing_change_mm=round(smoothing_change(depth, photo, settings) * placement.scale.mm_per_unit, 4),
        depth_levels=len(np.unique(depth.values_hw[depth.mask_hw])),
        reprojection_error_px=None if error_px is None else round(error_px, 4),
        texture_wh=None if texture is None else (texture.shape[1], texture.shape[0]),
    )
