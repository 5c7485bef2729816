"""Models and depth maps to the bytes of a file. trimesh writes GLB, STL and PLY meshes; the rest is written here."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import trimesh
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from errors import ExportError
from poisson import vertex_normals
from stages import Array, DepthMap, Mesh, PointCloud
from surfaces import weld

MM_PER_UNIT = {"mm": 1.0, "m": 1000.0}
JPEG_QUALITY = 92
CLAY_RGB = (200, 196, 190)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPEN_PACKAGING = "http://schemas.openxmlformats.org/package/2006"
THREE_MF = "http://schemas.microsoft.com/3dmanufacturing"
THREE_MF_TYPES = (
    f'{XML}<Types xmlns="{OPEN_PACKAGING}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
THREE_MF_RELATIONS = (
    f'{XML}<Relationships xmlns="{OPEN_PACKAGING}/relationships">'
    f'<Relationship Target="/3D/3dmodel.model" Id="model" Type="{THREE_MF}/2013/01/3dmodel"/></Relationships>'
)
THREE_MF_MODEL = (
    f'{XML}<model unit="millimeter" xml:lang="en-US" xmlns="{THREE_MF}/core/2015/02"><resources><object id="1" type="model"><mesh>'
    "<vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh></object></resources>"
    '<build><item objectid="1" transform="{transform}"/></build></model>'
)
UPRIGHT_TURN = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)
"""(x, y, z) -> (x, -z, y), for row vectors on its left: from +Y up, facing +Z, to a printer's +Z up, facing its front."""
FLAT_SHARE = 1e-3
"""A triangle lies on a side of a model when its corners are within this share of the model's size from it."""
BACK_OVER_FOOT = 5
"""A model lies when its flat back is so many times its foot: a plaque's is about 10 to 40 times its lower edge."""


def in_millimetres(points_n3: Array, unit: str) -> Array:
    """(n, 3) float64 millimetres. Raises: ExportError for a model whose size is not known yet."""
    if unit not in MM_PER_UNIT:
        raise ExportError(f"The model is in {unit}s and has no size in millimetres yet. Give it one with life_size().")
    return np.asarray(points_n3, np.float64) * MM_PER_UNIT[unit]


def bed_from_model(vertices_n3: Array, faces_m3: Array) -> Array:
    """(4, 3) float64: what puts a model on a printer's bed, whose up is +Z, as row vectors [x y z 1] times it; a rotation and a lift.

    A bust stands on its foot. A plaque lies on its flat back, its face up; its foot, the lower edge, is small (`BACK_OVER_FOOT`).
    vertices_n3: (n, 3), +Y up, facing +Z; the lift is in their unit. faces_m3: (m, 3), counter-clockwise seen from outside.
    """
    corners_m33 = vertices_n3[faces_m3]
    outward_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])  # twice the area in length
    near = FLAT_SHARE * np.ptp(vertices_n3, axis=0).max()
    on_side_m3 = corners_m33.max(axis=1) <= vertices_n3.min(axis=0) + near
    _, foot, back = np.where(on_side_m3, np.maximum(-outward_m3, 0), 0).sum(axis=0)
    turn_33 = np.eye(3) if back > BACK_OVER_FOOT * foot else UPRIGHT_TURN
    return np.vstack([turn_33, [0, 0, 0 - (vertices_n3 @ turn_33)[:, 2].min()]])


def vertex_colours(mesh: Mesh) -> Array:
    """(n, 3) uint8: the vertices' own colours, else the texture at their place (bilinear), else clay."""
    if mesh.colours_n3 is not None:
        return mesh.colours_n3
    if mesh.texture_hwc is None or mesh.uv_n2 is None:
        return np.tile(np.array(CLAY_RGB, np.uint8), (len(mesh.vertices_n3), 1))
    height, width = mesh.texture_hwc.shape[:2]
    columns, rows = mesh.uv_n2[:, 0] * width - 0.5, (1 - mesh.uv_n2[:, 1]) * height - 0.5
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    across, down = (columns - left)[:, None], (rows - top)[:, None]
    texel = [
        mesh.texture_hwc[np.clip(top + dy, 0, height - 1), np.clip(left + dx, 0, width - 1)].astype(np.float64)
        for dy in (0, 1)
        for dx in (0, 1)
    ]
    upper, lower = texel[0] * (1 - across) + texel[1] * across, texel[2] * (1 - across) + texel[3] * across
    return np.round(upper * (1 - down) + lower * down).astype(np.uint8)


def _welded(mesh: Mesh) -> trimesh.Trimesh:
    """In millimetres, without the texture's seam, with vertex colours."""
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)[kept]
    return trimesh.Trimesh(vertices_n3, faces_m3, vertex_colors=vertex_colours(mesh)[kept], process=False)


def write_ply(model: Mesh | PointCloud) -> bytes:
    """Binary PLY in millimetres: a mesh with vertex colours, or points with colours and normals."""
    if isinstance(model, Mesh):
        return trimesh.exchange.ply.export_ply(_welded(model), vertex_normal=False)
    return _points_ply(model)


