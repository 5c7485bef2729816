"""The page for the tests of its steps, and a network whose depth map is made at once."""

import pytest
import stand_in
from page_visit import open_page, upload
from sample_files import ASTRONAUT

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
