"""Whether busts of held-out heads can be printed, in a table.

    python -m training.evaluation.printable --face-model PATH [--people-model PATH --rooms PATH]
        [--weights assets/face_depth.safetensors] [--heads 100]

As the application makes them, from the photos alone. Of all heads in which a face is found: the share on
which the head model was fitted; and of those busts the share that is closed, that is sound (closed, one
piece, no triangle through another), that stands, and whose thinnest wall is below 1 mm at the size of life.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from face3d.depth.face.estimator import FaceEstimator
from face3d.depth.face.network import load_face_network
from face3d.geometry.report import MeshReport
from face3d.structures import Photo
from generate_3d_model import generate_model
from training.evaluation.head_fit import HeldOutHead, first_kind, held_out_heads, of_people
from training.evaluation.metrics import print_table

HEADS = 100
THIN_MM = 1.0


def row_of(reports: list[MeshReport]) -> dict[str, float]:
    """The figures of the busts of one kind of scene."""
    with_head = [report for report in reports if report.head is not None]

    def share(of: Callable[[MeshReport], bool]) -> float:
        return float(np.mean([of(report) for report in with_head])) if with_head else float("nan")

    return {
        "heads": float(len(reports)),
        "fitted": len(with_head) / max(len(reports), 1),
        "closed": share(lambda report: report.watertight),
        "sound": share(lambda report: report.sound),
        "stands": share(lambda report: bool(report.stands)),
        "wall below 1 mm": share(lambda report: (report.smallest_wall_mm or np.inf) < THIN_MM),
    }


def bust_of(head: HeldOutHead, estimator: FaceEstimator) -> MeshReport | None:
    """The report of the bust; None where no face is found."""
    photo = Photo(np.ascontiguousarray(head.sample.rgb_hwc), None, None, "")
    depth = estimator.predict(photo)
    return generate_model(depth, photo, "bust").report if depth.faces else None


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Whether busts of held-out heads can be printed.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--people-model", type=Path)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("assets/face_depth.safetensors"))
    parser.add_argument("--heads", type=int, default=HEADS, help="of each kind")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    estimator = FaceEstimator(load_face_network(options.weights))
    draws = {"first kind": first_kind(options.face_model)}
    if options.people_model:
        draws["people"] = of_people(options.face_model, options.people_model, options.rooms)
    rows = {}
    for kind, draw in draws.items():
        reports = [bust_of(head, estimator) for head in held_out_heads(draw, options.heads)]
        rows[kind] = row_of([report for report in reports if report is not None])
    print_table(rows)


if __name__ == "__main__":
    main()
