"""A glTF 2.0 file while it is written: its tree, and the numbers that the tree refers to.

Source: Khronos, "glTF 2.0 specification", 3.6 (buffers, accessors; 3.6.2.3 sparse accessors).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from face3d.export.glb import packed
from face3d.structures import Array

COMPONENTS = {"uint16": 5123, "uint32": 5125, "float32": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
VERTICES, TRIANGLES = 34962, 34963
"""What a buffer view of a mesh is used for."""


def indices_of(numbers: Array, largest: int) -> Array:
    """Numbers of vertices in the least type that holds them; its last number is not a vertex in glTF."""
    return numbers.astype("<u2" if largest < 65535 else "<u4")


class GltfFile:
    """Grows by `add` and the accessors; `glb` gives the bytes. tree: the JSON without its buffer."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {"asset": {"version": "2.0", "generator": "photo-to-3d-face"}}
        self._binary = bytearray()

    def add(self, kind: str, entry: dict[str, Any]) -> int:
        """Appends an entry to a list of the tree, such as "meshes". Returns its number there."""
        entries = self.tree.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def view(self, data: bytes, use: int | None = None) -> int:
        """The number of a new buffer view with these bytes."""
        entry = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(data)}
        self._binary += data + bytes(-len(data) % 4)
        return self.add("bufferViews", entry | ({} if use is None else {"target": use}))

    def accessor(
        self, values: Array, use: int | None = None, *, bounds: bool = False, normalized: bool = False
    ) -> int:
        """The number of a new accessor. values: (n,) or (n, k) of one of `COMPONENTS`.

        bounds: with least and largest values, which positions and times must have.
        """
        entry = _described(values) | {"bufferView": self.view(values.tobytes(), use)}
        if bounds:
            entry |= _bounds(values)
        if normalized:
            entry["normalized"] = True
        return self.add("accessors", entry)

    def sparse(self, values_n3: Array, *, bounds: bool = False) -> int:
        """The number of a new accessor of float32 that stores only the rows that are not 0."""
        values_n3 = values_n3.astype("<f4")
        stored = np.flatnonzero(np.logical_or.reduce(values_n3.T != 0))
        entry = _described(values_n3)
        if bounds:  # a row of zeros stands for those that are not stored
            entry |= _bounds(np.concatenate([values_n3[stored], np.zeros((1, 3), "<f4")]))
        if len(stored):  # an accessor without a buffer view is 0 throughout
            indices = indices_of(stored, len(values_n3))
            entry["sparse"] = {
                "count": len(stored),
                "indices": {
                    "bufferView": self.view(indices.tobytes()),
                    "componentType": COMPONENTS[indices.dtype.name],
                },
                "values": {"bufferView": self.view(values_n3[stored].tobytes())},
            }
        return self.add("accessors", entry)

    def glb(self) -> bytes:
        """The file."""
        return packed(self.tree | {"buffers": [{"byteLength": len(self._binary)}]}, bytes(self._binary))


def _described(values: Array) -> dict[str, Any]:
    width = 1 if values.ndim == 1 else values.shape[1]
    return {"componentType": COMPONENTS[values.dtype.name], "count": len(values), "type": TYPES[width]}


def _bounds(values: Array) -> dict[str, Any]:
    columns = np.ascontiguousarray(values.reshape(len(values), -1).T)  # quicker than across the rows
    return {"min": columns.min(axis=1).tolist(), "max": columns.max(axis=1).tolist()}
