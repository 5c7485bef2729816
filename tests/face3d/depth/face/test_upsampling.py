"""Laws of the guided upsampling."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from face3d.depth.face.upsampling import guided_upsample


@given(
    st.integers(0, 1000),
    st.integers(2, 9),
    st.integers(2, 9),
    st.floats(-5, 5, allow_nan=False),
    st.floats(-9, 9),
    st.floats(0.3, 2),
)
@settings(max_examples=40, deadline=None)
def test_upsampling_never_overshoots_and_keeps_a_constant(seed, rows, columns, level, offset, stretch):
    rng = np.random.default_rng(seed)
    guide = rng.integers(0, 256, (23, 31, 3)).astype(np.uint8)
    frame = (offset, offset / 2, 31 * stretch, 23 * stretch)
    values = rng.normal(size=(rows, columns, 1)).astype(np.float32)
    upsampled = guided_upsample(values, guide, frame)
    assert upsampled.shape == (23, 31, 1)
    assert values.min() - 1e-4 <= upsampled.min()
    assert upsampled.max() <= values.max() + 1e-4
    flat = guided_upsample(np.full((rows, columns, 1), level, np.float32), guide, frame)
    assert np.allclose(flat, np.float32(level), atol=1e-4)


def test_upsampling_follows_an_edge_of_the_photo():
    guide = np.zeros((64, 64, 3), np.uint8)
    guide[:, 35:] = 255
    values = np.zeros((8, 8, 1), np.float32)
    values[:, 4:] = 1  # the small map puts the edge at column 32
    upsampled = guided_upsample(values, guide, (0, 0, 64, 64))[:, :, 0]
    assert (upsampled[:, 36:44] > 0.8).all()
    assert np.abs(np.diff(upsampled[32])).argmax() == 34


def test_upsampling_a_slope_has_no_stair_steps():
    guide = np.full((128, 128, 3), 128, np.uint8)
    ramp = np.tile(np.arange(16, dtype=np.float32)[None, :, None], (16, 1, 1))
    row = guided_upsample(ramp, guide, (0, 0, 128, 128))[64, 24:104, 0]
    steps = np.diff(row)
    assert np.allclose(steps, 1 / 8, atol=0.01)
