"""The models that the tests of the exports write and read back, each built once."""

import pytest

from face3d.geometry.settings import ModelSettings
from face3d.synthetic import head, photo_of
from generate_3d_model import generate_model

SETTINGS = ModelSettings(face_budget=3000, height_mm=240.0)


@pytest.fixture(scope="session")
def bust():
    return generate_model(head(), photo_of((96, 80)), "bust", SETTINGS).mesh


@pytest.fixture(scope="session")
def plaque():
    return generate_model(head(), photo_of((96, 80)), "plaque", SETTINGS).mesh
