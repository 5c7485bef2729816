"""A sheet of busts from eight sides: with a whole head, and beneath each the two-sided bust.

    python -m training.release.heads_sheet --face-model PATH --people-model PATH --rooms data/rooms.npz
        --out docs/pictures/heads.jpg

Rows: the sample photographs, then scenes of people with one large face (seeds from FIRST_SEED on, in no
training set). It uses the network that ships. A row without a picture beneath tells that no head was fitted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import depth_estimation
import generate_3d_model
from face3d import bundled
from face3d.export.views import View, render
from face3d.photo import read_photo
from face3d.structures import Array, Photo
from training.people.model import load_people
from training.rendering.portrait import render_portrait
from training.rendering.rooms import load_rooms
from training.scenes.primitives import LABEL_NARROW_FACE

FIRST_SEED = 31_000_000
YAWS = range(0, 360, 45)
TILE = 132
SIDE = 512
LEAST_FACE = 0.03
"""Share of the picture that the narrow face of a scene must cover."""
QUALITY = 88


def photos(options: argparse.Namespace) -> Iterator[Photo]:
    """The samples, then as many scenes as are asked for."""
    for path in sorted((bundled.FOLDER / "samples").glob("*.jpg")):
        yield read_photo(path.read_bytes(), path.name)
    model = load_people(options.face_model, options.people_model)
    rooms = load_rooms(options.rooms) if options.rooms else []
    left = options.scenes
    for seed in count(FIRST_SEED):
        if not left:
            return
        sample = render_portrait(model, rooms, seed, SIDE)
        if (sample.label_hw == LABEL_NARROW_FACE).mean() > LEAST_FACE and "two people" not in sample.has:
            left -= 1
            yield Photo(np.ascontiguousarray(sample.rgb_hwc), None, None, "0" * 64)


def rows(photo: Photo, network: depth_estimation.DepthEstimator) -> list[Array]:
    """The photo with the bust from eight sides, and the two-sided bust where that is another."""
    depth = depth_estimation.predict(network, photo)
    found: list[Array] = []
    for kind in ("bust", "two-sided"):
        model = generate_3d_model.generate_model(depth, photo, kind)
        if kind == "two-sided" or model.report.head is not None:
            views = [render(model.mesh, View(size_px=TILE, yaw_degrees=yaw)) for yaw in YAWS]
            first = cv2.resize(photo.rgb_hwc, (TILE, TILE), interpolation=cv2.INTER_AREA)
            found.append(np.hstack([first if not found else np.full_like(first, 255), *views]))
    return found


def main() -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(description="Make a sheet of busts from eight sides.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--people-model", type=Path, required=True)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = depth_estimation.load_network("face")
    sheet = np.vstack([row for photo in photos(options) for row in rows(photo, network)])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(options.out, quality=QUALITY)
    print(f"{options.out}: {sheet.shape[1]} x {sheet.shape[0]}")


if __name__ == "__main__":
    main()
