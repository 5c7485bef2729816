"""Laws of the faults of phone photos."""

import numpy as np
import pytest

from training.rendering.phone import CHANCE, moved_truth, with_faults
from training.rendering.sample import Sample

SIDE = 40


@pytest.fixture
def sample():
    """A person who covers the middle of the picture, with a ramp of relief."""
    there = np.zeros((SIDE, SIDE), bool)
    there[10:30, 12:28] = True
    relief = np.where(there, np.linspace(0, 0.2, SIDE), 0).astype(np.float32)
    normal = np.where(there[..., None], [0, -90, 90], 0).astype(np.int8)
    canonical = np.where(there[..., None], relief[..., None], np.nan).astype(np.float32).repeat(3, -1)
    rgb = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    matte, label = (there * np.uint8(255)), (there * np.uint8(3))
    heads = np.array([[20, 20, 16], [0, 0, 0]], np.float32)
    eyes = np.array([[16, 18, 1], [24, 18, 1], [0, 0, 0], [0, 0, 0]], np.float32)
    marks = np.tile(np.float32([20, 20, 1]), (68, 1))
    maps = relief, relief, normal, matte, label, canonical
    return Sample(rgb, *maps, heads, eyes, marks, 0.0, 0.0, frozenset())


def test_a_picture_that_stays_keeps_its_truth(sample):
    same = moved_truth(sample, sample.rgb_hwc, np.eye(3))
    for name in ("relief_hw", "normal_hwc", "matte_hw", "label_hw", "heads_23", "eyes_43"):
        assert (getattr(same, name) == getattr(sample, name)).all()
    assert np.array_equal(same.canonical_hwc, sample.canonical_hwc, equal_nan=True)


def test_a_picture_of_half_the_size_has_half_the_relief(sample):
    """Shrunk to the lower right quarter: pixel (10, 12) of the person goes to (25, 26)."""
    half = np.array([[0.5, 0, SIDE / 2], [0, 0.5, SIDE / 2], [0, 0, 1]])
    small = moved_truth(sample, sample.rgb_hwc, half)
    assert small.label_hw.sum() * 4 == sample.label_hw.sum()
    assert np.allclose(small.relief_hw[30, 30], sample.relief_hw[20, 20:22] / 2, atol=0.003)
    assert np.allclose(small.eyes_43[0], [28, 29, 1])
    assert np.allclose(small.heads_23[0], [30, 30, 8])
    assert (small.eyes_43[2] == 0).all()
    assert np.isnan(small.canonical_hwc[5, 5]).all()


def test_every_fault_occurs_at_its_chance_and_a_seed_gives_one_picture(sample):
    drawn = [with_faults(sample, np.random.default_rng(seed)) for seed in range(150)]
    for name, chance in CHANCE.items():
        share = np.mean([name in one.has for one in drawn])
        assert 0 < share < 3 * chance
    again = with_faults(sample, np.random.default_rng(7))
    assert (again.rgb_hwc == drawn[7].rgb_hwc).all()


def test_faults_that_do_not_move_the_picture_leave_the_truth(sample):
    for seed in range(60):
        one = with_faults(sample, np.random.default_rng(seed))
        if "picture of a picture" not in one.has:
            assert (one.label_hw == sample.label_hw).all()
            assert (one.relief_hw == sample.relief_hw).all()
        assert (one.matte_hw[one.label_hw == 0] < 128).all()
