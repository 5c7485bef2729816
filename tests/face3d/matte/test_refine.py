"""The edge of a matte by closed-form matting: against a composite whose alpha is known."""

import cv2
import numpy as np
import pytest
import stand_in

from depth_estimation import cut_out
from face3d.errors import MatteError
from face3d.matte import refine
from face3d.matte.refine import refined
from face3d.structures import Photo

SIZE_HW = 260, 220


@pytest.fixture(scope="module")
def composite():
    """The photo of a ragged head before another colour, and its true alpha (h, w) in 0..1."""
    rows, columns = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    x, y = columns - SIZE_HW[1] / 2, rows - SIZE_HW[0] / 2
    radius = 70 + 4 * np.sin(40 * np.arctan2(y, x))  # strands about the head
    alpha_hw = np.clip(radius - np.hypot(x, y) + 0.5, 0, 1)
    head = np.stack([140 + 20 * np.sin(x / 15), 80 + y / 10, 50 + 0 * x], -1)
    wall = np.stack([90 + 0 * x, 130 + x / 5, 200 - y / 5], -1)
    rgb_hwc = alpha_hw[..., None] * head + (1 - alpha_hw[..., None]) * wall
    noise = np.random.default_rng(0).normal(0, 1.5, rgb_hwc.shape)
    return np.clip(np.round(rgb_hwc + noise), 0, 255).astype(np.uint8), alpha_hw


def test_the_refined_edge_is_nearer_to_the_truth_than_the_coarse_one(composite):
    rgb_hwc, alpha_hw = composite
    coarse_hw = cv2.GaussianBlur((alpha_hw > 0.5).astype(np.float32), (0, 0), 4)
    fine_hw = refined(coarse_hw, rgb_hwc)
    errors = [np.sqrt(((matte_hw - alpha_hw) ** 2).mean()) for matte_hw in (coarse_hw, fine_hw)]
    assert errors[1] < errors[0] / 5
    assert fine_hw.dtype == np.float32 and fine_hw.min() >= 0 and fine_hw.max() <= 1
    x, y = np.arange(SIZE_HW[1]) - SIZE_HW[1] / 2, np.arange(SIZE_HW[0]) - SIZE_HW[0] / 2
    far = np.abs(np.hypot(x, y[:, None]) - 70) > 4 + 8 + 2 * refine.BAND * max(SIZE_HW)
    assert (fine_hw == coarse_hw)[far].all()
    large = [cv2.resize(layer, None, fx=4, fy=4) for layer in (coarse_hw, rgb_hwc, alpha_hw)]
    bounded_hw = refined(large[0], large[1])
    assert np.sqrt(((bounded_hw - large[2]) ** 2).mean()) < errors[0] / 3


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_matte_without_an_edge_stays(composite, value):
    matte_hw = np.full(SIZE_HW, value, np.float32)
    assert refined(matte_hw, composite[0]) is matte_hw


def test_a_depth_map_says_that_its_matte_is_refined(composite, monkeypatch):
    photo = Photo(composite[0], None, None, "")
    depth = stand_in.predict(None, photo)
    fine = cut_out(depth, photo, refine=True)
    assert fine.matte == "face, refined" and fine.faces == depth.faces
    assert cut_out(depth, photo) is depth
    assert cut_out(depth, photo, "none", refine=True).mask_hw.all()
    monkeypatch.setattr(refine, "available", lambda: False)
    with pytest.raises(MatteError, match="needs the package pymatting"):
        cut_out(depth, photo, refine=True)
