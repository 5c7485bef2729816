"""Laws of the random cameras."""

import numpy as np

from training.rendering.camera import random_camera


def test_cameras_reach_every_promised_angle():
    rng = np.random.default_rng(0)
    cameras = [random_camera(rng) for _ in range(3000)]
    yaw = np.array([camera.yaw for camera in cameras])
    # Of a rotation about Z after one about X after one about Y the second column is (-sin roll cos pitch, cos
    # roll cos pitch, sin pitch).
    upright = np.array([camera.rotation_33[:, 1] for camera in cameras])
    roll, pitch = np.degrees(np.arctan2(-upright[:, 0], upright[:, 1])), np.degrees(np.arcsin(upright[:, 2]))
    assert 85 < np.abs(yaw).max() <= 90
    for angle in (pitch, roll):
        assert 42 < np.abs(angle).max() <= 45.01
        assert np.median(np.abs(angle)) < 12
    assert np.median(np.abs(yaw)) < 30, "most are portraits"
    assert min(camera.distance for camera in cameras) < 35
    assert max(camera.distance for camera in cameras) > 200


def test_heads_come_small_and_large():
    rng = np.random.default_rng(0)
    share = np.array(
        [18 / random_camera(rng).scene_width for _ in range(2000)]
    )  # of the picture's width, for a head of 18 cm
    assert (share < 0.25).mean() > 0.04
    assert (share > 0.6).mean() > 0.1
