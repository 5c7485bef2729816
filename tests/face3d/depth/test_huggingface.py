"""Networks of the transformers library, on tiny random checkpoints that the library writes."""

import json
import re
import sys

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import convert
import depth_estimation
from face3d.depth import checkpoints
from face3d.depth.device import Device
from face3d.depth.huggingface import HuggingFaceEstimator
from face3d.depth.registry import NETWORKS
from face3d.errors import WeightsError
from face3d.structures import DepthRepresentation, Photo

transformers = pytest.importorskip(
    "transformers", reason="the optional transformers library is not installed"
)

PHOTO = Photo(np.random.default_rng(3).integers(0, 256, (90, 130, 3), dtype=np.uint8), None, None, "0")


def save_glpn(folder):
    configuration = transformers.GLPNConfig(
        num_encoder_blocks=4,
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 24, 32],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=8,
    )
    transformers.GLPNForDepthEstimation(configuration).save_pretrained(folder)
    transformers.GLPNImageProcessor(size_divisor=32).save_pretrained(folder)


def save_depth_anything(folder):
    backbone = transformers.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=70,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    configuration = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    transformers.DepthAnythingForDepthEstimation(configuration).save_pretrained(folder)
    transformers.DPTImageProcessor(
        size={"height": 70, "width": 70}, ensure_multiple_of=14, keep_aspect_ratio=True, resample=3
    ).save_pretrained(folder)


def save_zoedepth(folder):
    backbone = transformers.BeitConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=16, image_size=64,
        patch_size=16, out_features=["stage1", "stage2", "stage3", "stage4"], reshape_hidden_states=False,
        use_relative_position_bias=True,
    )  # fmt: skip
    configuration = transformers.ZoeDepthConfig(
        backbone_config=backbone, neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=8,
        bottleneck_features=8, num_relative_features=8, bin_embedding_dim=8, num_attractors=[2, 2, 2, 2],
        bin_configurations=[{"n_bins": 8, "min_depth": 0.1, "max_depth": 5.0}],
    )  # fmt: skip
    transformers.ZoeDepthForDepthEstimation(configuration).save_pretrained(folder)
    transformers.ZoeDepthImageProcessor(
        size={"height": 64, "width": 64}, ensure_multiple_of=32
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for name, save in (
        ("glpn", save_glpn),
        ("depth_anything", save_depth_anything),
        ("zoedepth", save_zoedepth),
    ):
        torch.manual_seed(5)
        made[name] = tmp_path_factory.mktemp(name)
        save(made[name])
    return made


@pytest.mark.parametrize(
    ("row", "folder", "representation"),
    [
        ("glpn_nyu", "glpn", DepthRepresentation.METRIC),
        ("depth_anything_v2_small", "depth_anything", DepthRepresentation.RELATIVE_INVERSE),
        ("transformers_metric", "glpn", DepthRepresentation.METRIC),
        ("transformers_relative", "depth_anything", DepthRepresentation.RELATIVE_INVERSE),
    ],
)
def test_a_checkpoint_folder_predicts_in_the_rows_representation(folders, row, folder, representation):
    network = depth_estimation.load_network(row, checkpoint=folders[folder], device="cpu")
    depth = depth_estimation.predict(network, PHOTO)
    assert depth.size_hw == PHOTO.size_hw
    assert depth.representation is representation
    assert depth.network == row
    assert depth.mask_hw.all()
    assert not depth.detects_faces
    assert np.ptp(depth.values_hw) > 0


@pytest.mark.parametrize(("row", "folder"), [("glpn_nyu", "glpn"), ("transformers_metric", "zoedepth")])
def test_metric_networks_agree_with_the_librarys_own_pipeline(folders, row, folder):
    """On the same folder and photo. ZoeDepth's photos get a rim that its maps must lose."""
    from PIL import Image

    network = depth_estimation.load_network(row, checkpoint=folders[folder], device="cpu")
    ours_hw = depth_estimation.predict(network, PHOTO).values_hw
    estimate = transformers.pipeline("depth-estimation", model=str(folders[folder]), device="cpu")
    theirs_hw = estimate(Image.fromarray(PHOTO.rgb_hwc))["predicted_depth"].squeeze().numpy()
    assert theirs_hw.shape == ours_hw.shape
    assert np.abs(ours_hw - theirs_hw).max() < 0.02 * np.ptp(theirs_hw)


def test_colours_and_axes_arrive_in_their_order(folders):
    """The photo upside down, or with red and blue exchanged, gives another map."""
    network = depth_estimation.load_network("glpn_nyu", checkpoint=folders["glpn"], device="cpu")
    plain = depth_estimation.predict(network, PHOTO).values_hw
    exchanged = depth_estimation.predict(
        network, Photo(PHOTO.rgb_hwc[..., ::-1].copy(), None, None, "1")
    ).values_hw
    upside_down = depth_estimation.predict(
        network, Photo(PHOTO.rgb_hwc[::-1].copy(), None, None, "2")
    ).values_hw
    assert not np.allclose(plain, exchanged)
    assert not np.allclose(plain, upside_down)
    assert not np.allclose(plain, upside_down[::-1])


def test_an_unknown_hub_id_is_one_sentence_with_the_remedy(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match=r"cannot be loaded .*model\.safetensors, or a hub id") as caught:
        depth_estimation.load_network("transformers_relative", checkpoint="nobody/nothing-of-this-name")
    assert "\n" not in str(caught.value)


def test_a_folder_of_another_kind_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WeightsError, match="cannot be loaded"):
        depth_estimation.load_network("transformers_relative", checkpoint=tmp_path)


