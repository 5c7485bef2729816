"""Options of the command line about videos, and the photo that a video gives."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from face3d.depth.download import sha256_of
from face3d.errors import VideoError
from face3d.export.own_films import marked
from face3d.photo import read_photo
from face3d.structures import DepthMap, Photo
from face3d.video.names import frame_name, is_video

DEPTH_8BIT, DEPTH_16BIT = "_depth.mp4", ("_depth16.mkv", "_depth16.zip")
PHOTO_ONLY = {
    "depth_map": "--depth-map",
    "mask": "--mask",
    "hidden": "--hidden",
    "hidden_box": "--hidden-box",
}
"""Options that belong to one picture."""


class Video(NamedTuple):
    """What a video gives: the photo of which a model is made, that as the network saw it with its depth map,
    the films by what their names end with, the figures for the report, and the SHA-256 of the file. face: the
    number in that photo of the head that was asked for.
    """

    photo: Photo
    seen: tuple[Photo, DepthMap]
    films: dict[str, bytes]
    figures: dict[str, Any]
    sha256: str
    face: int


def add_video_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    parser.add_argument(
        "--every",
        type=_count,
        default=1,
        metavar="N",
        help="of a video every N-th frame only, default 1: all; a frame takes as long as a photo's depth map",
    )
    parser.add_argument(
        "--frame",
        type=_number,
        metavar="N",
        help="of a video this frame alone, as a photo, from 0 on; its files are called NAME_frameN",
    )


def _count(text: str) -> int:
    """A whole number from 1 on. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: a whole number from 1 on is needed")
    return int(text)


def _number(text: str) -> int:
    """A whole number from 0 on. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text}: a whole number from 0 on is needed")
    return int(text)


def is_film(path: Path, options: argparse.Namespace) -> bool:
    """Whether all frames of a video are asked for; with `--frame` it gives a photo."""
    return options.prompt is None and options.frame is None and is_video(path)


def named_as(path: Path, frame: int | None) -> Path:
    """The path that names the files of a photo; of a frame of a video, if one is chosen, with its number."""
    if frame is None or not is_video(path):
        return path
    return path.with_name(frame_name(path, frame) + path.suffix)


def check_video_options(options: argparse.Namespace, paths: list[Path]) -> None:
    """Raises VideoError, before any work, for options that no video can have."""
    if options.frame is not None and options.every != 1:
        raise VideoError("--frame takes one frame of a video, --every takes many. Leave out one of them.")
    films = [path for path in paths if is_film(path, options)]
    for name, option in PHOTO_ONLY.items():
        if films and getattr(options, name) is not None:
            raise VideoError(
                f"{option} belongs to one picture, and {films[0].name} is a video. Leave out one of them."
            )


def frame_of(path: Path, number: int) -> tuple[Photo, str]:
    """One frame of a video, read as a photo is, and the SHA-256 of the video. Raises: VideoError."""
    from face3d.video.frames import open_film

    _check_is_file(path)
    film = open_film(path)
    photo = read_photo(film.png_at(number), f"{frame_name(path, number)}.png")
    _check_unchanged(path, film.digest)
    return photo, film.digest


def video_of(
    path: Path,
    predict: Callable[[Photo], tuple[Photo, DepthMap]],
    options: argparse.Namespace,
    warn: Callable[[str], None],
) -> Video:
    """The video of a file: its depth films, and the frame that suits a model best.

    predict: a frame as the options turn and crop it, and its depth map. warn: told where the film ends before
    the video does. Raises: VideoError.
    """
    from face3d.video.frames import open_film
    from face3d.video.stage import depth_film

    _check_is_file(path)
    film = open_film(path)
    told = _tell if sys.stderr.isatty() else None
    try:
        made = depth_film(film, predict, every=options.every, face=options.face, tell=told, warn=warn)
    except VideoError:
        _check_unchanged(path, film.digest)
        raise
    _check_unchanged(path, film.digest)
    if told:
        sys.stderr.write("\r" + " " * 60 + "\r")
    ending, data = made.film_16bit
    films = {DEPTH_8BIT: made.film_8bit, f"_depth16{ending}": data}
    films = {name: marked(film, name) for name, film in films.items()}
    return Video(made.photo, made.seen, films, made.report(), film.digest, made.face)


def _check_is_file(path: Path) -> None:
    """Raises VideoError for a pipe, of which reading would not end, or which can be read only once."""
    if path.exists() and not path.is_file():
        raise VideoError(f"{path.name} is no file. Choose an MP4, MOV or WebM file.")


def _check_unchanged(path: Path, sha256: str) -> None:
    """Raises VideoError for a video that is another now: some of its frames may be those of the other."""
    if not path.is_file() or sha256_of(path) != sha256:
        raise VideoError(f"{path.name} changed while it was read. Convert it again.")


def _tell(done: int) -> None:
    """Prints the progress in one line of the terminal."""
    sys.stderr.write(f"\r{done} frames")
    sys.stderr.flush()
