"""The table of networks: the authors' figures are consistent, and every row can be used."""

import math
from pathlib import Path

import pytest
import torch

from benchmarks.midas_parity import read_manifests, read_outputs
from face3d.depth import checkpoints
from face3d.depth.face.network import load_face_network
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily, ResizeRule
from face3d.structures import DepthRepresentation

MIDAS = [spec for spec in NETWORKS.values() if spec.family is NetworkFamily.MIDAS]
MANIFESTS = read_manifests()

DOCUMENTED = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (Path(checkpoints.__file__).parents[2] / "docs" / "midas.md").read_text().splitlines()
    if line.startswith("|")
]
FILES_COLUMNS, PARITY_COLUMNS = 9, 5

# The first digits that the authors put into the names of their older files.
NAMED_HASHES = {
    "midas_v21_small_256": "70d6b9c8",
    "midas_v21_384": "f6b98070",
    "dpt_hybrid_384": "501f0c75",
    "dpt_large_384": "2f21e586",
}


def test_every_official_network_has_a_row():
    assert {spec.name for spec in MIDAS} == set(MANIFESTS)


def test_keys_are_the_rows_names_and_titles_are_unique():
    assert all(name == spec.name for name, spec in NETWORKS.items())
    assert len({spec.title for spec in NETWORKS.values()}) == len(NETWORKS)


def test_exactly_the_face_network_is_bundled():
    assert [spec.name for spec in NETWORKS.values() if spec.bundled] == ["face"]


def test_representations_follow_the_literature():
    assert NETWORKS["face"].representation is DepthRepresentation.RELIEF
    assert {spec.representation for spec in MIDAS} == {DepthRepresentation.RELATIVE_INVERSE}
    assert NETWORKS["glpn_nyu"].representation is DepthRepresentation.METRIC
    assert NETWORKS["depth_anything_v2_small"].representation is DepthRepresentation.RELATIVE_INVERSE


@pytest.mark.parametrize("spec", MIDAS, ids=lambda spec: spec.name)
def test_parameters_are_the_official_count(spec):
    assert spec.parameters == MANIFESTS[spec.name].parameters


@pytest.mark.skipif(
    checkpoints.find(NETWORKS["face"]) is None, reason="the bundled weights are not in assets/"
)
def test_parameters_of_the_bundled_network_are_its_modules_count():
    network = load_face_network(checkpoints.find(NETWORKS["face"]))
    assert NETWORKS["face"].parameters == sum(parameter.numel() for parameter in network.parameters())


def test_parameters_of_the_transformers_networks_are_their_modules_count():
    """By the published config.json files: SegFormer B4 with GLPN's decoder, DINOv2 small with DPT's."""
    library = pytest.importorskip("transformers", reason="the optional transformers library is not installed")
    encoder = {
        "depths": [3, 8, 27, 3],
        "hidden_sizes": [64, 128, 320, 512],
        "num_attention_heads": [1, 2, 5, 8],
    }
    dino = library.Dinov2Config(
        hidden_size=384,
        num_attention_heads=6,
        image_size=518,
        patch_size=14,
        out_indices=[3, 6, 9, 12],
        reshape_hidden_states=False,
    )
    head = {
        "reassemble_hidden_size": 384,
        "neck_hidden_sizes": [48, 96, 192, 384],
        "fusion_hidden_size": 64,
        "head_hidden_size": 32,
    }
    with torch.device("meta"):
        modules = {
            "glpn_nyu": library.GLPNForDepthEstimation(library.GLPNConfig(**encoder, decoder_hidden_size=64)),
            "depth_anything_v2_small": library.DepthAnythingForDepthEstimation(
                library.DepthAnythingConfig(backbone_config=dino, **head)
            ),
        }
    for name, module in modules.items():
        count = sum(parameter.numel() for parameter in module.parameters())
        assert NETWORKS[name].parameters == count, name
        assert NETWORKS[name].files[-1].size_bytes == pytest.approx(4 * count, rel=0.01)


