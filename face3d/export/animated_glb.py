"""An animated head as binary glTF 2.0: a node for each part, expressions as morph targets.

There is no clip of animation inside: Blender puts one on all shape keys, and then a key that is set by hand
is 0 again at the next frame. The viewer moves the head by itself (viewer/expressions.js).

Source: Khronos, "glTF 2.0 specification", 3.7.2.2 (morph targets).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from face3d.errors import ExportError
from face3d.export.glb import linear_colours
from face3d.export.gltf_buffer import TRIANGLES, VERTICES, GltfFile, indices_of
from face3d.export.images import jpeg_bytes
from face3d.geometry.meshes import weld
from face3d.geometry.parts import AnimatedHead, HeadPart
from face3d.geometry.scale import in_millimetres
from face3d.geometry.texture import vertex_colours
from face3d.structures import Array, Mesh

LEAST_MM = 0.03
"""Shorter movements are left out: a six-thousandth of a head's width."""
LEAST_TURN = 0.1
"""Smaller changes of a unit normal are left out: 6 degrees. Larger ones fade in, so that no step is seen."""
FOR_BOTH_SIDES = ("browInnerUp", "cheekPuff")
"""Expressions that ARKit has for both sides at once. A head has them by side; their sum is added."""
ROUGHNESS = {"eyes": 0.15, "teeth": 0.4}
"""Of parts that are wet. The others are matt, for a photo holds their highlights."""


@dataclass(frozen=True, eq=False)
class _Target:
    """One expression of one part, both (n, 3) float32: movement in metres, change of the unit normal."""

    name: str
    offsets_n3: Array
    turns_n3: Array


def write_animated_glb(head: AnimatedHead, name: str) -> bytes:
    """Binary glTF 2.0 in metres: the node `name`, beneath it a node, mesh and material for each part.

    Expressions are morph targets of position and normal, stored sparsely, with names in
    `mesh.extras.targetNames` and weights 0. A part has those that move it. Vertices at one place, on both
    sides of the texture's seam, move as one.
    Raises: ExportError for a head without triangles, or without metric scale.
    """
    parts = [part for part in head.parts if len(part.mesh.faces_m3)]
    if not parts:
        raise ExportError("The head has no part with triangles. Make it of a photo in which a face is found.")
    file = GltfFile()
    root = file.add("nodes", {"name": name})
    file.tree |= {"scene": 0, "scenes": [{"nodes": [root]}]}
    file.tree["nodes"][root]["children"] = [
        file.add("nodes", {"name": part.name, "mesh": _mesh(file, part, head.expression_names)})
        for part in parts
    ]
    return file.glb()


