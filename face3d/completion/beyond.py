"""A head that the photo's edge cuts, continued beyond it: picture and depth map grow by what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from face3d.completion.hidden_side import Painter
from face3d.completion.marked import painted, window_around
from face3d.structures import Array, DepthMap, DepthRepresentation, Face, Photo

ABOVE_EYES = 1.05
"""Height of a head with its hair above the eyes, in distances from eyes to chin. Without hair it is 1: the
eyes lie halfway (Farkas, "Anthropometry of the head and face", 2nd ed., 1994)."""
WIDTH_PER_HEIGHT = 0.75
"""Width of a head with its hair over its height."""
LEAST_PART = 0.02
"""Least part of a head's height that is missing and is completed."""
LARGEST_PART = 0.5
"""Largest part of what is seen of a head, across the edge, that is added."""
LEAST_CUT = 0.25
"""Least share of the head along the edge that lies on it."""
SPACE = 0.04
"""Height of the empty rows beyond what is added, head heights: an outline at the edge would count as cut."""
EDGES = "left", "right", "top"
QUARTERS = {"top": 0, "left": 1, "right": -1}
"""Quarter turns clockwise that bring an edge to the top."""


@dataclass(frozen=True, eq=False)
class Continued:
    """Depth map and photo with a head that ends, and the pixels (h, w) bool that are made up."""

    depth: DepthMap
    photo: Photo
    added_hw: Array


def continue_head(depth: DepthMap, photo: Photo, face: int, paint: Painter | None) -> Continued | None:
    """The head of a person continued beyond the edges that cut it, or None where none does.

    The part beyond an edge is half an ellipsoid over the section in which the edge cuts the head. It gets the
    largest stated errors. What the photo shows keeps its colours, and its depth in pixels.
    face: number of the person's face, from 1 on. paint: an engine for the colours; None: spread.
    """
    if not 0 < face <= len(depth.faces):
        return None
    margins = missing_px(depth, face)
    if not any(margins.values()):
        return None
    added_hw = np.zeros(depth.size_hw, bool)
    width, (left, top, *size_wh) = depth.size_hw[1], photo.frame
    for edge, missing in margins.items():
        if missing:
            height, across = photo.size_hw
            depth, photo, added_hw = _continued_at(edge, missing, depth, photo, added_hw, face)
            left += (photo.size_hw[1] - across) * (edge == "left")
            top += (photo.size_hw[0] - height) * (edge == "top")
    if depth.representation is DepthRepresentation.RELIEF:
        depth = _in_widths(depth, width)
    frame_xywh = left, top, size_wh[0], size_wh[1]
    window = window_around(added_hw)
    target_hw, known_hw = added_hw[window], (_own(depth, face) & ~added_hw)[window]
    colours_hwc = painted(photo.rgb_hwc[window], target_hw, known_hw, paint)
    rgb_hwc = photo.rgb_hwc.copy()
    rgb_hwc[window][target_hw] = np.round(np.clip(colours_hwc[target_hw], 0, 255)).astype(np.uint8)
    return Continued(depth, replace(photo, rgb_hwc=rgb_hwc, frame_xywh=frame_xywh), added_hw)


def missing_px(depth: DepthMap, face: int) -> dict[str, int]:
    """Pixels of the head beyond each of `EDGES`, by the proportions of heads; 0 where none cuts it."""
    found = depth.faces[face - 1]
    left, _, right, chin = found.box_xyxy
    width = depth.size_hw[1]
    height = (right - left) / WIDTH_PER_HEIGHT
    crown = chin - height
    if found.eyes_xy is not None:
        eyes_y = (found.eyes_xy[0][1] + found.eyes_xy[1][1]) / 2
        crown = eyes_y - ABOVE_EYES * (chin - eyes_y)
    own_hw = _own(depth, face)
    missing = dict.fromkeys(EDGES, 0.0)
    if _is_cut(own_hw, found, "top"):
        missing["top"] = -crown
    lacking = (chin - crown) * WIDTH_PER_HEIGHT - (right - left)
    sides = [edge for edge in ("left", "right") if _is_cut(own_hw, found, edge)]
    for edge in sides:
        missing[edge] = lacking / len(sides)
    seen = {"top": chin, "left": right, "right": width - left}
    return {
        edge: round(min(part, LARGEST_PART * seen[edge])) if part > LEAST_PART * (chin - crown) else 0
        for edge, part in missing.items()
    }


def _own(depth: DepthMap, face: int) -> Array:
    """(h, w) bool: pixels of the person."""
    return depth.mask_hw if depth.person_hw is None else depth.mask_hw & (depth.person_hw == face)


def _is_cut(own_hw: Array, face: Face, edge: str) -> bool:
    """Whether enough of the head lies on an edge."""
    left, top, right, bottom = (max(0, round(value)) for value in face.box_xyxy)
    width = own_hw.shape[1]
    reach = LEAST_PART * max(right - left, bottom - top)
    if {"top": top, "left": left, "right": width - right}[edge] > reach:
        return False
    columns, rows = slice(left, right), slice(top, bottom)
    line = {"top": own_hw[0, columns], "left": own_hw[rows, 0], "right": own_hw[rows, -1]}[edge]
    return len(line) > 0 and float(line.mean()) >= LEAST_CUT


