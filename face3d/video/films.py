"""Depth as a film: 8 bits a pixel to look at, 16 bits to compute with.

PyAV (extra `video`) writes H.264 and lossless FFV1. Without it OpenCV writes VP9, and the 16 bits are PNG
files, one a frame.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from face3d.errors import ExportError, VideoError
from face3d.export.files import safe_name
from face3d.structures import Array, DepthMap, DepthRepresentation

TICKS = 90_000
"""Parts of a second in which times are written, as is usual for films."""
ROOM = 0.5
"""What the 16 bits hold beyond the range of the first frame, on each side, shares of it."""
LARGEST_16 = 65535
NO_ROOM = (
    "There is no room for a video's frames in {folder}: {why}. Make room there, or name another in TMPDIR."
)


@dataclass(frozen=True)
class Range:
    """low, high: the depth values of black, and of white, which is near."""

    low: float
    high: float

    @classmethod
    def of(cls, depth: DepthMap) -> Range:
        """That of a film whose first frame with a foreground is this one."""
        low, high = (float(end) for end in np.percentile(depth.values_hw[depth.mask_hw], (1, 99)))
        room = ROOM * max(high - low, 1e-6)
        low, high = low - room, high + room
        return cls(high, low) if depth.representation is DepthRepresentation.METRIC else cls(low, high)

    def coded(self, depth: DepthMap) -> Array:
        """(h, w) uint16: 1 black to 65535 white, 0 outside the foreground."""
        share_hw = (depth.values_hw - self.low) / (self.high - self.low)
        coded_hw = 1 + np.round(np.clip(share_hw, 0, 1) * (LARGEST_16 - 1))
        return np.where(depth.mask_hw, np.nan_to_num(coded_hw), 0).astype(np.uint16)


class Frames:
    """Coded frames on disk, until all are known: a film of minutes does not fit into memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seconds: list[float] = []

    def add(self, coded_hw: Array, seconds: float) -> None:
        """Keeps (h, w) uint16, shown at a time that is later than the one before.

        Raises: ExportError where there is no room.
        """
        data = cv2.imencode(".png", coded_hw, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
        try:
            (self._folder / f"{len(self.seconds):06}.png").write_bytes(data.tobytes())
        except OSError as error:
            raise ExportError(NO_ROOM.format(folder=self._folder.parent, why=error.strerror)) from error
        self.seconds.append(seconds)

    def __iter__(self) -> Iterator[tuple[Array, float]]:
        for number, seconds in enumerate(self.seconds):
            path = str(self._folder / f"{number:06}.png")
            yield np.asarray(cv2.imread(path, cv2.IMREAD_UNCHANGED)), seconds

    @property
    def rate(self) -> float:
        """Frames a second, the mean."""
        if len(self.seconds) < 2:
            return 1.0
        return (len(self.seconds) - 1) / max(self.seconds[-1] - self.seconds[0], 1e-3)


def has_pyav() -> bool:
    """Whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def film_8bit(frames: Frames) -> bytes:
    """MP4: grey, over the range that the frames use. H.264 by PyAV, else VP9 by OpenCV.

    Raises: ExportError where neither can.
    """
    low, high = _used(frames)

    def grey() -> Iterator[tuple[Array, float]]:
        for coded_hw, seconds in frames:
            share_hw = (coded_hw.astype(np.float32) - low) / max(high - low, 1)
            grey_hw = np.where(coded_hw > 0, np.clip(share_hw, 0, 1) * 235 + 20, 0)
            yield _even(np.round(grey_hw).astype(np.uint8)), seconds

    if has_pyav():
        return _by_pyav(grey(), "mp4", "libx264", "gray8", "yuv420p", {"crf": "16", "preset": "fast"})
    return _by_opencv(grey(), frames.rate)


def film_16bit(frames: Frames, name: str) -> tuple[str, bytes]:
    """Ending and bytes of the lossless film: Matroska with FFV1, or a ZIP of PNG files.

    name: any text, of which the names inside the ZIP are made, so that those of two films lie in one folder.
    """
    if has_pyav():
        return ".mkv", _by_pyav(iter(frames), "matroska", "ffv1", "gray16le", "gray16le", {"level": "3"})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number, (coded_hw, _) in enumerate(frames):
            inside = zipfile.ZipInfo(
                f"{safe_name(name)}_{number:06}.png"
            )  # without the time of day: the same bytes each time
            archive.writestr(inside, cv2.imencode(".png", coded_hw)[1].tobytes())
    return ".zip", packed.getvalue()


def _used(frames: Frames) -> tuple[float, float]:
    """The range of codes in the foreground of the frames, without the extreme hundredth of each."""
    ends = [np.percentile(coded_hw[coded_hw > 0], (1, 99)) for coded_hw, _ in frames if coded_hw.any()]
    if not ends:
        raise VideoError("No frame of the video shows a person. Choose another video.")
    lows, highs = np.transpose(ends)
    return float(lows.min()), float(highs.max())


def _even(grey_hw: Array) -> Array:
    """With an even number of rows and columns, which colour films need."""
    height, width = grey_hw.shape
    return np.pad(grey_hw, ((0, height % 2), (0, width % 2)), mode="edge")


def _by_pyav(
    pictures: Iterable[tuple[Array, float]],
    container: str,
    codec: str,
    layout: str,
    kept: str,
    options: dict[str, str],
) -> bytes:
    """A film of pictures and their times. layout: of the pixels given; kept: of those in the file."""
    import av

    packed = io.BytesIO()
    first = None
    with av.open(packed, "w", format=container) as film:
        stream: Any = film.add_stream(codec, options=options)
        stream.pix_fmt = kept
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        last = -1
        for grey_hw, seconds in pictures:
            if first is None:
                first = seconds
                stream.height, stream.width = grey_hw.shape
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(grey_hw), format=layout).reformat(
                format=kept
            )
            last = max(last + 1, round((seconds - first) * TICKS))
            frame.pts, frame.time_base = last, Fraction(1, TICKS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return packed.getvalue()


def _by_opencv(pictures: Iterable[tuple[Array, float]], rate: float) -> bytes:
    """VP9 in MP4, at an even rate."""
    with tempfile.TemporaryDirectory() as folder:
        path, film = Path(folder) / "depth.mp4", None
        for grey_hw, _ in pictures:
            if film is None:
                film = cv2.VideoWriter(
                    str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"vp09"), rate, grey_hw.shape[::-1]
                )
                if not film.isOpened():
                    raise ExportError(
                        "The OpenCV of this computer cannot write VP9. Install the extra video."
                    )
            film.write(cv2.cvtColor(grey_hw, cv2.COLOR_GRAY2BGR))
        if film is not None:
            film.release()
        if not cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).isOpened():  # the writer tells of no full disk
            raise ExportError(NO_ROOM.format(folder=Path(folder).parent, why="a film is not whole"))
        return path.read_bytes()
