"""Metrics of a prediction for one rendered head, and their means over many.

- Head width: columns of the head mask, hair included, shoulders not.
- Relief errors: over head pixels, less the mean difference (shift) or after a least-squares scale and shift.
- Normals: from relief in pixels after a Gaussian of 1 px, over the head mask eroded by 7 x 7.
- Boundary: mean distance between the outlines of the two mattes, both ways.
- Holes: number of regions of the person that the matte leaves out and encloses, see HOLE. Background kept:
  share of the background that the matte takes for a person.
- Distance: of two people, the error of the difference of their heads' mean reliefs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from face3d.structures import Array
from training.scenes.primitives import LABEL_HEAD, LABEL_NARROW_FACE

Eyes = tuple[tuple[float, float], tuple[float, float]]


HOLE = 0.05
"""Side of the smallest hole that counts, as a square, in head widths."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The output of a method for a square photo.

    relief_hw, thickness_hw and their expected errors (None where not stated): image widths. matte_hw: 0..1.
    eyes: pixels, or None.
    """

    relief_hw: Array
    thickness_hw: Array
    matte_hw: Array
    uncertainty_hw: Array | None = None
    eyes: Eyes | None = None
    thickness_uncertainty_hw: Array | None = None


Method = Callable[[Any], Prediction]
"""From a record (`training.dataset.record_dtype`) to a prediction."""


def head_metrics(record: Any, prediction: Prediction) -> dict[str, float]:
    """Metrics of one head, see above. NaN where something is not in view or not stated."""
    person, head = record["matte"] > 127, record["label"] >= LABEL_HEAD
    face = record["label"] == LABEL_NARROW_FACE
    relief, thickness = record["relief"].astype(np.float64), record["thickness"].astype(np.float64)
    predicted = prediction.matte_hw > 0.5
    percent = 100 * len(head) / head.any(0).sum()
    error = prediction.relief_hw - relief
    design = np.stack([prediction.relief_hw[head], np.ones(head.sum())], 1)
    fitted = design @ np.linalg.lstsq(design, relief[head], rcond=None)[0]
    angles = normal_angles(prediction.relief_hw, relief, person)
    core = cv2.erode(head.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return {
        "matte IoU": float((person & predicted).sum() / (person | predicted).sum()),
        "boundary %": _boundary_distance(person, predicted) / len(head) * percent,
        "holes": float(_holes(person, predicted, HOLE * head.any(0).sum())),
        "background kept %": float(100 * predicted[~person].mean()) if not person.all() else np.nan,
        "relief %": float(error[head].std() * percent),
        "relief fitted %": float((fitted - relief[head]).std() * percent),
        "face relief %": float(error[face].std() * percent) if face.sum() > 16 else np.nan,
        "normals mean": float(angles[core].mean()) if core.any() else np.nan,
        "normals median": float(np.median(angles[core])) if core.any() else np.nan,
        "face normals": float(angles[core & face].mean()) if (core & face).sum() > 16 else np.nan,
        "face normals median": float(np.median(angles[core & face])) if (core & face).sum() > 16 else np.nan,
        "thickness %": float(np.abs(prediction.thickness_hw - thickness)[head].mean() * percent),
        "within stated": float((stated_ratio(record, prediction) <= 1).mean())
        if prediction.uncertainty_hw is not None
        else np.nan,
        "eye distance %": _eye_distance_error(record["eyes"], prediction.eyes),
        "distance %": _distance_error(record["heads"], head, error) * percent,
    }


STATED = tuple(
    f"{quantity}, {region}"
    for quantity in ("relief", "thickness")
    for region in ("narrow face", "rest of the head")
)
"""Quantities and regions whose errors and stated errors are compared, see `region_metrics`."""
REGION_METRICS = "error %", "stated %", "within"
REGION_COLUMNS = tuple(f"{stated}: {name}" for stated in STATED for name in REGION_METRICS)


def region_metrics(record: Any, prediction: Prediction) -> dict[str, float]:
    """Errors and stated errors of relief and thickness, over the narrow face and over the rest of the head.

    Means are percent of the head's width; "within" is the share of pixels within the stated error. NaN where
    there is no such region or no stated error.
    """
    head, face = record["label"] >= LABEL_HEAD, record["label"] == LABEL_NARROW_FACE
    percent = 100 * len(head) / head.any(0).sum()
    values: list[float] = []
    for error_hw, stated_hw in (
        (relief_error(record, prediction), prediction.uncertainty_hw),
        (thickness_error(record, prediction), prediction.thickness_uncertainty_hw),
    ):
        for region in (face, head & ~face):
            if stated_hw is None or region.sum() <= 16:
                values += [np.nan] * len(REGION_METRICS)
            else:
                error, stated = error_hw[region], stated_hw[region]
                values += [
                    float(error.mean() * percent),
                    float(stated.mean() * percent),
                    float((error <= stated).mean()),
                ]
    return dict(zip(REGION_COLUMNS, values, strict=True))


def relief_error(record: Any, prediction: Prediction) -> Array:
    """Absolute error of relief, less its mean error over the head: (s, s) float, image widths."""
    error = prediction.relief_hw - record["relief"]
    return np.asarray(np.abs(error - error[record["label"] >= LABEL_HEAD].mean()))


def thickness_error(record: Any, prediction: Prediction) -> Array:
    """Absolute error of thickness: (s, s) float, image widths."""
    return np.asarray(np.abs(prediction.thickness_hw - record["thickness"]))


def stated_ratio(record: Any, prediction: Prediction) -> Array:
    """Relief error after the shift over the stated error, for each head pixel: (n,) float."""
    assert prediction.uncertainty_hw is not None
    return np.asarray(
        (relief_error(record, prediction) / prediction.uncertainty_hw)[record["label"] >= LABEL_HEAD]
    )


def thickness_ratio(record: Any, prediction: Prediction) -> Array:
    """Thickness error over the stated one, for each head pixel: (n,) float."""
    assert prediction.thickness_uncertainty_hw is not None
    return np.asarray(
        (thickness_error(record, prediction) / prediction.thickness_uncertainty_hw)[
            record["label"] >= LABEL_HEAD
        ]
    )


def normal_angles(relief_hw: Array, truth_hw: Array, person_hw: Array) -> Array:
    """Angle between the normals of two reliefs, degrees."""
    weight = cv2.GaussianBlur(person_hw.astype(np.float64), (0, 0), 1) + 1e-9
    normals = []
    for relief in (relief_hw, truth_hw):
        smooth = cv2.GaussianBlur(np.where(person_hw, relief, 0) * len(relief_hw), (0, 0), 1) / weight
        down, across = np.gradient(smooth)
        normal = np.stack([-across, down, np.ones_like(across)], -1)
        normals.append(normal / np.linalg.norm(normal, axis=-1, keepdims=True))
    return np.degrees(np.arccos(np.clip((normals[0] * normals[1]).sum(-1), -1, 1)))


def _holes(person_hw: Array, predicted_hw: Array, smallest_side: float) -> int:
    """Regions outside the predicted matte that do not reach the picture's edge and are mostly person."""
    count, labels = cv2.connectedComponents((~predicted_hw).astype(np.uint8), connectivity=4)
    open_ = {int(label) for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]) for label in edge}
    area = np.bincount(labels.ravel(), minlength=count)
    person = np.bincount(labels.ravel(), person_hw.ravel(), minlength=count)
    return sum(
        area[label] >= smallest_side**2 and person[label] > area[label] / 2
        for label in range(1, count)
        if label not in open_
    )


