"""Laws of own depth: what is no value stays none, and a photo's map lies where its pixels do."""

import numpy as np
import pytest

from face3d.errors import DepthError
from face3d.own_depth.values import checked
from face3d.structures import DepthRepresentation, Photo

METRIC, INVERSE = DepthRepresentation.METRIC, DepthRepresentation.RELATIVE_INVERSE
RAMP_HW = np.linspace(1, 2, 40 * 60).reshape(40, 60)


def photo_of(size_hw):
    return Photo(np.zeros((*size_hw, 3), np.uint8), None, None, "0" * 64)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf, 0, 1e10, 65504])
def test_what_is_no_distance_is_outside_the_mask(nothing):
    values_hw = RAMP_HW.copy()
    values_hw[:, :7] = nothing
    depth = checked(values_hw, METRIC, "a").of(photo_of((40, 60)))
    assert np.array_equal(depth.mask_hw, np.arange(60)[None] >= np.full((40, 1), 7))
    assert np.array_equal(depth.values_hw[depth.mask_hw], RAMP_HW[:, 7:].astype(np.float32).ravel())


@pytest.mark.parametrize("size_hw", [(80, 120), (400, 600), (20, 30), (41, 61)])
def test_a_plane_stays_a_plane_at_every_size_and_a_hole_mixes_in_nothing(size_hw):
    x_w = (np.arange(60) + 0.5) / 60
    values_hw = np.tile(1 + x_w, (40, 1))
    values_hw[:, 30:] = 0  # no value, and far from the others
    depth = checked(values_hw, METRIC, "a").of(photo_of(size_hw))
    columns = (np.arange(size_hw[1]) + 0.5) / size_hw[1]
    kept_w = depth.mask_hw.all(axis=0)
    assert kept_w.tolist() == depth.mask_hw.any(axis=0).tolist()
    assert abs(kept_w.mean() - 0.5) < 0.03
    expected_w = np.clip(1 + columns, values_hw[0, 0], values_hw[0, 29])  # beyond the outermost centres
    # Beside the hole the mean is of the valid side alone, up to half a pixel of the file away.
    assert np.abs(depth.values_hw[:, kept_w] - expected_w[kept_w]).max() < 0.5 / 60 + 1e-6
    inner_w = kept_w & (columns > 1.5 / 60) & (columns < 0.5 - 1.5 / 60)
    if size_hw != (41, 61):
        assert np.abs(depth.values_hw[:, inner_w] - expected_w[inner_w]).max() < 1e-5


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_photo_that_is_turned_turns_its_depth(degrees):
    photo = photo_of((40, 60))
    straight = checked(RAMP_HW, INVERSE, "a")
    turned = straight.of(photo.turned(degrees), degrees)
    assert np.array_equal(np.rot90(turned.values_hw, degrees // 90), straight.of(photo).values_hw)


@pytest.mark.parametrize(
    ("values_hw", "representation", "said"),
    [
        (np.full((40, 60), np.nan), INVERSE, "no value"),
        (np.full((40, 60), -np.inf), METRIC, "no value"),
        (np.zeros((40, 60)), METRIC, "no value"),
        (np.full((40, 60), 1e200), INVERSE, "no value"),
        (np.full((40, 60), 3.0), INVERSE, "flat"),
        (RAMP_HW - 1.5, METRIC, "below 0"),
    ],
)
def test_values_without_a_shape_are_refused(values_hw, representation, said):
    with pytest.raises(DepthError, match=said):
        checked(values_hw, representation, "a")


@pytest.mark.parametrize("size_hw", [(60, 40), (40, 40), (400, 620)])
def test_a_map_of_other_proportions_is_refused(size_hw):
    with pytest.raises(DepthError, match="other proportions than the photo"):
        checked(RAMP_HW, INVERSE, "a").of(photo_of(size_hw))
