"""The picture on which predictions of the photo and of its crops are upsampled and put together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from face3d.depth.face.inference import LENGTH_FIELDS, Box, CropPrediction
from face3d.depth.face.people import MATTE_THRESHOLD
from face3d.depth.face.upsampling import guided_upsample
from face3d.structures import Array, Photo

MAX_CANVAS_SIDE = 1024
"""Longest side at which maps are upsampled under guidance; beyond it they are only interpolated."""
REACH = 4
"""Distance in pixels of a prediction within which the photo guides its upsampling: two of the spline and two
of the colours' average.
"""
BLEND_RIM = 0.12
"""Width of the soft rim of a crop, as a share of the crop's width."""


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
    rows, columns = window
    down, across = canvas.scale_yx
    frame_xywh = (
        box.left * across - columns.start,
        box.top * down - rows.start,
        box.width * across,
        box.height * down,
    )
    return _weighted_layers(
        guided_upsample(_stacked(prediction, box, canvas), canvas.rgb_hwc[window], frame_xywh)
    )


def _stacked(prediction: CropPrediction, box: Box, canvas: Canvas) -> Array:
    """(h, w, n) float32: the lengths in widths of the photo, weighted by the matte so that those of the
    background are not mixed in when they are interpolated; the weight; the matte.
    """
    pixel_in_widths = np.float32(box.width / prediction.matte_hw.shape[1] / canvas.photo_hw[1])
    weight = np.clip(prediction.matte_hw, 1e-3, 1)
    lengths = np.stack([getattr(prediction, name) for name in LENGTH_FIELDS], -1) * pixel_in_widths
    return np.concatenate(
        [lengths * weight[..., None], weight[..., None], prediction.matte_hw[..., None]], -1
    ).astype(np.float32)


def _weighted_layers(stacked: Array) -> dict[str, Array]:
    """The layers by name, from what `_stacked` gave, interpolated."""
    layers = np.moveaxis(stacked[..., : len(LENGTH_FIELDS)] / stacked[..., -2:-1], -1, 0)
    return dict(zip(LENGTH_FIELDS, layers, strict=True)) | {"matte": stacked[..., -1]}


def upsample_whole(whole: CropPrediction, canvas: Canvas, crop: Box | None) -> dict[str, Array]:
    """The layers of the prediction for the whole photo, over the canvas.

    Inside a crop that will replace them they are interpolated without guidance: only the median of the relief
    counts there.
    """
    frame, (height, width) = Box.whole(canvas.photo_hw), canvas.rgb_hwc.shape[:2]
    if crop is None or (share := _crop_share(crop, canvas)).max(initial=0) < 1:
        return _upsample_prediction(whole, frame, canvas, canvas.window(frame))
    layers = _weighted_layers(cv2.resize(_stacked(whole, frame, canvas), (width, height)))
    rows, columns = canvas.window(crop)
    inner_rows, inner_columns = share.max(axis=1) == 1, share.max(axis=0) == 1
    top, bottom = _ends(inner_rows, rows.start)
    left, right = _ends(inner_columns, columns.start)
    for window in (
        np.s_[:top, :],
        np.s_[bottom:, :],
        np.s_[top:bottom, :left],
        np.s_[top:bottom, right:],
    ):
        if layers["matte"][window].size:
            _guide_window(layers, whole, canvas, window)
    return layers


def _ends(inside_n: Array, start: int) -> tuple[int, int]:
    """First and last plus one of the True values, counted from `start`."""
    (places,) = np.nonzero(inside_n)
    return start + int(places[0]), start + int(places[-1]) + 1


def _guide_window(
    layers: dict[str, Array], whole: CropPrediction, canvas: Canvas, window: tuple[slice, slice]
) -> None:
    """Replaces a window of the layers, in place, by what `_upsample_prediction` gives over the whole canvas.

    The colours that guide a pixel lie within `REACH` pixels of the prediction.
    """
    frame, size_hw = Box.whole(canvas.photo_hw), canvas.rgb_hwc.shape[:2]
    ends = [part.indices(length)[:2] for part, length in zip(window, size_hw, strict=True)]
    margins = [
        int(np.ceil(REACH * length / small))
        for length, small in zip(size_hw, whole.matte_hw.shape, strict=True)
    ]
    wide = [
        slice(max(0, start - margin), min(length, stop + margin))
        for (start, stop), margin, length in zip(ends, margins, size_hw, strict=True)
    ]
    inner = tuple(
        slice(start - part.start, stop - part.start) for (start, stop), part in zip(ends, wide, strict=True)
    )
    for name, values in _upsample_prediction(whole, frame, canvas, (wide[0], wide[1])).items():
        layers[name][window] = values[inner]


def blend_crop(layers: dict[str, Array], prediction: CropPrediction, crop: Box, canvas: Canvas) -> None:
    """Replaces the layers inside a crop by its prediction, over a soft rim, in place.

    The relief of the whole photo is shifted first, to agree with that of the crop where both show a person.
    """
    window = canvas.window(crop)
    fine = _upsample_prediction(prediction, crop, canvas, window)
    share = _crop_share(crop, canvas)
    common = (share > 0) & (fine["matte"] > MATTE_THRESHOLD) & (layers["matte"][window] > MATTE_THRESHOLD)
    if common.any():
        shift = np.median((fine["relief_hw"] - layers["relief_hw"][window])[common])
        layers["relief_hw"] += np.float32(shift)
    for name, values in layers.items():
        values[window] += share * (fine[name] - values[window])


def _crop_share(crop: Box, canvas: Canvas) -> Array:
    """(h, w) float32 over the crop's window of the canvas: 1 inside, 0 at its ends within the photo."""
    rows, columns = canvas.window(crop)
    (height, width), (down, across) = canvas.photo_hw, canvas.scale_yx
    x = (np.arange(columns.start, columns.stop) + 0.5) / across - crop.left
    y = (np.arange(rows.start, rows.stop) + 0.5) / down - crop.top
    rim = BLEND_RIM * crop.width
    ramp_x = _ramp(x, crop.width, rim, crop.left > 0, crop.left + crop.width < width)
    ramp_y = _ramp(y, crop.height, rim, crop.top > 0, crop.top + crop.height < height)
    share = np.minimum(ramp_y[:, None], ramp_x[None, :]).astype(np.float32)
    return np.asarray(share * share * (3 - 2 * share))


def _ramp(offset_n: Array, length: int, rim: float, rises: bool, falls: bool) -> Array:
    """From 0 at an end of a crop to 1 at `rim` inside it; 1 at an end that is the photo's own edge."""
    near = np.where(rises, offset_n, rim), np.where(falls, length - offset_n, rim)
    return np.clip(np.minimum(*near) / rim, 0, 1)
