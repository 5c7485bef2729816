"""Laws of whole scenes: who and what appears, and how often."""

import math

import numpy as np
import pytest
from face_model_file import needs_face_model

from training.rendering import lighting
from training.scenes import scene
from training.scenes.face_model import EYEBALLS, EYES, LANDMARKS_68, find_regions
from training.scenes.primitives import LABEL_NOTHING
from training.scenes.scene import LATER_CHANCE, random_person


@needs_face_model
def test_people_differ_in_shape_skin_iris_and_gaze(people):
    model, _ = people
    drawn = [random_person(*people, np.random.default_rng(seed)) for seed in range(24)]
    heads = [person.mesh.vertices_v3[: len(model.neutral_v3)] for person in drawn]
    colours = [person.mesh.albedo_v3[: len(model.neutral_v3)] for person in drawn]
    noses = np.array([head[LANDMARKS_68[30]] - head[LANDMARKS_68[27]] for head in heads])
    assert noses[:, 1:].std(0).min() > 0.1, "centimetres"
    cheek = find_regions(model).cheek > 0.5
    light = np.array([colour[cheek].mean() for colour in colours])
    assert light.min() < 0.2 < 0.45 < light.max()
    # The axis of an eyeball: from its centre to the middle of its dark pupil.
    ball = EYEBALLS[0]
    gaze = [
        head[ball][colour[ball].max(1) < 0.02].mean(0) - head[ball].mean(0)
        for head, colour in zip(heads, colours, strict=True)
    ]
    gaze = np.array([direction / np.linalg.norm(direction) for direction in gaze])
    assert np.degrees(gaze[:, 0].std()) > 2
    assert np.degrees(gaze[:, 1].std()) > 2


@needs_face_model
def test_what_is_drawn_later_appears_as_often_as_promised_and_changes_no_person(people, monkeypatch):
    drawn = [random_person(*people, np.random.default_rng(seed)) for seed in range(60)]
    for name, chance in LATER_CHANCE.items():
        among = [person for person in drawn if name != "loose strands" or "hair" in person.has]
        found = sum(name in person.has for person in among)
        assert abs(found - chance * len(among)) < 4 * math.sqrt(len(among) * chance * (1 - chance)) + 1, name
    surfaces = []
    for chance in (0.0, 1.0):
        for name in ("loose strands", "lashes"):
            monkeypatch.setitem(LATER_CHANCE, name, chance)
        mesh = random_person(*people, np.random.default_rng(3)).mesh
        surfaces.append(mesh.vertices_v3[mesh.triangles_m3[mesh.label_m != LABEL_NOTHING]])
    assert np.array_equal(*surfaces)


@needs_face_model
def test_each_eye_lies_among_the_landmarks_of_its_lids(people):
    person = random_person(*people, np.random.default_rng(3))
    for eye, marks in zip(person.eyes_23, EYES, strict=True):
        low, high = person.landmarks_683[list(marks)].min(0), person.landmarks_683[list(marks)].max(0)
        assert (low[:2] < eye[:2]).all()
        assert (eye[:2] < high[:2]).all()
    assert len(person.landmarks_683) == 68


@pytest.mark.slow
@needs_face_model
def test_everything_promised_appears_about_as_often_as_promised(people):

    count = 160
    rngs = [np.random.default_rng(seed) for seed in range(count)]
    seen = [scene.random_scene(*people, rng).has | lighting.random_light(rng)[1] for rng in rngs]
    chances = {**scene.CHANCE, **scene.SCENE_CHANCE, **lighting.CHANCE}
    dependent = {
        "thick beard": 0.3,
        "sunglasses": 0.15,
        "long hair": 0.88,
        "fringe": 0.88,
        "hair": 0.96,
        "hat": 0.96,
    }
    for name, chance in chances.items():
        expected = count * chance * dependent.get(name, 1.0)
        found = sum(name in has for has in seen)
        assert found > 0, name
        assert abs(found - expected) < 4 * math.sqrt(expected) + 1, name