def _distance_error(heads_k3: Array, head_hw: Array, error_hw: Array) -> float:
    """Error of the distance along the optical axis between the first two heads in view, in picture widths;
    NaN where fewer than two are in view. Of each head the middle half counts, where two seldom overlap.
    """
    rows, columns = np.indices(head_hw.shape) + 0.5
    found = []
    for x, y, width in heads_k3:
        middle = head_hw & (np.hypot(columns - x, rows - y) < width / 4)
        if width > 0 and middle.sum() > 16:
            found.append(float(error_hw[middle].mean()))
    return abs(found[0] - found[1]) if len(found) > 1 else float("nan")


def _boundary_distance(one_hw: Array, other_hw: Array) -> float:
    """Mean distance in pixels between the outlines of two masks, both ways; NaN where a mask has none."""
    outlines = [
        mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) == 0)
        for mask in (one_hw, other_hw)
    ]
    if not all(outline.any() for outline in outlines):
        return float("nan")
    one, other = (
        distance_transform_edt(~outline)[opposite].mean()
        for outline, opposite in zip(outlines, outlines[::-1], strict=True)
    )
    return float((one + other) / 2)


def _eye_distance_error(eyes_k3: Array, eyes: Eyes | None) -> float:
    """Percent of the true distance of the first person's eyes; NaN where an eye is hidden or missing."""
    if not eyes_k3[:2, 2].all() or eyes is None:
        return float("nan")
    true = float(np.linalg.norm(eyes_k3[1, :2] - eyes_k3[0, :2]))
    return float(100 * abs(np.linalg.norm(np.subtract(*eyes)) - true) / max(true, 1e-9))


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each metric over the heads that have it; NaN where none has."""
    return {key: _mean([row[key] for row in rows]) for key in rows[0]}


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def print_table(rows: dict[str, dict[str, float]], marks: dict[str, set[str]] | None = None) -> None:
    """Prints Markdown. marks: by row, the names of the columns whose value gets an asterisk."""
    names = list(next(iter(rows.values())))
    print("| | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for name, row in rows.items():
        marked = (marks or {}).get(name, set())
        cells = (_cell(row[key]) + " *" * (key in marked) for key in names)
        print(f"| {name} | " + " | ".join(cells) + " |")


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}" if value < 1 else f"{value:.2f}"
