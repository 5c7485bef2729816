"""Export, then import with another library than the one that wrote: same vertices, faces, texture
coordinates, unit, orientation.
"""

import io
import zipfile

import numpy as np
import pytest
from blender import python_with_bpy, said_by_blender
from gltf_validator import issues, validator_folder
from PIL import Image

from face3d.errors import ExportError
from face3d.export.files import safe_name, save
from face3d.export.models import WRITERS, write
from face3d.geometry.meshes import weld
from face3d.geometry.relief import make_relief
from face3d.geometry.scale import to_metric_scale
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import vertex_colours
from face3d.structures import Mesh, PointCloud
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, point_cloud

DEPTH, PHOTO = head(), photo_of((96, 80))
SETTINGS = ModelSettings(face_budget=3000, height_mm=240.0)


@pytest.fixture(scope="module")
def cloud():
    return to_metric_scale(
        point_cloud(make_relief(DEPTH, PHOTO, SETTINGS)), make_relief(DEPTH, PHOTO, SETTINGS)
    )[0]


def same_triangles(vertices_n3, faces_m3, mesh, tolerance):
    """Whether the triangles, in order, have the corners of `mesh`'s, in millimetres."""
    assert np.asarray(faces_m3).shape == mesh.faces_m3.shape
    assert np.abs(np.asarray(vertices_n3)[faces_m3] - mesh.vertices_n3[mesh.faces_m3]).max() <= tolerance


def colours(read):
    """meshio takes the bytes for signed."""
    return np.stack([read.point_data[name] for name in ("red", "green", "blue")], -1).astype(np.uint8)


def test_ply_read_by_meshio(bust, tmp_path):
    meshio = pytest.importorskip("meshio")
    save(tmp_path / "m.ply", write("ply", bust))
    read = meshio.read(tmp_path / "m.ply")
    same_triangles(read.points, read.cells_dict["triangle"], bust, 1e-3)
    kept, _, _ = weld(bust.vertices_n3, bust.faces_m3)
    assert (colours(read) == vertex_colours(bust)[kept]).all()


def test_points_ply_read_by_meshio(cloud, tmp_path):
    meshio = pytest.importorskip("meshio")
    save(tmp_path / "p.ply", write("ply", cloud))
    read = meshio.read(tmp_path / "p.ply")
    assert (read.points == cloud.points_n3).all()
    assert (colours(read) == cloud.colours_n3).all()
    assert (np.stack([read.point_data[name] for name in ("nx", "ny", "nz")], -1) == cloud.normals_n3).all()


def accessor(gltf, index, kind, width):
    """The numbers of a glTF accessor, read by the rules of the specification (section 3.6)."""
    entry = gltf.accessors[index]
    view = gltf.bufferViews[entry.bufferView]
    start = (view.byteOffset or 0) + (entry.byteOffset or 0)
    return np.frombuffer(gltf.binary_blob(), kind, entry.count * width, start).reshape(-1, width)


def test_glb_read_by_pygltflib(bust):
    pygltflib = pytest.importorskip("pygltflib")
    gltf = pygltflib.GLTF2.load_from_bytes(write("glb", bust))
    primitive = gltf.meshes[0].primitives[0]
    positions = accessor(gltf, primitive.attributes.POSITION, "<f4", 3)
    faces = accessor(gltf, primitive.indices, "<u4", 1).reshape(-1, 3)
    same_triangles(positions * 1000, faces, bust, 1e-3)
    uv = accessor(gltf, primitive.attributes.TEXCOORD_0, "<f4", 2)
    assert np.abs(uv * (1, -1) + (0, 1) - bust.uv_n2).max() < 1e-6  # glTF counts v from the top
    normals = accessor(gltf, primitive.attributes.NORMAL, "<f4", 3)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
    image = gltf.bufferViews[gltf.images[0].bufferView]
    picture = Image.open(
        io.BytesIO(gltf.binary_blob()[image.byteOffset : image.byteOffset + image.byteLength])
    )
    assert picture.size == bust.texture_hwc.shape[1::-1] and not picture.getexif()
    assert np.abs(np.asarray(picture).astype(float) - bust.texture_hwc).mean() < 3  # JPEG
    once = io.BytesIO()
    Image.fromarray(bust.texture_hwc).save(once, "JPEG", quality=92)
    assert (
        picture.quantization == Image.open(once).quantization
    )  # compressed once, at the quality of `JPEG_QUALITY`


EVERY_LEVEL_N3 = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256) // 2], -1).astype(np.uint8)


