"""A fast depth network for tests of the page, an egg-shaped head in the middle of any photo; and a cache for
the results of the bundled network.
"""

from dataclasses import fields

import numpy as np

import convert
import depth_estimation
from face3d.structures import DepthMap, DepthRepresentation, Face


def predict(_network, photo):
    """An ellipsoid with a nose, its hidden side, matte and uncertainty."""
    height, width = photo.size_hw
    rows, columns = np.mgrid[:height, :width]
    x, y = (columns + 0.5 - width / 2) / width, (rows + 0.5 - height / 2) / width
    tall, wide, deep = 0.4 * height / width, 0.3, 0.28
    inside = 1 - (x / wide) ** 2 - (y / tall) ** 2
    mask_hw = inside > 0
    front_hw = deep * np.sqrt(np.clip(inside, 0, 1)) + 0.06 * np.exp(-((x / 0.04) ** 2) - (y / 0.07) ** 2)
    half_width, half_height = wide * width, tall * width
    box = (width / 2 - half_width, height / 2 - half_height, width / 2 + half_width, height / 2 + half_height)
    eyes = ((width * 0.42, height * 0.45), (width * 0.58, height * 0.45))
    return DepthMap(
        values_hw=np.where(mask_hw, front_hw, 0).astype(np.float32),
        representation=DepthRepresentation.RELIEF,
        mask_hw=mask_hw,
        network="face",
        back_hw=np.where(mask_hw, -front_hw, 0).astype(np.float32),
        uncertainty_hw=np.where(mask_hw, 0.01 + 0.02 * (1 - inside), 0).astype(np.float32),
        thickness_uncertainty_hw=np.where(mask_hw, 0.03 + 0.05 * (1 - inside), 0).astype(np.float32),
        matte_hw=np.clip(inside * 8, 0, 1).astype(np.float32),
        faces=(Face(box, eyes),),
        detects_faces=True,
        matte="face",
    )


def predicting(representation, *, with_matte=False):
    """A `predict` that gives values and mask as this representation, with the matte or without."""

    def predict_bare(network, photo):
        full = predict(network, photo)
        matte_hw = full.matte_hw if with_matte else None
        return DepthMap(full.values_hw, representation, full.mask_hw, "face", matte_hw=matte_hw)

    return predict_bare


def cut_out(depth, _photo, *_, **__):
    """Nothing is cut out of a map."""
    return depth


def find_faces(_network, photo):
    """The faces of `predict`."""
    return predict(None, photo).faces


def load_network(name="face", **_):
    """Nothing to load."""
    return name


def opened(options):
    """`convert.opened` in a process of its own, with these in place of the networks."""
    for name in ("load_network", "predict", "cut_out"):
        setattr(depth_estimation, name, globals()[name])
    return convert.opened(options)


def with_memory(function):
    """`function` of a network and a photo, computed once for each photo; its arrays cannot be written to."""
    known = {}

    def remember(network, photo):
        key = network.spec.name, photo.sha256
        if key not in known:
            known[key] = function(network, photo)
            if isinstance(known[key], DepthMap):
                for layer in (getattr(known[key], field.name) for field in fields(DepthMap)):
                    if isinstance(layer, np.ndarray):
                        layer.flags.writeable = False
        return known[key]

    return remember
