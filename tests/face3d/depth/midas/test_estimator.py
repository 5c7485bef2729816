"""From a photo to a map with MiDaS, against the official code: input sizes, preprocessing, the final map."""

import json

import numpy as np
import pytest
import torch

from benchmarks.midas_parity import DATA, read_manifests, ruled_network
from face3d.depth.device import choose_device
from face3d.depth.midas.estimator import MidasEstimator, input_size_hw, prepare
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError
from face3d.structures import DepthRepresentation, Photo

SPEC = NETWORKS["midas_v21_small_256"]
SIZES = json.loads((DATA / "sizes.json").read_text())
SIZE_CASES = [
    (name, tuple(map(int, photo_wh.split("x"))), tuple(network_wh))
    for name, row in SIZES.items()
    for photo_wh, network_wh in row["network_wh_for_photo_wh"].items()
]


@pytest.mark.parametrize(("name", "photo_wh", "network_wh"), SIZE_CASES)
def test_input_size_is_upstreams(name, photo_wh, network_wh):
    """Upstream gives a side of 0 for 2000 x 100; ours is one multiple of 32."""
    width, height = photo_wh
    expected = tuple(max(32, side) for side in network_wh)
    assert input_size_hw(NETWORKS[name], (height, width)) == expected[::-1]


def test_a_row_without_a_side_has_no_input_size():
    with pytest.raises(DepthError, match="GLPN"):
        input_size_hw(NETWORKS["glpn_nyu"], (10, 10))


@pytest.fixture(scope="module")
def small():
    return ruled_network(SPEC.name, read_manifests()[SPEC.name])


@pytest.fixture(scope="module")
def official():
    with np.load(DATA / "end_to_end.npz") as content:
        return {key: content[key] for key in content.files}


def test_preprocessing_is_upstreams(official):
    prepared = prepare(SPEC, official["photo"])
    np.testing.assert_allclose(prepared, official["network_input"], atol=1e-5)


def test_the_whole_way_is_upstreams(small, official):
    estimator = MidasEstimator(small, SPEC, choose_device("cpu"))
    depth = estimator.predict(Photo(official["photo"], None, None, "0"))
    span = np.ptp(official["prediction"])
    assert np.abs(depth.values_hw - official["prediction"]).max() < 1e-3 * span
    assert depth.representation is DepthRepresentation.RELATIVE_INVERSE
    assert depth.mask_hw.all()
    assert not depth.detects_faces
    assert estimator.find_faces(Photo(official["photo"], None, None, "0")) == ()
    assert depth.network == "midas_v21_small_256"


def test_bfloat16_stays_near_float32(small, official):
    estimator = MidasEstimator(small, SPEC, choose_device("cpu", "bfloat16"))
    depth = estimator.predict(Photo(official["photo"], None, None, "0"))
    assert 0 < np.abs(depth.values_hw - official["prediction"]).max() < 0.05 * np.ptp(official["prediction"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_half_precision_on_a_gpu_stays_near_float32(official):
    cuda = choose_device("cuda")
    module = cuda.place_module(ruled_network(SPEC.name, read_manifests()[SPEC.name]))
    depth = MidasEstimator(module, SPEC, cuda).predict(Photo(official["photo"], None, None, "0"))
    assert cuda.precision == "float16"
    assert np.abs(depth.values_hw - official["prediction"]).max() < 0.01 * np.ptp(official["prediction"])