@pytest.mark.parametrize("kind", ["points", "mesh"])
def test_colours_of_vertices_are_linear_in_glb_and_come_back_exactly(kind):
    """glTF 2.0, 3.7.2.1: COLOR_0 is linear; 3.6.2.2: normalised 16-bit numbers are divided by 65535."""
    pygltflib = pytest.importorskip("pygltflib")
    points_n3 = np.random.default_rng(0).normal(size=(256, 3)).astype(np.float32)
    faces_m3 = np.arange(255, dtype=np.int32).reshape(-1, 3)
    model = {
        "points": PointCloud(points_n3, EVERY_LEVEL_N3, unit="mm"),
        "mesh": Mesh(points_n3, faces_m3, colours_n3=EVERY_LEVEL_N3, unit="mm"),
    }[kind]
    gltf = pygltflib.GLTF2.load_from_bytes(write("glb", model))
    index = gltf.meshes[0].primitives[0].attributes.COLOR_0
    assert (gltf.accessors[index].componentType, gltf.accessors[index].type) == (5123, "VEC4")
    assert gltf.accessors[index].normalized
    linear_n4 = accessor(gltf, index, "<u2", 4) / 65535
    srgb_n3 = np.where(
        linear_n4 <= 0.0031308, 12.92 * linear_n4, 1.055 * linear_n4 ** (1 / 2.4) - 0.055
    )  # IEC 61966-2-1
    assert (np.round(srgb_n3[:, :3] * 255) == EVERY_LEVEL_N3).all() and (linear_n4[:, 3] == 1).all()
    assert linear_n4[128, 0] == pytest.approx(0.21586, abs=1e-4)  # light of level 128
    positions = accessor(gltf, gltf.meshes[0].primitives[0].attributes.POSITION, "<f4", 3)
    assert np.allclose(positions * 1000, points_n3, atol=1e-4)
    material = gltf.materials[gltf.meshes[0].primitives[0].material].pbrMetallicRoughness
    assert material.metallicFactor == 0 and material.baseColorFactor in (None, [1, 1, 1, 1])


def test_names_inside_files_are_the_photos(bust, cloud):
    pygltflib, lib3mf = pytest.importorskip("pygltflib"), pytest.importorskip("lib3mf")
    for model in (bust, cloud):
        gltf = pygltflib.GLTF2.load_from_bytes(write("glb", model, "me"))
        assert gltf.meshes[0].name == "me"
    three_mf = lib3mf.get_wrapper().CreateModel()
    three_mf.QueryReader("3mf").ReadFromBuffer(write("3mf", bust, "me & <you>"))
    objects = three_mf.GetMeshObjects()
    assert objects.MoveNext() and objects.GetCurrentMeshObject().GetName() == safe_name("me & <you>")


def test_two_obj_archives_lie_in_one_folder(bust, plaque, tmp_path):
    meshes = {"my photo": bust, "李": plaque}
    for name, mesh in meshes.items():
        with zipfile.ZipFile(io.BytesIO(write("obj", mesh, name))) as archive:
            assert not any(set("/\\ ") & set(inner) for inner in archive.namelist())
            archive.extractall(tmp_path)
    assert len(list(tmp_path.iterdir())) == 6
    for name, mesh in meshes.items():
        words = [line.split() for line in (tmp_path / f"{safe_name(name)}.obj").read_text().splitlines()]
        said = {word: rest for word, *rest in words if word in ("mtllib", "usemtl")}
        material = [line.split() for line in (tmp_path / said["mtllib"][0]).read_text().splitlines()]
        said |= {word: rest for word, *rest in material}
        assert said["newmtl"] == said["usemtl"] and all(len(said[word]) == 1 for word in ("mtllib", "map_Kd"))
        assert (np.asarray(Image.open(tmp_path / said["map_Kd"][0])) == mesh.texture_hwc).all()


@pytest.mark.parametrize(
    ("kind", "turned"),
    [("bust", lambda x, y, z: (x, -z, y)), ("plaque", lambda x, y, z: (x, y, z - z.min()))],
)
def test_3mf_read_by_lib3mf(kind, turned, request):
    lib3mf, mesh = pytest.importorskip("lib3mf"), request.getfixturevalue(kind)
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromBuffer(write("3mf", mesh))
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    objects = model.GetMeshObjects()
    assert objects.MoveNext()
    solid = objects.GetCurrentMeshObject()
    assert solid.IsManifoldAndOriented()
    vertices = np.array([list(vertex.Coordinates) for vertex in solid.GetVertices()])
    same_triangles(
        vertices, np.array([list(face.Indices) for face in solid.GetTriangleIndices()]), mesh, 1e-3
    )
    items = model.GetBuildItems()
    assert items.MoveNext()
    turn_43 = np.array([list(row) for row in items.GetCurrent().GetObjectTransform().Fields])
    placed = (
        np.column_stack([vertices, np.ones(len(vertices))]) @ turn_43
    )  # row vectors: section 3.3 of the core specification
    assert np.allclose(
        placed, np.stack(turned(*vertices.T), -1), atol=1e-3
    )  # on the bed; a bust's face looks to the printer's front
    assert placed[:, 2].min() == pytest.approx(0, abs=1e-3) and np.linalg.det(turn_43[:3]) == pytest.approx(1)


