"""From a photo to a DepthMap with the bundled face network: find the head, look closer, paste back, bring to the photo's resolution.

1. A coarse look at the whole photo finds the person (matte) and the heads.
2. Each head is cut out with a margin and looked at again at the network's full resolution; relief is in image widths, so what the close
   look says is multiplied by the width of the cut and divided by the width of the photo.
3. Close and coarse maps are upsampled under the guidance of the photo and blended where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_look import LENGTHS, Box, Look, look_twice
from face_network import Configuration, FaceNetwork
from stages import DepthMap, Face, Photo, Sense

Array = NDArray[Any]

CANVAS = 1024
"""Longest side at which maps are upsampled under guidance; beyond it they are only interpolated."""
CLOSE_LOOK = 1.6
"""Side of the cut around a head, in head sizes; compared on the calibration set with 1.5 to 2.5."""
WORTH_A_CLOSE_LOOK = 0.85
"""A cut whose side is a larger share of the photo's would show little more than the coarse look did."""
MOST_FACES = 6
SMALLEST_HEAD = 0.03
"""Heads narrower than this share of the coarse map's longer side are not trusted."""
LEAST_OF_LARGEST = 0.2
"""Heads narrower than this share of the largest head are clutter far more often than people."""
EYE_SEEN = 0.3
EYE_SURE = 0.65
"""Beside a first head, another one counts when one of its eyes is seen this surely: a round thing is sooner taken for a head than for an
eye. A second person in profile or far away may be missed."""
EYE_REACH = 0.03
"""How far around an eye's peak its centre is taken, in sides of the network: one and a half times the radius of the blob it was taught."""
SAME_HEAD = 0.7
"""Intersection over union of a head in the coarse and in the close look, below which the two are not the same. On the
calibration set 97 of 98 true heads are above it."""
MATTE_THRESHOLD = 0.5
STRAY_RIM = 0.2


@dataclass(frozen=True, eq=False)
class Head:
    """A head found in a photo: its box, and the look that shows it best, at the cut. eye_seen: 0..1, of the surest eye within the box."""

    box: Box
    cut: Box
    seen: Look
    eye_seen: float


def predict(network: FaceNetwork, photo: Photo) -> DepthMap:
    """Relief, hidden side, matte, uncertainty and faces at the photo's own resolution.

    Deterministic on one machine. Where no face is found `faces` is empty; the map then says only what the coarse look saw.
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
    """The faces that `predict` will find in `photo`, largest first, without the depth map: the looks and none of the upsampling."""
    return _faces(_look_for_heads(network, photo)[1], network)


def _look_for_heads(network: FaceNetwork, photo: Photo) -> tuple[Look, list[Head]]:
    """The coarse look at the whole photo, and the heads that a closer look confirms, the surest first.

    Where there is none, small heads are looked for in a finer look.
    """
    whole = Box(0, 0, photo.size_hw[1], photo.size_hw[0])
    coarse = look_twice(network, photo.rgb_hwc, whole, network.configuration.look_side)
    boxes = find_heads(coarse.head_hw, whole)
    if found := _confirmed(network, photo, boxes, coarse):
        return coarse, found
    finer = look_twice(network, photo.rgb_hwc, whole, 2 * network.configuration.look_side)
    if found := _confirmed(network, photo, find_heads(finer.head_hw, whole), finer):
        return finer, found
    return (coarse if boxes else finer), []


def _confirmed(network: FaceNetwork, photo: Photo, boxes: list[Box], coarse: Look) -> list[Head]:
    """Those of the boxes that are heads from close by too, the surest first; of these the first, and others that show an eye."""
    found = [head for box in boxes if (head := _look_closer(network, photo, box, coarse)) is not None]
    found.sort(key=lambda head: -head.eye_seen)
    return found[:1] + [head for head in found[1:] if head.eye_seen >= EYE_SURE]


def _faces(heads: list[Head], network: FaceNetwork) -> tuple[Face, ...]:
    """Heads as faces with their eyes, largest first."""
    reach = round(EYE_REACH * network.configuration.side)
    faces = [Face(head.box.corners, _find_eyes(head.seen.eyes_2hw, head.cut, head.box, reach)) for head in heads]
    return tuple(sorted(faces, key=lambda face: -face.width))


def _look_closer(network: FaceNetwork, photo: Photo, box: Box, coarse: Look) -> Head | None:
    """A head of the coarse look, seen closer where that shows more; None where the closer look shows no head there."""
    cut = _around(box, photo.size_hw)
    if cut is None:
        whole = Box(0, 0, photo.size_hw[1], photo.size_hw[0])
        return Head(box, whole, coarse, _sure_of_an_eye(coarse.eyes_2hw, whole, box))
    seen = look_twice(network, photo.rgb_hwc, cut, network.configuration.look_side)
    again = max(find_heads(seen.head_hw, cut), key=lambda one: _overlap(one, box), default=None)
    if again is None or _overlap(again, box) < SAME_HEAD:
        return None
    return Head(again, cut, seen, _sure_of_an_eye(seen.eyes_2hw, cut, again))


def _sure_of_an_eye(eyes_2hw: Array, cut: Box, head: Box) -> float:
    return float(_within(eyes_2hw, cut, head).max())


def _within(eyes_2hw: Array, cut: Box, head: Box) -> Array:
    """The blobs of a look at `cut` with 0 outside a head's box."""
    rows, columns = eyes_2hw.shape[1:]
    y = cut.top + (np.arange(rows) + 0.5) * cut.height / rows
    x = cut.left + (np.arange(columns) + 0.5) * cut.width / columns
    left, top, right, bottom = head.corners
    return eyes_2hw * (((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right)))


