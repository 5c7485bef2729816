"""The page for the tests of its steps, and a network whose depth map is made at once."""

import pytest
import stand_in
from page_visit import open_page, upload
from sample_files import ASTRONAUT

from page import inference_queue


@pytest.fixture
def page(remembering):
    """The page with the bundled network, the astronaut uploaded."""
    return upload(open_page(), "astronaut.jpg", ASTRONAUT)


@pytest.fixture
def stand_in_network(remembering, monkeypatch):
    """Depth maps come from `stand_in`; faces are found by the bundled network."""
    monkeypatch.setattr(inference_queue, "predict", stand_in.predict)
    monkeypatch.setattr(inference_queue, "cut_out", stand_in.cut_out)
