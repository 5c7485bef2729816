"""The frames of a video file, decoded by OpenCV, upright as the file says."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from face3d.errors import VideoError
from face3d.structures import Array, Photo

# Read once, when OpenCV first uses FFmpeg, which then prints nothing.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

MOST_FRAMES = 20_000
"""Frames after which a video is not read further, 11 minutes at 30 a second; of every N-th, so many."""
LACKS = 3
"""Frames by which a file that has broken off ends before its stated count and time; less is how those are
rounded."""
TRIES = 30
"""Frames before one that cannot be decoded that are tried."""
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
    """What a file says of itself. source: the file, or its bytes. rate: frames a second. count: of frames, at
    most `MOST_FRAMES`; the file may have fewer. digest: SHA-256 of the file, hexadecimal. seconds,
    stated: how long it is, and how many frames that are; None where it does not say. is_longer: whether it
    has more frames than `count`.
    """

    name: str
    source: Path | bytes
    rate: float
    count: int
    digest: str
    seconds: float | None = None
    stated: int | None = None
    is_longer: bool = False

    def frames(self, every: int = 1, tell: Callable[[str], None] = lambda _: None) -> Iterator[Frame]:
        """Each `every`-th frame, from the first on, `MOST_FRAMES` of them at most.

        The times are the file's own, which need not be even, and never go back. tell: called at the end with
        a sentence where it is not the end of what was filmed: the file breaks off, or has more frames.
        """
        last, still, number = -1.0, 1 / self.rate, 0
        with _opened(self.source) as reader:
            for number in range(MOST_FRAMES * every):
                if not reader.grab():
                    break
                said = reader.get(cv2.CAP_PROP_POS_MSEC) / 1000
                last = said if said > last else last + still
                if number % every == 0:
                    decoded, bgr_hwc = reader.retrieve()
                    if not decoded:
                        break
                    yield Frame(number, last, self._photo(number, bgr_hwc))
            else:
                if reader.grab():
                    tell(
                        f"{self.name} has more than {MOST_FRAMES * every:,} frames; its film ends there, at "
                        f"{_clock(last)}. Cut it, or take fewer of its frames by --every {2 * every}."
                    )
                return
        lacks = self.stated is not None and number + LACKS <= self.stated
        if lacks and self.seconds is not None and last + LACKS * still < self.seconds:
            tell(
                f"{self.name} breaks off after frame {number - 1}, at {_clock(last)} of "
                f"{_clock(self.seconds)}; its film ends there. Copy it again from where it came from."
            )

    def photo_at(self, number: int) -> Photo:
        """The picture of a frame, or of the last one before it that can be decoded. Raises: VideoError."""
        with _opened(self.source) as reader:
            for earlier in range(number, max(-1, number - TRIES), -1):
                reader.set(cv2.CAP_PROP_POS_FRAMES, earlier)
                decoded, bgr_hwc = reader.read()
                if decoded:
                    return self._photo(earlier, bgr_hwc)
        raise VideoError(f"{self.name} breaks off before that frame. Choose an earlier one.")

    def png_at(self, number: int) -> bytes:
        """The picture of `photo_at` as a PNG file, without loss: a photo to be read. Raises: VideoError."""
        bgr_hwc = cv2.cvtColor(self.photo_at(number).rgb_hwc, cv2.COLOR_RGB2BGR)
        return cv2.imencode(".png", bgr_hwc, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()

    def _photo(self, number: int, bgr_hwc: Array) -> Photo:
        digest = hashlib.sha256(f"{self.digest} frame {number}".encode()).hexdigest()
        return Photo(cv2.cvtColor(bgr_hwc, cv2.COLOR_BGR2RGB), None, None, digest)


def open_film(source: Path | bytes, name: str = "") -> Film:
    """A video, looked into: a file, or the bytes of one named `name`.

    Raises: VideoError where nothing is there, or no frame can be decoded: another file, one with sound only,
    of a codec that this OpenCV lacks, or damaged.
    """
    if isinstance(source, Path):
        name = name or source.name
        try:
            with source.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise VideoError(f"{name} cannot be read ({error.strerror}). Choose another file.") from error
    else:
        digest = hashlib.sha256(source).hexdigest()
    with _opened(source) as reader:
        rate, count = reader.get(cv2.CAP_PROP_FPS), reader.get(cv2.CAP_PROP_FRAME_COUNT)
        decoded = reader.read()[0]
        stated, seconds = (int(count), count / rate) if count >= 1 and rate > 0 else (None, None)
        # Browsers state no length, and of some files of uneven times the count is milliseconds.
        if decoded and (seconds is None or not RATES[0] <= rate <= RATES[1]):
            count = 1
            while count <= MOST_FRAMES and reader.grab():
                count += 1
    if not decoded:
        raise VideoError(
            f"{name} has no frame that can be decoded. "
            "Choose an MP4, MOV or WebM video with H.264, HEVC, VP9 or AV1."
        )
    rate = rate if RATES[0] <= rate <= RATES[1] else USUAL_RATE
    return Film(
        name, source, rate, int(min(count, MOST_FRAMES)), digest, seconds, stated, count > MOST_FRAMES
    )


def _clock(seconds: float) -> str:
    """A time in a film, as players show it."""
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"


@contextmanager
def _opened(source: Path | bytes) -> Iterator[cv2.VideoCapture]:
    """OpenCV's reader of a file or its bytes; nothing is printed about a bad one."""
    level = cv2.utils.logging.getLogLevel()
    with _path_of(source) as path:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            reader = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        finally:
            cv2.utils.logging.setLogLevel(level)
        try:
            yield reader
        finally:
            reader.release()


@contextmanager
def _path_of(source: Path | bytes) -> Iterator[str]:
    """A path to the file, or to its bytes: in memory where the system can name that, else on disk.

    OpenCV 5.0 reads streams too, but a damaged AVI ends the process then (`benchmarks.fuzz`).
    """
    if isinstance(source, Path):
        yield str(source)
    elif hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        number = os.memfd_create("video")
        try:
            with open(number, "wb", closefd=False) as file:
                file.write(source)
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "video")
            path.write_bytes(source)
            yield str(path)
