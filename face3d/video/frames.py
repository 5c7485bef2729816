"""The frames of a video file, decoded by OpenCV, upright as the file says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from face3d.errors import VideoError
from face3d.structures import Photo

os.environ.setdefault(
    "OPENCV_FFMPEG_LOGLEVEL", "-8"
)  # read once, when OpenCV first uses FFmpeg: it prints nothing
MOST_FRAMES = 20_000
"""Frames after which a video is not read further: 11 minutes at 30 a second."""
USUAL_RATE = 25.0
"""Frames a second of a file that does not tell."""
RATES = (1.0, 240.0)
"""Rates that are believed."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame. number: from 0 on, in the file. seconds: when it is shown. photo: its picture."""

    number: int
    seconds: float
    photo: Photo


@dataclass(frozen=True)
class Film:
    """What a file says of itself. rate: frames a second. size_hw: of a frame, upright. digest: SHA-256 of the
    file, hexadecimal.
    """

    path: Path
    rate: float
    size_hw: tuple[int, int]
    digest: str

    def frames(self, every: int = 1) -> Iterator[Frame]:
        """Each `every`-th frame, from the first on, of the first `MOST_FRAMES`.

        The times are the file's own, which need not be even, and never go back. A file that breaks off ends
        there.
        """
        opened = _open(self.path)
        last, still = -1.0, 1 / self.rate
        try:
            for number in range(MOST_FRAMES):
                if not opened.grab():
                    return
                said = opened.get(cv2.CAP_PROP_POS_MSEC) / 1000
                last = said if said > last else last + still
                if number % every == 0:
                    decoded, bgr_hwc = opened.retrieve()
                    if not decoded:
                        return
                    digest = hashlib.sha256(f"{self.digest} frame {number}".encode()).hexdigest()
                    yield Frame(
                        number, last, Photo(cv2.cvtColor(bgr_hwc, cv2.COLOR_BGR2RGB), None, None, digest)
                    )
        finally:
            opened.release()


def open_film(path: Path) -> Film:
    """A video file, looked into.

    Raises: VideoError where nothing is there, or no frame can be decoded: another file, one with sound only,
    of a codec that this OpenCV lacks, or damaged.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VideoError(f"{path.name} cannot be read ({error.strerror}). Choose another file.") from error
    opened = _open(path)
    rate = opened.get(cv2.CAP_PROP_FPS)
    decoded, bgr_hwc = opened.read()
    opened.release()
    if not decoded:
        raise VideoError(
            f"{path.name} has no frame that can be decoded. "
            "Choose an MP4, MOV or WebM video with H.264, HEVC, VP9 or AV1."
        )
    rate = rate if RATES[0] <= rate <= RATES[1] else USUAL_RATE
    return Film(path, rate, (bgr_hwc.shape[0], bgr_hwc.shape[1]), digest)


def _open(path: Path) -> cv2.VideoCapture:
    """OpenCV's reader of a file; nothing is printed about a bad one."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        cv2.utils.logging.setLogLevel(level)
