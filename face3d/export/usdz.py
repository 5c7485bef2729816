"""Models as USDZ, which telephones of Apple show in the room: a zip of a USD text layer and its texture.

Sources: Pixar, "USDZ file format specification" (files uncompressed, data at multiples of 64 bytes, the layer
first); "UsdPreviewSurface specification"; Apple, "Creating USD files for Apple devices" (metres, +Y up).
"""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np

from face3d.encodings import linear_from_srgb
from face3d.export.images import picture_png
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.scale import in_millimetres
from face3d.geometry.texture import vertex_colours
from face3d.structures import Array, Mesh

ALIGNMENT = 64
LOCAL_HEADER_BYTES = 30
PADDING_ID = 0x1986
"""Identifier of the extra field that fills up to a multiple of 64 bytes, as USD's own writer names it."""
LAYER = """#usda 1.0
(
    defaultPrim = "Model"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "Model" (
    kind = "component"
)
{{
    def Mesh "Surface" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {{
        rel material:binding = </Model/Material>
        uniform bool doubleSided = 1
        uniform token subdivisionScheme = "none"
        float3[] extent = {extent}
        int[] faceVertexCounts = {counts}
        int[] faceVertexIndices = {indices}
        point3f[] points = {points}
        normal3f[] normals = {normals} (
            interpolation = "vertex"
        )
        {colours} (
            interpolation = "vertex"
        )
    }}

    def Material "Material"
    {{
        token outputs:surface.connect = </Model/Material/Preview.outputs:surface>

        def Shader "Preview"
        {{
            uniform token info:id = "UsdPreviewSurface"
            color3f inputs:diffuseColor.connect = </Model/Material/Colour.outputs:{output}>
            float inputs:metallic = 0
            float inputs:roughness = 1
            token outputs:surface
        }}

        def Shader "Colour"
        {{
{shader}
        }}
{reader}
    }}
}}
"""
TEXTURE_SHADER = """            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @{texture}@
            token inputs:sourceColorSpace = "sRGB"
            float2 inputs:st.connect = </Model/Material/Coordinates.outputs:result>
            token inputs:wrapS = "clamp"
            token inputs:wrapT = "clamp"
            float3 outputs:rgb"""
COORDINATES_READER = """
        def Shader "Coordinates"
        {
            uniform token info:id = "UsdPrimvarReader_float2"
            string inputs:varname = "st"
            float2 outputs:result
        }"""
COLOUR_READER = """            uniform token info:id = "UsdPrimvarReader_float3"
            string inputs:varname = "displayColor"
            float3 outputs:result"""


def usdz(mesh: Mesh, name: str) -> bytes:
    """USDZ in metres, +Y up, facing +Z, with normals and the texture, else with colours of the vertices.

    name: of the files inside, ASCII without blanks. Raises: ExportError for a model without metric scale.
    """
    points_n3 = in_millimetres(mesh.vertices_n3, mesh.unit) / 1000
    kept, new_n, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    normals_n3 = vertex_normals(points_n3[kept], faces_m3)[new_n]
    texture = f"{name}.png"
    if mesh.uv_n2 is not None and mesh.texture_hwc is not None:
        pictures = {texture: picture_png(mesh.texture_hwc)}
        colours = f"texCoord2f[] primvars:st = {_tuples(mesh.uv_n2)}"
        output, shader, reader = "rgb", TEXTURE_SHADER.format(texture=texture), COORDINATES_READER
    else:
        pictures = {}
        colours = f"color3f[] primvars:displayColor = {_tuples(linear_from_srgb(vertex_colours(mesh)))}"
        output, shader, reader = "result", COLOUR_READER, ""
    layer = LAYER.format(
        extent=_tuples(np.stack([points_n3.min(axis=0), points_n3.max(axis=0)])),
        counts=[3] * len(mesh.faces_m3),
        indices=mesh.faces_m3.ravel().tolist(),
        points=_tuples(points_n3),
        normals=_tuples(normals_n3),
        colours=colours,
        output=output,
        shader=shader,
        reader=reader,
    )
    return _aligned_zip({f"{name}.usda": layer.encode("ascii")} | pictures)


def _tuples(rows_nk: Array) -> str:
    """Rows of numbers as USD writes them: [(1, 2), (3, 4)]."""
    return "[" + ", ".join(f"({', '.join(f'{x:.7g}' for x in row)})" for row in rows_nk.tolist()) + "]"


def _aligned_zip(files: dict[str, bytes]) -> bytes:
    """An uncompressed zip, the data of each file at a multiple of ALIGNMENT bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for inner, data in files.items():
            info = zipfile.ZipInfo(inner)
            begin = packed.tell() + LOCAL_HEADER_BYTES + len(inner) + 4
            padding = -begin % ALIGNMENT
            info.extra = struct.pack("<HH", PADDING_ID, padding) + bytes(padding)
            archive.writestr(info, data)
    return packed.getvalue()