def _continued_at(
    edge: str, missing: int, depth: DepthMap, photo: Photo, added_hw: Array, face: int
) -> tuple[DepthMap, Photo, Array]:
    """The maps with `missing` rows or columns more at an edge. Colours repeat those of the edge."""
    turns = QUARTERS[edge]

    def upright(layer: Array) -> Array:
        return np.rot90(layer, -turns)

    def back(layer: Array) -> Array:
        return np.ascontiguousarray(np.rot90(layer, turns))

    def grown(layer: Array, cap: Array) -> Array:
        return back(np.concatenate([cap, upright(layer)]))

    box = _turned_box(depth.faces[face - 1], edge, depth.size_hw)
    own_n = upright(_own(depth, face))[0].copy()
    own_n[: max(0, round(box[0]))] = own_n[max(0, round(box[1])) :] = False
    columns = np.flatnonzero(own_n)
    middle, half = (columns[0] + columns[-1]) / 2, (columns[-1] - columns[0] + 1) / 2
    offset = np.arange(len(own_n)) - middle
    space = max(2, round(SPACE * (depth.faces[face - 1].box_xyxy[3] - depth.faces[face - 1].box_xyxy[1])))
    heights = (np.arange(missing + space, 0, -1) - 0.5) / missing  # of the new rows over the edge
    scale = np.sqrt(np.clip(1 - heights**2, 1e-6, 1))[:, None]
    inside = np.clip(half * scale - np.abs(offset) + 0.5, 0, 1) * (heights < 1)[:, None]
    source = np.clip(np.round(middle + offset / scale), columns[0], columns[-1]).astype(int)
    cap_hw = inside > 0.5

    front_n = upright(depth.values_hw)[0]
    if depth.back_hw is None:
        is_far = np.max if depth.representation is DepthRepresentation.METRIC else np.min
        axis = np.float32(is_far(front_n[columns]))
    else:
        axis = np.mean([front_n[columns], upright(depth.back_hw)[0][columns]])

    def dome(layer: Array) -> Array:
        return (axis + scale * (upright(layer)[0][source] - axis)).astype(np.float32)

    def stated(layer: Array | None) -> Array | None:
        if layer is None:
            return None
        return grown(layer, np.full(cap_hw.shape, layer[depth.mask_hw].max(), np.float32))

    moved = tuple(
        _moved(found, edge, missing + space, missing if number == face else 0)
        for number, found in enumerate(depth.faces, 1)
    )
    mark_hw = cap_hw.astype(np.uint8)
    person_hw, alpha_hw = depth.person_hw, photo.alpha_hw
    return (
        replace(
            depth,
            values_hw=grown(depth.values_hw, dome(depth.values_hw)),
            back_hw=None if depth.back_hw is None else grown(depth.back_hw, dome(depth.back_hw)),
            mask_hw=grown(depth.mask_hw, cap_hw),
            matte_hw=None if depth.matte_hw is None else grown(depth.matte_hw, inside.astype(np.float32)),
            uncertainty_hw=stated(depth.uncertainty_hw),
            thickness_uncertainty_hw=stated(depth.thickness_uncertainty_hw),
            person_hw=None if person_hw is None else grown(person_hw, mark_hw * np.uint8(face)),
            faces=moved,
        ),
        replace(
            photo,
            rgb_hwc=grown(photo.rgb_hwc, np.repeat(upright(photo.rgb_hwc)[:1], missing + space, axis=0)),
            alpha_hw=None if alpha_hw is None else grown(alpha_hw, mark_hw * np.uint8(255)),
            frame_xywh=None,
        ),
        grown(added_hw, cap_hw),
    )


def _turned_box(face: Face, edge: str, size_hw: tuple[int, int]) -> tuple[float, float]:
    """First and last column of a head's box where `edge` is at the top."""
    left, top, right, bottom = face.box_xyxy
    height = size_hw[0]
    return {"top": (left, right), "left": (height - bottom, height - top), "right": (top, bottom)}[edge]


def _moved(face: Face, edge: str, rows: int, added: int) -> Face:
    """The face in a picture with so many rows or columns more at an edge, its box wider by those added."""
    across, down = rows * (edge == "left"), rows * (edge == "top")
    left, top, right, bottom = np.add(face.box_xyxy, (across, down) * 2).tolist()
    box_xyxy = (
        left - added * (edge == "left"),
        top - added * (edge == "top"),
        right + added * (edge == "right"),
        bottom,
    )
    skin = face.skin
    if skin is not None:
        left, top, right, bottom = np.add(skin.box_xyxy, (across, down) * 2).tolist()
        skin = replace(skin, box_xyxy=(left, top, right, bottom))
    if face.eyes_xy is None:
        return replace(face, box_xyxy=box_xyxy, skin=skin)
    (x, y), (u, v) = face.eyes_xy
    eyes_xy = (x + across, y + down), (u + across, v + down)
    return replace(face, box_xyxy=box_xyxy, eyes_xy=eyes_xy, skin=skin)


def _in_widths(depth: DepthMap, width: int) -> DepthMap:
    """Lengths in widths of the grown picture, which have been in those of one `width` pixels wide."""
    scale = np.float32(width / depth.size_hw[1])
    names = "values_hw", "back_hw", "uncertainty_hw", "thickness_uncertainty_hw"
    layers = {name: getattr(depth, name) for name in names}
    return replace(depth, **{name: layer * scale for name, layer in layers.items() if layer is not None})
