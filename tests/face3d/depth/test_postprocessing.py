"""From a network's output to a depth map: its size, its values, its mask."""

import numpy as np
import pytest
import torch

from face3d.depth.postprocessing import at_size, to_depth_map
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError
from face3d.structures import DepthRepresentation


@pytest.mark.parametrize("size_hw", [(30, 50), (7, 90), (1, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_flat_prediction_stays_flat_at_any_size(size_hw, dtype):
    values_hw = at_size(torch.full((2, 12, 20), 1.5, dtype=dtype), size_hw)
    assert values_hw.shape == size_hw
    assert values_hw.dtype == np.float32
    np.testing.assert_allclose(values_hw, 1.5, rtol=1e-6)


def test_pixels_whose_centres_coincide_keep_their_values():
    """At three times the size, the middle one of three pixels has the centre of a pixel of the prediction."""
    prediction = torch.rand(1, 5, 8, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(at_size(prediction, (15, 24))[1::3, 1::3], prediction[0].numpy(), atol=1e-6)


def test_the_same_size_changes_nothing():
    prediction = torch.rand(1, 5, 8, generator=torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(at_size(prediction, (5, 8)), prediction[0].numpy())


@pytest.mark.parametrize("name", ["dpt_large_384", "glpn_nyu"])
def test_pixels_without_a_finite_depth_leave_the_mask(name):
    values_hw = np.ones((3, 4), np.float32)
    values_hw[1, 2], values_hw[0, 3] = np.nan, np.inf
    depth = to_depth_map(NETWORKS[name], values_hw)
    np.testing.assert_array_equal(depth.mask_hw, np.isfinite(values_hw))
    assert np.isfinite(depth.values_hw).all()
    assert depth.network == name
    assert (
        depth.representation
        is {"dpt_large_384": DepthRepresentation.RELATIVE_INVERSE, "glpn_nyu": DepthRepresentation.METRIC}[
            name
        ]
    )


def test_a_map_without_any_finite_depth_is_an_error():
    with pytest.raises(DepthError, match="no finite depth"):
        to_depth_map(NETWORKS["dpt_large_384"], np.full((3, 4), np.inf, np.float32))
