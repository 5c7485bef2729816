"""Damaged photos, videos, depth files, weights and models: each is read, or refused with a sentence.

    python -m benchmarks.fuzz [--minutes 20] [--seed 0] [--findings findings/] [--only WORD ...]
    python -m benchmarks.fuzz --hypothesis --only photo. embedded .jpg .png .webp

A model is numbers, which are written in every format and read by trimesh; its corners and triangles are what
is mutated. Files of every format are made, mutated (bits, bytes, runs, parts doubled and cut) and read in a
process of its own. A finding is another exception than ours, a reading that takes more than SLOW_SECONDS of
the processor or never answers, or a process that dies; its file is kept in the folder. Exits with 1 where
there is one. With `--hypothesis` that library draws the faults and makes findings small.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from skimage.data import astronaut

from benchmarks.fuzz_depth import depth_photos
from benchmarks.fuzz_hypothesis import hypothesis_rounds
from benchmarks.fuzz_models import packed_model, read_model, read_weights, weights
from face3d.errors import FaceModelError
from face3d.own_depth.embedded import read_embedded
from face3d.own_depth.files import read_depth_file
from face3d.photo import heif_available, read_photo
from face3d.structures import Array, DepthRepresentation
from face3d.video.frames import open_film

SLOW_SECONDS = 20.0
"""Of the processor: by the clock a reading takes as long as other work lets it."""
ANSWER_SECONDS = 300.0
"""By the clock, until a reading is given up."""
MOST_FRAMES_READ = 8


def originals() -> dict[str, bytes]:
    """A whole small file of each format, by the name that it is read under."""
    rgb_hwc = np.ascontiguousarray(astronaut()[::5, ::5])
    picture, files = Image.fromarray(rgb_hwc), {}
    exif = Image.Exif()
    exif[0x0112], exif[0x920A] = 6, 50.0
    kinds: dict[str, dict[str, Any]] = {
        "photo.jpg": {"exif": exif, "quality": 80},
        "progressive.jpg": {"progressive": True, "subsampling": 2},
        "photo.png": {},
        "photo.webp": {"quality": 70},
        "lossless.webp": {"lossless": True},
    }
    for name, options in kinds.items():
        files[name] = _saved(picture, Path(name).suffix, **options)
    files["alpha.png"] = _saved(picture.convert("RGBA"), ".png")
    files["palette.png"] = _saved(picture.quantize(64), ".png")
    if heif_available():
        files["photo.heic"] = _saved(picture, ".heif")
    rows, columns = rgb_hwc.shape[:2]
    depth_hw = np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns)
    files["depth.png"] = cv2.imencode(".png", (depth_hw * 65535).astype(np.uint16))[1].tobytes()
    files["depth.npy"] = _as_npy(depth_hw)
    files["depth.pfm"] = f"Pf\n{columns} {rows}\n-1.0\n".encode() + depth_hw.tobytes()
    files |= depth_photos(picture, depth_hw)
    for ending, codec in ((".m4v", "mp4v"), (".mp4", "vp09"), (".avi", "MJPG")):
        files[f"video{ending}"] = _film(rgb_hwc, ending, codec)
    return files | weights() | {"model": packed_model()}


def _saved(picture: Image.Image, suffix: str, **options: Any) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, {".jpg": "JPEG", ".heif": "HEIF"}.get(suffix, suffix[1:].upper()), **options)
    return packed.getvalue()


def _as_npy(depth_hw: Array) -> bytes:
    packed = io.BytesIO()
    np.save(packed, depth_hw)
    return packed.getvalue()


def _film(rgb_hwc: Array, ending: str, codec: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"film{ending}")
        size_wh = rgb_hwc.shape[1] // 2 * 2, rgb_hwc.shape[0] // 2 * 2
        film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 10, size_wh)
        for shift in range(6):
            film.write(np.roll(rgb_hwc[: size_wh[1], : size_wh[0]], shift, axis=1))
        film.release()
        return path.read_bytes()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The file with one to eight faults; those of headers are as frequent as all others together."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if not changed:
            break
        reach = min(len(changed), 400) if rng.random() < 0.5 else len(changed)
        at, length = int(rng.integers(0, reach)), int(rng.geometric(0.1))
        match int(rng.integers(0, 7)):
            case 0:
                changed[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                changed[at : at + length] = rng.bytes(length)
            case 2:
                changed[at : at + length] = bytes(length)
            case 3:
                changed[at : at + 4] = b"\xff\xff\xff\x7f"
            case 4:
                del changed[at : at + length]
            case 5:
                changed[at:at] = changed[at : at + 10 * length]
            case _:
                del changed[max(at, 1) :]
    return bytes(changed)


def read(data: bytes, name: str) -> None:
    """Read a file as what its name says; the frames of a video too. Raises: FaceModelError."""
    if name.startswith("video"):
        film = open_film(data, name)
        film.photo_at(film.count - 1)
        for count, _ in enumerate(film.frames(), 1):
            if count == MOST_FRAMES_READ:
                return
    elif name == "model":
        read_model(data)
    elif name.endswith((".pt", ".safetensors")):
        read_weights(data, name)
    elif name.startswith("embedded"):
        read_photo(data, name)
        read_embedded(data, name)
    elif name.startswith("depth"):
        read_depth_file(data, name, DepthRepresentation.RELATIVE_INVERSE)
    else:
        read_photo(data, name)


def serve(pipe: Connection) -> None:
    """In the other process: read what comes, answer with what became of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # what codecs print is no finding
    with ThreadPoolExecutor(1) as pool:  # its futures hold any exception
        while True:
            name, data = pipe.recv()
            started = time.process_time()
            error = pool.submit(read, data, name).exception()
            seconds = time.process_time() - started
            pipe.send(f"{seconds:.0f} seconds" if seconds > SLOW_SECONDS else _outcome(error))


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "read"
    if not isinstance(error, FaceModelError):
        return f"{type(error).__name__}: {error}"
    text = str(error)
    return "refused" if text.endswith((".", ")")) and "\n" not in text else f"no sentence: {text}"