def without(folder, target, lacking):
    """A copy of a checkpoint's folder in which one weight is missing."""
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    tensors = load_file(folder / "model.safetensors")
    del tensors[lacking]
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    return target


@pytest.mark.parametrize(
    "lacking", ["head.conv3.weight", "backbone.embeddings.position_embeddings", "neck.convs.3.weight"]
)
def test_a_checkpoint_that_lacks_a_weight_is_refused_with_its_name(folders, tmp_path, lacking):
    folder = without(folders["depth_anything"], tmp_path, lacking)
    with pytest.raises(WeightsError, match=re.escape(f"lacks weights that it needs ({lacking})")):
        depth_estimation.load_network("depth_anything_v2_small", checkpoint=folder, device="cpu")


def test_a_weight_that_is_never_used_may_be_missing(folders, tmp_path):
    folder = without(
        folders["depth_anything"], tmp_path, "neck.fusion_stage.layers.0.residual_layer1.convolution1.weight"
    )
    maps = [
        depth_estimation.predict(
            depth_estimation.load_network("transformers_relative", checkpoint=source, device="cpu"), PHOTO
        ).values_hw
        for source in (folders["depth_anything"], folder)
    ]
    np.testing.assert_array_equal(*maps)


def test_an_error_without_a_message_is_named_by_its_type(folders, monkeypatch):
    def fail(*_, **__):
        raise OSError

    monkeypatch.setattr(transformers.AutoModelForDepthEstimation, "from_pretrained", fail)
    with pytest.raises(WeightsError, match=r"cannot be loaded \(OSError\)"):
        depth_estimation.load_network("glpn_nyu", checkpoint=folders["glpn"])


def test_an_inverse_that_only_the_processor_can_turn_comes_out_in_metres():
    """Depth Pro's output is 1 / depth at a unit focal length. 90 degrees wide: f = w / 2."""
    processor = transformers.DepthProImageProcessor()
    spec, device = NETWORKS["transformers_metric"], Device("cpu", "float32")
    outputs = transformers.modeling_outputs.ModelOutput(
        predicted_depth=torch.full((1, 8, 8), 0.25), field_of_view=torch.tensor([90.0])
    )
    estimator = HuggingFaceEstimator(lambda pixel_values: outputs, processor, spec, device)
    metres_hw = estimator.predict(PHOTO).values_hw
    assert metres_hw.shape == PHOTO.size_hw and np.allclose(metres_hw, 1 / (0.25 * 2))


