"""From a photo to a DepthMap with the bundled face network.

1. Inference on the whole photo gives the matte and the heads.
2. Each head is cropped with a margin and predicted again at the network's full resolution. Relief is in image
   widths, so that of a crop is scaled by the crop's width over the photo's. Of the quality `best`, photo and
   crops are then predicted again, at two scales; the heads stay.
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
from face3d.depth.estimator import BEST, FAST, QUALITIES, DepthEstimator
from face3d.depth.face.canvas import Canvas, blend_crop, upsample_whole
from face3d.depth.face.detection import DetectedHead, best_turn, to_faces, upright_heads
from face3d.depth.face.inference import Box, CropPrediction, predict_two_scales
from face3d.depth.face.interface import FacePredictor
from face3d.depth.face.mending import mend
from face3d.depth.face.onnx_network import OnnxNetwork
from face3d.depth.face.people import MATTE_THRESHOLD, divide_matte, sort_by_area
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkSpec
from face3d.errors import DepthError
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo

CPU = Device("cpu", "float32")


@dataclass(frozen=True, eq=False)
class FaceEstimator:
    """The bundled face network, loaded. It computes on the CPU in float32.

    quality: FAST, the photo and each head at one scale, or BEST, at two.
    """

    network: FacePredictor
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
            whole, heads = self._at_two_scales(photo, heads)
        heads = sort_by_area(heads, whole, photo.size_hw)
        canvas = Canvas.of(photo)
        crops = [head for head in heads if head.crop != Box.whole(photo.size_hw)]
        layers = upsample_whole(whole, canvas, crops[0].crop if crops else None)
        for head in crops:
            blend_crop(layers, head.prediction, head.crop, canvas)
        return self._depth_map(layers, heads, canvas)

    def _at_two_scales(
        self, photo: Photo, heads: list[DetectedHead]
    ) -> tuple[CropPrediction, list[DetectedHead]]:
        """The prediction for the whole photo, and the heads with theirs, at two scales."""
        frame, side = Box.whole(photo.size_hw), self.network.configuration.inference_side
        whole = predict_two_scales(self.network, photo.rgb_hwc, frame, side)
        return whole, [
            replace(
                head,
                prediction=whole
                if head.crop == frame
                else predict_two_scales(self.network, photo.rgb_hwc, head.crop, side),
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

    def _depth_map(self, layers: dict[str, Array], heads: list[DetectedHead], canvas: Canvas) -> DepthMap:
        """The layers, enlarged to the photo's size, the matte mended, their stated errors calibrated."""
        faces, size_hw = to_faces(heads, self.network), canvas.photo_hw
        down, across = np.divide(layers["matte"].shape, size_hw)
        boxes = [tuple(np.multiply(face.box_xyxy, (across, down) * 2)) for face in faces]
        matte = np.clip(layers["matte"], 0, 1).astype(np.float32)
        layers["matte"] = mend(matte, canvas.rgb_hwc, boxes)
        if layers["matte"].shape != size_hw:
            layers = {
                name: cv2.resize(values, size_hw[::-1], interpolation=cv2.INTER_LINEAR)
                for name, values in layers.items()
            }
        matte = layers["matte"]
        relief = np.ascontiguousarray(layers["relief_hw"], np.float32)
        back = relief - np.maximum(layers["thickness_hw"], 0).astype(np.float32)
        relief_factor, thickness_factor = self.network.configuration.factors(best=self.quality == BEST)
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


def at_quality(network: DepthEstimator, quality: str) -> DepthEstimator:
    """The network at another of QUALITIES; other networks than the bundled one have one, and stay.

    quality: "fast", the photo and each head at one scale, or "best", at two.
    Raises DepthError for an unknown quality, or "best" of a network that has one only.
    """
    if quality not in QUALITIES:
        raise DepthError(f"There is no quality '{quality}'; choose {' or '.join(QUALITIES)}.")
    if isinstance(network, FaceEstimator):
        return replace(network, quality=quality)
    if quality != FAST:
        raise DepthError(f"Only the network face has the quality {quality}. Leave it out, or choose face.")
    return network


def load(
    spec: NetworkSpec, device: Device, checkpoint: Path | str | None, progress: Progress | None
) -> DepthEstimator:
    """The estimator with its weights; `device` is ignored, since this network computes on the CPU.

    A file of weights is computed by ONNX Runtime where the same network lies beside it as ONNX, as the
    bundled one does, else by PyTorch.
    Raises WeightsError where the checkpoint is missing, damaged or of another network.
    """
    path = checkpoints.find_or_fetch(spec, checkpoint=checkpoint, progress=progress)
    compiled = path.with_suffix(".onnx")
    if compiled.is_file():
        return FaceEstimator(OnnxNetwork(compiled), spec)

    from face3d.depth.face.folding import folded
    from face3d.depth.face.network import load_face_network  # PyTorch takes seconds to import

    return FaceEstimator(folded(load_face_network(path)), spec)