def _points_ply(cloud: PointCloud) -> bytes:
    """trimesh writes no normals of point clouds. Source: Turk, "The PLY polygon file format", 1994."""
    fields = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    names = {"<f4": "float", "u1": "uchar"}
    if cloud.normals_n3 is not None:
        fields += [("nx", "<f4"), ("ny", "<f4"), ("nz", "<f4")]
    fields += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    rows = np.empty(len(cloud.points_n3), fields)
    columns = [
        in_millimetres(cloud.points_n3, cloud.unit).T,
        *([] if cloud.normals_n3 is None else [cloud.normals_n3.T]),
        cloud.colours_n3.T,
    ]
    for (name, _), values_n in zip(fields, np.concatenate([column.astype(np.float64) for column in columns]), strict=True):
        rows[name] = values_n
    properties = "".join(f"property {names[kind]} {name}\n" for name, kind in fields)
    header = f"ply\nformat binary_little_endian 1.0\ncomment unit mm\nelement vertex {len(rows)}\n{properties}end_header\n"
    return header.encode("ascii") + rows.tobytes()


class _StoredJpeg(JpegImageFile):
    """Is saved as the very bytes it was opened from; Pillow would compress the picture a second time, at a quality of its own."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.data_of_file = data

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """As JPEG, to an open file, which is all that trimesh asks for."""
        fp.write(self.data_of_file)


def _jpeg(rgb_hwc: Array) -> Image.Image:
    """The picture as Pillow's JPEG image, so that trimesh embeds it as JPEG; made from pixels alone, so it carries no EXIF."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(rgb_hwc, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not ok:
        raise ExportError("The texture could not be compressed. Choose a smaller texture.")
    return _StoredJpeg(data.tobytes())


def write_glb(model: Mesh | PointCloud) -> bytes:
    """Binary glTF 2.0 in metres, texture and normals inside."""
    if isinstance(model, PointCloud):
        metres_n3 = in_millimetres(model.points_n3, model.unit) / 1000
        return trimesh.Scene(trimesh.PointCloud(metres_n3, colors=model.colours_n3)).export(file_type="glb")
    metres_n3 = in_millimetres(model.vertices_n3, model.unit) / 1000
    kept, new_n, faces_m3 = weld(model.vertices_n3, model.faces_m3)
    normals_n3 = vertex_normals(metres_n3[kept], faces_m3)[new_n]
    visual: trimesh.visual.base.Visuals
    if model.uv_n2 is not None and model.texture_hwc is not None:
        material = trimesh.visual.material.PBRMaterial(
            name="photo", baseColorTexture=_jpeg(model.texture_hwc), metallicFactor=0.0, roughnessFactor=1.0, doubleSided=True
        )
        visual = trimesh.visual.TextureVisuals(uv=model.uv_n2, material=material)
    else:
        visual = trimesh.visual.ColorVisuals(vertex_colors=vertex_colours(model))
    solid = trimesh.Trimesh(metres_n3, model.faces_m3, vertex_normals=normals_n3, visual=visual, process=False)
    return trimesh.exchange.gltf.export_glb(trimesh.Scene(solid), include_normals=True)


def write_obj(model: Mesh | PointCloud) -> bytes:
    """A zip with OBJ, MTL and PNG in millimetres. Positions are shared across the texture's seam, which trimesh cannot write.

    Source: Wavefront, "Advanced Visualizer manual, appendix B1: object files (.obj)".
    """
    mesh = _mesh_only(model, "OBJ")
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    lines = ["# unit mm, +Y up, facing +Z", "mtllib model.mtl", "usemtl photo"]
    lines += [f"v {x:.7g} {y:.7g} {z:.7g}" for x, y, z in in_millimetres(mesh.vertices_n3, mesh.unit)[kept].tolist()]
    if mesh.uv_n2 is None:
        lines += [f"f {a} {b} {c}" for a, b, c in (faces_m3 + 1).tolist()]
    else:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in mesh.uv_n2.tolist()]
        corners = np.stack([faces_m3, mesh.faces_m3], -1).reshape(-1, 6) + 1
        lines += [f"f {a}/{at} {b}/{bt} {c}/{ct}" for a, at, b, bt, c, ct in corners.tolist()]
    material = "newmtl photo\nKd 1 1 1\nKs 0 0 0\nillum 1\n"
    files = {"model.obj": ("\n".join(lines) + "\n").encode("ascii")}
    if mesh.texture_hwc is not None:
        material += "map_Kd model.png\n"
        files["model.png"] = _png(cv2.cvtColor(mesh.texture_hwc, cv2.COLOR_RGB2BGR))
    files["model.mtl"] = material.encode("ascii")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            compression = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, compression, 6)
    return packed.getvalue()