class _Shape:
    """A part at rest, welded: kept (w,), indices of its vertices in the mesh; new_n, the other way round;
    points_w3, millimetres; normals_w3, unit length.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.kept, self.new_n, self.faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
        self.points_w3 = in_millimetres(mesh.vertices_n3[self.kept], mesh.unit)
        self.areas_m3 = _areas(self.points_w3, self.faces_m3)
        self.sums_w3 = _at_vertices(self.areas_m3, self.faces_m3, len(self.kept))
        self.normals_w3 = _unit(self.sums_w3)

    def turns(self, offsets_w3: Array, moved_w: Array) -> Array:
        """(w, 3) float64: by how much unit normals change, fading to 0 where that is LEAST_TURN.

        Computed around the vertices that move, `moved_w`.
        """
        touched_m = np.logical_or.reduce([moved_w[corners_m] for corners_m in self.faces_m3.T])
        faces_m3 = self.faces_m3[touched_m]
        change_m3 = _areas(self.points_w3 + offsets_w3, faces_m3) - self.areas_m3[touched_m]
        near_w = np.zeros(len(moved_w), bool)
        near_w[faces_m3.ravel()] = True
        sums_n3 = self.sums_w3[near_w] + _at_vertices(change_m3, faces_m3, len(moved_w))[near_w]
        turns_w3 = np.zeros_like(self.points_w3)
        turns_w3[near_w] = _unit(sums_n3) - self.normals_w3[near_w]
        sizes_w1 = np.linalg.norm(turns_w3, axis=1, keepdims=True)
        return turns_w3 * np.clip(sizes_w1 / LEAST_TURN - 1, 0, 1)


def _targets(part: HeadPart, shape: _Shape, names: tuple[str, ...]) -> list[_Target]:
    """The expressions that move a part."""
    if part.offsets_en3 is None:
        return []
    offsets = {name: part.offsets_en3[e][shape.kept] for e, name in enumerate(names)}
    for name in FOR_BOTH_SIDES:
        sides = f"{name}Left", f"{name}Right"
        if name not in offsets and all(side in offsets for side in sides):
            offsets[name] = offsets[sides[0]] + offsets[sides[1]]
    targets = []
    for name, offsets_w3 in offsets.items():
        moved_w3 = in_millimetres(offsets_w3, part.mesh.unit)
        moved_w = np.linalg.norm(moved_w3, axis=1) >= LEAST_MM
        if moved_w.any():
            moved_w3[~moved_w] = 0
            both = moved_w3 / 1000, shape.turns(moved_w3, moved_w)
            targets.append(_Target(name, *(values_w3.astype(np.float32)[shape.new_n] for values_w3 in both)))
    return targets


def _areas(points_n3: Array, faces_m3: Array) -> Array:
    a_m3, b_m3, c_m3 = (points_n3[faces_m3[:, corner]] for corner in range(3))
    return np.cross(b_m3 - a_m3, c_m3 - a_m3)


def _at_vertices(areas_m3: Array, faces_m3: Array, count: int) -> Array:
    corners = faces_m3.ravel()
    columns = [np.bincount(corners, np.repeat(areas_m3[:, axis], 3), minlength=count) for axis in range(3)]
    return np.stack(columns, axis=-1)


def _unit(vectors_n3: Array) -> Array:
    """Unit vectors; +Z where there is no direction, for a normal must have one."""
    lengths_n1 = np.linalg.norm(vectors_n3, axis=1, keepdims=True)
    return np.where(lengths_n1 > 0, vectors_n3 / np.maximum(lengths_n1, 1e-30), (0.0, 0.0, 1.0))


def _mesh(file: GltfFile, part: HeadPart, names: tuple[str, ...]) -> int:
    """The number of a new mesh."""
    mesh = part.mesh
    shape = _Shape(mesh)
    targets = _targets(part, shape, names)
    metres_n3 = (in_millimetres(mesh.vertices_n3, mesh.unit) / 1000).astype("<f4")
    triangles = indices_of(mesh.faces_m3.ravel(), len(metres_n3))
    attributes = {
        "POSITION": file.accessor(metres_n3, VERTICES, bounds=True),
        "NORMAL": file.accessor(shape.normals_w3[shape.new_n].astype("<f4"), VERTICES),
    }
    surface: dict[str, Any] = {"metallicFactor": 0, "roughnessFactor": ROUGHNESS.get(part.name, 1)}
    if mesh.uv_n2 is not None and mesh.texture_hwc is not None:
        from_top_n2 = np.stack([mesh.uv_n2[:, 0], 1 - mesh.uv_n2[:, 1]], axis=-1)
        attributes["TEXCOORD_0"] = file.accessor(from_top_n2.astype("<f4"), VERTICES)
        surface["baseColorTexture"] = {"index": _texture(file, mesh.texture_hwc)}
    else:
        colours_n4 = linear_colours(vertex_colours(mesh))
        attributes["COLOR_0"] = file.accessor(colours_n4, VERTICES, normalized=True)
    material = {"name": part.name, "doubleSided": True, "pbrMetallicRoughness": surface}
    primitive = {
        "attributes": attributes,
        "indices": file.accessor(triangles, TRIANGLES),
        "material": file.add("materials", material),
    }
    if not targets:
        return file.add("meshes", {"name": part.name, "primitives": [primitive]})
    primitive["targets"] = [
        {"POSITION": file.sparse(one.offsets_n3, bounds=True), "NORMAL": file.sparse(one.turns_n3)}
        for one in targets
    ]
    named = {"targetNames": [one.name for one in targets]}
    weights = [0] * len(targets)
    return file.add(
        "meshes", {"name": part.name, "primitives": [primitive], "weights": weights, "extras": named}
    )


def _texture(file: GltfFile, rgb_hwc: Array) -> int:
    """The number of a new texture, whose borders do not repeat."""
    image = {"bufferView": file.view(jpeg_bytes(rgb_hwc)), "mimeType": "image/jpeg"}
    sampler = {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}
    entry = {"source": file.add("images", image), "sampler": file.add("samplers", sampler)}
    return file.add("textures", entry)
