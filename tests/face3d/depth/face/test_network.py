"""Laws of the bundled network's module and of its weights' file."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from face3d.depth.face.interface import STRIDE, Configuration, FaceMaps, metadata_of
from face3d.depth.face.network import CANONICAL_WIDTHS, FaceNetwork, load_face_network
from face3d.errors import WeightsError

WEIGHTS = Path(__file__).resolve().parents[4] / "assets" / "face_depth.safetensors"


@pytest.fixture(scope="module")
def random_network():
    torch.manual_seed(3)
    return FaceNetwork().eval()


def packed(network, folder, configuration=None):
    path = folder / "weights.safetensors"
    weights = {
        key: value.half() if value.is_floating_point() else value
        for key, value in network.state_dict().items()
    }
    save_file(weights, path, metadata_of(configuration or network.configuration, {"licence": "MIT"}))
    return path


def test_every_map_has_the_size_of_a_photo_that_is_not_square(random_network):
    with torch.inference_mode():
        maps = random_network(torch.rand(2, 3, 3 * STRIDE, 2 * STRIDE))
    assert {tuple(m.shape) for m in maps[:5]} == {(2, 96, 64)}
    assert maps.eyes_logit.shape == (2, 2, 96, 64)
    assert (maps.thickness >= 0).all()


def test_a_file_gives_back_the_network_to_half_precision(random_network, tmp_path):
    loaded = load_face_network(packed(random_network, tmp_path))
    photo = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before, after = random_network(photo).relief, loaded(photo).relief
    assert not loaded.training
    assert torch.allclose(before, after, atol=0.02 * float(before.abs().max()) + 1e-3)


def test_the_configuration_travels_in_the_file(random_network, tmp_path):
    wanted = replace(Configuration(), side=160, uncertainty_scale=1.5)
    assert load_face_network(packed(random_network, tmp_path, wanted)).configuration == wanted
    both = FaceNetwork(Configuration(canonical_widths=(8, 8, 8, 16), canonical_uncertainty_scale=0.8))
    assert load_face_network(packed(both, tmp_path)).configuration == both.configuration


def test_a_configuration_of_a_former_file_is_read():
    """The shipped file was packed when `inference_side` was called `look_side`."""
    former = {"side": 256, "look_side": 320, "widths": [8, 8, 8, 8, 8]}
    assert Configuration.from_dict(former) == Configuration(widths=(8,) * 5, side=256, inference_side=320)
    assert load_face_network(WEIGHTS).configuration.inference_side == 320


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(WeightsError, match="not there"):
        load_face_network(tmp_path / "none.safetensors")


def test_a_truncated_file_is_refused(random_network, tmp_path):
    path = packed(random_network, tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="damaged"):
        load_face_network(path)


def test_another_networks_file_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"layer.weight": torch.zeros(2)}, path, metadata_of(Configuration(), {}))
    with pytest.raises(WeightsError, match="another network"):
        load_face_network(path)


LYING = {
    "no table": [],
    "nothing": None,
    "no widths": {},
    "a model of the hub": {"backbone": "hf-hub:someone/something"},
    "a model in a folder": {"backbone": "local-dir:/tmp"},
    "a number as the backbone": {"backbone": 5},
    "a larger backbone": {"backbone": "resnet152"},
    "too wide for any memory": {"widths": [10**7] * 5},
    "negative widths": {"widths": [-1] * 5},
    "a text as widths": {"widths": "abcde"},
    "fractions as widths": {"widths": [8.5] * 5},
    "too many widths": {"widths": [8] * 50},
    "a second decoder that is not there": {"canonical_widths": [10**7] * 4},
    "an unknown key": {"code": "print()"},
    "no side": {"fast_side": 0},
    "an endless side": {"inference_side": 10**9},
    "a text as a side": {"side": "x"},
    "a factor that is no number": {"uncertainty_scale": float("nan")},
    "a negative factor": {"fast_uncertainty_scale": -1.0},
    "a text as a factor": {"thickness_uncertainty_scale": "x"},
}


@pytest.mark.parametrize("case", LYING)
def test_a_configuration_that_lies_is_refused_before_it_takes_memory_or_asks_the_hub(
    tmp_path, monkeypatch, case
):
    monkeypatch.setattr(socket, "socket", None)
    lies = LYING[case]
    said = {"widths": [8] * 5} | lies if lies and isinstance(lies, dict) else lies
    weights = {f"joins.{scale}.project.weight": torch.zeros(8, 1, 1, 1) for scale in range(5)}
    save_file(weights, tmp_path / "lies.safetensors", {"configuration": json.dumps(said)})
    with pytest.raises(WeightsError, match=r"(damaged|another network).*\.$"):
        load_face_network(tmp_path / "lies.safetensors")


def test_weights_that_are_no_numbers_are_refused(random_network, tmp_path):
    path = packed(random_network, tmp_path)
    with safe_open(path, "pt") as file:
        facts, weights = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    weights["joins.0.project.bias"] = torch.full_like(weights["joins.0.project.bias"], torch.nan)
    save_file(weights, path, facts)
    with pytest.raises(WeightsError, match="damaged"):
        load_face_network(path)


def test_the_bundled_file_is_small_and_has_its_metadata():
    assert WEIGHTS.stat().st_size < 30e6
    with safe_open(WEIGHTS, framework="pt") as file:
        facts = file.metadata()
        assert {file.get_tensor(key).dtype for key in file.keys()} <= {torch.float16, torch.int64}  # noqa: SIM118
    assert int(facts["samples_seen"]) > 0
    assert len(facts["git_commit"]) == 40
    assert json.loads(facts["held_out_figures"])["matte IoU"] >= 0.95
    assert json.loads(facts["configuration"])["side"] >= 128


def test_the_last_layers_are_exact_where_the_rest_is_computed_in_bfloat16():
    network = FaceNetwork().eval()
    last = []
    network.head.register_forward_hook(lambda module, inputs, output: last.append(output))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    assert not torch.equal(last[0], last[0].bfloat16().float())


def test_the_second_decoder_leaves_every_other_output_equal_in_each_bit(random_network):
    wanted = replace(random_network.configuration, canonical_widths=CANONICAL_WIDTHS)
    network = FaceNetwork(wanted).eval()
    network.load_state_dict(network.state_dict() | random_network.state_dict())
    photo = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        without, with_ = random_network(photo), network(photo)
    assert without.canonical is without.log_canonical_uncertainty is without.skin_logit is None
    assert with_.canonical.shape == (1, 3, 64, 96)
    assert with_.log_canonical_uncertainty.shape == with_.skin_logit.shape == (1, 64, 96)
    for name in FaceMaps._fields[:7]:
        assert torch.equal(getattr(with_, name), getattr(without, name))


def test_an_efficient_encoder_fits_the_decoder():
    network = FaceNetwork(
        Configuration("tf_efficientnet_lite0", (32, 64, 128, 128, 128), canonical_widths=CANONICAL_WIDTHS)
    ).eval()
    assert sum(value.numel() for value in network.canonical.parameters()) < 0.8e6
    assert sum(value.numel() for value in network.parameters()) < 4.9e6
    with torch.inference_mode():
        maps = network(torch.rand(1, 3, 64, 96))
    assert maps.relief.shape == maps.skin_logit.shape == (1, 64, 96)
