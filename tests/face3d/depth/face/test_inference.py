"""Laws of crop inference, at one scale and at two, on a network whose maps follow the brightness."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from face3d.depth.face.inference import (
    MIRROR_SCALE,
    SECOND_SCALE,
    Box,
    add_mirror_image,
    predict_crop,
    predict_straight,
    predict_two_scales,
)
from face3d.depth.face.interface import FaceMaps
from face3d.depth.face.network import FaceNetwork

SIDE = 100
BOX = Box(20, 10, 180, 180)
INPUT_SIDE = 640
"""As it is and times SECOND_SCALE and MIRROR_SCALE a multiple of the network's stride, so that nothing is
padded."""


class Brightness(torch.nn.Module):
    """Relief, thickness and uncertainty proportional to the brightness and to the width, as those of a
    trained network; a matte that encodes the width; the left eye more on the left.
    """

    configuration = SimpleNamespace(side=SIDE)
    infer = FaceNetwork.infer

    def forward(self, rgb_nchw):
        bright = rgb_nchw.mean(1)
        lengths = bright * rgb_nchw.shape[-1] / SIDE
        size = torch.full_like(bright, torch.logit(torch.tensor(rgb_nchw.shape[-1] / 1000)).item())
        to_the_right = (torch.arange(rgb_nchw.shape[-1]) + 0.5) / rgb_nchw.shape[-1]
        eyes = torch.logit(
            torch.stack([bright * (1 - to_the_right), bright * to_the_right], 1).clamp(1e-4, 1)
        )
        return FaceMaps(lengths, lengths / 2, size, -size, torch.log(lengths), eyes, torch.log(lengths / 4))


@pytest.fixture(scope="module")
def smooth_rgb():
    noise = np.random.default_rng(0).uniform(60, 200, (5, 6, 3)).astype(np.float32)
    return cv2.resize(noise, (300, 200), interpolation=cv2.INTER_CUBIC).clip(40, 220).astype(np.uint8)


def brightness(rgb, size_hw):
    cut = rgb[BOX.top : BOX.top + BOX.height, BOX.left : BOX.left + BOX.width]
    return cv2.resize(cut.astype(np.float32), size_hw[::-1], interpolation=cv2.INTER_AREA).mean(-1) / 255


@pytest.mark.parametrize("infer", [predict_crop, predict_two_scales])
def test_lengths_are_in_pixels_of_the_predictions_own_map(infer, smooth_rgb):
    prediction = infer(Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    assert prediction.relief_hw.shape == (INPUT_SIDE, INPUT_SIDE)
    inner = np.s_[2:-2, 2:-2]
    wanted = brightness(smooth_rgb, prediction.relief_hw.shape) * INPUT_SIDE
    np.testing.assert_allclose(prediction.relief_hw[inner], wanted[inner], rtol=0.015)
    np.testing.assert_allclose(prediction.thickness_hw, prediction.relief_hw / 2, rtol=1e-4)
    np.testing.assert_allclose(prediction.uncertainty_hw, prediction.relief_hw, rtol=1e-4)
    np.testing.assert_allclose(prediction.thickness_uncertainty_hw, prediction.relief_hw / 4, rtol=1e-4)


def test_a_crop_that_is_not_square_and_padded_ends_where_the_box_ends(smooth_rgb):
    """The stub's lengths grow with the padded width, so the scales differ by their padding."""
    wide = Box(10, 30, 250, 150)
    cut = smooth_rgb[30:180, 10:260].astype(np.float32).mean(-1) / 255

    def columns_of(side):
        return round(250 * side / (250 * 150) ** 0.5)

    def share_padded(side):
        return -(-columns_of(side) // 32) * 32 / columns_of(side)

    sides = 190, round(190 * SECOND_SCALE)
    shares = [(share_padded(side) + share_padded(round(side * MIRROR_SCALE))) / 2 for side in sides]
    for side, share in zip(sides, shares, strict=True):
        rows, columns = round(150 * side / (250 * 150) ** 0.5), columns_of(side)
        prediction = predict_crop(Brightness(), smooth_rgb, wide, side)
        assert prediction.relief_hw.shape == (rows, columns)
        expected = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA) * columns * share
        np.testing.assert_allclose(prediction.relief_hw[3:-3, 3:-3], expected[3:-3, 3:-3], rtol=0.02)
    mean = predict_two_scales(Brightness(), smooth_rgb, wide, 190)
    assert mean.eyes_2hw.shape == (2, 147, 245)
    expected = cv2.resize(cut, (245, 147), interpolation=cv2.INTER_AREA) * 245 * sum(shares) / 2
    np.testing.assert_allclose(mean.relief_hw[3:-3, 3:-3], expected[3:-3, 3:-3], rtol=0.02)


