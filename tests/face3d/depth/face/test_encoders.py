"""Laws of the encoders."""

import pytest
import timm
import torch

from face3d.depth.face.encoders import build_encoder


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0"])
def test_an_encoder_computes_what_timms_of_the_same_weights_does(name):
    theirs = timm.create_model(name, features_only=True, pretrained=False).eval()
    torch.manual_seed(0)
    for value in theirs.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) * 0.2 + 0.05 if value.ndim == 1 else value)
    ours, channels = build_encoder(name)
    ours.eval().load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    photo = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        for one, other, count in zip(ours(photo), theirs(photo), channels, strict=True):
            assert one.shape[1] == count
            assert (one - other).abs().max() <= 1e-6 * other.abs().max()


def test_other_encoders_are_timms():
    encoder, channels = build_encoder("mobilenetv3_small_050")
    assert [feature.shape[1] for feature in encoder.eval()(torch.rand(1, 3, 32, 32))] == list(channels)
