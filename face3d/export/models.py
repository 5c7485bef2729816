"""Models as files: trimesh writes STL and PLY meshes; OBJ, 3MF, XYZ and PLY points are written here, GLB and
USDZ in modules of their own.

A writer takes the model and a name, as `safe_name` returns it; formats without names have no use for it.
Colours are sRGB, but for those of vertices in GLB (face3d/export/glb.py). 3MF and STL have none.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from face3d.errors import ExportError
from face3d.export.animated_glb import write_animated_glb
from face3d.export.files import safe_name
from face3d.export.glb import write_glb
from face3d.export.images import picture_png
from face3d.export.print_bed import bed_from_model
from face3d.export.usdz import usdz
from face3d.export.writable import check_writable
from face3d.geometry.meshes import weld
from face3d.geometry.parts import AnimatedHead
from face3d.geometry.report import MeshReport
from face3d.geometry.scale import in_millimetres
from face3d.geometry.texture import vertex_colours
from face3d.structures import Array, Mesh, PointCloud

if TYPE_CHECKING:
    import trimesh  # imported where it is used: it takes a third of a second

DEFLATE_LEVEL = 2
"""Of numbers as text: a tenth larger than zlib's default 6, in a fifth of the time."""
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPEN_PACKAGING = "http://schemas.openxmlformats.org/package/2006"
THREE_MF = "http://schemas.microsoft.com/3dmanufacturing"
THREE_MF_TYPES = (
    f'{XML}<Types xmlns="{OPEN_PACKAGING}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
    "</Types>"
)
THREE_MF_RELATIONS = (
    f'{XML}<Relationships xmlns="{OPEN_PACKAGING}/relationships">'
    f'<Relationship Target="/3D/3dmodel.model" Id="model" Type="{THREE_MF}/2013/01/3dmodel"/></Relationships>'
)
THREE_MF_MODEL = (
    f'{XML}<model unit="millimeter" xml:lang="en-US" xmlns="{THREE_MF}/core/2015/02"><resources>'
    '<object id="1" name="{name}" type="model"><mesh>'
    "<vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh></object></resources>"
    '<build><item objectid="1" transform="{transform}"/></build></model>'
)


def _welded(mesh: Mesh) -> trimesh.Trimesh:
    """In millimetres, without the texture's seam, with vertex colours."""
    import trimesh

    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    vertices_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)[kept]
    return trimesh.Trimesh(vertices_n3, faces_m3, vertex_colors=vertex_colours(mesh)[kept], process=False)


def write_ply(model: Mesh | PointCloud, _name: str) -> bytes:
    """Binary PLY in millimetres: a mesh with vertex colours, or points with colours and normals."""
    if isinstance(model, Mesh):
        from trimesh.exchange.ply import export_ply

        return export_ply(_welded(model), vertex_normal=False)
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
    for (name, _), values_n in zip(
        fields, np.concatenate([column.astype(np.float64) for column in columns]), strict=True
    ):
        rows[name] = values_n
    properties = "".join(f"property {names[kind]} {name}\n" for name, kind in fields)
    head = "ply\nformat binary_little_endian 1.0\ncomment unit mm\n"
    header = f"{head}element vertex {len(rows)}\n{properties}end_header\n"
    return header.encode("ascii") + rows.tobytes()


def write_obj(model: Mesh | PointCloud, name: str) -> bytes:
    """A zip with OBJ, MTL and PNG in millimetres.

    name: of the three files and of the material; those of two models then lie in one folder.
    Positions are shared across the texture's seam, which trimesh cannot write.

    Source: Wavefront, "Advanced Visualizer manual, appendix B1: object files (.obj)".
    """
    mesh = _mesh_only(model, "OBJ")
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    text = f"# unit mm, +Y up, facing +Z\nmtllib {name}.mtl\no {name}\nusemtl {name}\n"
    text += _rows("v %.7g %.7g %.7g\n", in_millimetres(mesh.vertices_n3, mesh.unit)[kept])
    if mesh.uv_n2 is None:
        text += _rows("f %d %d %d\n", faces_m3 + 1)
    else:
        text += _rows("vt %.6f %.6f\n", mesh.uv_n2)
        text += _rows("f %d/%d %d/%d %d/%d\n", np.stack([faces_m3, mesh.faces_m3], -1).reshape(-1, 6) + 1)
    material = f"newmtl {name}\nKd 1 1 1\nKs 0 0 0\nillum 1\n"
    files = {f"{name}.obj": text.encode("ascii")}
    if mesh.texture_hwc is not None:
        material += f"map_Kd {name}.png\n"
        files[f"{name}.png"] = picture_png(mesh.texture_hwc)
    files[f"{name}.mtl"] = material.encode("ascii")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for inner, data in files.items():
            compression = zipfile.ZIP_STORED if inner.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(inner), data, compression, DEFLATE_LEVEL)
    return packed.getvalue()


def write_stl(model: Mesh | PointCloud, _name: str) -> bytes:
    """Binary STL in millimetres, no colours, on the printer's bed (`bed_from_model`): +Z up."""
    from trimesh.exchange.stl import export_stl

    solid = _welded(_mesh_only(model, "STL"))
    turn_43 = bed_from_model(solid.vertices, solid.faces)
    solid.vertices = solid.vertices @ turn_43[:3] + turn_43[3]
    return export_stl(solid)