def test_two_scales_are_averaged(smooth_rgb):
    first, second = (
        predict_crop(Brightness(), smooth_rgb, BOX, side)
        for side in (INPUT_SIDE, round(INPUT_SIDE * SECOND_SCALE))
    )
    mean = predict_two_scales(Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    assert mean.matte_hw.shape == first.matte_hw.shape
    assert first.matte_hw[0, 0] != pytest.approx(second.matte_hw[0, 0], rel=0.05)
    np.testing.assert_allclose(mean.matte_hw, (first.matte_hw[0, 0] + second.matte_hw[0, 0]) / 2, rtol=1e-5)
    np.testing.assert_allclose(mean.head_hw, 1 - mean.matte_hw, rtol=1e-4)


@pytest.mark.parametrize("infer", [predict_crop, predict_two_scales])
def test_a_mirrored_picture_gives_mirrored_maps_and_swapped_eyes(infer, smooth_rgb):
    width = smooth_rgb.shape[1]
    straight = infer(Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    mirrored = infer(
        Brightness(),
        smooth_rgb[:, ::-1],
        Box(width - BOX.left - BOX.width, BOX.top, BOX.width, BOX.height),
        INPUT_SIDE,
    )
    np.testing.assert_allclose(mirrored.relief_hw[:, ::-1], straight.relief_hw, atol=1.0)
    np.testing.assert_allclose(mirrored.eyes_2hw[::-1, :, ::-1], straight.eyes_2hw, atol=6e-3)
    assert straight.eyes_2hw[0, :, :40].mean() > 2 * straight.eyes_2hw[1, :, :40].mean()


def test_the_mean_with_the_mirror_image_is_that_of_both_ways_round(smooth_rgb):
    straight = predict_straight(Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    width = smooth_rgb.shape[1]
    turned = Box(width - BOX.left - BOX.width, BOX.top, BOX.width, BOX.height)
    mirrored = predict_straight(Brightness(), smooth_rgb[:, ::-1], turned, INPUT_SIDE)
    mean = add_mirror_image(straight, Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    # The stub is the same at every scale, but for the pixels from which it is enlarged.
    np.testing.assert_allclose(
        mean.relief_hw, (straight.relief_hw + mirrored.relief_hw[:, ::-1]) / 2, rtol=0.01
    )
    np.testing.assert_allclose(
        mean.eyes_2hw, (straight.eyes_2hw + mirrored.eyes_2hw[::-1, :, ::-1]) / 2, atol=3e-3
    )


def test_the_network_computes_in_one_thread_whatever_the_program_does(smooth_rgb):
    """Sums of its convolutions depend on the number of threads in their last bits."""
    seen = []

    class Watched(Brightness):
        def forward(self, rgb_nchw):
            seen.append(torch.get_num_threads())
            return super().forward(rgb_nchw)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        predict_two_scales(Watched(), smooth_rgb, BOX, INPUT_SIDE)
        assert seen == [1] * 4 and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


class Places(Brightness):
    """Canonical x grows to the right of the head as it is seen, y is the brightness, z the width; skin is
    likelier on the left.
    """

    def forward(self, rgb_nchw):
        maps = super().forward(rgb_nchw)
        bright = rgb_nchw.mean(1)
        across = ((torch.arange(rgb_nchw.shape[-1]) + 0.5) / rgb_nchw.shape[-1] - 0.5).expand_as(bright)
        places = torch.stack([across + 0.1, bright, torch.full_like(bright, rgb_nchw.shape[-1])], 1)
        return maps._replace(
            canonical=places,
            log_canonical_uncertainty=torch.log(bright),
            skin_logit=torch.logit(0.5 - across * 0.8),
        )


def test_canonical_coordinates_are_averaged_with_the_sides_of_the_mirror_image_swapped(smooth_rgb):
    """What the stub adds to x of both images alike cancels; y and the stated error follow the picture."""
    plain = predict_two_scales(Brightness(), smooth_rgb, BOX, INPUT_SIDE)
    assert plain.canonical_3hw is plain.canonical_uncertainty_hw is plain.skin_hw is None
    found = predict_two_scales(Places(), smooth_rgb, BOX, INPUT_SIDE)
    x, y, z = found.canonical_3hw
    columns = (np.arange(INPUT_SIDE) + 0.5) / INPUT_SIDE - 0.5
    np.testing.assert_allclose(x[5:-5, 5:-5], np.broadcast_to(columns, x.shape)[5:-5, 5:-5], atol=1e-3)
    np.testing.assert_allclose(y, plain.relief_hw / INPUT_SIDE, atol=0.02)
    np.testing.assert_allclose(found.canonical_uncertainty_hw, y, atol=0.02)
    np.testing.assert_allclose(z, (1 + SECOND_SCALE) / 2 * (1 + MIRROR_SCALE) / 2 * INPUT_SIDE, rtol=1e-5)
    # Of a mirrored picture the stub says the same: the mean has no side.
    np.testing.assert_allclose(found.skin_hw, 0.5, atol=1e-3)
    np.testing.assert_array_equal(found.relief_hw, plain.relief_hw)
