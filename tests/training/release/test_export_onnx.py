"""The ONNX file agrees with PyTorch."""

import json

import onnxruntime
import pytest
import torch

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork
from training.release import export_onnx


def cache_of_one(function):
    """`function`, called once; what it gave then is given again."""
    given = []
    return lambda *arguments, **named: (
        given[0] if given else given.append(function(*arguments, **named)) or given[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "canonical"), [("resnet18", False), ("resnet18", True), ("tf_efficientnet_lite0", True)]
)
def test_onnx_gives_what_pytorch_gives_or_is_not_written(tmp_path, monkeypatch, backbone, canonical):
    monkeypatch.setattr(torch.onnx, "export", cache_of_one(torch.onnx.export))
    torch.manual_seed(0)
    configuration = Configuration(
        backbone,
        widths=(8,) * 5,
        side=192,
        inference_side=224,
        uncertainty_scale=0.9,
        canonical_widths=(8,) * 4 if canonical else (),
    )
    network = FaceNetwork(configuration).eval()
    assert export_onnx.export(network, tmp_path / "net.onnx") < 1e-4
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    assert Configuration.from_dict(json.loads(told.pop("configuration"))) == configuration
    assert set(told) == {one.name for one in (*session.get_inputs(), *session.get_outputs())}
    assert ("canonical" in told) == ("skin_logit" in told) == canonical
    for name in ("relief", "thickness", "log_uncertainty"):
        assert "widths of a square of `side` pixels" in told[name]
    assert "`uncertainty_scale`" in told["log_uncertainty"]
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
    monkeypatch.setattr(export_onnx, "largest_difference", lambda *_: 0.5)
    with pytest.raises(ValueError, match="differs from PyTorch"):
        export_onnx.export(network, tmp_path / "bad.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
