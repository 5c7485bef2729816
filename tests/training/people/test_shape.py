"""Laws of random bodies and their poses."""

import numpy as np
from people_model_file import needs_people_model

from training.people import shape
from training.people.body_model import EYEBALLS, SKIN
from training.scenes.face_model import EYE_CENTRES
from training.scenes.primitives import euler

pytestmark = needs_people_model


def body(families, seed):
    """A shaped body in the frame of the head."""
    rng = np.random.default_rng(seed)
    weights = shape.random_weights(families.body, shape.random_traits(rng), rng)
    return shape.in_head_frame(families.body.shaped(weights), families.alignment)


def test_every_body_has_its_eyes_at_one_height_and_depth(families):
    for seed in range(4):
        eyes = np.stack([body(families, seed)[part].mean(0) for part in EYEBALLS]).mean(0)
        assert np.abs(eyes - EYE_CENTRES.mean(0))[1:].max() < 1e-3


def test_shares_of_kin_sex_and_age_add_up_to_one(families):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        weights = shape.random_weights(families.body, shape.random_traits(rng), rng)
        kin = [
            w for name, w in weights.items() if name.startswith("macrodetails/") and "universal" not in name
        ]
        assert abs(sum(kin) - 1) < 0.02  # shares below 0.001 are left out


def test_a_pose_keeps_the_head_and_turns_the_trunk_as_one(families):
    """Distances within the chest stay; the head does not move."""
    neutral = families.alignment.neutral_v3[SKIN]
    shares = shape.pose_shares(neutral)
    pose = shape.Pose(euler(40, 5, -5), np.array([30.0, 20.0]), np.array([10.0, 60.0]))
    bent = shape.posed(neutral, shares, pose, shape.joints(neutral, shape.joint_vertices(neutral)))
    above = neutral[:, 1] > 2
    assert np.abs(bent[above] - neutral[above]).max() < 1e-4
    chest = np.flatnonzero((np.abs(neutral[:, 0]) < 5) & (neutral[:, 1] < -30) & (neutral[:, 1] > -50))
    one, other = chest[:-1], chest[1:]
    before = np.linalg.norm(neutral[one] - neutral[other], axis=1)
    assert np.allclose(np.linalg.norm(bent[one] - bent[other], axis=1), before, atol=1e-3)


def test_arms_hang_after_the_pose(families):
    """Hands come nearer to the trunk, and stay on their side."""
    neutral = families.alignment.neutral_v3[SKIN]
    shares = shape.pose_shares(neutral)
    pose = shape.Pose(np.eye(3), np.full(2, 30.0), np.zeros(2))
    bent = shape.posed(neutral, shares, pose, shape.joints(neutral, shape.joint_vertices(neutral)))
    for sign in (-1, 1):
        hand = neutral[:, 0] * sign > 48
        assert (bent[hand, 0] * sign).mean() < (neutral[hand, 0] * sign).mean() - 10
        assert (bent[hand, 0] * sign > 0).all()
