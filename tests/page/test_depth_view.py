"""Values, histogram and clip of the picture viewer."""

import base64

import numpy as np
import pytest
import stand_in
from skimage.data import astronaut

from face3d.structures import Photo
from page.depth_view import Comparison, Layer, PictureSettings, viewer_data


@pytest.mark.parametrize("layer", Layer)
def test_values_under_the_pointer_are_those_of_the_layer(layer):
    photo = Photo(astronaut()[:300, :200].copy(), None, None, "0")
    depth = stand_in.predict(None, photo)
    data = viewer_data(photo, depth, PictureSettings(layer, "Viridis", (0.2, 0.8), Comparison.SIDE_BY_SIDE))
    values_hw = {
        Layer.DEPTH: depth.values_hw,
        Layer.MATTE: depth.matte_hw,
        Layer.UNCERTAINTY: depth.uncertainty_hw,
        Layer.BACK_UNCERTAINTY: depth.thickness_uncertainty_hw,
    }[layer]
    codes_hw = np.frombuffer(base64.b64decode(data["values"]), "<u2").reshape(
        data["gridHeight"], data["gridWidth"]
    )
    row, column = data["gridHeight"] // 2, data["gridWidth"] // 2
    shown = data["low"] + codes_hw[row, column] * data["step"]
    pixel = values_hw[
        int((row + 0.5) / data["gridHeight"] * 300), int((column + 0.5) / data["gridWidth"] * 200)
    ]
    assert shown == pytest.approx(pixel, abs=1e-4)
    assert max(data["histogram"]) == 1 and data["clip"] == [0.2, 0.8]
