"""Our MiDaS networks against the official code: keys, outputs, input sizes, the whole way from a photo to a
map.
"""

import json

import numpy as np
import pytest
import torch

from benchmarks.midas_parity import (
    DATA,
    read_manifests,
    read_outputs,
    relative_error,
    ruled_network,
    ruled_state_dict,
)
from face3d.depth import device as compute
from face3d.depth.midas import estimator as midas_estimator
from face3d.depth.midas import network as midas_network
from face3d.depth.midas import state_dict as midas_state_dict
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError, WeightsError
from face3d.structures import DepthRepresentation, Photo

MANIFESTS = read_manifests()
FAST = ("midas_v21_small_256", "dpt_hybrid_384", "dpt_swin2_tiny_256")
SIZES = json.loads((DATA / "sizes.json").read_text())
SIZE_CASES = [
    (name, tuple(map(int, photo_wh.split("x"))), tuple(network_wh))
    for name, row in SIZES.items()
    for photo_wh, network_wh in row["network_wh_for_photo_wh"].items()
]


def build_without_memory(name):
    with torch.device("meta"):
        return midas_network.build(name)


def empty_state_dict(name):
    return {key: torch.empty(shape, device="meta") for key, shape in MANIFESTS[name].shapes.items()}


@pytest.mark.parametrize("name", MANIFESTS)
def test_official_state_dictionary_loads_strictly(name):
    module = build_without_memory(name)
    assert sum(parameter.numel() for parameter in module.parameters()) == MANIFESTS[name].parameters
    midas_state_dict.load_official(module, empty_state_dict(name))


@pytest.mark.parametrize("name", MANIFESTS)
def test_no_two_official_keys_share_a_place(name):
    kind = NETWORKS[name].architecture.encoder
    places = [midas_state_dict.translate_key(key, kind) for key in MANIFESTS[name].shapes]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.slow) for name in MANIFESTS]
)
def test_output_is_the_official_one(name):
    module = ruled_network(name, MANIFESTS[name])
    outputs = read_outputs(name)
    assert outputs
    for size_hw, official_hw in outputs.items():
        assert relative_error(module, size_hw, official_hw) < 1e-4, size_hw


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_network_takes_batches_of_the_sizes_that_its_rule_gives(name):
    module = build_without_memory(name)
    for photo_hw in ((300, 500), (500, 300)):
        height, width = midas_estimator.input_size_hw(NETWORKS[name], photo_hw)
        with torch.inference_mode():
            depth_nhw = module(torch.empty(2, 3, height, width, device="meta"))
        assert depth_nhw.shape == (2, height, width)
        assert depth_nhw.dtype is torch.float32


def test_missing_unexpected_and_misshapen_keys_are_listed():
    name = "midas_v21_small_256"
    state_dict = empty_state_dict(name)
    state_dict["scratch.output_conv.0.weight"] = torch.empty(7, device="meta")
    state_dict["pretrained.layer9.weight"] = state_dict.pop("scratch.layer1_rn.weight")
    with pytest.raises(WeightsError) as caught:
        midas_state_dict.load_official(build_without_memory(name), state_dict)
    message = str(caught.value)
    assert "1 unexpected (pretrained.layer9.weight)" in message
    assert "1 missing (project.1.weight)" in message
    assert "scratch.output_conv.0.weight (7,) instead of (32, 64, 3, 3)" in message


def test_a_refused_checkpoint_changes_nothing():
    name = "midas_v21_small_256"
    module = midas_network.build(name)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    state_dict = ruled_state_dict(MANIFESTS[name], module)
    state_dict.pop("scratch.layer1_rn.weight")
    with pytest.raises(WeightsError):
        midas_state_dict.load_official(module, state_dict)
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_a_checkpoint_of_another_network_is_refused():
    with pytest.raises(WeightsError, match="not one of this network"):
        midas_state_dict.load_official(
            build_without_memory("dpt_hybrid_384"), empty_state_dict("dpt_swin2_tiny_256")
        )


@pytest.mark.parametrize("name", ["glpn_nyu", "nonsense"])
def test_only_midas_rows_can_be_built(name):
    with pytest.raises(
        WeightsError, match=f"'{name}' is not a MiDaS network; choose one of midas_v21_small_256, "
    ):
        midas_network.build(name)


@pytest.mark.parametrize(("name", "photo_wh", "network_wh"), SIZE_CASES)
def test_input_size_is_upstreams(name, photo_wh, network_wh):
    """Upstream gives a side of 0 for 2000 x 100; one multiple of 32 is wanted there."""
    width, height = photo_wh
    expected = tuple(max(32, side) for side in network_wh)
    assert midas_estimator.input_size_hw(NETWORKS[name], (height, width)) == expected[::-1]


def test_a_row_without_a_side_has_no_input_size():
    with pytest.raises(DepthError, match="GLPN"):
        midas_estimator.input_size_hw(NETWORKS["glpn_nyu"], (10, 10))


@pytest.fixture(scope="module")
def small():
    return ruled_network("midas_v21_small_256", MANIFESTS["midas_v21_small_256"])


@pytest.fixture(scope="module")
def official():
    with np.load(DATA / "end_to_end.npz") as content:
        return {key: content[key] for key in content.files}


def test_preprocessing_is_upstreams(official):
    prepared = midas_estimator.prepare(NETWORKS["midas_v21_small_256"], official["photo"])
    np.testing.assert_allclose(prepared, official["network_input"], atol=1e-5)


def test_the_whole_way_is_upstreams(small, official):
    depth = midas_estimator.predict(
        NETWORKS["midas_v21_small_256"],
        small,
        compute.choose("cpu"),
        Photo(official["photo"], None, None, "0"),
    )
    span = np.ptp(official["prediction"])
    assert np.abs(depth.values_hw - official["prediction"]).max() < 1e-3 * span
    assert depth.representation is DepthRepresentation.RELATIVE_INVERSE
    assert depth.mask_hw.all()
    assert not depth.looked_for_faces
    assert depth.network == "midas_v21_small_256"


def test_bfloat16_stays_near_float32(small, official):
    photo = Photo(official["photo"], None, None, "0")
    spec = NETWORKS["midas_v21_small_256"]
    depth = midas_estimator.predict(spec, small, compute.choose("cpu", "bfloat16"), photo)
    assert 0 < np.abs(depth.values_hw - official["prediction"]).max() < 0.05 * np.ptp(official["prediction"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_half_precision_on_a_gpu_stays_near_float32(official):
    chosen = compute.choose("cuda")
    module = chosen.place_module(ruled_network("midas_v21_small_256", MANIFESTS["midas_v21_small_256"]))
    depth = midas_estimator.predict(
        NETWORKS["midas_v21_small_256"], module, chosen, Photo(official["photo"], None, None, "0")
    )
    assert chosen.precision == "float16"
    assert np.abs(depth.values_hw - official["prediction"]).max() < 0.01 * np.ptp(official["prediction"])


def test_a_batch_gives_what_its_images_give_alone(small):
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together, alone = small(images), torch.cat([small(images[:1]), small(images[1:])])
    assert together.shape == (2, 64, 96)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
