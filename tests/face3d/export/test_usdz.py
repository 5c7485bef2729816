"""The zip, and where usd-core is installed, Pixar's own reader and checker."""

import io
import struct
import zipfile

import numpy as np
import pytest
from painted_box import painted_box
from PIL import Image

from face3d.encodings import linear_from_srgb
from face3d.errors import ExportError
from face3d.export.models import write
from face3d.structures import Mesh, PointCloud


def textured_square():
    corners = np.float32([[-30, -50, 5], [30, -50, 5], [30, 50, 5], [-30, 50, 5]])
    uv = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    texture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return Mesh(corners, np.int32([[0, 1, 2], [0, 2, 3]]), uv_n2=uv, texture_hwc=texture, unit="mm")


def test_files_lie_uncompressed_at_multiples_of_64_bytes_the_layer_first():
    data = write("usdz", textured_square(), "Zoë 1")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        layer, picture = archive.infolist()
        text = archive.read(layer).decode("ascii")
        assert (np.asarray(Image.open(archive.open(picture))) == textured_square().texture_hwc).all()
    for info in (layer, picture):
        assert info.compress_type == zipfile.ZIP_STORED
        name_bytes, extra_bytes = struct.unpack_from("<HH", data, info.header_offset + 26)
        assert (info.header_offset + 30 + name_bytes + extra_bytes) % 64 == 0
    assert layer.filename.endswith(".usda") and f"@{picture.filename}@" in text
    assert picture.filename.startswith("Zo__1_") and text.startswith("#usda 1.0")
    for line in ('defaultPrim = "Model"', "metersPerUnit = 1", 'upAxis = "Y"'):
        assert line in text


def test_points_and_models_without_a_scale_are_refused():
    with pytest.raises(ExportError, match="USDZ holds surfaces"):
        write("usdz", PointCloud(np.zeros((1, 3), np.float32), np.zeros((1, 3), np.uint8), unit="mm"))
    bare = Mesh(textured_square().vertices_n3, textured_square().faces_m3)
    with pytest.raises(ExportError):
        write("usdz", bare)


@pytest.mark.parametrize("make", [textured_square, painted_box])
def test_usd_reads_the_same_mesh_and_its_checker_finds_no_fault(make, tmp_path):
    pytest.importorskip("pxr.UsdValidation", reason="usd-core is not installed, or older than its validators")
    from pxr import Usd, UsdGeom, UsdValidation

    mesh = make()
    path = tmp_path / "model.usdz"
    path.write_bytes(write("usdz", mesh, "model"))
    stage = Usd.Stage.Open(str(path))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert "usdUtilsValidators:UsdzPackageValidator" in [one.GetMetadata().name for one in validators]
    faults = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [fault.GetMessage() for fault in faults] == []
    assert UsdGeom.GetStageUpAxis(stage) == "Y" and UsdGeom.GetStageMetersPerUnit(stage) == 1
    surface = UsdGeom.Mesh(stage.GetDefaultPrim().GetChild("Surface"))
    assert np.allclose(np.array(surface.GetPointsAttr().Get()), mesh.vertices_n3 / 1000, atol=1e-7)
    assert (np.array(surface.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3) == mesh.faces_m3).all()
    primvars = UsdGeom.PrimvarsAPI(surface)
    if mesh.uv_n2 is not None:
        assert (np.array(primvars.GetPrimvar("st").Get()) == mesh.uv_n2).all()
    else:
        colours = np.array(primvars.GetPrimvar("displayColor").Get())
        assert np.allclose(colours, linear_from_srgb(mesh.colours_n3), atol=1e-6)
