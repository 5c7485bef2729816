"""PNG files say who wrote them, and hold the same pixels."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from face3d.export.images import encode_png, has_software_text


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_pillow_and_opencv_read_pixels_and_software(kind, tmp_path):
    picture = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (5, 7), kind)
    data = encode_png(picture)
    image = Image.open(io.BytesIO(data))
    assert image.info["Software"] == "photo-to-3d-face"
    assert (np.asarray(image) == picture).all()
    assert (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) == picture).all()
    (tmp_path / "any name").write_bytes(data)
    assert has_software_text(tmp_path / "any name")


def test_a_picture_of_another_program_is_not_ours(tmp_path):
    Image.new("L", (7, 5)).save(tmp_path / "a_depth.png")
    (tmp_path / "text").write_text("tEXtSoftware\0photo-to-3d-face")
    assert not any(has_software_text(tmp_path / name) for name in ("a_depth.png", "text", "absent.png", "."))
