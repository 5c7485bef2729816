"""Models as binary glTF 2.0: written by trimesh, with the colours of vertices added here.

Source: Khronos, "glTF 2.0 specification", 3.7.2.1 (attributes), 4.4 (binary glTF).
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from face3d.encodings import linear_from_srgb
from face3d.export.images import jpeg_image
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.scale import in_millimetres
from face3d.geometry.texture import CLAY_RGB, FRONT_SHARE, vertex_colours
from face3d.structures import Array, Mesh, PointCloud

if TYPE_CHECKING:
    import trimesh  # imported where it is used: it takes a third of a second
    from PIL import Image

JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
UNSIGNED_SHORT = 5123
DIM = 0.35
"""Brightness of the plastic before a lamp, share of clay: its own light is brighter than the room's."""


def write_glb(model: Mesh | PointCloud, name: str) -> bytes:
    """Binary glTF 2.0 in metres, texture and normals inside.

    name: of the mesh and its material. The texture is sRGB, as the format defines it. Colours of vertices
    are linear there: see `linear_colours`.
    """
    import trimesh

    if isinstance(model, PointCloud):
        metres_n3 = in_millimetres(model.points_n3, model.unit) / 1000
        return _with_colours(_exported(trimesh.PointCloud(metres_n3), name), model.colours_n3)
    metres_n3 = in_millimetres(model.vertices_n3, model.unit) / 1000
    kept, new_n, faces_m3 = weld(model.vertices_n3, model.faces_m3)
    normals_n3 = vertex_normals(metres_n3[kept], faces_m3)[new_n]
    texture = None if model.uv_n2 is None or model.texture_hwc is None else jpeg_image(model.texture_hwc)
    material = trimesh.visual.material.PBRMaterial(
        name=name,
        metallicFactor=0.0,
        roughnessFactor=1.0,
        doubleSided=True,
        **({"baseColorTexture": texture} | _glow(model, texture)),
    )
    visual = trimesh.visual.TextureVisuals(uv=None if texture is None else model.uv_n2, material=material)
    solid = trimesh.Trimesh(
        metres_n3, model.faces_m3, vertex_normals=normals_n3, visual=visual, process=False
    )
    glb = _exported(solid, name)
    return _with_colours(glb, vertex_colours(model)) if texture is None else glb


def _glow(model: Mesh, texture: Image.Image | None) -> dict[str, Any]:
    """Properties of the material of a mesh that glows: its light, and the plastic that shows it."""
    if texture is None or not model.glows:
        return {}
    seen = round(texture.width * FRONT_SHARE)
    plastic, light = np.array(model.texture_hwc), np.array(model.texture_hwc)
    plastic[:, :seen] = np.round(DIM * np.array(CLAY_RGB))
    light[:, seen:] = 0
    return {
        "baseColorTexture": jpeg_image(plastic),
        "emissiveTexture": jpeg_image(light),
        "emissiveFactor": [1.0, 1.0, 1.0],
    }


def _exported(geometry: trimesh.parent.Geometry, name: str) -> bytes:
    import trimesh

    scene = trimesh.Scene({name: geometry})
    return trimesh.exchange.gltf.export_glb(scene, include_normals=True)


def linear_colours(colours_n3: Array) -> Array:
    """(n, 4) uint16, normalised: the attribute COLOR_0 of sRGB colours, (n, 3) uint8.

    The format defines COLOR_0 as linear. Bytes would merge the dark colours: the first 7 levels of sRGB are
    nearest to the same of 256 linear levels. So they are normalised 16-bit numbers, of which even the darkest
    two levels of sRGB are 20 apart: every colour comes back exactly. Alpha, 65535, aligns them to four bytes.
    """
    linear_n4 = np.full((len(colours_n3), 4), 65535, "<u2")
    linear_n4[:, :3] = np.round(linear_from_srgb(colours_n3) * 65535)
    return linear_n4


def packed(tree: dict[str, Any], binary: bytes) -> bytes:
    """A file of its two chunks: the JSON, as `tree`, and the one buffer, of a multiple of four bytes."""
    text = json.dumps(tree, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    chunks = b"".join(
        struct.pack("<I4s", len(data), kind) + data
        for kind, data in ((JSON_CHUNK, text), (BINARY_CHUNK, binary))
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _with_colours(glb: bytes, colours_n3: Array) -> bytes:
    """A file of one mesh with the colours of its vertices, sRGB uint8, as its attribute COLOR_0."""
    json_bytes = struct.unpack_from("<I", glb, 12)[0]
    tree, binary = json.loads(glb[20 : 20 + json_bytes]), glb[28 + json_bytes :]
    linear_n4 = linear_colours(colours_n3)
    view = {"buffer": 0, "byteOffset": len(binary), "byteLength": linear_n4.nbytes}
    accessor = {
        "bufferView": len(tree["bufferViews"]),
        "componentType": UNSIGNED_SHORT,
        "normalized": True,
        "count": len(linear_n4),
        "type": "VEC4",
    }
    tree["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = len(tree["accessors"])
    tree["bufferViews"].append(view)
    tree["accessors"].append(accessor)
    binary += linear_n4.tobytes()
    tree["buffers"][0]["byteLength"] = len(binary)
    return packed(tree, binary)
