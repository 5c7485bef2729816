"""Methods that are evaluated: the application's prediction and its single steps, for a rendered record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from face3d.depth.estimator import FAST
from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.inference import LENGTH_FIELDS, Box, CropPrediction, predict_crop, predict_two_scales
from face3d.depth.face.network import FaceNetwork
from face3d.structures import Array, Face, Photo
from training.evaluation.metrics import Method, Prediction
from training.scenes.primitives import LABEL_HEAD


def full_pipeline(network: FaceNetwork, quality: str = FAST) -> Method:
    """The application's prediction for a record's photo, all steps included. quality: see `FaceEstimator`."""
    estimator = FaceEstimator(network, quality=quality)

    def method(record: Any) -> Prediction:
        size = len(record["rgb"])
        depth = estimator.predict(Photo(np.ascontiguousarray(record["rgb"]), None, None, ""))
        assert depth.back_hw is not None
        assert depth.matte_hw is not None
        head = np.argwhere(record["label"] >= LABEL_HEAD).mean(0)[::-1]
        faces = sorted(depth.faces, key=lambda face: float(np.linalg.norm(_middle(face) - head)))
        eyes = faces[0].eyes_xy if faces else None
        assert depth.values_hw.shape == (size, size)
        thickness_hw = depth.values_hw - depth.back_hw
        return Prediction(
            depth.values_hw,
            thickness_hw,
            depth.matte_hw,
            depth.uncertainty_hw,
            eyes,
            depth.thickness_uncertainty_hw,
        )

    return method


def _middle(face: Face) -> Array:
    left, top, right, bottom = face.box_xyxy
    return np.array([(left + right) / 2, (top + bottom) / 2])


def whole_photo_inference(
    network: FaceNetwork,
    side: int | None = None,
    predict: Callable[..., CropPrediction] = predict_crop,
) -> Method:
    """The network on the whole photo at `side` (default: that of one scale), enlarged bilinearly.

    predict: `predict_crop`, or `predict_two_scales`.
    """

    def method(record: Any) -> Prediction:
        size = len(record["rgb"])
        photo = Box(0, 0, size, size)
        predicted = predict(network, record["rgb"], photo, side or network.configuration.fast_side)
        widths = 1 / predicted.matte_hw.shape[1]

        def full(values: Array, scale: float = 1.0) -> Array:
            return cv2.resize(
                (values * scale).astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR
            )

        relief, thickness, stated, stated_thickness = (
            full(getattr(predicted, name), widths) for name in LENGTH_FIELDS
        )
        relief_factor, thickness_factor = network.configuration.factors(best=predict is predict_two_scales)
        stated *= relief_factor
        stated_thickness *= thickness_factor
        return Prediction(relief, thickness, full(predicted.matte_hw), stated, None, stated_thickness)

    return method


def of_smaller_photos(method: Method, side: int) -> Method:
    """A method on photos shrunk to side x side pixels; its maps are enlarged again."""

    def smaller(record: Any) -> Prediction:
        small = np.zeros((), [("rgb", "u1", (side, side, 3)), ("label", "u1", (side, side))])[()]
        small["rgb"] = cv2.resize(record["rgb"], (side, side), interpolation=cv2.INTER_AREA)
        small["label"] = cv2.resize(record["label"], (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
        prediction, full = method(small), record["label"].shape
        maps = {
            name: cv2.resize(values, full, interpolation=cv2.INTER_LINEAR)
            for name, values in vars(prediction).items()
            if name != "eyes" and values is not None
        }
        if prediction.eyes is None:
            return replace(prediction, **maps)
        left, right = ((float(x * full[1] / side), float(y * full[0] / side)) for x, y in prediction.eyes)
        return replace(prediction, **maps, eyes=(left, right))

    return smaller
