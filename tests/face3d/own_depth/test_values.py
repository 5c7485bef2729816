"""Laws of own depth: what is no value stays none, and a photo's map lies where its pixels do."""

import numpy as np
import pytest

from face3d.errors import DepthError
from face3d.framing import Framing
from face3d.own_depth.values import checked
from face3d.structures import DepthRepresentation

METRIC, INVERSE = DepthRepresentation.METRIC, DepthRepresentation.RELATIVE_INVERSE
RAMP_HW = np.linspace(1, 2, 40 * 60).reshape(40, 60)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf, 0, 1e10, 65504])
def test_what_is_no_distance_is_outside_the_mask(nothing):
    values_hw = RAMP_HW.copy()
    values_hw[:, :7] = nothing
    depth = checked(values_hw, METRIC, "a").of(Framing((40, 60)))
    assert np.array_equal(depth.mask_hw, np.arange(60)[None] >= np.full((40, 1), 7))
    assert np.array_equal(depth.values_hw[depth.mask_hw], RAMP_HW[:, 7:].astype(np.float32).ravel())


@pytest.mark.parametrize("size_hw", [(80, 120), (400, 600), (20, 30), (41, 61)])
def test_a_plane_stays_a_plane_at_every_size_and_a_hole_mixes_in_nothing(size_hw):
    x_w = (np.arange(60) + 0.5) / 60
    values_hw = np.tile(1 + x_w, (40, 1))
    values_hw[:, 30:] = 0  # no value, and far from the others
    depth = checked(values_hw, METRIC, "a").of(Framing(size_hw))
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
    straight = checked(RAMP_HW, INVERSE, "a")
    turned = straight.of(Framing((40, 60), degrees))
    assert np.array_equal(np.rot90(turned.values_hw, degrees // 90), straight.of(Framing((40, 60))).values_hw)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_map_goes_along_with_the_crop_or_is_of_the_part(scale):
    box = 5, 10, 35, 42
    framing, part_hw = Framing((40, 60), 90, box), np.rot90(RAMP_HW, -1)[10:42, 5:35]
    along = checked(np.kron(RAMP_HW, np.ones((scale, scale))), METRIC, "a").of(framing)
    assert np.allclose(along.values_hw, part_hw)
    assert np.allclose(checked(part_hw, METRIC, "a").of(framing).values_hw, part_hw)


def test_relief_is_in_widths_of_the_picture_that_is_left():
    own = checked(RAMP_HW, DepthRepresentation.RELIEF, "a")
    for framing, widths in (
        (Framing((40, 60), 90), 60 / 40),
        (Framing((40, 60), 0, (10, 2, 40, 38)), 60 / 30),
    ):
        part_hw = framing.cut(np.rot90(RAMP_HW, -framing.degrees // 90))
        assert np.allclose(own.of(framing).values_hw, part_hw * widths)


def test_a_map_from_inside_the_photo_is_of_the_whole_of_it():
    framing = Framing((80, 120), 0, (30, 20, 90, 60))
    assert np.allclose(checked(RAMP_HW, METRIC, "a").of(framing).values_hw, RAMP_HW)
    along = checked(RAMP_HW, METRIC, "a", of_whole=True).of(framing)
    assert along.size_hw == (40, 60) and np.ptp(along.values_hw) < 0.6


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
        checked(RAMP_HW, INVERSE, "a").of(Framing(size_hw))
