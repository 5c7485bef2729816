"""Laws of the samples of people."""

import numpy as np
import pytest
from people_model_file import needs_people_model

from training.rendering.portrait import openness, render_portrait
from training.scenes.primitives import LABEL_HEAD, LABEL_NARROW_FACE, LABEL_NOTHING

pytestmark = needs_people_model
SIDE = 72


@pytest.fixture(scope="module")
def samples(families):
    """Eight seeds: both families, hair and none."""
    return [render_portrait(families, [], seed, SIDE) for seed in range(1, 9)]


def test_a_seed_gives_one_sample(families, samples):
    again = render_portrait(families, [], 1, SIDE)
    assert (again.rgb_hwc == samples[0].rgb_hwc).all()
    assert (again.relief_hw == samples[0].relief_hw).all()


def test_both_families_occur(samples):
    assert {"MakeHuman" in sample.has for sample in samples} == {True, False}


def test_the_truth_is_whole(samples):
    """Where a label is, there is a unit normal towards the camera, and thickness; elsewhere nothing."""
    for sample in samples:
        there = sample.label_hw != LABEL_NOTHING
        length = np.linalg.norm(sample.normal_hwc.astype(float), axis=-1) / 127
        assert np.abs(length[there] - 1).max(initial=0) < 0.02
        assert sample.thickness_hw[there].min(initial=0) >= 0
        assert (sample.relief_hw[~there] == 0).all()
        assert (sample.matte_hw[~there] < 128).all()


def test_canonical_coordinates_are_those_of_a_face(samples):
    """In head widths from the pivot: the narrow face lies before it, within 0.6 to the sides."""
    seen = 0
    for sample in samples:
        place = sample.canonical_hwc[(sample.label_hw == LABEL_NARROW_FACE)]
        place = place[np.isfinite(place).all(1)]
        seen += len(place)
        assert np.abs(place[:, 0]).max(initial=0) < 0.6
        assert place[:, 2].min(initial=1) > -0.1
    assert seen > 500


def test_hair_is_head_and_has_no_canonical_coordinates(samples):
    """Where hair is in view, head is labelled that is not skin."""
    heads = [
        np.isnan(sample.canonical_hwc[..., 0]) & (sample.label_hw == LABEL_HEAD)
        for sample in samples
        if "hair" in sample.has
    ]
    assert np.mean([head.any() for head in heads]) > 0.6


def test_light_reaches_a_plane_in_full_and_a_pit_less():
    plane = np.full((60, 60), 80.0)
    assert openness(plane, 4.0).min() > 0.99
    plane[28:32, 28:32] += 3
    dark = openness(plane, 4.0)
    assert dark[30, 30] < 0.8
    assert dark[5, 5] > 0.98
