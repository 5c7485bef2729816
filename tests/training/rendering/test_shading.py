"""Laws of shading."""

import math

import cv2
import numpy as np
from synthetic_picture import FRONTAL, lit_by

from training.rendering import lighting
from training.scenes import scene
from training.scenes.primitives import EYE, LABEL_NOTHING, PLASTIC, SKIN, ellipsoid, join, plain


def test_what_stands_in_the_light_casts_a_shadow():
    """A ball before a plate darkens the plate behind it; not where the light casts no shadows."""
    corners = np.array([[-12, -12, 0], [12, -12, 0], [12, 12, 0], [-12, 12, 0]], np.float32)
    plate = plain(corners, np.array([[0, 1, 2], [0, 2, 3]]), np.full(3, 0.5), LABEL_NOTHING, PLASTIC)
    ball = plain(
        *ellipsoid([0, 0, 6], [3, 3, 3], np.random.default_rng(0), 0.0),
        np.full(3, 0.5),
        LABEL_NOTHING,
        PLASTIC,
    )
    mesh = join([plate, ball])
    placed = FRONTAL.place(mesh.vertices_v3)
    screen = FRONTAL.project(placed, 128)
    towards = np.array([1.0, 0.0, 1.0]) / math.sqrt(2)  # so the shadow falls to the left of the ball
    dark, beside = (slice(60, 68), slice(36, 40)), (slice(60, 68), slice(100, 104))
    for softness, shaded in ((0.0, True), (None, False)):
        light = lit_by(towards, 0.2, softness)
        picture = lighting.photograph(
            mesh, placed, screen, scene.details(np.random.default_rng(0)), 120.0, light, 128, 0
        )[0]
        assert (picture[dark].mean() < 0.6 * picture[beside].mean()) == shaded


def test_the_bump_of_skin_and_the_gloss_of_eyes_show():
    """Pores roughen an evenly lit ball of skin; an eyeball always has a small highlight."""
    light = lit_by([0.3, 0.3, 0.9], 0.2)

    def picture(material, detail):
        ball = plain(
            *ellipsoid([0, 0, 0], [6, 6, 6], np.random.default_rng(0), 0.0, 48),
            np.full(3, 0.3),
            LABEL_NOTHING,
            material,
        )
        placed = FRONTAL.place(ball.vertices_v3)
        return lighting.photograph(ball, placed, FRONTAL.project(placed, 256), detail, 120.0, light, 256, 0)[
            0
        ][..., 0]

    drawn = [scene.details(np.random.default_rng(seed)) for seed in range(30)]
    assert np.ptp([detail[SKIN, 4] for detail in drawn]) > 0.008
    rough, smooth = drawn[0].copy(), drawn[0].copy()
    rough[SKIN, 3:5], smooth[SKIN, 3:5] = (0, 0.012), 0
    grain = [
        np.abs(cv2.Laplacian(picture(SKIN, detail), cv2.CV_32F))[100:156, 100:156].mean()
        for detail in (rough, smooth)
    ]
    assert grain[0] > 1.5 * grain[1]
    eye, skin_ball = picture(EYE, drawn[0]), picture(SKIN, smooth)
    shining = eye > skin_ball.max() + 0.1
    assert 0 < shining.sum() < 0.05 * (eye > 0).sum()
