"""The modules of our MiDaS networks against the official code: outputs and sizes."""

import pytest
import torch

from benchmarks.midas_parity import read_manifests, read_outputs, relative_error, ruled_network
from face3d.depth.midas.estimator import input_size_hw
from face3d.depth.midas.network import build_midas_network
from face3d.depth.registry import NETWORKS
from face3d.errors import WeightsError

MANIFESTS = read_manifests()
FAST = ("midas_v21_small_256", "dpt_swin2_tiny_256")


def build_without_memory(name):
    with torch.device("meta"):
        return build_midas_network(name)


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
        height, width = input_size_hw(NETWORKS[name], photo_hw)
        with torch.inference_mode():
            depth_nhw = module(torch.empty(2, 3, height, width, device="meta"))
        assert depth_nhw.shape == (2, height, width)
        assert depth_nhw.dtype is torch.float32


@pytest.mark.parametrize("name", ["glpn_nyu", "nonsense"])
def test_only_midas_rows_can_be_built(name):
    with pytest.raises(
        WeightsError, match=f"'{name}' is not a MiDaS network; choose one of midas_v21_small_256, "
    ):
        build_midas_network(name)


@pytest.fixture(scope="module")
def small():
    return ruled_network("midas_v21_small_256", MANIFESTS["midas_v21_small_256"])


def test_a_batch_gives_what_its_images_give_alone(small):
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together, alone = small(images), torch.cat([small(images[:1]), small(images[1:])])
    assert together.shape == (2, 64, 96)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
