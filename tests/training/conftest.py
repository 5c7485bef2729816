"""The face model, read once for all tests of the training."""

import pytest
from face_model_file import FACE_MODEL

from training.scenes.face_model import find_regions, load_face_model


@pytest.fixture(scope="session")
def people():
    """The face model and its regions."""
    model = load_face_model(FACE_MODEL)
    return model, find_regions(model)
