"""From a photo to a DepthMap with the bundled face network.

1. Inference on the whole photo gives the matte and the heads.
2. Each head is cropped with a margin and predicted again at the network's full resolution. Relief is in image
   widths, so that of a crop is scaled by the crop's width over the photo's. Of the quality `best`, photo and
   crops are then predicted again, in averaged passes; the heads stay.
3. The maps of the photo and of the crops are upsampled under the photo's guidance and blended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from face3d.depth import checkpoints
from face3d.depth.device import Device
from face3d.depth.download import Progress
from face3d.depth.estimator import BEST, FAST, DepthEstimator
from face3d.depth.face.detection import DetectedHead, best_turn, to_faces, upright_heads
from face3d.depth.face.inference import LENGTH_FIELDS, Box, CropPrediction, predict_averaged
from face3d.depth.face.mending import mend
from face3d.depth.face.network import FaceNetwork, load_face_network
from face3d.depth.face.people import MATTE_THRESHOLD, divide_matte, sort_by_area
from face3d.depth.face.upsampling import guided_upsample
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkSpec
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo

CPU = Device("cpu", "float32")
MAX_CANVAS_SIDE = 1024
"""Longest side at which maps are upsampled under guidance; beyond it they are only interpolated."""
BLEND_RIM = 0.12
"""Width of the soft rim of a crop, as a share of the crop's width."""


@dataclass(frozen=True, eq=False)
class FaceEstimator:
    """The bundled face network, loaded. It computes on the CPU in float32.

    quality: FAST, a single pass of the photo and of each head, or BEST, four averaged ones.
    """

    network: FaceNetwork
    spec: NetworkSpec = NETWORKS["face"]
    device: Device = CPU
    quality: str = FAST

    def predict(self, photo: Photo) -> DepthMap:
        """Relief, hidden side, matte, uncertainty and faces at the photo's own resolution.

        Deterministic on one machine. Where no face is found `faces` is empty, and the map is that of the
        inference on the whole photo.
        """
        whole, heads = upright_heads(self.network, photo)
        if self.quality == BEST:
            whole, heads = self._averaged(photo, heads)
        heads = sort_by_area(heads, whole, photo.size_hw)
        canvas = Canvas.of(photo)
        frame = Box.whole(photo.size_hw)
        layers = _upsample_prediction(whole, frame, canvas, canvas.window(frame))
        for head in heads:
            if head.crop != frame:
                _blend_crop(layers, head.prediction, head.crop, canvas)
        return self._depth_map(layers, heads, photo.size_hw)

    def _averaged(self, photo: Photo, heads: list[DetectedHead]) -> tuple[CropPrediction, list[DetectedHead]]:
        """The prediction for the whole photo, and the heads with theirs, in averaged passes."""
        frame, side = Box.whole(photo.size_hw), self.network.configuration.inference_side
        whole = predict_averaged(self.network, photo.rgb_hwc, frame, side)
        return whole, [
            replace(
                head,
                prediction=whole
                if head.crop == frame
                else predict_averaged(self.network, photo.rgb_hwc, head.crop, side),
            )
            for head in heads
        ]

    def find_faces(self, photo: Photo) -> tuple[Face, ...]:
        """The faces of `predict` of the quality FAST, largest person first, without the upsampling."""
        whole, heads = upright_heads(self.network, photo)
        return to_faces(sort_by_area(heads, whole, photo.size_hw), self.network)

    def find_turn(self, photo: Photo) -> int:
        """See `best_turn`; about as much work as `find_faces`."""
        return best_turn(self.network, photo)

    def _depth_map(
        self, layers: dict[str, Array], heads: list[DetectedHead], size_hw: tuple[int, int]
    ) -> DepthMap:
        """The layers, enlarged to the photo's size, the matte mended, their stated errors calibrated."""
        faces = to_faces(heads, self.network)
        down, across = np.divide(layers["matte"].shape, size_hw)
        boxes = [tuple(np.multiply(face.box_xyxy, (across, down) * 2)) for face in faces]
        layers["matte"] = mend(np.clip(layers["matte"], 0, 1).astype(np.float32), boxes)
        if layers["matte"].shape != size_hw:
            layers = {
                name: cv2.resize(values, size_hw[::-1], interpolation=cv2.INTER_LINEAR)
                for name, values in layers.items()
            }
        matte = layers["matte"]
        relief = np.ascontiguousarray(layers["relief_hw"], np.float32)
        back = relief - np.maximum(layers["thickness_hw"], 0).astype(np.float32)
        relief_factor, thickness_factor = self.network.configuration.factors(averaged=self.quality == BEST)
        return DepthMap(
            relief,
            DepthRepresentation.RELIEF,
            matte > MATTE_THRESHOLD,
            self.spec.name,
            back_hw=np.minimum(back, relief),
            uncertainty_hw=(layers["uncertainty_hw"] * relief_factor).astype(np.float32),
            thickness_uncertainty_hw=(layers["thickness_uncertainty_hw"] * thickness_factor).astype(
                np.float32
            ),
            matte_hw=matte,
            faces=faces,
            detects_faces=True,
            person_hw=divide_matte(matte, relief, [head.box for head in heads]) if faces else None,
            matte=self.spec.name,
            quality=self.quality,
        )


