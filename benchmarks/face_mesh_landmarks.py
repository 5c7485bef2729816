"""Landmarks by MediaPipe Face Mesh, in an environment of its own; see benchmarks/face_mesh.py.

python benchmarks/face_mesh_landmarks.py crops.npz landmarks.npz
"""

from __future__ import annotations

import sys

import mediapipe  # type: ignore[import-not-found]
import numpy as np


def main() -> None:
    """Per crop with a face (468, 3) float64: x and y in pixels, z in pixels towards the camera."""
    mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1)
    pictures, found = np.load(sys.argv[1]), {}
    for name in pictures.files:
        faces = mesh.process(pictures[name]).multi_face_landmarks
        if faces:
            height, width = pictures[name].shape[:2]
            found[name] = np.array([[p.x * width, p.y * height, -p.z * width] for p in faces[0].landmark])
    np.savez(sys.argv[2], **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
