"""From a video to a steady depth film and the frame of which a model is made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from face3d.errors import VideoError
from face3d.structures import DepthMap, Photo
from face3d.video.choice import suitability
from face3d.video.films import Frames, Range, film_8bit, film_16bit
from face3d.video.frames import Film, Frame
from face3d.video.steady import Steady

Predict = Callable[[Photo], tuple[Photo, DepthMap]]
"""From a frame to the picture that the network saw, turned and cropped as it may be, and its depth map."""


@dataclass(frozen=True, eq=False)
class DepthFilm:
    """What a video gives.

    photo: the frame that suits a model best, as it is in the file. number, seconds: of that frame.
    seen: it as the network saw it, and the network's own depth map of it.
    frames: how many were computed. film_8bit: MP4. film_16bit: ending and bytes.
    black, white: the depth values of the codes 1 and 65535 of the 16 bits.
    own_change, change: mean change from frame to frame of what stands still, by the network alone and in the
    film, shares of the depth's spread; None where nothing stood still. own_head_change, head_change: the same
    of heads that move, each pixel of a head compared with where it was before; None where none moved.
    face: the number, in that frame, of the head that was asked for. head: its number in the film.
    """

    photo: Photo
    seen: tuple[Photo, DepthMap]
    number: int
    seconds: float
    frames: int
    film_8bit: bytes
    film_16bit: tuple[str, bytes]
    black: float
    white: float
    own_change: float | None
    change: float | None
    own_head_change: float | None
    head_change: float | None
    face: int
    head: int

    def report(self) -> dict[str, float | int | None]:
        """The figures, for the report of a run."""
        return {
            "frames": self.frames,
            "model_from_frame": self.number,
            "model_from_second": round(self.seconds, 3),
            "depth_at_code_1": self.black,
            "depth_at_code_65535": self.white,
            "still_change_of_network_percent": _percent(self.own_change),
            "still_change_percent": _percent(self.change),
            "moving_head_change_of_network_percent": _percent(self.own_head_change),
            "moving_head_change_percent": _percent(self.head_change),
            "head": self.head,
        }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 4)


def depth_film(
    film: Film,
    predict: Predict,
    *,
    every: int = 1,
    face: int = 1,
    tell: Callable[[int], None] | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> DepthFilm:
    """Each `every`-th frame of a film, its depth made steady.

    face: the number of the head that the model will be of, as `Tracks` numbers those of the film. tell:
    called with the number of frames done. warn: called with a sentence where the film ends too early.
    Raises: VideoError where no frame shows a person.
    """
    steady, span = Steady(), None
    best: tuple[tuple[float, int], Frame, tuple[Photo, DepthMap], int] | None = None
    changes: list[tuple[float | None, float | None]] = []
    head_changes: list[tuple[float | None, float | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        frames = Frames(Path(folder))
        for frame in film.frames(every, warn):
            seen, depth = predict(frame.photo)
            shown = steady.add(seen, depth)
            there = shown.numbers.index(face) + 1 if face in shown.numbers else 0
            worth = suitability(seen, depth, there) if there else 0.0
            rank = worth, 0 if worth else int(depth.mask_hw.sum())  # without a face, the most of a person
            if best is None or rank > best[0]:
                best = rank, frame, (seen, depth), there or face
            changes.append((shown.own_change, shown.change))
            head_changes.append((shown.own_head_change, shown.head_change))
            if span is None and depth.mask_hw.any():
                span = Range.of(shown.depth)
            if span is None:
                frames.add(np.zeros(depth.size_hw, np.uint16), frame.seconds)
            else:
                frames.add(span.coded(shown.depth), frame.seconds)
            if tell:
                tell(len(frames.seconds))
        if best is None or span is None:
            raise VideoError(f"No frame of {film.name} shows a person. Choose another video.")
        _, chosen, chosen_as_seen, number = best
        return DepthFilm(
            chosen.photo,
            chosen_as_seen,
            chosen.number,
            chosen.seconds,
            len(frames.seconds),
            film_8bit(frames),
            film_16bit(frames, f"{PurePath(film.name).stem}_depth16"),
            span.low,
            span.high,
            *_means(changes),
            *_means(head_changes),
            number,
            face,
        )


def _means(changes: Sequence[tuple[float | None, float | None]]) -> tuple[float | None, float | None]:
    """The means of both over the frames that have them."""
    known = [pair for pair in changes if None not in pair]
    own, shown = np.mean(np.array(known, float), axis=0).tolist() if known else (None, None)
    return own, shown