def load(
    spec: NetworkSpec, device: Device, checkpoint: Path | str | None, progress: Progress | None
) -> DepthEstimator:
    """The estimator with its weights; `device` is ignored, since this network computes on the CPU.

    Raises WeightsError where the checkpoint is missing, damaged or of another network.
    """
    path = checkpoints.find_or_fetch(spec, checkpoint=checkpoint, progress=progress)
    return FaceEstimator(load_face_network(path), spec)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture on which maps are upsampled: a photo, reduced to whole pixels on each side.

    rgb_hwc: (h, w, 3) uint8. photo_hw: size of the photo.
    """

    rgb_hwc: Array
    photo_hw: tuple[int, int]

    @classmethod
    def of(cls, photo: Photo) -> Canvas:
        """The photo, reduced where a side is longer than MAX_CANVAS_SIDE."""
        height, width = photo.size_hw
        scale = min(1.0, MAX_CANVAS_SIDE / max(height, width))
        size_wh = max(1, round(width * scale)), max(1, round(height * scale))
        return cls(cv2.resize(photo.rgb_hwc, size_wh, interpolation=cv2.INTER_AREA), photo.size_hw)

    @property
    def scale_yx(self) -> tuple[float, float]:
        """Canvas pixels per photo pixel, down and across; alike but for the rounding."""
        return self.rgb_hwc.shape[0] / self.photo_hw[0], self.rgb_hwc.shape[1] / self.photo_hw[1]

    def window(self, box: Box) -> tuple[slice, slice]:
        """The rows and columns of the canvas that a rectangle of the photo covers; may be empty."""
        (height, width), (down, across) = self.rgb_hwc.shape[:2], self.scale_yx
        rows = max(0, int(box.top * down)), min(height, int(np.ceil((box.top + box.height) * down)))
        columns = max(0, int(box.left * across)), min(width, int(np.ceil((box.left + box.width) * across)))
        return slice(*rows), slice(*columns)


def _upsample_prediction(
    prediction: CropPrediction, box: Box, canvas: Canvas, window: tuple[slice, slice]
) -> dict[str, Array]:
    """The lengths of a prediction, in widths of the photo, and its matte, over a window of the canvas."""
    pixel_in_widths = np.float32(box.width / prediction.matte_hw.shape[1] / canvas.photo_hw[1])
    weight = np.clip(prediction.matte_hw, 1e-3, 1)
    lengths = np.stack([getattr(prediction, name) for name in LENGTH_FIELDS], -1) * pixel_in_widths
    # Lengths are weighted by the matte, so that those of the background are not mixed in.
    stacked = np.concatenate(
        [lengths * weight[..., None], weight[..., None], prediction.matte_hw[..., None]], -1
    ).astype(np.float32)
    rows, columns = window
    down, across = canvas.scale_yx
    frame_xywh = (
        box.left * across - columns.start,
        box.top * down - rows.start,
        box.width * across,
        box.height * down,
    )
    upsampled = guided_upsample(stacked, canvas.rgb_hwc[window], frame_xywh)
    layers = np.moveaxis(upsampled[..., : len(LENGTH_FIELDS)] / upsampled[..., -2:-1], -1, 0)
    return dict(zip(LENGTH_FIELDS, layers, strict=True)) | {"matte": upsampled[..., -1]}


def _blend_crop(layers: dict[str, Array], prediction: CropPrediction, crop: Box, canvas: Canvas) -> None:
    """Replaces the layers inside a crop by its prediction, over a soft rim, in place.

    The relief of the whole photo is shifted first, to agree with that of the crop where both show a person.
    """
    rows, columns = window = canvas.window(crop)
    fine = _upsample_prediction(prediction, crop, canvas, window)
    (height, width), (down, across) = canvas.photo_hw, canvas.scale_yx
    x = (np.arange(columns.start, columns.stop) + 0.5) / across - crop.left
    y = (np.arange(rows.start, rows.stop) + 0.5) / down - crop.top
    rim = BLEND_RIM * crop.width
    ramp_x = _ramp(x, crop.width, rim, crop.left > 0, crop.left + crop.width < width)
    ramp_y = _ramp(y, crop.height, rim, crop.top > 0, crop.top + crop.height < height)
    share = np.minimum(ramp_y[:, None], ramp_x[None, :]).astype(np.float32)
    share = share * share * (3 - 2 * share)
    common = (share > 0) & (fine["matte"] > MATTE_THRESHOLD) & (layers["matte"][window] > MATTE_THRESHOLD)
    if common.any():
        shift = np.median((fine["relief_hw"] - layers["relief_hw"][window])[common])
        layers["relief_hw"] += np.float32(shift)
    for name, values in layers.items():
        values[window] += share * (fine[name] - values[window])


def _ramp(offset_n: Array, length: int, rim: float, rises: bool, falls: bool) -> Array:
    """From 0 at an end of a crop to 1 at `rim` inside it; 1 at an end that is the photo's own edge."""
    near = np.where(rises, offset_n, rim), np.where(falls, length - offset_n, rim)
    return np.clip(np.minimum(*near) / rim, 0, 1)
