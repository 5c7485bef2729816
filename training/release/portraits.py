"""The sample portraits of the page: synthetic people in a calm light.

    python -m training.release.portraits --face-model PATH --out assets/samples

They are no photographs: each person is drawn by training.scenes.scene from a seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from face3d.structures import Array
from training.rendering.backdrop import cloud
from training.rendering.camera import SceneCamera
from training.rendering.lighting import photograph
from training.rendering.shading import DirectionalLight, Lighting
from training.scenes.face_model import FaceModel, Regions, find_regions, load_face_model
from training.scenes.primitives import HAIR, LABEL_NOTHING, euler, only
from training.scenes.scene import details, random_person

SIDE = 768
SMOOTHING = 2
SEEDS = 138, 101, 124
"""Of each person."""


def portrait(model: FaceModel, regions: Regions, seed: int) -> Array:
    """(SIDE, SIDE, 3) uint8: the person of a seed facing the camera, without loose strands, in studio
    light.
    """
    rng = np.random.default_rng(seed)
    mesh = random_person(model, regions, rng).mesh
    mesh = only(mesh, (mesh.material_m != HAIR) | (mesh.label_m != LABEL_NOTHING))
    camera = SceneCamera(euler(0, 2, 0), 130.0, 38.0, (0.5, 0.53), 0.0)
    placed, fine = camera.place(mesh.vertices_v3), SIDE * SMOOTHING
    screen = camera.project(placed, fine)
    colour, index = photograph(
        mesh, placed, screen, details(rng), camera.distance, _studio(), fine, int(rng.integers(1 << 20))
    )
    colour, coverage = (
        cv2.resize(a, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for a in (colour, (index >= 0).astype(np.float32))
    )
    wall = np.array([0.2, 0.22, 0.24]) * (0.75 + 0.5 * cloud(SIDE, rng, 1))[..., None]
    linear = colour + wall * (1 - coverage[..., None])
    linear = linear + rng.normal(size=linear.shape) * 0.002
    return np.round(np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def _studio() -> Lighting:
    """Ambient light, a warm key light and a cool rim light."""
    key, rim = np.array([-0.55, 0.5, 0.67]), np.array([0.8, 0.35, -0.3])
    key, rim = key / np.linalg.norm(key), rim / np.linalg.norm(rim)
    slope = np.array([[0.1, 0.1, 0.12], [0.25, 0.25, 0.28], [0.15, 0.15, 0.15]])
    lights = (
        DirectionalLight(key, np.array([0.85, 0.8, 0.74]), 0.15, 24, 0.06, 1.0),
        DirectionalLight(rim, np.array([0.35, 0.38, 0.42]), 0.1, 20, 0.06, 1.0),
    )
    return Lighting(np.array([0.42, 0.43, 0.46]), slope, lights)


def main() -> None:
    """Writes portrait_1.jpg, portrait_2.jpg, ..."""
    parser = argparse.ArgumentParser(description="Render the sample portraits.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = load_face_model(options.face_model)
    regions = find_regions(model)
    options.out.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS, 1):
        Image.fromarray(portrait(model, regions, seed)).save(
            options.out / f"portrait_{number}.jpg", quality=92
        )


if __name__ == "__main__":
    main()
