"""Relief of a real photograph beside that of MediaPipe Face Mesh, which has another environment.

    python -m benchmarks.face_mesh --crops crops.npz
    python -m venv ../mediapipe && ../mediapipe/bin/pip install mediapipe==0.10.21
    ../mediapipe/bin/python benchmarks/face_mesh_landmarks.py crops.npz landmarks.npz
    python -m benchmarks.face_mesh --crops crops.npz --landmarks landmarks.npz [--weights FILE ...]

The photograph is `skimage.data.astronaut()` (NASA, public domain), changed in nine ways. The correlation is
that of relief and of Face Mesh's z over its 468 landmarks. Face Mesh is a template's face: agreement with it
says that a face has the shape of one, not that it is this person's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import map_coordinates
from skimage.data import astronaut

from face3d.structures import Array, Photo

HEAD = slice(0, 360), slice(60, 380)
"""Head and shoulders in the photograph."""
NOSE = (222, 140)


def crops() -> dict[str, Array]:
    """The photograph by what was done to it, (h, w, 3) uint8."""
    whole = astronaut()
    head = whole[HEAD]
    turned = {
        f"turned by {degrees}°": cv2.warpAffine(
            whole, cv2.getRotationMatrix2D(NOSE, degrees, 1), (512, 512), borderMode=cv2.BORDER_REFLECT
        )[HEAD]
        for degrees in (-20, 15)
    }
    grey = np.repeat(head.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
    changed = {
        "head and shoulders": head,
        "tight": whole[20:230, 120:330],
        "whole": whole,
        "grey": grey,
        "dark": (0.45 * head).astype(np.uint8),
        "mirrored": head[:, ::-1],
        "120 px": cv2.resize(head, (120, 135), interpolation=cv2.INTER_AREA),
    }
    return {name: np.ascontiguousarray(rgb_hwc) for name, rgb_hwc in (changed | turned).items()}


def correlation(relief_hw: Array, landmarks_n3: Array) -> float:
    """Of relief and landmarks' z, which grows towards the camera; x and y are pixels of the relief."""
    x, y, z = landmarks_n3.T
    relief_n = map_coordinates(relief_hw.astype(np.float64), [y - 0.5, x - 0.5], order=1, mode="nearest")
    return float(np.corrcoef(relief_n, z)[0, 1])


def main() -> None:
    """Writes the crops, or prints the table."""
    parser = argparse.ArgumentParser(description="Relief of a photograph beside MediaPipe Face Mesh.")
    parser.add_argument(
        "--crops", type=Path, required=True, help="file of the crops; written without --landmarks"
    )
    parser.add_argument("--landmarks", type=Path, help="what face_mesh_landmarks.py wrote")
    parser.add_argument("--weights", type=Path, nargs="+", default=[Path("assets/face_depth.safetensors")])
    options = parser.parse_args()
    if options.landmarks is None:
        np.savez(options.crops, **crops())  # type: ignore[arg-type]
        return
    from face3d.depth.face.estimator import FaceEstimator
    from face3d.depth.face.network import load_face_network

    pictures, landmarks = np.load(options.crops), np.load(options.landmarks)
    networks = {path.stem: FaceEstimator(load_face_network(path)) for path in options.weights}
    print(f"| | {' | '.join(networks)} |\n|---|{'--:|' * len(networks)}")
    columns = []
    for name in landmarks.files:
        photo = Photo(pictures[name], None, None, name)
        found = [
            correlation(network.predict(photo).values_hw, landmarks[name]) for network in networks.values()
        ]
        columns.append(found)
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in found)} |")
    print(f"| mean | {' | '.join(f'{value:.3f}' for value in np.mean(columns, axis=0))} |")


if __name__ == "__main__":
    main()
