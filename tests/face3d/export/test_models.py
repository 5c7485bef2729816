"""Export, then import with another library than the one that wrote: same vertices, faces, texture
coordinates, unit, orientation.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from face3d.errors import ExportError
from face3d.export.depth_maps import depth_npy, depth_png8, depth_png16
from face3d.export.files import save
from face3d.export.models import WRITERS, write
from face3d.export.print_bed import bed_from_model
from face3d.geometry.meshes import weld
from face3d.geometry.scale import life_size
from face3d.geometry.settings import ModelSettings
from face3d.geometry.texture import vertex_colours
from face3d.structures import DepthMap, DepthRepresentation, Mesh
from face3d.synthetic import head, photo_of
from generate_3d_model import build_mesh, point_cloud

DEPTH, PHOTO = head(), photo_of((96, 80))
SETTINGS = ModelSettings(face_budget=3000, height_mm=240.0)


@pytest.fixture(scope="module")
def bust():
    return life_size(build_mesh(DEPTH, PHOTO, "bust", SETTINGS), DEPTH, PHOTO, SETTINGS)[0]


@pytest.fixture(scope="module")
def plaque():
    flat = ModelSettings(face_budget=3000, height_mm=240.0, perspective=False)
    return life_size(build_mesh(DEPTH, PHOTO, "relief", flat), DEPTH, PHOTO, flat)[0]


@pytest.fixture(scope="module")
def cloud():
    return life_size(point_cloud(DEPTH, PHOTO, SETTINGS), DEPTH, PHOTO, SETTINGS)[0]


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


def stl_triangles(mesh, folder):
    """(m, 3, 3) corners as they stand in the file; the file's normals are those of its triangles."""
    stl = pytest.importorskip("stl")
    save(folder / "m.stl", write("stl", mesh))
    read = stl.mesh.Mesh.from_file(str(folder / "m.stl"), calculate_normals=False)
    corners_m33 = read.vectors.astype(float)
    outward_m3 = np.cross(corners_m33[:, 1] - corners_m33[:, 0], corners_m33[:, 2] - corners_m33[:, 0])
    areas_m = np.linalg.norm(outward_m3, axis=1)
    assert np.einsum("ij,ij->i", read.normals, outward_m3)[areas_m > 0.1] == pytest.approx(
        areas_m[areas_m > 0.1], rel=1e-3
    )
    return corners_m33


def volume(corners_m33):
    return np.linalg.det(corners_m33).sum() / 6


def test_an_stl_of_a_bust_stands_on_its_foot_and_looks_to_the_front(bust, tmp_path):
    corners_m33, own_m33 = stl_triangles(bust, tmp_path), bust.vertices_n3[bust.faces_m3].astype(float)
    assert np.abs(corners_m33 - own_m33[..., [0, 2, 1]] * (1, -1, 1)).max() <= 1e-4
    assert corners_m33[..., 2].min() == pytest.approx(0, abs=1e-4) and corners_m33[
        ..., 2
    ].max() == pytest.approx(240, abs=0.01)
    assert volume(corners_m33) == pytest.approx(volume(own_m33), rel=1e-4) and volume(own_m33) > 0


def test_an_stl_of_a_plaque_lies_on_its_back(plaque, tmp_path):
    corners_m33, own_m33 = stl_triangles(plaque, tmp_path), plaque.vertices_n3[plaque.faces_m3].astype(float)
    assert np.abs(corners_m33 - own_m33 - (0, 0, -own_m33[..., 2].min())).max() <= 1e-4
    assert corners_m33[..., 2].min() == pytest.approx(0, abs=1e-4)
    assert volume(corners_m33) == pytest.approx(volume(own_m33), rel=1e-4) and volume(own_m33) > 0


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("kind", ["shell", "bust", "relief"])
def test_only_a_plaque_lies(kind, kept):
    """A flat background, where it is kept, makes a flat back too; but a bust has a foot to stand on, and a
    shell no back.
    """
    flat = ModelSettings(face_budget=3000, foreground_only=not kept, perspective=kind != "relief")
    mesh = build_mesh(DEPTH, PHOTO, kind, flat)
    turn_43 = bed_from_model(mesh.vertices_n3.astype(float), mesh.faces_m3)
    assert (turn_43[:3] == np.eye(3)).all() == (kind == "relief")
    assert np.linalg.det(turn_43[:3]) == pytest.approx(1)


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
    with pytest.raises(ExportError, match="life_size"):
        write(name, build_mesh(DEPTH, PHOTO, "shell", SETTINGS))


