import io

import numpy as np
from PIL import Image

from face3d.export.depth_maps import depth_npy, depth_png8, depth_png16
from face3d.structures import DepthMap, DepthRepresentation


def test_depth_files_use_their_whole_range():
    values_hw = np.linspace(-3, 5, 70 * 90, dtype=np.float32).reshape(70, 90)
    mask_hw = np.ones((70, 90), bool)
    mask_hw[:, 0] = False
    depth = DepthMap(values_hw, DepthRepresentation.RELIEF, mask_hw, "ramp")
    grey, deep = (np.asarray(Image.open(io.BytesIO(make(depth)))) for make in (depth_png8, depth_png16))
    assert (grey == depth.as_grey()).all() and grey.dtype == np.uint8
    assert deep.max() == 65535 and deep[mask_hw].min() == 1 and (deep[~mask_hw] == 0).all()
    assert len(np.unique(deep)) == mask_hw.sum() + 1  # no stair-steps
    values = np.load(io.BytesIO(depth_npy(depth)))
    assert (values[mask_hw] == values_hw[mask_hw]).all() and np.isnan(values[~mask_hw]).all()
