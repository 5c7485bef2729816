"""From a photo to a DepthMap with the bundled face network: find the head, look closer, paste back, bring to
the photo's resolution.

1. A coarse look at the whole photo finds the person (matte) and the heads.
2. Each head is cut out with a margin and looked at again at the network's full resolution; relief is in image
widths, so what the close
   look says is multiplied by the width of the cut and divided by the width of the photo.
3. Close and coarse maps are upsampled under the guidance of the photo and blended where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from face3d.depth import checkpoints, download
from face3d.depth import device as compute
from face3d.depth.estimator import Network
from face3d.depth.face.detection import _faces, _look_for_heads
from face3d.depth.face.inference import LENGTHS, Box, Look
from face3d.depth.face.network import Configuration, FaceNetwork
from face3d.depth.face.upsampling import guided_upsample
from face3d.depth.spec import NetworkSpec
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo

CANVAS = 1024
"""Longest side at which maps are upsampled under guidance; beyond it they are only interpolated."""

MATTE_THRESHOLD = 0.5
STRAY_RIM = 0.2


def predict(network: FaceNetwork, photo: Photo) -> DepthMap:
    """Relief, hidden side, matte, uncertainty and faces at the photo's own resolution.

    Deterministic on one machine. Where no face is found `faces` is empty; the map then says only what the
    coarse look saw.
    """
    height, width = photo.size_hw
    whole = Box(0, 0, width, height)
    coarse, found = _look_for_heads(network, photo)
    shrink = min(1.0, CANVAS / max(height, width))
    canvas_hw = max(1, round(height * shrink)), max(1, round(width * shrink))
    canvas_rgb = cv2.resize(photo.rgb_hwc, canvas_hw[::-1], interpolation=cv2.INTER_AREA)
    canvas = Canvas(canvas_rgb, photo.size_hw)
    layers = _upsample_look(coarse, whole, canvas, (slice(0, canvas_hw[0]), slice(0, canvas_hw[1])))
    for head in found:
        if head.cut != whole:
            _blend_in(layers, head.seen, head.cut, canvas)
    return _depth_map(layers, _faces(found, network), photo.size_hw, network.configuration)


def find_faces(network: FaceNetwork, photo: Photo) -> tuple[Face, ...]:
    """The faces that `predict` will find in `photo`, largest first, without the depth map: the looks and none
    of the upsampling.
    """
    return _faces(_look_for_heads(network, photo)[1], network)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture on which maps are upsampled: rgb_hwc (h, w, 3) uint8, a photo of `photo_hw` shrunk, each
    side to whole pixels.
    """

    rgb_hwc: Array
    photo_hw: tuple[int, int]

    @property
    def shrink_yx(self) -> tuple[float, float]:
        """Canvas pixels per photo pixel, down and across; alike but for the rounding."""
        return self.rgb_hwc.shape[0] / self.photo_hw[0], self.rgb_hwc.shape[1] / self.photo_hw[1]

    def window(self, box: Box) -> tuple[slice, slice]:
        """The rows and columns of the canvas that a rectangle of the photo covers; may be empty."""
        (height, width), (down, across) = self.rgb_hwc.shape[:2], self.shrink_yx
        rows = max(0, int(box.top * down)), min(height, int(np.ceil((box.top + box.height) * down)))
        columns = max(0, int(box.left * across)), min(width, int(np.ceil((box.left + box.width) * across)))
        return slice(*rows), slice(*columns)


def _upsample_look(seen: Look, box: Box, canvas: Canvas, window: tuple[slice, slice]) -> dict[str, Array]:
    """Every map of a look over a window of the canvas, lengths in widths of the photo."""
    widths = np.float32(
        box.width / seen.matte_hw.shape[1] / canvas.photo_hw[1]
    )  # one map pixel in widths of the photo
    inside = np.clip(seen.matte_hw, 1e-3, 1)
    lengths = np.stack([getattr(seen, name) for name in LENGTHS], -1) * widths
    # Lengths count as far as their pixel is in the matte: what the network says of the background is not
    # mixed in.
    stacked = np.concatenate(
        [lengths * inside[..., None], inside[..., None], seen.matte_hw[..., None]], -1
    ).astype(np.float32)
    rows, columns = window
    down, across = canvas.shrink_yx
    frame = (
        box.left * across - columns.start,
        box.top * down - rows.start,
        box.width * across,
        box.height * down,
    )
    upsampled = guided_upsample(stacked, canvas.rgb_hwc[window], frame)
    layers = np.moveaxis(upsampled[..., : len(LENGTHS)] / upsampled[..., -2:-1], -1, 0)
    return dict(zip(LENGTHS, layers, strict=True)) | {"matte": upsampled[..., -1]}


