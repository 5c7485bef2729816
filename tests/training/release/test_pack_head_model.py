"""The head model that ships, beside the face model that it was packed from."""

from types import SimpleNamespace

import numpy as np
from face_model_file import needs_face_model

from face3d.head.model import load_head_model
from training.release.pack_head_model import STEP_MM, principal_modes
from training.scenes.face_model import HEAD, PIVOT


@needs_face_model
def test_the_neutral_head_is_its_own_canonical_place_and_expressions_are_rounded_as_stated(people):
    model, regions = people
    head = load_head_model()
    assert head.skin_vertices == HEAD.stop
    assert np.allclose(head.neutral_v3[HEAD], regions.canonical_v3[HEAD], atol=1e-6)
    name = head.expression_names.index("jawOpen")
    source = model.expression_kv3[model.expression_names.index("jawOpen"), HEAD] * 10
    off_mm = head.expression_ev3[name, HEAD] * head.width_mm - source
    assert np.abs(off_mm).max() < STEP_MM / 2 + 1e-4
    in_cm = head.neutral_v3[HEAD] * head.width_mm / 10 + PIVOT
    assert np.allclose(in_cm, model.neutral_v3[HEAD], atol=1e-4)


def test_the_fewest_modes_that_explain_the_share_are_kept():
    """Five independent directions, one vertex each; variances 100, 25, 4, 1, 1."""
    sizes = np.array([1, 10, 1, 5, 2], np.float32)
    identity = np.zeros((5, 5, 3), np.float32)
    identity[range(5), range(5), 0] = sizes
    even = np.ones(5)
    modes, shares = principal_modes(SimpleNamespace(identity_kv3=identity), [even], 0.98)
    assert len(modes) == 3 and np.isclose(shares[0], 129 / 131)
    assert np.allclose(np.sort(np.abs(modes).max((1, 2))), [2, 5, 10], atol=1e-4)
    last_matters = np.array([0, 0, 0, 0, 1.0])
    assert np.isclose(
        principal_modes(SimpleNamespace(identity_kv3=identity), [even, last_matters], 0.5)[1][1], 1
    )
