"""A random head of the ICT model before a camera: true maps, and its skin as the head fit takes it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from face_model_file import FACE_MODEL

from face3d.geometry.camera import Camera, unproject
from face3d.head.fit import SeenSkin
from face3d.structures import DepthMap, DepthRepresentation, Face, Photo, SkinMap
from training.rendering.camera import SceneCamera
from training.rendering.truth import Truth, truth
from training.scenes import skin
from training.scenes.face_model import find_regions, load_face_model
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


@cache
def two_heads():
    """A face seen from the front and one from three quarters."""
    source = load_face_model(FACE_MODEL)
    regions = find_regions(source)
    return [rendered_head(source, regions, seed, yaw) for seed, yaw in ((3, 0), (5, 40))]


def depth_map_of(head):
    """Photo (grey) and depth map with a skin map, as of a network without errors."""
    true, size = head.true, head.camera.size_hw
    mask_hw = true.label_hw > 0
    rows, columns = np.nonzero(np.isfinite(true.canonical_hwc[..., 0]))
    box = float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
    skin_map = SkinMap(
        (0.0, 0.0, float(size[1]), float(size[0])),
        true.canonical_hwc.astype(np.float32),
        np.full(size, STATED_PLACE_ERROR, np.float32),
        np.isfinite(true.canonical_hwc[..., 0]).astype(np.float32),
    )
    stated = np.full(size, STATED_RELIEF_ERROR, np.float32)
    faces = (Face(box, skin=skin_map),)
    depth = DepthMap(
        true.relief_hw, DepthRepresentation.RELIEF, mask_hw, "face", uncertainty_hw=stated, faces=faces
    )
    return Photo(np.full((*size, 3), 128, np.uint8), None, head.camera.fov_degrees, "0" * 64), depth
