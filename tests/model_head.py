"""The bundled head model itself before a camera: true maps of it, and the fit that made them."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from face3d.geometry.camera import Camera, project
from face3d.geometry.relief import Relief, make_relief
from face3d.geometry.settings import ModelSettings
from face3d.head.fit import HeadFit
from face3d.head.hair import MIDDLE
from face3d.head.model import HeadModel, load_head_model
from face3d.head.solving import turn_by
from face3d.structures import DepthMap, DepthRepresentation, Face, Photo, SkinMap
from training.rendering.rasteriser import NOTHING, rasterise

SIDE = 144
DISTANCE = 1.9
SCALE = 0.45
"""Image widths per head width."""
PARALLEL_FROM = 100.0
"""Distance of a camera whose rays are all but parallel, for the rasteriser."""
SEEN = 0, 1, 4, 5
"""Surfaces that are drawn: the skin with its sockets, and the eyeballs."""


@dataclass(frozen=True, eq=False)
class ModelHead:
    """places_hwc: (SIDE, SIDE, 3) canonical coordinates of the skin seen, NaN elsewhere."""

    model: HeadModel
    fit: HeadFit
    relief: Relief
    places_hwc: np.ndarray

    def with_front(self, change_hw):
        """The relief with its front moved towards the camera, image widths."""
        front_hw = np.where(self.relief.subject_hw, self.relief.front_hw + change_hw, 0).astype(np.float32)
        return replace(self.relief, front_hw=front_hw)

    def painted(self, paint, ground=(30, 60, 90)):
        """The relief with a photo whose colours are paint(places (n, 3)) on the skin, `ground` elsewhere."""
        rgb_hwc = np.broadcast_to(np.uint8(ground), (SIDE, SIDE, 3)).copy()
        skin_hw = np.isfinite(self.places_hwc[..., 0])
        rgb_hwc[skin_hw] = np.clip(paint(self.places_hwc[skin_hw]), 0, 255)
        return replace(self.relief, photo=replace(self.relief.photo, rgb_hwc=rgb_hwc))


@cache
def model_head(yaw=0.0, perspective=True, cap=0.0):
    """The mean head turned by `yaw` degrees to its left. cap: radius of a ball of hair around the middle of
    the skull, head widths, above the face and behind it; 0: bald.
    """
    model = load_head_model()
    camera = Camera((SIDE, SIDE), DISTANCE, perspective)
    turn = turn_by(np.array([0, np.radians(yaw), 0]))
    shift = np.array([0, 0.05, 0])
    none = np.zeros(len(model.identity_kv3)), np.zeros(len(model.expression_ev3))
    fit = HeadFit(camera, turn, SCALE, shift, *none, 0.0, 0.0, 1.0)
    points, triangles = fit.vertices(model), model.triangles_m3[np.isin(model.material_m, SEEN)]
    places = np.where((np.arange(len(points)) < model.skin_vertices)[:, None], model.neutral_v3, np.nan)
    if cap:
        ball, faces = _cap(cap)
        triangles = np.concatenate([triangles, faces + len(points)])
        points = np.concatenate([points, fit.placed(ball)])
        places = np.concatenate([places, np.full(ball.shape, np.nan)])
    columns, rows = project(points, camera)
    away = (DISTANCE if perspective else PARALLEL_FROM) - points[:, 2]
    screen = np.stack([columns, rows, away], 1).astype(np.float32)
    triangles = np.ascontiguousarray(triangles, np.int32)
    layers = []
    for farthest in (False, True):
        index, weights, _ = rasterise(screen, triangles, SIDE, SIDE, farthest)
        layers.append(np.einsum("hwk,hwk->hw", weights, points[triangles[index], 2]))
        if not farthest:
            hit = index != NOTHING
            shown = np.einsum("hwk,hwkc->hwc", weights, places[triangles[index]])
    shown[~hit] = np.nan
    relief = make_relief(*_maps(hit, shown, layers, camera), ModelSettings(0.0, perspective=perspective))
    return ModelHead(model, fit, relief, shown)


def _maps(hit, shown, layers, camera):
    front, back = (np.where(hit, layer, 0).astype(np.float32) for layer in layers)
    rows, columns = np.nonzero(np.isfinite(shown[..., 0]) & (np.nan_to_num(shown[..., 1]) > -0.45))
    box = float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
    skin = np.isfinite(shown[..., 0])
    stated = np.full(hit.shape, 0.001, np.float32)
    places = np.where(hit[..., None], np.nan_to_num(shown), np.nan).astype(np.float32)
    skin_map = SkinMap((0.0, 0.0, float(SIDE), float(SIDE)), places, stated, skin.astype(np.float32))
    depth = DepthMap(
        front,
        DepthRepresentation.RELIEF,
        hit,
        "formula",
        back_hw=np.minimum(back, front),
        uncertainty_hw=stated,
        matte_hw=hit.astype(np.float32),
        faces=(Face(box, skin=skin_map),),
        detects_faces=True,
    )
    photo = Photo(np.full((SIDE, SIDE, 3), 128, np.uint8), None, camera.fov_degrees, "0" * 64)
    return depth, photo


def _cap(radius):
    """Vertices and triangles of the part of a ball around MIDDLE that lies above the face or behind it."""
    up, around = np.radians(np.linspace(-20, 90, 56)), np.radians(np.arange(-180, 181, 2))
    y, angle = np.meshgrid(up, around, indexing="ij")
    unit = np.stack([np.cos(y) * np.sin(angle), np.sin(y), np.cos(y) * np.cos(angle)], -1)
    number = np.arange(y.size).reshape(y.shape)
    hair = (y > np.radians(40)) | (np.abs(angle) > np.radians(85))
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    shown = (hair[:-1, :-1] & hair[1:, 1:] & hair[:-1, 1:] & hair[1:, :-1]).ravel()
    faces = [np.stack([p.ravel(), q.ravel(), r.ravel()], -1)[shown] for p, q, r in ((a, b, c), (a, c, d))]
    return MIDDLE + radius * unit.reshape(-1, 3), np.concatenate(faces)
