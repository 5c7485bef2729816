"""Laws of clothes."""

import numpy as np
from face_model_file import needs_face_model

from training.scenes import clothes
from training.scenes.face_model import LANDMARKS_68

SEEDS = range(8)


@needs_face_model
def test_a_neck_scarf_lies_around_the_neck_below_the_chin(people):
    vertices = people[0].neutral_v3
    for seed in SEEDS:
        wound = clothes.neck_scarf(np.random.default_rng(seed)).vertices_v3
        loops = wound[: 60 * 16]
        assert loops[:, 1].max() < vertices[LANDMARKS_68[8], 1]
        assert (np.sign(loops[:, [0, 2]]).min(0) == -1).all()
        assert (np.sign(loops[:, [0, 2]]).max(0) == 1).all()
        neck = vertices[np.abs(vertices[:, 1] + 10) < 0.5]
        assert np.hypot(loops[:, 0], loops[:, 2] + 1.5).max() > np.abs(neck[:, 0]).max(), (
            "around it, not inside"
        )