def write_3mf(model: Mesh | PointCloud, name: str) -> bytes:
    """3MF in millimetres, no colours, +Y up; the item's transform puts it on the printer's bed.

    See `bed_from_model`. Not written by trimesh: its files have attributes that a strict reader (lib3mf)
    refuses. The corners of a triangle must be three: triangles that are an edge or a point are left out.

    Source: 3MF Consortium, "3MF core specification", 1.3, chapters 2 to 4.
    """
    mesh = _mesh_only(model, "3MF")
    kept, _, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    faces_m3 = faces_m3[(faces_m3 != np.roll(faces_m3, 1, axis=1)).all(axis=1)]
    if not len(faces_m3):
        raise ExportError("3MF holds triangles, and all of this model are points or edges. Choose PLY.")
    points_n3 = in_millimetres(mesh.vertices_n3, mesh.unit)[kept]
    vertices = _rows('<vertex x="%.7g" y="%.7g" z="%.7g"/>', points_n3)
    triangles = _rows('<triangle v1="%d" v2="%d" v3="%d"/>', faces_m3)
    transform = " ".join(f"{number:.7g}" for number in bed_from_model(points_n3, faces_m3).ravel())
    files = {
        "[Content_Types].xml": THREE_MF_TYPES,
        "_rels/.rels": THREE_MF_RELATIONS,
        "3D/3dmodel.model": THREE_MF_MODEL.format(
            name=name, vertices=vertices, triangles=triangles, transform=transform
        ),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for inner, text in files.items():
            archive.writestr(
                zipfile.ZipInfo(inner), text.encode("utf-8"), zipfile.ZIP_DEFLATED, DEFLATE_LEVEL
            )
    return packed.getvalue()


def write_usdz(model: Mesh | PointCloud, name: str) -> bytes:
    """USDZ in metres, see `usdz`."""
    return usdz(_mesh_only(model, "USDZ"), name)


def write_xyz(model: Mesh | PointCloud, _name: str) -> bytes:
    """Text, one point a line: x y z in millimetres, red green blue 0 to 255."""
    if isinstance(model, Mesh):
        kept = weld(model.vertices_n3, model.faces_m3)[0]
        points_n3, colours_n3 = (
            in_millimetres(model.vertices_n3, model.unit)[kept],
            vertex_colours(model)[kept],
        )
    else:
        points_n3, colours_n3 = in_millimetres(model.points_n3, model.unit), model.colours_n3
    return _rows("%.4f %.4f %.4f %d %d %d\n", np.column_stack([points_n3, colours_n3])).encode("ascii")


def _rows(pattern: str, values_nk: Array) -> str:
    """A text of one row per row of numbers; formatted at once, twice as fast as row by row."""
    return (pattern * len(values_nk)) % tuple(values_nk.ravel().tolist())


def _mesh_only(model: Mesh | PointCloud, name: str) -> Mesh:
    if not isinstance(model, Mesh):
        raise ExportError(f"{name} holds surfaces, not points. Choose PLY, GLB or XYZ for a point cloud.")
    return model


@dataclass(frozen=True)
class Writer:
    """One format. write: model, name -> bytes. suffix: of the file. unit: of its numbers.

    holds_points: whether it takes a PointCloud too.
    """

    write: Callable[[Mesh | PointCloud, str], bytes]
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
    "usdz": Writer(write_usdz, ".usdz", "model/vnd.usdz+zip", "m", False),
    "xyz": Writer(write_xyz, ".xyz", "text/plain", "mm", True),
}


def report_json(
    report: MeshReport,
    files: dict[str, bytes],
    advice: Sequence[dict[str, Any]] = (),
    made_of: dict[str, Any] | None = None,
    video: dict[str, Any] | None = None,
) -> bytes:
    """The mesh report as JSON, with unit and size of the files exported with it; `files` by format name.

    advice: what assistants advised and was applied, one each, see `face3d.assistant.advice.Advice.as_json`.
    made_of: the words, model, seed and licence of a picture that took the place of a photo. video: figures of
    the video that the photo is a frame of.
    """
    exports = {name: {"bytes": len(data), "unit": WRITERS[name].unit} for name, data in files.items()}
    judged = ("person", "stands", "printable", "bed_scale_percent", "weight_g", "filament_m", "verdict")
    content = asdict(report) | {name: getattr(report, name) for name in judged} | {"exports": exports}
    if advice:
        content["advice"] = list(advice)
    if made_of is not None:
        content["picture_from_words"] = made_of
    if video is not None:
        content["video"] = video
    return (json.dumps(content, indent=2) + "\n").encode("utf-8")


def write(file_format: str, model: Mesh | PointCloud | AnimatedHead, name: str = "model") -> bytes:
    """The bytes of `model` (in mm or m) in one of the `WRITERS` formats.

    Of an animated head GLB holds parts and expressions, the others one mesh.
    name: any text, as the file's name without its ending; names inside the file are made of it (`safe_name`).
    Raises: ExportError for an unknown format, or a model that the format cannot hold (`check_writable`).
    """
    if file_format not in WRITERS:
        raise ExportError(f"There is no format named {file_format!r}. Choose one of {', '.join(WRITERS)}.")
    one = model.as_one() if isinstance(model, AnimatedHead) else model
    check_writable(one)
    if isinstance(model, AnimatedHead) and file_format == "glb":
        return write_animated_glb(model, safe_name(name))
    return WRITERS[file_format].write(one, safe_name(name))
