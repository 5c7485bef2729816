"""Values, histogram and clip of the picture viewer."""

import base64

import numpy as np
import pytest
import stand_in
from skimage.data import astronaut

from face3d.export.colour_maps import COLOUR_MAPS
from face3d.geometry.normal_map import relief_normals
from face3d.structures import DepthMap, DepthRepresentation, Photo
from page.depth_view import LIGHTER, Comparison, Layer, PictureSettings, meaning, viewer_data


@pytest.mark.parametrize("layer", [layer for layer in Layer if layer is not Layer.FIT])
def test_values_under_the_pointer_are_those_of_the_layer(layer):
    photo = Photo(astronaut()[:300, :200].copy(), None, None, "0")
    depth = stand_in.predict(None, photo)
    data = viewer_data(photo, depth, PictureSettings(layer, "Viridis", (0.2, 0.8), Comparison.SIDE_BY_SIDE))
    values_hw = {
        Layer.DEPTH: depth.values_hw,
        Layer.NORMALS: np.degrees(np.arccos(relief_normals(depth)[..., 2])),
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
    assert shown == pytest.approx(pixel, abs=1e-3)
    assert data["clip"] == [0.2, 0.8]
    if layer is Layer.NORMALS:  # directions have no order, so no scale
        assert not data["histogram"] and not data["scale"]
        assert "green, up" in data["ends"][0] and "green, up" in data["layerAlt"]
    else:
        assert max(data["histogram"]) == 1 and len(data["ends"]) == 2


@pytest.mark.parametrize("layer", Layer)
def test_every_layer_is_explained_and_only_a_grey_depth_is_lighter_where_it_is_nearer(layer):
    depth = DepthMap(np.ones((2, 3), np.float32), DepthRepresentation.RELIEF, np.ones((2, 3), bool), "face")
    for name in COLOUR_MAPS:
        said = meaning(depth, PictureSettings(layer, name))
        assert said.endswith(".") and (LIGHTER in said) is (layer is Layer.DEPTH and name == "Grey")


def legend(values_n, representation):
    values_hw = np.float32([values_n])
    depth = DepthMap(values_hw, representation, np.isfinite(values_hw), "face", uncertainty_hw=values_hw)
    photo = Photo(np.zeros((*values_hw.shape, 3), np.uint8), None, None, "0")
    return {
        layer: viewer_data(photo, depth, PictureSettings(layer, "Grey", (0.25, 0.75)))
        for layer in (Layer.DEPTH, Layer.UNCERTAINTY)
    }


def test_the_legend_states_the_values_at_the_ends_of_the_colours_with_their_unit():
    metric = legend([0.5, 1.25, 2], DepthRepresentation.METRIC)
    assert metric[Layer.DEPTH]["ends"] == ["far: 2.000", "near: 0.500 m from the camera"]
    assert metric[Layer.UNCERTAINTY]["ends"][0] == "small error: 0.0000"
    assert metric[Layer.UNCERTAINTY]["ends"][1] == "large error: 2.0000 m"
    relief = legend([0.1, 0.3], DepthRepresentation.RELIEF)[Layer.DEPTH]
    assert relief["ends"] == ["far: 0.100", "near: 0.300 image widths towards the camera"]
    assert relief["scale"].startswith("linear-gradient(to right, rgb(0 0 0) 25.0%")
    assert relief["scale"].endswith("rgb(255 255 255) 75.0%)")