def test_damaged_weights_are_one_sentence(folders, tmp_path):
    for file in folders["glpn"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not any tensors at all")
    with pytest.raises(WeightsError, match="cannot be loaded") as caught:
        depth_estimation.load_network("glpn_nyu", checkpoint=tmp_path)
    assert "\n" not in str(caught.value)


def test_pickled_weights_are_not_read(folders, tmp_path):
    for file in folders["glpn"].iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        depth_estimation.load_network("glpn_nyu", checkpoint=tmp_path)


@pytest.mark.parametrize("known_type", [True, False])
def test_code_beside_the_weights_is_never_run_not_even_after_a_yes(
    folders, tmp_path, monkeypatch, known_type
):
    """The library would ask in the terminal, and run it."""
    for file in folders["glpn"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    code = f"import os\nos.mkdir({str(tmp_path / 'made')!r})\nfrom transformers import GLPNConfig as Own"
    (tmp_path / "own.py").write_text(f"{code}, GLPNForDepthEstimation as Network\n")
    said = json.loads((tmp_path / "config.json").read_text())
    said["auto_map"] = {"AutoConfig": "own.Own", "AutoModelForDepthEstimation": "own.Network"}
    if not known_type:
        said["model_type"] = "own"
    (tmp_path / "config.json").write_text(json.dumps(said))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    if known_type:
        depth_estimation.load_network("transformers_metric", checkpoint=tmp_path, device="cpu")
    else:
        with pytest.raises(WeightsError, match="cannot be loaded"):
            depth_estimation.load_network("transformers_metric", checkpoint=tmp_path, device="cpu")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
@pytest.mark.parametrize(
    "content", ["[]", "null", "{", '{"model_type": "glpn", "depths": null, "image_processor_type": 5}']
)
def test_a_damaged_description_is_one_sentence(folders, tmp_path, name, content):
    for file in folders["glpn"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_text(content)
    with pytest.raises(WeightsError, match="cannot be loaded") as caught:
        depth_estimation.load_network("transformers_metric", checkpoint=tmp_path, device="cpu")
    assert "\n" not in str(caught.value)


def test_a_row_without_a_checkpoint_asks_for_one():
    with pytest.raises(WeightsError, match="name a local folder or a hub id"):
        depth_estimation.load_network("transformers_metric")


def test_without_the_library_one_sentence_has_the_command_that_installs_it(monkeypatch, folders):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(WeightsError, match=r"pip install -r requirements-extra\.txt"):
        depth_estimation.load_network("glpn_nyu", checkpoint=folders["glpn"])


def test_without_the_library_nothing_is_downloaded(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setenv(checkpoints.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(checkpoints, "fetch", lambda *_: pytest.fail("nothing should be downloaded"))
    with pytest.raises(WeightsError, match=r"pip install -r requirements-extra\.txt"):
        depth_estimation.load_network("depth_anything_v2_small")


@pytest.fixture
def photo_file(tmp_path):
    from PIL import Image

    Image.fromarray(PHOTO.rgb_hwc).save(tmp_path / "room.png")
    return tmp_path / "room.png"


def test_the_command_line_takes_a_folder(folders, photo_file, capsys):
    out = photo_file.parent / "out"
    arguments = [str(photo_file), "-o", str(out), "--model", "shell", "--height-mm", "100", "--device", "cpu"]
    assert (
        convert.main([*arguments, "--network", "transformers_metric", "--checkpoint", str(folders["glpn"])])
        == 0
    ), capsys.readouterr().err
    network = depth_estimation.load_network("transformers_metric", checkpoint=folders["glpn"], device="cpu")
    np.testing.assert_allclose(
        np.load(out / "room_depth.npy"), depth_estimation.predict(network, PHOTO).values_hw, rtol=1e-5
    )


def test_the_command_line_asks_for_a_checkpoint_where_there_is_none(photo_file, capsys):
    assert convert.main([str(photo_file), "--network", "transformers_relative"]) == 1
    assert "--checkpoint" in capsys.readouterr().err
