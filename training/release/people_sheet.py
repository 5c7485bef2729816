"""A contact sheet of scenes of people.

    python -m training.release.people_sheet --face-model PATH --people-model PATH --rooms data/rooms.npz
        --out docs/pictures/people.png

Seeds from FIRST_SEED on are in neither the training sets nor the held-out sets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from face3d.structures import Array
from training.people.model import load_people
from training.release.contact_sheets import tile_grid
from training.rendering.portrait import render_portrait
from training.rendering.rooms import load_rooms
from training.rendering.sample import Sample

FIRST_SEED = 30_000_000
TILE = 112


def with_maps(sample: Sample) -> Array:
    """Photo, relief over its own range, matte, thickness and canonical coordinates side by side."""
    inside = sample.label_hw > 0
    low, high = np.quantile(sample.relief_hw[inside], [0.02, 0.99]) if inside.any() else (0.0, 1.0)
    relief = np.where(inside, 40 + 215 * np.clip((sample.relief_hw - low) / max(high - low, 1e-6), 0, 1), 0)
    canonical = np.nan_to_num(np.clip(sample.canonical_hwc + 0.5, 0, 1)) * 255
    grey = [relief, sample.matte_hw, 255 * np.clip(sample.thickness_hw, 0, 1)]
    tiles = [sample.rgb_hwc, *(np.repeat(level[..., None], 3, -1) for level in grey), canonical]
    return np.hstack([tile.astype(np.uint8) for tile in tiles])


def main() -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(description="Make a contact sheet of scenes of people.")
    parser.add_argument("--face-model", type=Path, required=True)
    parser.add_argument("--people-model", type=Path, required=True)
    parser.add_argument("--rooms", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--side", type=int, default=192, help="of the scenes, pixels")
    parser.add_argument("--tile", type=int, default=TILE, help="of the scenes in the sheet, pixels")
    parser.add_argument("--maps", action="store_true", help="the ground truth beside each photo")
    options = parser.parse_args()
    model = load_people(options.face_model, options.people_model)
    rooms = load_rooms(options.rooms) if options.rooms else []
    tiles = []
    for seed in range(options.first_seed, options.first_seed + options.count):
        sample = render_portrait(model, rooms, seed, options.side)
        tile = with_maps(sample) if options.maps else sample.rgb_hwc
        size = (options.tile * tile.shape[1] // options.side, options.tile)
        tiles.append(cv2.resize(tile, size, interpolation=cv2.INTER_AREA))
    sheet = np.ascontiguousarray(tile_grid(tiles, options.columns)[..., ::-1])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(options.out), sheet):
        raise OSError(f"{options.out} could not be written.")
    print(f"{options.count} scenes in {options.out}")


if __name__ == "__main__":
    main()
