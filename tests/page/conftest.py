"""The page for the tests of its steps, and a network whose depth map is made at once."""

import cv2
import pytest
import stand_in
from page_visit import open_page, upload
from sample_files import ASTRONAUT, ASTRONAUT_HWC

from page import inference_queue


@pytest.fixture
def stand_in_network(monkeypatch):
    """Faces and depth maps come from `stand_in`: the bundled network is run by test_app.py."""
    for name in ("predict", "cut_out", "find_faces"):
        monkeypatch.setattr(inference_queue, name, getattr(stand_in, name))
    monkeypatch.setattr(inference_queue, "find_turn", lambda network, photo: 0)


@pytest.fixture
def page(stand_in_network):
    """The page, the astronaut uploaded."""
    return upload(open_page(), "astronaut.jpg", ASTRONAUT)


@pytest.fixture(scope="session")
def talk(tmp_path_factory):
    """A video of five frames in VP9, the fourth of them sharp."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), 10, (256, 256))
    sharp = cv2.resize(ASTRONAUT_HWC[..., ::-1], (256, 256), interpolation=cv2.INTER_AREA)
    for number in range(5):
        film.write(sharp if number == 3 else cv2.GaussianBlur(sharp, (0, 0), 3))
    film.release()
    return path.read_bytes()
