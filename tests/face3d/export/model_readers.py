"""Files of models read by other libraries than those that write them."""

import base64
import io
import re
import tempfile
import zipfile

import numpy as np
import pytest
from PIL import Image


def read_back(file_format, data):
    """Places (n, 3) in the file's unit, and the number of its triangles, or of its points without any."""
    return READERS[file_format](data)


def _glb(data):
    pygltflib = pytest.importorskip("pygltflib")
    gltf = pygltflib.GLTF2.load_from_bytes(data)
    primitive = gltf.meshes[0].primitives[0]
    place = gltf.accessors[primitive.attributes.POSITION]
    view = gltf.bufferViews[place.bufferView]
    start = (view.byteOffset or 0) + (place.byteOffset or 0)
    places_n3 = np.frombuffer(gltf.binary_blob(), "<f4", 3 * place.count, start).reshape(-1, 3)
    return places_n3, place.count if primitive.indices is None else gltf.accessors[
        primitive.indices
    ].count // 3


def _html(data):
    return _glb(base64.b64decode(re.search(rb'id="glb">([^<]*)<', data)[1]))


def _stl(data):
    pytest.importorskip("stl")
    from stl.mesh import Mesh

    vectors = Mesh.from_file("", fh=io.BytesIO(data)).vectors
    return vectors.reshape(-1, 3), len(vectors)


def _ply(data):
    meshio = pytest.importorskip("meshio")
    with tempfile.NamedTemporaryFile(suffix=".ply") as file:
        file.write(data)
        file.flush()
        read = meshio.read(file.name)
    return read.points, len(read.cells_dict.get("triangle", read.points))


def _obj(data):
    """By its specification: positions shared across a texture's seam are more than meshio takes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.rpartition(".")[2]: name for name in archive.namelist()}
        lines = archive.read(names["obj"]).decode("ascii").splitlines()
        if "png" in names:
            Image.open(archive.open(names["png"])).load()
    places = [line.split()[1:] for line in lines if line.startswith("v ")]
    corners = [
        [int(part.split("/")[0]) for part in line.split()[1:]] for line in lines if line.startswith("f ")
    ]
    assert all(1 <= corner <= len(places) for face in corners for corner in face)
    return np.array(places, float), len(corners)


def _3mf(data):
    lib3mf = pytest.importorskip("lib3mf")
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromBuffer(data)
    assert reader.GetWarningCount() == 0
    objects = model.GetMeshObjects()
    assert objects.MoveNext()
    solid = objects.GetCurrentMeshObject()
    places = [list(vertex.Coordinates) for vertex in solid.GetVertices()]
    return np.array(places).reshape(-1, 3), solid.GetTriangleCount()


def _usdz(data):
    """By its text; tests/face3d/export/test_usdz.py has Pixar's own reader, which is seldom installed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        text = archive.read(archive.namelist()[0]).decode("ascii")
        for name in archive.namelist()[1:]:
            Image.open(archive.open(name)).load()
    places = re.search(r"point3f\[\] points = \[(.*)\]", text)[1].strip("()").split("), (")
    counts = re.search(r"faceVertexCounts = \[(.*)\]", text)[1].split(",")
    assert set(counts) <= {"3", " 3"}
    return np.array([place.split(", ") for place in places], float), len(counts)


def _xyz(data):
    rows = np.loadtxt(io.BytesIO(data), ndmin=2)
    return rows[:, :3], len(rows)


READERS = {
    "glb": _glb,
    "stl": _stl,
    "ply": _ply,
    "obj": _obj,
    "3mf": _3mf,
    "usdz": _usdz,
    "xyz": _xyz,
    "html": _html,
}
