"""Laws of the evidence for a head, on maps made by hand."""

import numpy as np
import pytest

from face3d.depth.face.evidence import LEAST_CONFIDENCE, head_confidence, head_evidence
from face3d.depth.face.inference import Box, CropPrediction

CROP, HEAD = Box(100, 50, 80, 80), Box(120, 60, 40, 50)


def prediction(error=0.03, thickness_error=0.05, probability=0.97, side=80):
    """A map of `side` pixels: `probability` of a head within HEAD, 0 outside; errors in head widths."""
    head_hw = np.zeros((80, 80), np.float32)
    head_hw[10:60, 20:60] = probability
    head_hw = np.kron(head_hw, np.ones((side // 80, side // 80), np.float32))
    width = 40 * side // 80
    layer_hw = np.ones_like(head_hw)
    return CropPrediction(
        relief_hw=layer_hw,
        thickness_hw=layer_hw,
        uncertainty_hw=np.where(head_hw > 0, error * width, 100).astype(np.float32),
        matte_hw=head_hw,
        head_hw=head_hw,
        eyes_2hw=np.stack([layer_hw, layer_hw]),
        thickness_uncertainty_hw=np.where(head_hw > 0, thickness_error * width, 100).astype(np.float32),
    )


@pytest.mark.parametrize("side", [80, 240])
def test_evidence_is_in_head_widths_whatever_the_resolution(side):
    found = head_evidence(prediction(side=side), CROP, HEAD)
    assert found == pytest.approx([np.log(0.03), np.log(0.05), np.log(0.97 / 0.03)], abs=1e-4)


def test_a_region_is_less_of_a_head_the_more_doubtful_its_maps_are():
    sure = head_confidence(prediction(), CROP, HEAD)
    assert sure > LEAST_CONFIDENCE
    for doubt in ({"error": 0.1}, {"thickness_error": 0.2}, {"probability": 0.6}):
        assert head_confidence(prediction(**doubt), CROP, HEAD) < sure
    assert head_confidence(prediction(error=0.12, thickness_error=0.3, probability=0.7), CROP, HEAD) < 0.01


def test_a_head_that_leaves_the_crop_has_evidence_of_its_visible_part():
    beyond = head_evidence(prediction(), CROP, Box(70, 20, 90, 90))
    assert np.isfinite(beyond).all()
