"""Laws of single hairs."""

import numpy as np
from people_model_file import needs_people_model

from training.people import strays
from training.scenes.face_model import LANDMARKS_68
from training.scenes.primitives import LABEL_NOTHING, SKIN, Part

pytestmark = needs_people_model


def test_a_beard_grows_on_chin_and_cheeks(families):
    """Its roots lie between the nose and below the chin; it is no surface, and as long as it should be."""
    face = families.face
    triangles = face.triangles_m3[(face.triangles_m3 < 9409).all(1)]
    count, places = len(triangles), face.neutral_v3
    labels, materials = np.full(count, 2, np.uint8), np.full(count, SKIN, np.uint8)
    skin = Part(places, triangles, places, labels, materials, places, places)
    marks = places[LANDMARKS_68]
    hairs = strays.beard(skin, marks, np.full(3, 0.1), 1.5, np.random.default_rng(1))
    assert (hairs.label_m == LABEL_NOTHING).all()
    rows = hairs.vertices_v3.reshape(-1, strays.STEPS, 2, 3).mean(2)
    assert rows[:, 0, 1].max() < marks[33, 1]
    assert rows[:, 0, 1].min() > marks[8, 1] - 3
    length = np.linalg.norm(rows[:, -1] - rows[:, 0], axis=1)
    assert 0.5 < np.median(length) < 1.8
