"""Photos of a batch."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Writes JPEG files of noise, no two alike, and one that is damaged; returns their folder."""

    def write(*names):
        for seed, name in enumerate(names):
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            rgb_hwc = np.random.default_rng(seed).integers(0, 255, (96, 80, 3), np.uint8)
            Image.fromarray(rgb_hwc).save(path, "JPEG")
        (tmp_path / "in" / "bad.jpg").write_bytes(b"\xff\xd8\xff and no more")
        return tmp_path / "in"

    return write