def test_an_unknown_format_names_the_known(bust):
    with pytest.raises(ExportError, match="glb, stl"):
        write("fbx", bust)


def test_khronos_validator_finds_no_error_and_no_warning(bust, cloud, tmp_path):
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm and node are not installed")
    folder = os.environ.get("GLTF_VALIDATOR_DIR", "")
    if not os.path.isdir(os.path.join(folder, "node_modules", "gltf-validator")):
        folder = str(tmp_path)
        done = subprocess.run(
            ["npm", "install", "--silent", "gltf-validator"], cwd=folder, capture_output=True, timeout=120
        )
        if done.returncode:
            pytest.skip("npm cannot fetch gltf-validator")
    script = "require('gltf-validator').validateBytes(new Uint8Array(require('fs').readFileSync(0))).then(r=>console.log(JSON.stringify(r)))"
    shell = life_size(build_mesh(DEPTH, PHOTO, "shell", SETTINGS), DEPTH, PHOTO, SETTINGS)[0]
    for model in (bust, shell, cloud):
        report = subprocess.run(
            ["node", "-e", script],
            cwd=folder,
            input=write("glb", model),
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        issues = json.loads(report)["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


BLENDER = """
import sys, bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
path = sys.argv[1]
readers = {"glb": bpy.ops.import_scene.gltf, "obj": bpy.ops.wm.obj_import, "ply": bpy.ops.wm.ply_import, "stl": bpy.ops.wm.stl_import}
readers[path[-3:]](filepath=path)
one = [thing for thing in bpy.data.objects if thing.type == "MESH"][0]
corners = [one.matrix_world @ vertex.co for vertex in one.data.vertices]
print("SIZE", *(max(c[k] for c in corners) - min(c[k] for c in corners) for k in range(3)))
print("LOW", min(c[2] for c in corners), "FACES", len(one.data.polygons), "UV", len(one.data.uv_layers))
print("TEXTURE", *(side for image in bpy.data.images for side in image.size))
"""


@pytest.mark.parametrize("name", ["glb", "obj", "ply", "stl"])
def test_blender_imports_it_upright_textured_and_at_its_size(name, bust, tmp_path):
    """Blender is +Z up: it turns glTF and OBJ, which are +Y up, and leaves PLY, and STL, which is +Z up.
    BPY_PYTHON: a Python with bpy.
    """
    python = os.environ.get("BPY_PYTHON", sys.executable)
    if subprocess.run(
        [python, "-c", "import importlib.util,sys;sys.exit(importlib.util.find_spec('bpy') is None)"]
    ).returncode:
        pytest.skip("bpy is not installed (pip install bpy, 374 MB)")
    data = write(name, bust)
    if name == "obj":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(tmp_path)
    else:
        (tmp_path / f"model.{name}").write_bytes(data)
    done = subprocess.run(
        [python, "-c", BLENDER, str(tmp_path / f"model.{name}")],
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    said = {
        line.split()[0]: line.split()[1:]
        for line in done.stdout.splitlines()
        if line and line.split()[0] in ("SIZE", "LOW", "TEXTURE")
    }
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


def test_depth_files_use_their_whole_range():
    values_hw = np.linspace(-3, 5, 70 * 90, dtype=np.float32).reshape(70, 90)
    mask_hw = np.ones((70, 90), bool)
    mask_hw[:, 0] = False
    depth = DepthMap(values_hw, DepthRepresentation.RELIEF, mask_hw, "ramp")
    grey, deep = (np.asarray(Image.open(io.BytesIO(make(depth)))) for make in (depth_png8, depth_png16))
    assert (grey == depth.as_grey()).all() and grey.dtype == np.uint8
    assert deep.max() == 65535 and deep[mask_hw].min() == 1 and (deep[~mask_hw] == 0).all()
    assert len(np.unique(deep)) == mask_hw.sum() + 1  # no stair-steps
    values = np.load(io.BytesIO(depth_npy(depth)))
    assert (values[mask_hw] == values_hw[mask_hw]).all() and np.isnan(values[~mask_hw]).all()


def test_saving_leaves_no_half_written_file(tmp_path, monkeypatch):
    target = tmp_path / "new" / "a.bin"
    save(target, b"first")

    def fails(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ExportError, match="No space left"):
        save(target, b"second")
    assert target.read_bytes() == b"first" and [path.name for path in target.parent.iterdir()] == ["a.bin"]
