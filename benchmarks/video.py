"""How much depth flickers in a film: frame by frame, and as `convert.py` makes it steady.

    python -m benchmarks.video [--frames 24] [--side 640]

Two of the bundled portraits stand in one picture before a wall. The one on the left stands still; the one on
the right moves to and fro, up and down and nearer, by a known transform. Each frame gets noise of its own,
and all pass through a file in VP9, as a camera's would. The network sees each frame alone.

Flicker is the mean absolute difference of a place's depth from one frame to the next, in percent of the
depth's spread over the picture (between its hundredths 5 and 95): of the head that stands still, pixel by
pixel; of the head that moves, between the places that show the same point. Frame by frame means the network's
own values, as they are, and after the mean shift of all that stands still was taken off (aligned).
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import depth_estimation
from face3d.bundled import sample_portraits
from face3d.photo import read_photo
from face3d.structures import Array, DepthMap
from face3d.video.frames import open_film
from face3d.video.steady import Steady

NOISE = 2.0
"""Standard deviation, grey levels of 255."""
WENT, GREW = 0.05, 0.06
"""Of the head that moves: how far to each side, shares of the picture's height, and by how much it grows."""
TURNED_DEGREES = 4.0
PERIOD = 20
"""Frames from one side and back."""


@dataclass(frozen=True, eq=False)
class Scene:
    """frames: (h, w, 3) uint8, RGB, without noise. still_hw, moving_hw: bool, both heads in the first frame.
    to_frame: for each frame the (2, 3) matrix that takes places of the moving head in the first one there.
    """

    frames: list[Array]
    still_hw: Array
    moving_hw: Array
    to_frame: list[Array]


def scene(count: int, side: int) -> Scene:
    """The two portraits, cut out by the bundled network, `side` pixels high and twice as wide."""
    network = depth_estimation.load_network()
    people = []
    for path in sample_portraits()[:2]:
        photo = read_photo(path.read_bytes(), path.name)
        depth = depth_estimation.predict(network, photo)
        size_wh = round(side * photo.size_hw[1] / photo.size_hw[0]), side
        matte_hw = depth.mask_hw.astype(np.float32) if depth.matte_hw is None else depth.matte_hw
        scale = side / photo.size_hw[0]
        box = [edge * scale for edge in depth.faces[0].box_xyxy]
        people.append(
            (
                cv2.resize(photo.rgb_hwc, size_wh, interpolation=cv2.INTER_AREA),
                cv2.resize(np.array(matte_hw), size_wh, interpolation=cv2.INTER_AREA),
                box,
            )
        )
    wall = cv2.GaussianBlur(np.random.default_rng(0).normal(140, 60, (side, 2 * side, 3)), (0, 0), 6)
    wall = np.clip(wall, 60, 220)
    frames, matrices, heads = [], [], []
    for frame in range(count):
        picture = wall.copy()
        angle = 2 * np.pi * frame / PERIOD
        for person, (rgb_hwc, matte_hw, box) in enumerate(people):
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            grown = 1 + person * GREW * np.sin(angle / 2) ** 2
            turn = cv2.getRotationMatrix2D(middle, person * TURNED_DEGREES * np.sin(angle), grown)
            turn[0, 2] += (0.5 + person) * side - middle[0] + person * side * WENT * np.sin(angle)
            turn[1, 2] += person * side * WENT * np.sin(2 * angle) / 2
            alpha = cv2.warpAffine(matte_hw, turn, (2 * side, side), flags=cv2.INTER_LINEAR)[..., None]
            colours = cv2.warpAffine(
                rgb_hwc.astype(np.float32),
                turn,
                (2 * side, side),
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            )
            picture += alpha * (np.clip(colours, 0, 255) - picture)
            if person:
                matrices.append(turn)
            if frame == 0:
                rows, columns = np.mgrid[:side, : 2 * side]
                left, right = box[0] + turn[0, 2], box[2] + turn[0, 2]
                inside = (columns > left) & (columns < right) & (rows > box[1]) & (rows < box[3])
                solid = cv2.erode((alpha[..., 0] > 0.99).astype(np.uint8), np.ones((9, 9), np.uint8))
                heads.append(inside & solid.astype(bool))
        frames.append(np.round(picture).astype(np.uint8))
    first = cv2.invertAffineTransform(matrices[0])
    to_frame = [_chained(matrix, first) for matrix in matrices]
    return Scene(frames, heads[0], heads[1], to_frame)


def _chained(after: Array, before: Array) -> Array:
    whole = np.vstack([after, [0, 0, 1]]) @ np.vstack([before, [0, 0, 1]])
    return np.asarray(whole[:2])


def film_of(scene: Scene, path: Path) -> None:
    """The frames with noise, as VP9."""
    rng = np.random.default_rng(1)
    height, width = scene.frames[0].shape[:2]
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), 25, (width, height))
    for rgb_hwc in scene.frames:
        noisy = np.clip(rgb_hwc + rng.normal(0, NOISE, rgb_hwc.shape), 0, 255).astype(np.uint8)
        film.write(cv2.cvtColor(noisy, cv2.COLOR_RGB2BGR))
    film.release()


def flicker(maps: list[DepthMap], scene: Scene, shifts: Array | None = None) -> tuple[float, float]:
    """Of the head that stands still and of the one that moves, percent. shifts: taken off each frame."""
    spread = float(np.ptp(np.percentile(maps[0].values_hw[maps[0].mask_hw], (5, 95))))
    values = [np.nan_to_num(depth.values_hw) for depth in maps]
    if shifts is not None:
        values = [layer - np.float32(shift) for layer, shift in zip(values, shifts, strict=True)]
    size_wh = values[0].shape[::-1]
    still, moving = [], []
    back = [
        cv2.warpAffine(layer, matrix, size_wh, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        for layer, matrix in zip(values, scene.to_frame, strict=True)
    ]
    for frame in range(1, len(values)):
        still.append(np.abs(values[frame] - values[frame - 1])[scene.still_hw].mean())
        moving.append(np.abs(back[frame] - back[frame - 1])[scene.moving_hw].mean())
    return 100 * float(np.mean(still)) / spread, 100 * float(np.mean(moving)) / spread


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description="Flicker of depth films.")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--side", type=int, default=640, help="height of the film, pixels")
    options = parser.parse_args()
    made = scene(options.frames, options.side)
    network, steady, untracked = depth_estimation.load_network(), Steady(), Steady()
    own, shown, without = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "talk.mp4")
        film_of(made, path)
        for frame in open_film(path).frames():
            own.append(depth_estimation.predict(network, frame.photo))
            shown.append(steady.add(frame.photo, own[-1]).depth)
            without.append(untracked.add(frame.photo, replace(own[-1], faces=())).depth)
    shifts = np.array([np.median((depth.values_hw - own[0].values_hw)[made.still_hw]) for depth in own])
    rows = {
        "frame by frame": flicker(own, made),
        "frame by frame, aligned": flicker(own, made, shifts),
        "film, heads not tracked": flicker(without, made),
        "film": flicker(shown, made),
    }
    print("| flicker, % of the spread | head that stands still | head that moves |\n|---|--:|--:|")
    for name, (still, moving) in rows.items():
        print(f"| {name} | {still:.3f} | {moving:.3f} |")
    still, moving = np.divide(rows["film"], rows["frame by frame"])
    print(f"| film : frame by frame | {still:.2f} | {moving:.2f} |")


if __name__ == "__main__":
    main()