@pytest.mark.parametrize(
    "spec",
    [spec for spec in NETWORKS.values() if spec.files and not spec.bundled],
    ids=lambda spec: spec.name,
)
def test_the_documentation_has_the_row(spec):
    row = next(row for row in DOCUMENTED if row[0] == spec.name and len(row) == FILES_COLUMNS)
    representation = {
        DepthRepresentation.RELATIVE_INVERSE: "relative inverse depth",
        DepthRepresentation.METRIC: "metres",
    }[spec.representation]
    side = (
        "own"
        if spec.input_side is None
        else f"{spec.input_side}, {spec.resize_rule.name.lower().replace('_', ' ')}"
    )
    accuracy = f"{spec.published.improvement_percent:+d} %" if spec.published else "-"
    speed = f"{spec.published.frames_per_second:g}" if spec.published else "-"
    digits = f"{spec.files[-1].sha256[:8]}…" if spec.files[-1].sha256 else "-"
    size, millions = spec.size_text.removesuffix(" MB"), f"{spec.parameters / 1e6:.1f} M"
    assert row == [spec.name, size, millions, spec.licence, side, representation, accuracy, speed, digits]


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_documentation_states_the_parity_of_every_network(name):
    """What `python -m benchmarks.midas_parity` prints; the error itself depends on the machine."""
    row = next(row for row in DOCUMENTED if row[0] == name and len(row) == PARITY_COLUMNS)
    sizes = ", ".join(f"{height} x {width}" for height, width in read_outputs(name))
    assert row[1:4] == [str(len(MANIFESTS[name].shapes)), f"{MANIFESTS[name].parameters:,}", sizes]
    assert float(row[4]) < 1e-4


@pytest.mark.parametrize("spec", MIDAS, ids=lambda spec: spec.name)
def test_file_is_as_large_as_its_tensors(spec):
    whole_numbers = ("num_batches_tracked", "relative_position_index", "attention_bias_idxs")
    tensors = sum(
        math.prod(shape) * (8 if key.endswith(whole_numbers) else 4)
        for key, shape in MANIFESTS[spec.name].shapes.items()
    )
    assert spec.files[0].size_bytes == pytest.approx(tensors, rel=0.01)


@pytest.mark.parametrize(("name", "prefix"), NAMED_HASHES.items())
def test_hash_begins_as_the_authors_named_the_file(name, prefix):
    assert NETWORKS[name].files[0].sha256.startswith(prefix)


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=lambda spec: spec.name)
def test_hashes_are_lower_case_hexadecimal(spec):
    assert all(set(file.sha256) <= set("0123456789abcdef") and len(file.sha256) <= 64 for file in spec.files)


@pytest.mark.parametrize("spec", MIDAS, ids=lambda spec: spec.name)
def test_published_errors_give_the_published_improvement(spec):
    """The authors' definition: 100 (1 - mean over the data sets of error / error of DPT-Large), per cent.

    Their table has 22 for Swin V2 base, where their own errors give 20; ours keeps 22.
    """
    measure = dict(NETWORKS["dpt_large_384"].published.errors)
    ratios = [error / measure[name] for name, error in spec.published.errors]
    assert spec.published.improvement_percent == pytest.approx(
        100 * (1 - sum(ratios) / len(ratios)), abs=1.9 if spec.name == "dpt_swin2_base_384" else 0.51
    )


@pytest.mark.parametrize("spec", NETWORKS.values(), ids=lambda spec: spec.name)
def test_a_row_states_a_figure_or_why_there_is_none(spec):
    assert (spec.published is None) == bool(spec.unpublished_reason)
    assert spec.accuracy_text
    assert spec.speed_text
    assert spec.licence


@pytest.mark.parametrize("spec", MIDAS, ids=lambda spec: spec.name)
def test_a_midas_row_has_what_preprocessing_needs(spec):
    assert spec.resize_rule is not ResizeRule.OWN
    assert spec.input_side % spec.input_multiple == 0
    assert len(spec.mean_rgb) == len(spec.std_rgb) == 3
    assert spec.name.endswith(str(spec.input_side))
    assert spec.files[0].url.startswith("https://github.com/isl-org/MiDaS/releases/download/")
