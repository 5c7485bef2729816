"""Laws of the alignment of the two neutral heads."""

import numpy as np
from people_model_file import needs_people_model
from scipy.spatial import cKDTree

from training.people.body_model import EYEBALLS, SKIN
from training.scenes import face_model

pytestmark = needs_people_model


def test_the_warped_head_lies_on_the_ict_head(families):
    """Half of the skin of face and skull within 1.5 mm, nine tenths within 5 mm, of ICT vertices."""
    alignment = families.alignment
    skin = alignment.warped_v3[SKIN]
    outer = (families.body_fields.inner == 0) & (skin[:, 1] > -6)
    far = cKDTree(families.face.neutral_v3[face_model.HEAD]).query(skin[outer])[0]
    assert np.median(far) < 0.15
    assert np.quantile(far, 0.9) < 0.5


def test_the_same_features_have_the_same_canonical_coordinates(families):
    """A twentieth of a head's width is 0.8 cm."""
    ours = families.canonical_v3[families.alignment.landmarks_68]
    theirs = families.regions.canonical_v3[face_model.LANDMARKS_68]
    assert np.nanmax(np.linalg.norm(ours - theirs, axis=1)) < 0.05
    assert np.isfinite(ours).all(1).sum() >= 60


def test_the_scale_is_that_of_a_head_and_eyes_meet(families):
    alignment = families.alignment
    assert 0.95 < alignment.to_head.scale < 1.12
    eyes = [alignment.neutral_v3[part].mean(0) for part in EYEBALLS]
    assert np.abs(np.stack(eyes) - face_model.EYE_CENTRES).max() < 0.6
