"""A random head of the ICT model before a camera: true maps, and its skin as the head fit takes it."""

from dataclasses import dataclass

import numpy as np

from face3d.geometry.camera import Camera, unproject
from face3d.head.fit import SeenSkin
from training.rendering.camera import SceneCamera
from training.rendering.truth import Truth, truth
from training.scenes import skin
from training.scenes.primitives import euler

SIDE = 144
STATED_RELIEF_ERROR, STATED_PLACE_ERROR = 0.001, 0.003


@dataclass(frozen=True, eq=False)
class RenderedHead:
    """vertices_v3: true places of the model's vertices in the space of `camera`, image widths."""

    true: Truth
    scene_camera: SceneCamera
    camera: Camera
    vertices_v3: np.ndarray


def rendered_head(model, regions, seed, yaw, side=SIDE):
    rng = np.random.default_rng(seed)
    shape = skin.head_shape(model, rng, {"expression"})
    turn = euler(yaw, rng.normal() * 8, rng.normal() * 8)
    placing = SceneCamera(turn, rng.uniform(55, 110), 32.0, (0.47, 0.52), yaw)
    head = skin.head_part(model, regions, shape, np.zeros((len(shape), 3), np.float32))
    placed = placing.place(head.vertices_v3)
    true = truth(head, np.ones(len(head.triangles_m3), np.uint8), placing, placed, side)
    distance = placing.distance / placing.scene_width
    centre = tuple(part * side for part in placing.centre_xy)
    camera = Camera((side, side), distance, centre_xy=centre)
    return RenderedHead(true, placing, camera, placed[: len(shape)] / np.float32(placing.scene_width))


def seen_skin(head, camera=None):
    """All pixels of skin, by the true camera or another."""
    camera = camera or head.camera
    places = head.true.canonical_hwc
    rows, columns = np.nonzero(~np.isnan(places[..., 0]))
    points = unproject(columns + 0.5, rows + 0.5, head.true.relief_hw[rows, columns], camera)
    count = len(points)
    return SeenSkin(
        points,
        np.full(count, STATED_RELIEF_ERROR * camera.unit_per_width),
        places[rows, columns],
        np.full(count, STATED_PLACE_ERROR),
        camera,
    )
