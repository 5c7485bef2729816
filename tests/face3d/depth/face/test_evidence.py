"""Laws of the evidence for a head, on maps made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from face3d.depth.face.evidence import LEAST_CONFIDENCE, head_confidence, head_evidence
from face3d.depth.face.inference import Box, CropPrediction

CROP, HEAD = Box(100, 50, 80, 80), Box(120, 60, 40, 50)


def prediction(thickness_error=0.05, side=80, places=0.02, matte=0.99):
    """A map of `side` pixels: a head within HEAD, nothing outside; errors in head widths. The
    left half of the head is skin, unless `places`, the error of its canonical coordinates, is None.
    """
    head_hw = np.zeros((80, 80), np.float32)
    head_hw[10:60, 20:60] = 0.97
    head_hw = np.kron(head_hw, np.ones((side // 80, side // 80), np.float32))
    width = 40 * side // 80
    layer_hw = np.ones_like(head_hw)
    left_hw = np.arange(side) < side // 2
    skin_hw = np.where((head_hw > 0) & left_hw & (places is not None), 0.9, 0).astype(np.float32)
    return CropPrediction(
        relief_hw=layer_hw,
        thickness_hw=layer_hw,
        uncertainty_hw=np.where(head_hw > 0, 0.03 * width, 100).astype(np.float32),
        matte_hw=np.where(head_hw > 0, np.float32(matte), 0),
        head_hw=head_hw,
        eyes_2hw=np.stack([layer_hw, layer_hw]),
        thickness_uncertainty_hw=np.where(head_hw > 0, thickness_error * width, 100).astype(np.float32),
        canonical_uncertainty_hw=np.where(skin_hw > 0, places or 0, 100).astype(np.float32),
        skin_hw=skin_hw,
    )


@pytest.mark.parametrize("side", [80, 240])
def test_evidence_is_in_head_widths_whatever_the_resolution(side):
    found = head_evidence(prediction(side=side), CROP, HEAD)
    wanted = [np.log(0.05), np.log(0.02), np.log(99)]
    assert found == pytest.approx(wanted, abs=1e-4)


def test_a_head_without_skin_is_neither_surer_nor_less_sure_than_others():
    behind = replace(prediction(), skin_hw=None, canonical_uncertainty_hw=None)
    assert head_evidence(behind, CROP, HEAD)[1] == head_evidence(prediction(places=None), CROP, HEAD)[1]
    face, other = (head_evidence(prediction(places=places), CROP, HEAD)[1] for places in (0.02, 0.1))
    assert face < head_evidence(behind, CROP, HEAD)[1] < other


def test_a_region_is_less_of_a_head_the_more_doubtful_its_maps_are():
    sure = head_confidence(prediction(), CROP, HEAD)
    assert sure > LEAST_CONFIDENCE
    for doubt in ({"thickness_error": 0.2}, {"places": 0.1}, {"matte": 0.8}):
        assert head_confidence(prediction(**doubt), CROP, HEAD) < sure
    doubtful = prediction(thickness_error=0.3, places=0.1, matte=0.8)
    assert head_confidence(doubtful, CROP, HEAD) < 0.05


def test_a_head_that_leaves_the_crop_has_evidence_of_its_visible_part():
    beyond = head_evidence(prediction(), CROP, Box(70, 20, 90, 90))
    assert np.isfinite(beyond).all()
