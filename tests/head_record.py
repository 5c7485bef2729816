"""A rendered record with a known shape, for the tests of the evaluation."""

import numpy as np

from training.dataset import record_dtype

SIDE = 64


def ball_record():
    """A ball as a head: relief in widths of the picture, radius a quarter of it."""
    record = np.zeros((), record_dtype(SIDE))[()]
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5
    inside = x * x + y * y < 0.25**2
    half = np.sqrt(np.where(inside, 0.25**2 - x * x - y * y, 0))
    record["relief"], record["thickness"] = half, 2 * half
    record["matte"], record["label"] = inside * 255, inside * 3
    record["eyes"][:2] = [[20, 28, 1], [40, 28, 1]]
    return record
