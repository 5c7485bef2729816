"""A camera from the front and a picture of any mesh, for the tests of the synthetic scenes."""

import numpy as np

from training.rendering import lighting
from training.rendering.camera import SceneCamera
from training.rendering.shading import DirectionalLight, Lighting
from training.scenes.primitives import euler
from training.scenes.scene import details

FRONTAL = SceneCamera(euler(0, 0, 0), 120.0, 36.0, (0.5, 0.5), 0.0)


def lit_by(towards, ambient=0.0, softness=None):
    """Grey ambient light and one white lamp; softness None: without shadows."""
    lamp = DirectionalLight(np.array(towards, float), np.ones(3), 0.0, 20.0, 0.0, softness)
    return Lighting(np.full(3, ambient), np.zeros((3, 3)), (lamp,))


def photograph(mesh, camera, side):
    """Colours, and the first triangle of each pixel, in a plain light without shadows."""
    placed = camera.place(mesh.vertices_v3)
    return lighting.photograph(
        mesh,
        placed,
        camera.project(placed, side),
        details(np.random.default_rng(0)),
        camera.distance,
        lit_by([0, 0.3, 0.95], 0.5),
        side,
        0,
    )
