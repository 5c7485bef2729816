"""The bundled network as ONNX gives what its weights give in PyTorch."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from face3d.depth.face.interface import Configuration, FaceMaps
from face3d.depth.face.network import load_face_network
from face3d.depth.face.onnx_network import FEWEST_OUTPUTS, OnnxNetwork
from face3d.errors import WeightsError

ROOT = Path(__file__).resolve().parents[4]
WEIGHTS = ROOT / "assets" / "face_depth.safetensors"
ONNX = WEIGHTS.with_suffix(".onnx")
PREDICT = """
import sys
from pathlib import Path
import depth_estimation
from face3d.photo import read_photo
photo = read_photo(Path("assets/samples/portrait_1.jpg").read_bytes(), "portrait_1.jpg")
print(len(depth_estimation.predict(depth_estimation.load_network(), photo).faces))
sys.exit("torch" in sys.modules)
"""


def small_network(path, names, configuration):
    """A file whose outputs of these names are all the photo."""
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["rgb"], [name]) for name in names],
        "small",
        [tensor("rgb", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [tensor(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in names],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if configuration is not None:
        helper.set_model_props(model, {"configuration": configuration})
    onnx.save(model, path)


def test_both_files_of_the_bundled_network_give_the_same():
    """Rounding apart: the one adds in another order than the other."""
    compiled, weights = OnnxNetwork(ONNX), load_face_network(WEIGHTS)
    assert compiled.configuration == weights.configuration
    photo = np.random.default_rng(0).random((2, 3, 64, 96), np.float32)
    for name, one, other in zip(FaceMaps._fields, compiled.infer(photo), weights.infer(photo), strict=True):
        assert one.shape == other.shape and one.dtype == np.float32, name
        assert np.abs(one - other).max() <= 1e-3 * np.abs(other).max(), name


def test_a_photo_needs_no_torch():
    done = subprocess.run([sys.executable, "-c", PREDICT], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_a_file_is_read_with_its_configuration(tmp_path):
    configuration = Configuration(side=96)
    names = FaceMaps._fields[:FEWEST_OUTPUTS]
    small_network(tmp_path / "small.onnx", names, json.dumps(asdict(configuration)))
    network = OnnxNetwork(tmp_path / "small.onnx")
    assert network.configuration == configuration
    photo = np.zeros((1, 3, 32, 32), np.float32)
    assert [values is None for values in network.infer(photo)] == [False] * 7 + [True] * 3


KNOWN = json.dumps(asdict(Configuration()))


@pytest.mark.parametrize(
    ("names", "configuration", "fault"),
    [
        (FaceMaps._fields[:7], None, "damaged"),
        (FaceMaps._fields[:7], '{"widths": 5}', "damaged"),
        (FaceMaps._fields[:7], "[", "damaged"),
        (FaceMaps._fields[:6], KNOWN, "another network"),
        (FaceMaps._fields[6::-1], KNOWN, "another network"),
        (("depth",), KNOWN, "another network"),
    ],
)
def test_the_file_of_another_network_is_refused(tmp_path, names, configuration, fault):
    small_network(tmp_path / "other.onnx", names, configuration)
    with pytest.raises(WeightsError, match=rf"{fault}.*Restore it from the repository\.$"):
        OnnxNetwork(tmp_path / "other.onnx")


@pytest.mark.parametrize("content", [b"", b"none", None])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path, content, capfd):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(ONNX.read_bytes()[:100_000] if content is None else content)
    with pytest.raises(WeightsError, match="damaged"):
        OnnxNetwork(path)
    path.unlink()
    with pytest.raises(WeightsError, match="missing"):
        OnnxNetwork(path)
    assert capfd.readouterr() == ("", "")