class Reading:
    """The other process, started anew where it died."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def of(self, name: str, data: bytes) -> str:
        """What became of a file."""
        try:
            self._pipe.send((name, data))
            if self._pipe.poll(ANSWER_SECONDS):
                return str(self._pipe.recv())
            said = "no answer"
        except (EOFError, OSError):
            self._process.join(5)
            said = f"the process died ({self._process.exitcode})"
        self.close()
        self._start()
        return said

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()


def fuzz(
    minutes: float, seed: int, findings: Path, only: Sequence[str] = (), by_hypothesis: bool = False
) -> Counter[tuple[str, str]]:
    """How often what became of the files of each name; the findings are written. only: parts of names."""
    rng, reading = np.random.default_rng(seed), Reading()
    files = {name: data for name, data in originals().items() if any(part in name for part in only or [""])}
    counts: Counter[tuple[str, str]] = Counter()
    for name, data in files.items():
        if (said := reading.of(name, data)) != "read":
            raise SystemExit(f"{name} as it was made: {said}")
    if by_hypothesis:
        counts = hypothesis_rounds(files, reading.of, minutes, seed, findings)
        reading.close()
        return counts
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        name = str(rng.choice(list(files)))
        data = mutated(files[name], rng)
        said = reading.of(name, data)
        counts[name, said if said in ("read", "refused") else "finding"] += 1
        if said not in ("read", "refused"):
            findings.mkdir(parents=True, exist_ok=True)
            path = findings / f"{sum(counts.values()):07}_{name}"
            path.write_bytes(data)
            print(f"{path}: {said}", flush=True)
    reading.close()
    return counts


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description="Damaged files are read or refused with a sentence.")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--only", nargs="+", default=(), help="parts of the names of files")
    parser.add_argument("--hypothesis", action="store_true", help="it draws the faults")
    options = parser.parse_args()
    counts = fuzz(options.minutes, options.seed, options.findings, options.only, options.hypothesis)
    print("| file | read | refused | findings |\n|---|--:|--:|--:|")
    for name in sorted({name for name, _ in counts}):
        cells = [f"{counts[name, said]:,}" for said in ("read", "refused", "finding")]
        print(f"| {name} | {' | '.join(cells)} |")
    raise SystemExit(any(said == "finding" for _, said in counts))


if __name__ == "__main__":
    main()
