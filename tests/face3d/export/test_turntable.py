import io

import cv2
import numpy as np
import pytest
from painted_box import painted_box, share
from PIL import Image

from face3d.errors import ExportError
from face3d.export import turntable
from face3d.export.turntable import turntable_gif, turntable_mp4


def test_the_turntable_turns_and_comes_as_an_endless_gif():
    film = Image.open(io.BytesIO(turntable_gif(painted_box(), size_px=60, frames=4)))
    assert film.n_frames == 4 and film.info["loop"] == 0 and film.info["duration"] == 60
    shown = []
    for frame in range(4):
        film.seek(frame)
        shown.append(np.asarray(film.convert("RGB")))
    assert share(shown[0], 0) > 0.2 and share(shown[1], 1) > 0.2 and share(shown[2], 0) < 0.02
    assert all((picture[0, 0] == 255).all() for picture in shown)


def test_a_small_badge_has_a_greater_share_of_the_palette_than_of_the_picture():
    """So it differs less from the picture than with a palette by area alone."""
    rng = np.random.default_rng(0)
    picture = rng.uniform([170, 60, 20], [230, 120, 80], (400, 400, 3)).astype(np.uint8)
    picture[:20, :20] = badge = rng.uniform([80, 40, 180], [110, 70, 210], (20, 20, 3)).astype(np.uint8)
    whole = Image.fromarray(picture)

    def difference(palette):
        shown = np.asarray(Image.fromarray(badge).quantize(palette=palette, dither=0).convert("RGB"))
        return np.abs(shown.astype(int) - badge).mean()

    assert difference(turntable._palette([whole])) < 0.8 * difference(whole.quantize(256, method=0))


def test_the_same_turn_comes_as_mp4_of_a_codec_that_browsers_play(tmp_path):
    path = tmp_path / "turn.mp4"
    path.write_bytes(turntable_mp4(painted_box(), size_px=64, frames=4))
    assert b"vp09" in path.read_bytes() and path.read_bytes()[4:8] == b"ftyp"
    film = cv2.VideoCapture(str(path))
    shown = [film.read()[1][..., ::-1] for _ in range(4)]
    assert not film.read()[0] and film.get(cv2.CAP_PROP_FPS) == pytest.approx(1000 / 60, abs=0.1)
    film.release()
    side = [int(np.argmax(picture[32, 32])) for picture in shown[:2]]
    assert side == [0, 1] and np.ptp(shown[2][32, 32].astype(int)) < 30


def test_an_opencv_without_the_encoder_names_the_gif(monkeypatch):
    class Closed:
        def __init__(self, *_):
            pass

        def isOpened(self):
            return False

    monkeypatch.setattr(cv2, "VideoWriter", type("Closed", (Closed,), {"fourcc": cv2.VideoWriter.fourcc}))
    with pytest.raises(ExportError, match="Choose the GIF"):
        turntable_mp4(painted_box(), size_px=64, frames=4)
