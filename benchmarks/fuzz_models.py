"""Models and weights for `benchmarks.fuzz`: numbers from mutated bytes, written in every format and read by
trimesh; files of tensors.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import trimesh
from safetensors.torch import save

from face3d.depth.face.interface import Configuration, metadata_of
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.depth.state_dict import read_state_dict
from face3d.errors import ExportError
from face3d.export.models import WRITERS, write
from face3d.structures import Mesh

HEAD = struct.Struct("<BBHHH")
"""Unit; whether there is a texture; its side; numbers of corners and of triangles."""
MOST = 4096
"""Corners, triangles and pixels of a side: more would take longer and show nothing else."""


def packed_model() -> bytes:
    """A tetrahedron with a texture of 2 x 2 pixels."""
    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]], "<f4")
    sides = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], "<i4")
    uv = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "<f4")
    return HEAD.pack(0, 1, 2, 4, 4) + corners.tobytes() + sides.tobytes() + uv.tobytes()


def read_model(data: bytes) -> None:
    """Write the model of these bytes in every format, and read each file. Raises: FaceModelError.

    Raises ValueError where a file has another number of triangles than the model, and what trimesh raises.
    """
    unit, textured, side, corners, triangles = HEAD.unpack(data[: HEAD.size].ljust(HEAD.size, b"\0"))
    side, corners, triangles = side % MOST, corners % MOST, triangles % MOST
    numbers = data[HEAD.size :].ljust(12 * corners + 12 * triangles + 8 * corners, b"\0")
    uv_n2 = np.frombuffer(numbers, "<f4", 2 * corners, 12 * (corners + triangles)).reshape(-1, 2)
    mesh = Mesh(
        np.frombuffer(numbers, "<f4", 3 * corners).reshape(-1, 3),
        np.frombuffer(numbers, "<i4", 3 * triangles, 12 * corners).reshape(-1, 3),
        uv_n2=uv_n2 if textured % 2 else None,
        texture_hwc=np.zeros((side, side // 2 + 1, 3), np.uint8) if textured % 2 else None,
        unit=("mm", "m", "image width")[unit % 3],
    )
    refused: ExportError | None = None
    for name in WRITERS:
        try:
            _check_file(name, write(name, mesh, "model"), mesh)
        except ExportError as error:
            refused = error
    if refused:
        raise refused


def _check_file(name: str, data: bytes, mesh: Mesh) -> None:
    if name == "xyz":
        np.loadtxt(io.BytesIO(data), ndmin=2)
        return
    if name in ("obj", "usdz"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = {member.rpartition(".")[2]: archive.read(member) for member in archive.namelist()}
        if name == "usdz":
            return
        data = b"\n".join(line for line in inside["obj"].splitlines() if not line.startswith(b"mtllib"))
    read: Any = trimesh.load(io.BytesIO(data), file_type=name, process=False, force="mesh")
    count = len(read.faces)
    if not np.isfinite(read.vertices).all() or (count != len(mesh.faces_m3) and name != "3mf"):
        raise ValueError(f"{name}: {count} triangles of {len(mesh.faces_m3)}")


def weights() -> dict[str, bytes]:
    """A small file of tensors in each form, by name; face.safetensors is a face network's."""
    tensors = {"a.weight": torch.arange(60.0).reshape(3, 20), "a.bias": torch.zeros(3)}
    files = {"weights.safetensors": save(tensors)}
    for name, as_zip in (("weights.pt", True), ("former_weights.pt", False)):
        packed = io.BytesIO()
        torch.save(tensors, packed, _use_new_zipfile_serialization=as_zip)
        files[name] = packed.getvalue()
    network = FaceNetwork(Configuration("tf_efficientnet_lite0", (8,) * 5))
    halves = {key: value.half() for key, value in network.state_dict().items()}
    files["face.safetensors"] = save(halves, metadata_of(network.configuration, {}))
    return files


def read_weights(data: bytes, name: str) -> None:
    """Read a file of `weights`. Raises: FaceModelError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        if name.startswith("face"):
            load_face_network(path)
        else:
            read_state_dict(path)
