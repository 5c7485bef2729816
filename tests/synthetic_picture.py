"""A camera from the front and a picture of any mesh, for the tests of the synthetic scenes."""

import numpy as np

from training.rendering import lighting
from training.rendering.camera import Camera
from training.scenes.primitives import euler
from training.scenes.scene import details

FRONTAL = Camera(euler(0, 0, 0), 120.0, 36.0, (0.5, 0.5), 0.0)


def photograph(mesh, camera, side):
    """Colours and the triangle that each pixel sees, in a plain light without shadows."""
    placed = camera.place(mesh.vertices_v3)
    light = (
        np.array([0.5, 0.5, 0.5]),
        np.zeros((3, 3)),
        np.array([[0, 0.3, 0.95, 1, 1, 1, 0, 20, 0, -1]], float),
    )
    return lighting.photograph(
        mesh,
        placed,
        camera.project(placed, side),
        details(np.random.default_rng(0)),
        camera.distance,
        light,
        side,
        0,
    )