def find_heads(head_hw: Array, box: Box) -> list[Box]:
    """Connected regions of `head_hw` > 0.5, largest first, as rectangles of the photo. head_hw: (h, w) float, over `box`."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((head_hw > 0.5).astype(np.uint8), connectivity=8)
    smallest = SMALLEST_HEAD * max(head_hw.shape)
    regions = [row for row in stats[1:count] if min(row[cv2.CC_STAT_WIDTH], row[cv2.CC_STAT_HEIGHT]) >= max(3, smallest)]
    regions.sort(key=lambda row: -row[cv2.CC_STAT_AREA])
    regions = [row for row in regions if row[cv2.CC_STAT_WIDTH] >= LEAST_OF_LARGEST * regions[0][cv2.CC_STAT_WIDTH]]
    x_scale, y_scale = box.width / head_hw.shape[1], box.height / head_hw.shape[0]
    return [
        Box(round(box.left + x * x_scale), round(box.top + y * y_scale), max(1, round(w * x_scale)), max(1, round(h * y_scale)))
        for x, y, w, h, _ in regions[:MOST_FACES]
    ]


def _around(head: Box, photo_hw: tuple[int, int]) -> Box | None:
    """A cut around a head within the photo, a little lower than centred, so that neck and shoulders give the head its place.

    None where it would not be much smaller than the photo.
    """
    height, width = photo_hw
    side = max(16, round(CLOSE_LOOK * max(head.width, head.height)))
    across, down = min(side, width), min(side, height)
    if across * down >= WORTH_A_CLOSE_LOOK**2 * width * height:
        return None
    left = round(head.left + head.width / 2 - across / 2)
    top = round(head.top + 0.55 * head.height - down / 2)
    return Box(min(max(left, 0), width - across), min(max(top, 0), height - down), across, down)


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0..1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    both = max(across, 0) * max(down, 0)
    return both / (one.width * one.height + other.width * other.height - both)


def _find_eyes(eyes_2hw: Array, box: Box, head: Box, reach: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Centres of the two blobs within a head, in photo pixels, or None where either is faint. reach: pixels of the look."""
    found = []
    for blob in _within(eyes_2hw, box, head):
        row, column = np.unravel_index(int(blob.argmax()), blob.shape)
        if blob[row, column] < EYE_SEEN:
            return None
        top, left = max(0, row - reach), max(0, column - reach)
        near = blob[top : row + reach + 1, left : column + reach + 1] ** 2
        rows, columns = np.mgrid[: near.shape[0], : near.shape[1]]
        x = left + (near * columns).sum() / near.sum() + 0.5
        y = top + (near * rows).sum() / near.sum() + 0.5
        found.append((float(box.left + x * box.width / blob.shape[1]), float(box.top + y * box.height / blob.shape[0])))
    return found[0], found[1]


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture on which maps are upsampled: rgb_hwc (h, w, 3) uint8, a photo of `photo_hw` shrunk, each side to whole pixels."""

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
    widths = np.float32(box.width / seen.matte_hw.shape[1] / canvas.photo_hw[1])  # one map pixel in widths of the photo
    inside = np.clip(seen.matte_hw, 1e-3, 1)
    lengths = np.stack([getattr(seen, name) for name in LENGTHS], -1) * widths
    # Lengths count as far as their pixel is in the matte: what the network says of the background is not mixed in.
    stacked = np.concatenate([lengths * inside[..., None], inside[..., None], seen.matte_hw[..., None]], -1).astype(np.float32)
    rows, columns = window
    down, across = canvas.shrink_yx
    frame = box.left * across - columns.start, box.top * down - rows.start, box.width * across, box.height * down
    upsampled = guided_upsample(stacked, canvas.rgb_hwc[window], frame)
    layers = np.moveaxis(upsampled[..., : len(LENGTHS)] / upsampled[..., -2:-1], -1, 0)
    return dict(zip(LENGTHS, layers, strict=True)) | {"matte": upsampled[..., -1]}


def guided_upsample(values_hwc: Array, guide_rgb: Array, frame_xywh: tuple[float, float, float, float]) -> Array:
    """Values of a small map on a larger picture, each a weighted mean of the 4 x 4 nearest, so nothing rings and nothing overshoots.

    values_hwc: (h, w, c) float32 over the rectangle `frame_xywh` of the guide, in guide pixels. guide_rgb: (H, W, 3) uint8.
    Returns (H, W, c) float32; outside the frame the nearest edge value.
    Weights are a cubic B-spline in space times a Gaussian of the colour difference: joint bilateral upsampling (Kopf et al. 2007), with a
    spline for the spatial kernel because it is smooth where it is cut off, so there are no stair-steps.
    """
    height, width = guide_rgb.shape[:2]
    rows, columns, channels = values_hwc.shape
    left, top, frame_width, frame_height = frame_xywh
    guide = guide_rgb.astype(np.float32)
    small_guide = _sample_guide(guide, frame_xywh, (rows, columns))
    source = np.concatenate([values_hwc, small_guide], -1)
    x = (np.arange(width, dtype=np.float32) + 0.5 - left) * columns / frame_width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5 - top) * rows / frame_height - 0.5
    first_x, first_y = np.floor(x).astype(int) - 1, np.floor(y).astype(int) - 1
    total = np.zeros((height, width, channels), np.float32)
    weights = np.zeros((height, width), np.float32)
    for across in range(4):
        share_x = _b_spline(x - first_x - across)
        widened = source[:, np.clip(first_x + across, 0, columns - 1)]
        for down in range(4):
            share_y = _b_spline(y - first_y - down)
            tap = widened[np.clip(first_y + down, 0, rows - 1)]
            difference = tap[..., channels:] - guide
            weight = np.einsum("hwc,hwc->hw", difference, difference)
            weight *= np.float32(-1 / (2 * COLOUR_SIGMA**2))
            np.exp(weight, out=weight)
            weight += np.float32(0.02)  # where no neighbour is alike, space alone decides
            weight *= share_x
            weight *= share_y[:, None]
            total += weight[..., None] * tap[..., :channels]
            weights += weight
    return total / weights[..., None]


def _sample_guide(guide_hwc: Array, frame_xywh: tuple[float, float, float, float], size_hw: tuple[int, int]) -> Array:
    """The guide's colour at the centres of the small map's pixels, averaged over about one of them: (h, w, 3) float32."""
    left, top, width, height = frame_xywh
    x = (np.arange(size_hw[1], dtype=np.float32) + 0.5) * width / size_hw[1] + left - 0.5
    y = (np.arange(size_hw[0], dtype=np.float32) + 0.5) * height / size_hw[0] + top - 0.5
    grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    soft = cv2.GaussianBlur(guide_hwc, (0, 0), max(0.3, 0.4 * width / size_hw[1]))
    return cv2.remap(soft, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


COLOUR_SIGMA = 24.0
"""Colour difference, in 8-bit steps, at which a neighbour counts for little."""


def _b_spline(offset_n: Array) -> Array:
    """Uniform cubic B-spline at `offset_n`, support (-2, 2), float32."""
    far = np.abs(offset_n)
    near_part = 2 / 3 - far**2 + far**3 / 2
    far_part = np.clip(2 - far, 0, None) ** 3 / 6
    return np.where(far < 1, near_part, far_part).astype(np.float32)


def _blend_in(layers: dict[str, Array], seen: Look, cut: Box, canvas: Canvas) -> None:
    """Replaces the layers inside the cut by the close look, over a soft rim; the coarse relief is shifted to meet it."""
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
        layers["relief_hw"] += np.float32(np.median((close["relief_hw"] - layers["relief_hw"][window])[meeting]))
    for name, values in layers.items():
        values[window] += share * (close[name] - values[window])


def _ramp(place_n: Array, length: int, rim: float, rises: bool, falls: bool) -> Array:
    """From 0 at an end of a cut to 1 at `rim` inside it; 1 at an end that is the photo's own edge."""
    near = np.where(rises, place_n, rim), np.where(falls, length - place_n, rim)
    return np.clip(np.minimum(*near) / rim, 0, 1)