def write_stl(model: Mesh | PointCloud) -> bytes:
    """Binary STL in millimetres, no colours, put on the printer's bed (`bed_from_model`): +Z is up, as in slicers."""
    solid = _welded(_mesh_only(model, "STL"))
    turn_43 = bed_from_model(solid.vertices, solid.faces)
    solid.vertices = solid.vertices @ turn_43[:3] + turn_43[3]
    return trimesh.exchange.stl.export_stl(solid)


def write_3mf(model: Mesh | PointCloud) -> bytes:
    """3MF in millimetres, no colours, +Y up as the other formats; the item's transform puts it on the printer's bed (`bed_from_model`).

    trimesh's has attributes that a strict reader (lib3mf) refuses.

    Source: 3MF Consortium, "3MF core specification", 1.3, chapters 2 to 4.
    """
    mesh = _mesh_only(model, "3MF")
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    points_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)[kept]
    vertices = "".join(f'<vertex x="{x:.7g}" y="{y:.7g}" z="{z:.7g}"/>' for x, y, z in points_n3.tolist())
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces_m3.tolist())
    transform = " ".join(f"{number:.7g}" for number in bed_from_model(points_n3, faces_m3).ravel())
    files = {
        "[Content_Types].xml": THREE_MF_TYPES,
        "_rels/.rels": THREE_MF_RELATIONS,
        "3D/3dmodel.model": THREE_MF_MODEL.format(vertices=vertices, triangles=triangles, transform=transform),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode("utf-8"), zipfile.ZIP_DEFLATED, 5)
    return packed.getvalue()


def write_xyz(model: Mesh | PointCloud) -> bytes:
    """Text, one point a line: x y z in millimetres, red green blue 0 to 255."""
    if isinstance(model, Mesh):
        kept = weld(model.vertices_n3, model.faces_m3)[0]
        points_n3, colours_n3 = in_millimetres(model.vertices_n3, model.unit)[kept], vertex_colours(model)[kept]
    else:
        points_n3, colours_n3 = in_millimetres(model.points_n3, model.unit), model.colours_n3
    rows = zip(points_n3.tolist(), colours_n3.tolist(), strict=True)
    return "".join(f"{x:.4f} {y:.4f} {z:.4f} {red} {green} {blue}\n" for (x, y, z), (red, green, blue) in rows).encode("ascii")


def _mesh_only(model: Mesh | PointCloud, name: str) -> Mesh:
    if not isinstance(model, Mesh):
        raise ExportError(f"{name} holds surfaces, not points. Choose PLY, GLB or XYZ for a point cloud.")
    return model


@dataclass(frozen=True)
class Writer:
    """How one format is written. write: model -> bytes. suffix: of the file. unit: of its numbers. holds_points: also a PointCloud."""

    write: Callable[[Mesh | PointCloud], bytes]
    suffix: str
    mime: str
    unit: str
    holds_points: bool


WRITERS: dict[str, Writer] = {
    "glb": Writer(write_glb, ".glb", "model/gltf-binary", "m", True),
    "stl": Writer(write_stl, ".stl", "model/stl", "mm", False),
    "ply": Writer(write_ply, ".ply", "application/octet-stream", "mm", True),
    "obj": Writer(write_obj, ".obj.zip", "application/zip", "mm", False),
    "3mf": Writer(write_3mf, ".3mf", "model/3mf", "mm", False),
    "xyz": Writer(write_xyz, ".xyz", "text/plain", "mm", True),
}


def write(name: str, model: Mesh | PointCloud) -> bytes:
    """The bytes of `model` (in mm or m) in one of the `WRITERS` formats. Raises: ExportError for an unknown format or a wrong model."""
    if name not in WRITERS:
        raise ExportError(f"There is no format named {name!r}. Choose one of {', '.join(WRITERS)}.")
    return WRITERS[name].write(model)


def _png(picture: Array) -> bytes:
    ok, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not ok:
        raise ExportError("The picture could not be written as PNG. Choose a smaller photo.")
    return data.tobytes()


def depth_png8(depth: DepthMap) -> bytes:
    """8-bit grey PNG: near = light, far = dark, outside the mask black."""
    return _png(depth.as_grey())


def depth_png16(depth: DepthMap) -> bytes:
    """16-bit grey PNG over its whole range: nearest = 65535, farthest = 1, outside the mask 0."""
    levels_hw = np.round(1 + depth.nearness_hw().astype(np.float64) * 65534)
    return _png(np.where(depth.mask_hw, levels_hw, 0).astype(np.uint16))


def depth_npy(depth: DepthMap) -> bytes:
    """NPY, float32, the network's own values and sense; NaN outside the mask."""
    packed = io.BytesIO()
    np.save(packed, np.where(depth.mask_hw, depth.values_hw, np.float32(np.nan)))
    return packed.getvalue()


DEPTH_WRITERS: dict[str, Callable[[DepthMap], bytes]] = {"_depth.png": depth_png8, "_depth16.png": depth_png16, "_depth.npy": depth_npy}
"""Writers of the depth map, by what is added to the photo's name."""


def save(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in the same folder, then move it: no reader ever sees half of it. Raises: ExportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}. Choose another folder, or make room.") from error
