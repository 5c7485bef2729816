"""The layer *Fit*: lines over the photo and numbers, or the reason why not."""

import base64
import io
from dataclasses import replace

import numpy as np
from face_model_file import needs_face_model
from PIL import Image
from rendered_head import depth_map_of, two_heads

from page.depth_view import Layer, PictureSettings, layers_of
from page.fit_view import fit_viewer_data

SETTINGS = PictureSettings(Layer.FIT)


def picture_of(data):
    encoded = data["layer"].split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")).astype(int)


@needs_face_model
def test_the_head_is_drawn_over_the_photo_with_its_residual_as_a_number():
    photo, depth = depth_map_of(two_heads()[0])
    data = fit_viewer_data(photo, depth, SETTINGS)
    low, high, said = data["ends"]
    assert data["layerName"] == "Fit" and said in data["layerAlt"]
    assert (low, high) == ("0 %", "5 % or more") and data["scale"].startswith("linear-gradient")
    share = float(said.removeprefix("Off by ").split("%")[0])
    assert 0 < share < 1 and " mm; " in said and said.endswith(" % of its pixels agree")
    rgb_hwc = picture_of(data)
    lines = rgb_hwc[..., 2] - rgb_hwc[..., 0] > 30  # the photo is grey, the lines are not
    assert rgb_hwc.shape[:2] == photo.size_hw
    assert lines[depth.mask_hw].mean() > 0.1 and lines[~depth.mask_hw].mean() < 0.05
    codes = np.frombuffer(base64.b64decode(data["values"]), "<u2")
    known = codes[codes < 65535]
    assert 0 < np.median(data["low"] + known * data["step"]) < 1 and len(known) > 0.2 * len(codes)


@needs_face_model
def test_where_no_head_fits_the_reason_takes_its_place_and_nothing_is_drawn():
    photo, depth = depth_map_of(two_heads()[0])
    assert layers_of(depth)[-1] is Layer.FIT
    skin = depth.faces[0].skin
    odd = replace(skin, canonical_hwc=skin.canonical_hwc + np.float32(1))
    without = replace(depth, faces=(replace(depth.faces[0], skin=None),))
    assert Layer.FIT not in layers_of(without)
    data = fit_viewer_data(photo, replace(depth, faces=(replace(depth.faces[0], skin=odd),)), SETTINGS)
    assert data["ends"] == [
        "What is seen here does not look like skin of a head. Use a photo with a larger face."
    ]
    assert np.ptp(picture_of(data)) < 5