def _without_stray_parts(matte_hw: Array, faces: tuple[Face, ...]) -> Array:
    """The matte without regions that touch none of the heads: clutter that looked like a person. Untouched where there is no face."""
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


def _depth_map(layers: dict[str, Array], faces: tuple[Face, ...], size_hw: tuple[int, int], configuration: Configuration) -> DepthMap:
    if layers["matte"].shape != size_hw:
        layers = {name: cv2.resize(values, size_hw[::-1], interpolation=cv2.INTER_LINEAR) for name, values in layers.items()}
    matte = _without_stray_parts(np.clip(layers["matte"], 0, 1).astype(np.float32), faces)
    relief = np.ascontiguousarray(layers["relief_hw"], np.float32)
    back = relief - np.maximum(layers["thickness_hw"], 0).astype(np.float32)
    return DepthMap(
        relief,
        Sense.RELIEF,
        matte > MATTE_THRESHOLD,
        "face",
        back_hw=np.minimum(back, relief),
        uncertainty_hw=(layers["uncertainty_hw"] * configuration.uncertainty_scale).astype(np.float32),
        thickness_uncertainty_hw=(layers["thickness_uncertainty_hw"] * configuration.thickness_uncertainty_scale).astype(np.float32),
        matte_hw=matte,
        faces=faces,
        looked_for_faces=True,
    )
