"""The GLB of an animated head, read back by pygltflib, trimesh, Khronos' validator and Blender."""

import io
import json

import numpy as np
import pytest
import trimesh
from animated_head import animated_head
from blender import python_with_bpy, said_by_blender
from gltf_validator import issues, validator_folder
from PIL import Image

from face3d.errors import ExportError
from face3d.export.animated_glb import FOR_BOTH_SIDES, LEAST_MM, LEAST_TURN, write_animated_glb
from face3d.geometry.meshes import vertex_normals, weld
from face3d.geometry.parts import AnimatedHead, HeadPart
from face3d.structures import Mesh

pygltflib = pytest.importorskip("pygltflib")

BY_SIDE = """browDown browOuterUp cheekSquint eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint
    eyeWide mouthDimple mouthFrown mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"""
MIDDLE = """browInnerUp cheekPuff jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft
    mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper tongueOut"""
ARKIT = {name + side for name in BY_SIDE.split() for side in ("Left", "Right")} | set(MIDDLE.split())
"""Apple, "ARFaceAnchor.BlendShapeLocation": 52 names."""
KINDS = {5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@pytest.fixture(scope="module")
def head():
    return animated_head(side=64)


@pytest.fixture(scope="module")
def glb(head):
    return write_animated_glb(head, "me")


@pytest.fixture(scope="module")
def gltf(glb):
    return pygltflib.GLTF2.load_from_bytes(glb)


def stored(gltf, view, kind, count):
    """Numbers of a buffer view, which begins at a multiple of their size."""
    view = gltf.bufferViews[view]
    assert view.byteOffset % 4 == 0 and view.byteStride is None
    assert view.byteLength == count * np.dtype(kind).itemsize
    return np.frombuffer(gltf.binary_blob(), kind, count, view.byteOffset)


def numbers(gltf, index):
    """(n, width) of an accessor, read by the rules of the specification (3.6.2)."""
    entry = gltf.accessors[index]
    kind, width = KINDS[entry.componentType], WIDTHS[entry.type]
    if entry.bufferView is not None:
        values = stored(gltf, entry.bufferView, kind, entry.count * width).reshape(-1, width)
    else:
        values = np.zeros((entry.count, width), kind)
    if entry.sparse is not None:
        indices, few = entry.sparse.indices, entry.sparse.values
        rows = stored(gltf, indices.bufferView, KINDS[indices.componentType], entry.sparse.count)
        assert (np.diff(rows.astype(int)) > 0).all() and rows[-1] < entry.count
        values = values.copy()
        values[rows] = stored(gltf, few.bufferView, kind, entry.sparse.count * width).reshape(-1, width)
    if entry.min:
        assert entry.min == values.min(axis=0).tolist() and entry.max == values.max(axis=0).tolist()
    return values


def mesh_of(gltf, name):
    """The mesh of a node, and its only primitive."""
    (node,) = [node for node in gltf.nodes if node.name == name]
    mesh = gltf.meshes[node.mesh]
    (primitive,) = mesh.primitives
    return mesh, primitive


def targets_of(gltf, name):
    """By name: movement in millimetres and change of normal, both (n, 3)."""
    mesh, primitive = mesh_of(gltf, name)
    names = mesh.extras["targetNames"]
    assert mesh.weights == [0] * len(names) and len(primitive.targets) == len(names) == len(set(names))
    read = [[numbers(gltf, target[key]) for key in ("POSITION", "NORMAL")] for target in primitive.targets]
    return {name: (1000 * moved, turned) for name, (moved, turned) in zip(names, read, strict=True)}


def test_a_node_for_each_part_under_one_with_the_name(gltf, head):
    (root,) = gltf.scenes[gltf.scene].nodes
    assert gltf.nodes[root].name == "me"
    assert [gltf.nodes[child].name for child in gltf.nodes[root].children] == [
        part.name for part in head.parts
    ]
    assert [material.name for material in gltf.materials] == [part.name for part in head.parts]
    assert not gltf.animations and not gltf.extensionsUsed


def test_parts_at_rest(gltf, head):
    for part in head.parts:
        _, primitive = mesh_of(gltf, part.name)
        positions = numbers(gltf, primitive.attributes.POSITION)
        assert np.abs(1000 * positions - part.mesh.vertices_n3).max() < 1e-4
        faces = numbers(gltf, primitive.indices).reshape(-1, 3)
        assert (faces == part.mesh.faces_m3).all()
        normals = numbers(gltf, primitive.attributes.NORMAL)
        assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-5
        material = gltf.materials[primitive.material]
        assert material.doubleSided and material.pbrMetallicRoughness.metallicFactor == 0


def test_skin_has_its_texture_and_teeth_their_colours(gltf, head):
    skin, teeth = (mesh_of(gltf, name)[1] for name in ("skin", "teeth"))
    uv = numbers(gltf, skin.attributes.TEXCOORD_0)
    assert np.abs(uv * (1, -1) + (0, 1) - head.parts[0].mesh.uv_n2).max() < 1e-6
    texture = gltf.materials[skin.material].pbrMetallicRoughness.baseColorTexture.index
    view = gltf.bufferViews[gltf.images[gltf.textures[texture].source].bufferView]
    data = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    assert np.asarray(Image.open(io.BytesIO(data))).shape == head.parts[0].mesh.texture_hwc.shape
    light = numbers(gltf, teeth.attributes.COLOR_0)[:, :3] / 65535
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert (np.round(255 * srgb) == head.parts[1].mesh.colours_n3).all()


def test_names_are_arkits(gltf, head):
    names = set(targets_of(gltf, "skin"))
    own = {f"{name}{side}" for name in FOR_BOTH_SIDES for side in ("Left", "Right")}
    assert len(ARKIT) == 52 and names == (ARKIT - {"tongueOut"}) | own
    assert set(targets_of(gltf, "teeth")) < names
    assert "eyes" in {part.name for part in head.parts} and not mesh_of(gltf, "eyes")[1].targets


def test_targets_move_vertices_by_the_offsets(gltf, head):
    for part in (part for part in head.parts if part.offsets_en3 is not None):
        targets = targets_of(gltf, part.name)
        for name, offsets_n3 in zip(head.expression_names, part.offsets_en3, strict=True):
            far_n = np.linalg.norm(offsets_n3, axis=1) >= 1.01 * LEAST_MM
            if name not in targets:
                assert not far_n.any()
                continue
            moved_n3 = targets[name][0]
            assert np.abs(moved_n3 - offsets_n3)[far_n].max() < 1e-4
            assert np.linalg.norm(moved_n3 - offsets_n3, axis=1).max() <= LEAST_MM * 1.01


def test_both_sides_together_are_their_sum(gltf):
    targets = targets_of(gltf, "skin")
    for name in FOR_BOTH_SIDES:
        apart = targets[f"{name}Left"][0] + targets[f"{name}Right"][0]
        assert np.linalg.norm(targets[name][0] - apart, axis=1).max() < 2.1 * LEAST_MM


def test_normals_follow_and_the_seam_stays_closed(gltf, head):
    mesh = head.parts[0].mesh
    kept, new_n, faces_m3 = weld(mesh.vertices_n3, mesh.faces_m3)
    assert len(kept) < len(mesh.vertices_n3)  # there is a seam
    _, primitive = mesh_of(gltf, "skin")
    normals = numbers(gltf, primitive.attributes.NORMAL)
    targets = targets_of(gltf, "skin")
    for values in (normals, *(values for target in targets.values() for values in target)):
        assert (values == values[kept][new_n]).all()
    for name in ("jawOpen", "mouthSmileLeft"):
        moved_n3, turned_n3 = targets[name]
        true_n3 = vertex_normals((mesh.vertices_n3 + moved_n3)[kept], faces_m3)[new_n]
        off_n = np.linalg.norm(normals + turned_n3 - true_n3, axis=1)
        assert off_n.max() < 1.01 * LEAST_TURN < np.linalg.norm(normals - true_n3, axis=1).max()


def test_it_is_small(glb):
    assert len(glb) < 6_200_000


def test_trimesh_reads_the_parts(glb, head):
    scene = trimesh.load(io.BytesIO(glb), file_type="glb", process=False)
    for part in head.parts:
        solid = scene.geometry[part.name]
        assert np.abs(1000 * solid.vertices - part.mesh.vertices_n3).max() < 1e-4
        assert (solid.faces == part.mesh.faces_m3).all()


def test_khronos_validator_finds_nothing(glb, request):
    found = issues(glb, validator_folder(request.config.cache))
    counts = [found[name] for name in ("numErrors", "numWarnings", "numInfos", "numHints")]
    assert counts == [0, 0, 0, 0], found["messages"]


BLENDER = """
import sys, bpy, numpy as np
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[1])
for thing in bpy.data.objects:
    keys = thing.type == "MESH" and thing.data.shape_keys
    print("PART", thing.name, thing.parent.name if thing.parent else "none")
    for block in keys.key_blocks[1:] if keys else ():
        moved = [(point.co - rest.co).length for point, rest in zip(block.data, keys.reference_key.data)]
        print("KEY", thing.name, block.name, 1000 * max(moved), block.value)
print("ACTIONS", len(bpy.data.actions))
"""


def test_blender_has_the_expressions_as_shape_keys(glb, head, tmp_path):
    python = python_with_bpy()
    (tmp_path / "head.glb").write_bytes(glb)
    lines = said_by_blender(python, BLENDER, tmp_path / "head.glb")
    parents = {words[1]: words[2] for words in lines if words[0] == "PART"}
    assert parents == {"me": "none"} | {part.name: "me" for part in head.parts}
    keys = {tuple(words[1:3]): words[3:] for words in lines if words[0] == "KEY"}
    assert {value for _, value in keys.values()} == {"0.0"} and ["ACTIONS", "0"] in lines
    for part in (part for part in head.parts if part.offsets_en3 is not None):
        for name in ("jawOpen", "jawForward"):
            offsets_n3 = part.offsets_en3[head.expression_names.index(name)]
            farthest = np.linalg.norm(offsets_n3, axis=1).max()
            assert float(keys[part.name, name][0]) == pytest.approx(farthest, rel=1e-3)


CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
TRIANGLE = np.array([[0, 1, 2]], np.int32)


def test_a_head_without_triangles_is_refused():
    bald = HeadPart("hair", Mesh(CORNERS, TRIANGLE[:0], unit="mm"))
    for parts in ((), (bald,)):
        with pytest.raises(ExportError, match="no part with triangles"):
            write_animated_glb(AnimatedHead(parts, ("jawOpen",)), "me")


def test_a_head_without_a_size_is_refused():
    with pytest.raises(ExportError, match="to_metric_scale"):
        write_animated_glb(AnimatedHead((HeadPart("skin", Mesh(CORNERS, TRIANGLE)),), ()), "me")


def test_what_does_not_move_is_not_a_target():
    offsets_en3 = np.zeros((2, 3, 3), np.float32)
    offsets_en3[1, 0, 2] = 0.5
    part = HeadPart("skin", Mesh(CORNERS, TRIANGLE, unit="mm"), offsets_en3)
    glb = write_animated_glb(AnimatedHead((part,), ("jawOpen", "jawLeft")), "me")
    mesh = json.loads(glb[20 : glb.index(b"BIN\0") - 4])["meshes"][0]
    assert mesh["extras"]["targetNames"] == ["jawLeft"] and mesh["weights"] == [0]
