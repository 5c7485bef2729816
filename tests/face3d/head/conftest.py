"""The bust of the head model with hair, made once for all tests of it."""

import pytest
from model_head import model_head

from face3d.head.bust import bust_mesh
from face3d.head.hair import to_canonical
from face3d.head.whole import whole_head

BALL = 0.68
SKIN_RGB, HAIR_RGB = (200, 150, 120), (60, 40, 30)


@pytest.fixture(scope="session")
def capped_head():
    return whole_head(model_head(20.0, cap=BALL).painted(lambda places: SKIN_RGB, ground=HAIR_RGB), 128)


@pytest.fixture(scope="session")
def bust(capped_head):
    return bust_mesh(capped_head, 8_000)


@pytest.fixture(scope="session")
def places(capped_head, bust):
    return to_canonical(bust.vertices_n3, capped_head.fit, capped_head.relief)