def test_obj_read_by_its_specification(bust, tmp_path):
    """meshio takes no more texture coordinates than vertices; Blender reads it below."""
    with zipfile.ZipFile(io.BytesIO(write("obj", bust))) as archive:
        assert sorted(archive.namelist()) == ["model.mtl", "model.obj", "model.png"]
        archive.extractall(tmp_path)
    texture = np.asarray(Image.open(tmp_path / "model.png"))
    assert (texture == bust.texture_hwc).all()
    lines = (tmp_path / "model.obj").read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    uv = np.array([line.split()[1:] for line in lines if line.startswith("vt ")], float)
    corners = (
        np.array(
            [[part.split("/") for part in line.split()[1:]] for line in lines if line.startswith("f ")], int
        )
        - 1
    )
    same_triangles(vertices, corners[..., 0], bust, 1e-3)
    assert np.abs(uv[corners[..., 1]] - bust.uv_n2[bust.faces_m3]).max() < 1e-6
    assert len(vertices) < len(bust.vertices_n3)  # one position on both sides of the seam
    assert "map_Kd model.png" in (tmp_path / "model.mtl").read_text()


def test_xyz_read_by_numpy(cloud):
    read = np.loadtxt(io.BytesIO(write("xyz", cloud)))
    assert np.abs(read[:, :3] - cloud.points_n3).max() < 1e-4 and (read[:, 3:] == cloud.colours_n3).all()


def test_xyz_of_a_mesh_has_every_point_once(bust):
    read = np.loadtxt(io.BytesIO(write("xyz", bust)))
    assert len(read) == len(weld(bust.vertices_n3, bust.faces_m3)[0]) < len(bust.vertices_n3)


@pytest.mark.parametrize("name", list(WRITERS))
def test_an_untextured_mesh_is_written_in_clay(name):
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    assert write(
        name, Mesh(corners, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32), unit="mm")
    )


@pytest.mark.parametrize("name", ["stl", "obj", "3mf"])
def test_surfaces_only_formats_refuse_points(name, cloud):
    with pytest.raises(ExportError, match="PLY, GLB or XYZ"):
        write(name, cloud)


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_model_without_a_size_is_refused(name):
    with pytest.raises(ExportError, match="to_metric_scale"):
        write(name, build_mesh(make_relief(DEPTH, PHOTO, SETTINGS), "shell"))


def test_an_unknown_format_names_the_known(bust):
    with pytest.raises(ExportError, match="glb, stl"):
        write("fbx", bust)


def test_khronos_validator_finds_no_error_and_no_warning(bust, cloud, request):
    folder = validator_folder(request.config.cache)
    shell = to_metric_scale(
        build_mesh(make_relief(DEPTH, PHOTO, SETTINGS), "shell"), make_relief(DEPTH, PHOTO, SETTINGS)
    )[0]
    for model in (bust, shell, cloud):
        found = issues(write("glb", model), folder)
        assert (found["numErrors"], found["numWarnings"]) == (0, 0), found["messages"]


BLENDER = """
import sys, bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
path = sys.argv[1]
wm = bpy.ops.wm
readers = {"glb": bpy.ops.import_scene.gltf, "obj": wm.obj_import, "ply": wm.ply_import, "stl": wm.stl_import}
readers[path[-3:]](filepath=path)
one = [thing for thing in bpy.data.objects if thing.type == "MESH"][0]
corners = [one.matrix_world @ vertex.co for vertex in one.data.vertices]
print("SIZE", *(max(c[k] for c in corners) - min(c[k] for c in corners) for k in range(3)))
print("LOW", min(c[2] for c in corners), "FACES", len(one.data.polygons), "UV", len(one.data.uv_layers))
print("TEXTURE", *(side for image in bpy.data.images for side in image.size))
"""


@pytest.mark.parametrize("name", ["glb", "obj", "ply", "stl"])
def test_blender_imports_it_upright_textured_and_at_its_size(name, bust, tmp_path):
    """Blender is +Z up: it turns glTF and OBJ, which are +Y up, and leaves PLY, and STL, which is +Z up."""
    python = python_with_bpy()
    data = write(name, bust)
    if name == "obj":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(tmp_path)
    else:
        (tmp_path / f"model.{name}").write_bytes(data)
    lines = said_by_blender(python, BLENDER, tmp_path / f"model.{name}")
    said = {first: rest for first, *rest in lines if first in ("SIZE", "LOW", "TEXTURE")}
    width, height, deep = np.ptp(bust.vertices_n3, axis=0) / (1000 if name == "glb" else 1)
    upright = name != "ply"
    assert [float(side) for side in said["SIZE"]] == pytest.approx(
        [width, deep, height] if upright else [width, height, deep], rel=1e-4
    )
    assert int(said["LOW"][2]) == len(bust.faces_m3)
    if upright:
        assert float(said["LOW"][0]) == pytest.approx(0, abs=float(1e-3 * height))  # stands on the ground
    if name in ("glb", "obj"):
        assert said["LOW"][4] == "1" and said["TEXTURE"] == [
            str(side) for side in bust.texture_hwc.shape[1::-1]
        ]
