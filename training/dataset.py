"""Rendered sets on disk.

    python -m training.dataset --face-model PATH --out data/train --count 32000
    python -m training.dataset --face-model PATH --out data/held_out --count 256 --first-seed 10000000
    python -m training.dataset --face-model PATH --people-model PATH --rooms PATH --out data/people
        --count 4000 --first-seed 40000000
    python -m training.dataset --nobody --out data/people --count 400 --first-seed 60000000

With --people-model the scenes are those of people (`training.people`), without it those of the first kind,
with --nobody those of `training.scenes.nobody`. Sets of several kinds may lie in one folder.

A set is a folder of shards. A shard is one .npy file of records, written under a temporary name first. An
interrupted call continues when it is repeated.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.people.model import PeopleModel, load_people
from training.rendering import lighting, phone, sensor, surroundings
from training.rendering.portrait import render_portrait
from training.rendering.rooms import Panorama, load_rooms
from training.rendering.sample import LANDMARKS, MOST_EYES, Sample, render, render_nobody
from training.rendering.truth import MOST_PEOPLE
from training.scenes import scene
from training.scenes.face_model import FaceModel, Regions, find_regions, load_face_model

HELD_OUT_FIRST_SEED = 10_000_000
SHARD = 500

MAPS = (
    "relief",
    "thickness",
    "matte",
    "head",
    "narrow face",
    "canonical x",
    "canonical y",
    "canonical z",
    "skin",
)
"""Truth per pixel, in the order of the channels; canonical coordinates are zero off the skin of a head."""
HAIR_STYLES = (
    "afro01",
    "bob01",
    "bob02",
    "braid01",
    "long01",
    "ponytail01",
    "short01",
    "short02",
    "short03",
    "short04",
)
GROUPS = (
    "nobody",
    *sorted({**scene.CHANCE, **scene.SCENE_CHANCE, **lighting.CHANCE}),
    *scene.LATER_CHANCE,
    *sensor.CHANCE,
    "MakeHuman",
    "hair cards",
    *HAIR_STYLES,
    "room",
    *surroundings.CHANCE,
    *phone.CHANCE,
)
"""Names of earlier sets keep their bits: new ones are added at the end."""


def record_dtype(side: int) -> np.dtype[Any]:
    """One `Sample` as a record, lengths in float16; one bit of `has` per name in GROUPS."""
    square = (side, side)
    return np.dtype(
        [
            ("rgb", "u1", (*square, 3)),
            ("relief", "f2", square),
            ("thickness", "f2", square),
            ("normal", "i1", (*square, 3)),
            ("matte", "u1", square),
            ("label", "u1", square),
            ("canonical", "f2", (*square, 3)),
            ("heads", "f4", (MOST_PEOPLE, 3)),
            ("eyes", "f4", (MOST_EYES, 3)),
            ("landmarks", "f4", (LANDMARKS, 3)),
            ("yaw", "f4"),
            ("tone", "f4"),
            ("has", "u8"),
        ]
    )


@cache
def _model(path: Path) -> tuple[FaceModel, Regions]:
    cv2.setNumThreads(1)
    model = load_face_model(path)
    return model, find_regions(model)


@cache
def _people(face_model: Path, people_model: Path, rooms: Path | None) -> tuple[PeopleModel, list[Panorama]]:
    cv2.setNumThreads(1)
    return load_people(face_model, people_model), load_rooms(rooms) if rooms else []


def as_record(sample: Sample) -> tuple[Any, ...]:
    """The fields of `record_dtype`."""
    has = sum(1 << bit for bit, name in enumerate(GROUPS) if name in sample.has)
    return (
        sample.rgb_hwc,
        sample.relief_hw,
        sample.thickness_hw,
        sample.normal_hwc,
        sample.matte_hw,
        sample.label_hw,
        sample.canonical_hwc,
        sample.heads_23,
        sample.eyes_43,
        sample.landmarks_683,
        sample.yaw,
        sample.tone,
        has,
    )


def _render_shard(
    draw: Callable[[int, int], Sample], out: Path, first_seed: int, count: int, side: int
) -> int:
    shard = out / f"{first_seed:08d}.npy"
    if (
        shard.exists()
        and (there := np.load(shard, mmap_mode="r")).shape == (count,)
        and there.dtype == record_dtype(side)
    ):
        return count
    records = np.empty(count, record_dtype(side))
    for i in range(count):
        records[i] = as_record(draw(first_seed + i, side))
    unfinished = shard.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, records)
    os.replace(unfinished, shard)
    return count


def _draw_head(face_model: Path, seed: int, side: int) -> Sample:
    return render(*_model(face_model), seed, side)


def _draw_people(face_model: Path, people_model: Path, rooms: Path | None, seed: int, side: int) -> Sample:
    return render_portrait(*_people(face_model, people_model, rooms), seed, side)


def render_set(
    face_model: Path | None,
    out: Path,
    count: int,
    first_seed: int,
    side: int,
    workers: int,
    people_model: Path | None = None,
    rooms: Path | None = None,
) -> None:
    """Renders the seeds from first_seed on into `out`, a shard per task.

    face_model: None for scenes without a person. people_model: None for the scenes of the first kind. rooms:
    None for people in procedural places only.
    """
    draw: Callable[[int, int], Sample] = render_nobody
    if face_model and people_model:
        draw = partial(_draw_people, face_model, people_model, rooms)
    elif face_model:
        draw = partial(_draw_head, face_model)
    out.mkdir(parents=True, exist_ok=True)
    firsts = range(first_seed, first_seed + count, SHARD)
    start, done = time.monotonic(), 0
    with ProcessPoolExecutor(workers) as pool:
        tasks = [
            pool.submit(_render_shard, draw, out, first, min(SHARD, first_seed + count - first), side)
            for first in firsts
        ]
        for task in tasks:
            done += task.result()
            print(f"{done} of {count} samples, {done / (time.monotonic() - start):.1f} a second", flush=True)


class RenderedSet:
    """All records of a folder, by number."""

    def __init__(self, folder: Path) -> None:
        """Opens the shards without reading the pictures.

        Raises FileNotFoundError where there are none, ValueError where their formats differ.
        """
        self.shards = [np.load(file, mmap_mode="r") for file in sorted(folder.glob("*.npy"))]
        if not self.shards:
            raise FileNotFoundError(
                f"No rendered shards in {folder}: make them with `python -m training.dataset --out {folder}`."
            )
        if len({shard.dtype for shard in self.shards}) > 1:
            raise ValueError(
                f"The shards in {folder} differ in side or format: delete them and render the set again."
            )
        self.ends = np.cumsum([len(shard) for shard in self.shards])
        self.has = np.concatenate([shard["has"] for shard in self.shards])

    def __len__(self) -> int:
        """Number of samples."""
        return int(self.ends[-1])

    def __getitem__(self, number: int) -> Any:
        """Record `number`, see `record_dtype`."""
        shard = int(np.searchsorted(self.ends, number, side="right"))
        return self.shards[shard][number - (self.ends[shard - 1] if shard else 0)]


def main() -> None:
    """Renders a set."""
    parser = argparse.ArgumentParser(description="Render a set of synthetic faces.")
    scenes = parser.add_mutually_exclusive_group(required=True)
    scenes.add_argument("--face-model", type=Path, help="ict-facekit.npz or the folder FaceXModel")
    scenes.add_argument("--nobody", action="store_true", help="scenes without a person")
    parser.add_argument(
        "--people-model", type=Path, help="makehuman.npz: scenes of people, see docs/people.md"
    )
    parser.add_argument("--rooms", type=Path, help="rooms.npz, for scenes of people; see docs/people.md")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument(
        "--first-seed", type=int, default=0, help=f"held-out sets start at {HELD_OUT_FIRST_SEED}"
    )
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    render_set(
        options.face_model,
        options.out,
        options.count,
        options.first_seed,
        options.side,
        options.workers,
        options.people_model,
        options.rooms,
    )


if __name__ == "__main__":
    main()
