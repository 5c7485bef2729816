"""Official MiDaS state dictionaries: every key is translated, and nothing else is accepted."""

import pytest
import torch

from benchmarks.midas_parity import read_manifests, ruled_state_dict
from face3d.depth.midas.network import build_midas_network
from face3d.depth.midas.state_dict import load_official, translate_key
from face3d.depth.registry import NETWORKS
from face3d.errors import WeightsError

MANIFESTS = read_manifests()


def build_without_memory(name):
    with torch.device("meta"):
        return build_midas_network(name)


def empty_state_dict(name):
    return {key: torch.empty(shape, device="meta") for key, shape in MANIFESTS[name].shapes.items()}


@pytest.mark.parametrize("name", MANIFESTS)
def test_official_state_dictionary_loads_strictly(name):
    module = build_without_memory(name)
    assert sum(parameter.numel() for parameter in module.parameters()) == MANIFESTS[name].parameters
    load_official(module, empty_state_dict(name))


@pytest.mark.parametrize("name", MANIFESTS)
def test_no_two_official_keys_share_a_translation(name):
    kind = NETWORKS[name].architecture.encoder
    ours = [translate_key(key, kind) for key in MANIFESTS[name].shapes]
    assert len(set(ours)) == len(ours)


def test_missing_unexpected_and_misshapen_keys_are_listed():
    name = "midas_v21_small_256"
    state_dict = empty_state_dict(name)
    state_dict["scratch.output_conv.0.weight"] = torch.empty(7, device="meta")
    state_dict["pretrained.layer9.weight"] = state_dict.pop("scratch.layer1_rn.weight")
    with pytest.raises(WeightsError) as caught:
        load_official(build_without_memory(name), state_dict)
    message = str(caught.value)
    assert "1 unexpected (pretrained.layer9.weight)" in message
    assert "1 missing (project.1.weight)" in message
    assert "scratch.output_conv.0.weight (7,) instead of (32, 64, 3, 3)" in message


def test_a_key_of_any_length_and_any_signs_is_shown_short_on_one_line():
    state_dict = empty_state_dict("midas_v21_small_256") | {
        "\n\x1b[2J": torch.zeros(1),
        "k" * 10**6: torch.zeros(1),
    }
    with pytest.raises(WeightsError, match="2 unexpected") as caught:
        load_official(build_without_memory("midas_v21_small_256"), state_dict)
    assert len(str(caught.value)) < 400 and str(caught.value).isprintable()


def test_a_refused_checkpoint_changes_nothing():
    name = "midas_v21_small_256"
    module = build_midas_network(name)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    state_dict = ruled_state_dict(MANIFESTS[name], module)
    state_dict.pop("scratch.layer1_rn.weight")
    with pytest.raises(WeightsError):
        load_official(module, state_dict)
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_a_checkpoint_of_another_network_is_refused():
    with pytest.raises(WeightsError, match="not one of this network"):
        load_official(build_without_memory("dpt_hybrid_384"), empty_state_dict("dpt_swin2_tiny_256"))
