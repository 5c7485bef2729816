"""The face model and the people model, read once for all tests of the training."""

import pytest
from face_model_file import FACE_MODEL
from people_model_file import PEOPLE_MODEL

from training.people.model import load_people
from training.scenes.face_model import find_regions, load_face_model


@pytest.fixture(scope="session")
def people():
    """The face model and its regions."""
    model = load_face_model(FACE_MODEL)
    return model, find_regions(model)


@pytest.fixture(scope="session")
def families():
    """The models of both families of people, aligned."""
    return load_people(FACE_MODEL, PEOPLE_MODEL)
