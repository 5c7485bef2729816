"""The engines that paint: Telea's, LaMa's file from the store, a pipeline of diffusers."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from face3d.completion import pipelines
from face3d.completion.painters import find_painter
from face3d.completion.table import COMPLETIONS
from face3d.depth import checkpoints, download
from face3d.errors import CompletionError, WeightsError

SIZE = 40, 56
RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
HOLE = np.zeros(SIZE, bool)
HOLE[10:25, 20:40] = True


def tiny_lama(path, side=512):
    """A file of LaMa's signature that paints holes of level 200 and leaves the rest."""
    tensor = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Constant", [], ["level"], value_float=200.0),
        helper.make_node("Constant", [], ["most"], value_float=255.0),
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Mul", ["mask", "level"], ["painted"]),
        helper.make_node("Sub", ["one", "mask"], ["kept"]),
        helper.make_node("Mul", ["image", "most"], ["bright"]),
        helper.make_node("Mul", ["bright", "kept"], ["rest"]),
        helper.make_node("Add", ["painted", "rest"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lama",
        [
            tensor("image", TensorProto.FLOAT, ["batch", 3, side, side]),
            tensor("mask", TensorProto.FLOAT, ["batch", 1, side, side]),
        ],
        [tensor("output", TensorProto.FLOAT, ["batch", 3, side, side])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A checkpoint store in which nothing is yet."""
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_telea_paints_the_hole_only_and_continues_what_is_around():
    even = np.full((*SIZE, 3), 90, np.uint8)
    broken = np.where(HOLE[..., None], np.uint8(250), even)
    assert np.abs(find_painter(COMPLETIONS["telea"])(broken, HOLE).astype(int) - even).max() <= 2


def test_symmetry_and_diffusion_paint_no_holes():
    assert find_painter(COMPLETIONS["symmetry"]) is None and find_painter(COMPLETIONS["diffusion"]) is None


def test_lama_paints_the_hole_only(store):
    tiny_lama(store / "lama_fp32.onnx")
    painted = find_painter(COMPLETIONS["lama"])(PICTURE, HOLE)
    assert (painted == PICTURE)[~HOLE].all()
    assert np.abs(painted[12:23, 22:38].astype(int) - 200).max() <= 1


def test_a_file_that_is_not_lamas_is_named_with_the_remedy(store):
    for write in (lambda path: path.write_bytes(b"none"), lambda path: tiny_lama(path, side=64)):
        write(store / "lama_fp32.onnx")
        with pytest.raises(CompletionError, match=r"not LaMa's\. Remove it"):
            find_painter(COMPLETIONS["lama"])


def test_without_the_network_the_address_and_the_place_of_lamas_file_are_named(store, monkeypatch):
    def offline(file, *_arguments):
        raise WeightsError(f"{file.url} cannot be reached.")

    monkeypatch.setattr(download, "download", offline)
    with pytest.raises(WeightsError, match=r"huggingface\.co/Carve/LaMa-ONNX.*by hand, save it as "):
        find_painter(COMPLETIONS["lama"])


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch):
    monkeypatch.setattr(pipelines, "find_spec", lambda name: None)
    with pytest.raises(CompletionError, match=r"pip install -r requirements-extra\.txt"):
        find_painter(COMPLETIONS["diffusers"], "folder")


def test_a_pipeline_must_be_named():
    with pytest.raises(CompletionError, match="name its folder"):
        find_painter(COMPLETIONS["diffusers"])


@pytest.mark.slow
def test_a_pipeline_of_diffusers_paints_the_hole_only_the_same_each_time(tmp_path):
    pytest.importorskip("diffusers")
    from tiny_pipeline import write_pipeline

    paint = find_painter(COMPLETIONS["diffusers"], str(write_pipeline(tmp_path / "tiny")))
    first, again = paint(PICTURE, HOLE), paint(PICTURE, HOLE)
    assert (first == PICTURE)[~HOLE].all() and (first != PICTURE)[HOLE].any() and (first == again).all()
    with pytest.raises(CompletionError, match="no inpainting pipeline"):
        find_painter(COMPLETIONS["diffusers"], str(tmp_path))
