"""What a network begins with: an encoder's weights in order, or a whole network."""

from dataclasses import replace

import pytest
import timm
import torch
from safetensors.torch import save_file

from face3d.depth.face.interface import Configuration, metadata_of
from face3d.depth.face.network import FaceNetwork
from training.muon import gentle_to_the_encoder
from training.pretrained import begin, give_encoder
from training.train import PEAK_RATE, Plan, Run

SMALL = Configuration("tf_efficientnet_lite0", (8,) * 5, canonical_widths=(8,) * 4)


@pytest.fixture
def classifier():
    """The made-up weights of a classifier, under names that are not ours."""
    generator = torch.Generator().manual_seed(0)
    ours = timm.create_model(SMALL.backbone, pretrained=False).state_dict()
    return {
        f"_{number}": torch.rand(value.shape, generator=generator).to(value.dtype)
        for number, value in enumerate(ours.values())
    }


def test_an_encoder_takes_the_first_tensors_in_order_and_halves_the_first_kernel(classifier):
    encoder = FaceNetwork(SMALL).encoder
    give_encoder(encoder, classifier)
    first, *others = encoder.state_dict().values()
    assert torch.equal(first, classifier["_0"] / 2)
    assert len(others) == 287
    assert len(classifier) == 296
    assert all(torch.equal(value, classifier[f"_{number}"]) for number, value in enumerate(others, 1))


def test_an_encoder_sees_what_the_classifier_saw_of_its_own_colours(classifier):
    """The classifier's first layer on (x - 0.5) / 0.5, ours on (x - 0.5) / 0.25."""
    network, whole = FaceNetwork(SMALL).eval(), timm.create_model(SMALL.backbone, pretrained=False).eval()
    whole.load_state_dict(dict(zip(whole.state_dict(), classifier.values(), strict=True)))
    give_encoder(network.encoder, classifier)
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = whole.conv_stem((photo - 0.5) / 0.5)
        torch.testing.assert_close(network.encoder.conv_stem((photo - 0.5) / 0.25), expected)


@pytest.mark.parametrize(("spoil", "sentence"), [("shape", r"_7 is \(1,\)"), ("number", "have 287 tensors")])
def test_the_weights_of_another_encoder_are_refused(classifier, spoil, sentence):
    if spoil == "shape":
        classifier["_7"] = torch.zeros(1)
    else:
        classifier = dict(list(classifier.items())[:287])
    encoder = FaceNetwork(SMALL).encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    with pytest.raises(ValueError, match=f"{sentence}.* of the same backbone"):
        give_encoder(encoder, classifier)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_a_run_begins_with_an_encoder_and_goes_on_without_the_file(classifier, tmp_path):
    torch.save(classifier, tmp_path / "classifier.pth")

    def run():
        plan = Plan(SMALL, tmp_path / "classifier.pth", 0.3)
        return Run(
            tmp_path,
            torch.device("cpu"),
            optimisers=plan.optimisers,
            configuration=plan.configuration,
            begin_with=plan.begin_with,
        )

    first = run()
    for network in (first.network, first.average):
        assert torch.equal(network.encoder.conv_stem.weight, classifier["_0"] / 2)
    first.save(32)
    (tmp_path / "classifier.pth").unlink()
    assert torch.equal(run().network.encoder.conv_stem.weight, classifier["_0"] / 2)


def test_the_encoder_is_trained_at_its_share_of_the_rate(tmp_path):
    """AdamW's first update has the length of its rate, whatever the gradient."""
    plan = Plan(SMALL, None, 0.25)
    run = Run(tmp_path, torch.device("cpu"), optimisers=plan.optimisers, configuration=SMALL, bfloat16=False)
    kernel, bias = run.network.encoder.blocks[1][0].conv_pw.weight, run.network.head[0].bias
    before = kernel.detach().clone(), bias.detach().clone()
    generator = torch.Generator().manual_seed(0)
    batch = (
        torch.rand(2, 3, 64, 64, generator=generator),
        torch.rand(2, 9, 64, 64, generator=generator),
        torch.zeros(2, 4, 3),
    )
    rate = PEAK_RATE / 2
    run.step(*batch, rate)
    moved = [(now.detach() - then).abs().median() for now, then in zip((kernel, bias), before, strict=True)]
    assert moved[0] == pytest.approx(0.25 * rate, rel=0.05)
    assert moved[1] == pytest.approx(rate, rel=0.05)


def test_every_parameter_has_one_optimiser():
    network = FaceNetwork(SMALL)
    optimisers = gentle_to_the_encoder(network, 1e-3, 0.1, 0.3)
    parts = [
        {id(value) for group in optimiser.param_groups for value in group["params"]}
        for optimiser in optimisers
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(list(network.parameters()))
    assert parts[2] == {id(value) for value in network.encoder.parameters()}
    for head in (network.head, network.canonical.head):
        assert id(head[2].weight) not in parts[0]
        assert id(head[0].weight) in parts[0]


def test_a_network_with_canonical_coordinates_begins_with_one_without(tmp_path):
    """What both give is the same; the rest begins as if nothing had been given."""
    torch.manual_seed(0)
    without = FaceNetwork(replace(SMALL, canonical_widths=())).eval()
    save_file(without.state_dict(), tmp_path / "without.safetensors", metadata_of(without.configuration, {}))
    torch.manual_seed(1)
    network = FaceNetwork(SMALL).eval()
    first = {name: value.clone() for name, value in network.canonical.state_dict().items()}
    begin(network, tmp_path / "without.safetensors")
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        for ours, theirs in zip(network(photo)[:7], without(photo)[:7], strict=True):
            assert torch.equal(ours, theirs)
    assert all(torch.equal(value, first[name]) for name, value in network.canonical.state_dict().items())