def _blend_in(layers: dict[str, Array], seen: Look, cut: Box, canvas: Canvas) -> None:
    """Replaces the layers inside the cut by the close look, over a soft rim; the coarse relief is shifted to
    meet it.
    """
    rows, columns = window = canvas.window(cut)
    close = _upsample_look(seen, cut, canvas, window)
    (height, width), (down, across) = canvas.photo_hw, canvas.shrink_yx
    x = (np.arange(columns.start, columns.stop) + 0.5) / across - cut.left
    y = (np.arange(rows.start, rows.stop) + 0.5) / down - cut.top
    rim = 0.12 * cut.width
    ramp_x = _ramp(x, cut.width, rim, cut.left > 0, cut.left + cut.width < width)
    ramp_y = _ramp(y, cut.height, rim, cut.top > 0, cut.top + cut.height < height)
    share = np.minimum(ramp_y[:, None], ramp_x[None, :]).astype(np.float32)
    share = share * share * (3 - 2 * share)
    meeting = (share > 0) & (close["matte"] > MATTE_THRESHOLD) & (layers["matte"][window] > MATTE_THRESHOLD)
    if meeting.any():
        layers["relief_hw"] += np.float32(
            np.median((close["relief_hw"] - layers["relief_hw"][window])[meeting])
        )
    for name, values in layers.items():
        values[window] += share * (close[name] - values[window])


def _ramp(place_n: Array, length: int, rim: float, rises: bool, falls: bool) -> Array:
    """From 0 at an end of a cut to 1 at `rim` inside it; 1 at an end that is the photo's own edge."""
    near = np.where(rises, place_n, rim), np.where(falls, length - place_n, rim)
    return np.clip(np.minimum(*near) / rim, 0, 1)


def _without_stray_parts(matte_hw: Array, faces: tuple[Face, ...]) -> Array:
    """The matte without regions that touch none of the heads: clutter that looked like a person. Untouched
    where there is no face.
    """
    if not faces:
        return matte_hw
    # A low threshold, so that the soft rim of a region that stays is not cut off.
    _, labels = cv2.connectedComponents((matte_hw > STRAY_RIM).astype(np.uint8), connectivity=8)
    kept: set[int] = set()
    for face in faces:
        left, top, right, bottom = (max(0, round(edge)) for edge in face.box_xyxy)
        inside = np.s_[top : bottom + 1, left : right + 1]
        kept.update(np.unique(labels[inside][matte_hw[inside] > MATTE_THRESHOLD]))
    return np.where(np.isin(labels, list(kept)), matte_hw, np.float32(0))


def _depth_map(
    layers: dict[str, Array], faces: tuple[Face, ...], size_hw: tuple[int, int], configuration: Configuration
) -> DepthMap:
    if layers["matte"].shape != size_hw:
        layers = {
            name: cv2.resize(values, size_hw[::-1], interpolation=cv2.INTER_LINEAR)
            for name, values in layers.items()
        }
    matte = _without_stray_parts(np.clip(layers["matte"], 0, 1).astype(np.float32), faces)
    relief = np.ascontiguousarray(layers["relief_hw"], np.float32)
    back = relief - np.maximum(layers["thickness_hw"], 0).astype(np.float32)
    return DepthMap(
        relief,
        DepthRepresentation.RELIEF,
        matte > MATTE_THRESHOLD,
        "face",
        back_hw=np.minimum(back, relief),
        uncertainty_hw=(layers["uncertainty_hw"] * configuration.uncertainty_scale).astype(np.float32),
        thickness_uncertainty_hw=(
            layers["thickness_uncertainty_hw"] * configuration.thickness_uncertainty_scale
        ).astype(np.float32),
        matte_hw=matte,
        faces=faces,
        looked_for_faces=True,
    )


def _load_face(
    spec: NetworkSpec,
    chosen: compute.Compute,
    checkpoint: Path | str | None,
    progress: download.Progress | None,
) -> Any:
    from face3d.depth.face import network as face_network

    return face_network.load(checkpoints.find_or_fetch(spec, checkpoint=checkpoint, progress=progress))


def _predict_face(network: Network, photo: Photo) -> DepthMap:
    from face3d.depth.face import estimator as face_estimator

    return face_estimator.predict(network.module, photo)


def _find_faces(network: Network, photo: Photo) -> tuple[Face, ...]:
    from face3d.depth.face import estimator as face_estimator

    return face_estimator.find_faces(network.module, photo)
