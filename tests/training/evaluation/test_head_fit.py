"""The errors by which head fits are compared."""

import numpy as np
import pytest

from face3d.head.model import load_head_model
from face3d.head.solving import turn_by
from training.evaluation.head_fit import HeldOutHead, surface_errors


@pytest.fixture(scope="module")
def model():
    return load_head_model()


def head_of(model, moved_v3):
    skin = slice(0, model.skin_vertices)
    return HeldOutHead(None, moved_v3[skin], model.neutral_v3[skin], None, None)


def test_a_turned_and_enlarged_head_has_no_error(model):
    turned = 1.3 * model.neutral_v3 @ turn_by(np.array([0.2, 0.7, 0.1])).T + [0.1, 0.2, 3]
    found = surface_errors(model, head_of(model, turned), model.neutral_v3)
    assert found == pytest.approx(dict.fromkeys(("face", "ears", "back"), 0), abs=1e-3)


def test_an_error_stays_in_its_region_and_is_in_percent_of_the_width(model):
    bulge = model.neutral_v3.copy()
    behind = bulge[:, 2] < -0.1
    bulge[behind, 2] -= 0.02
    found = surface_errors(model, head_of(model, bulge), model.neutral_v3)
    assert found["face"] < 1e-3 and 0.3 < found["back"] < 2
