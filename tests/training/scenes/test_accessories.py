"""Laws of what is on or before the face."""

import numpy as np
from face_model_file import needs_face_model
from synthetic_picture import FRONTAL

from training.rendering.rasteriser import rasterise
from training.scenes import accessories
from training.scenes.face_model import LANDMARKS_68


@needs_face_model
def test_a_mask_has_no_hole_at_an_open_mouth(people):
    model, regions = people
    jaw = np.zeros(len(model.expression_names))
    jaw[model.expression_names.index("jawOpen")] = 1
    vertices = model.shape(np.zeros(len(model.identity_kv3)), jaw)
    upper, lower = vertices[LANDMARKS_68[[62, 66]]]
    assert upper[1] - lower[1] > 1, "the mouth is open"
    inside = FRONTAL.project(FRONTAL.place(np.linspace(upper, lower, 9)), 256)
    for seed in range(4):
        mask = accessories.mask(model, regions, vertices, np.random.default_rng(seed))
        index = rasterise(
            FRONTAL.project(FRONTAL.place(mask.vertices_v3), 256), mask.triangles_m3, 256, 256, False
        )[0]
        assert (index[inside[:, 1].astype(int), inside[:, 0].astype(int)] >= 0).all()


@needs_face_model
def test_a_mask_covers_the_mouth_and_not_the_eyes(people):

    model, regions = people
    for seed in range(5):
        part = accessories.mask(model, regions, model.neutral_v3, np.random.default_rng(seed))
        low, high = part.vertices_v3.min(0), part.vertices_v3.max(0)
        mouth, eye = model.neutral_v3[LANDMARKS_68[62]], model.neutral_v3[LANDMARKS_68[37]]
        assert low[1] < mouth[1] < high[1] < eye[1]
        assert high[2] > model.neutral_v3[LANDMARKS_68[30], 2], "before the tip of the nose"


@needs_face_model
def test_a_microphone_is_before_the_mouth_and_a_hand_before_or_beside_the_face(people):

    vertices = people[0].neutral_v3
    mouth = vertices[LANDMARKS_68[62]]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        ball = accessories.microphone(vertices, rng).vertices_v3[:400].mean(0)
        assert ball[2] > mouth[2]
        assert np.linalg.norm(ball - mouth) < 20
        assert accessories.hand(vertices, np.ones(3), np.ones(3), rng).vertices_v3[:, 2].max() > 4
