"""Options of the command line about the photo, before anything is computed from it: turned, then cropped."""

from __future__ import annotations

import argparse

from face3d.crop import pixel_box
from face3d.errors import PhotoError
from face3d.framing import Framing
from face3d.photo import MIN_SIDE
from face3d.structures import TURNS, Photo


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    parser.add_argument(
        "--rotate",
        default="0",
        choices=["auto", *map(str, TURNS)],
        metavar="DEGREES",
        help="turn the photo clockwise by 90, 180 or 270 first; auto: so that the head is upright",
    )
    parser.add_argument(
        "--crop",
        type=int,
        nargs=4,
        metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="the part of the turned photo to take, in its pixels as the depth map has them: a photo of more "
        "than 4 megapixels is reduced to that first; masks and a depth map of the whole photo go along",
    )


def check_photo_options(options: argparse.Namespace) -> None:
    """Raises PhotoError, before any work, for options that do not fit each other."""
    if options.crop is not None and options.rotate == "auto":
        raise PhotoError("--crop is of the turned photo. Give --rotate its degrees, or leave out --crop.")


def said_of_turn(rotate: str, turn: int, *, faces_sought: bool, other_network: bool) -> str:
    """A sentence about a photo that shows no upright face, '' for none.

    rotate: of the options. turn: degrees clockwise that stand a face upright, 0 where none does.
    faces_sought: whether the model is meant to be of a face. other_network: than the bundled one.
    """
    if not turn and faces_sought:
        remedy = " Use --matte none for statues, pets and things." if other_network else ""
        return f"no face was found; the model is of no known use.{remedy}"
    if not turn:
        found = "no face was found, whichever way the photo is turned: it stays as it is."
        return found if rotate == "auto" else ""
    if rotate == "auto":
        return f"turned clockwise by {turn} degrees; the head is upright now."
    upright = (int(rotate) + turn) % 360
    return (
        f"no upright face was found, but one in the photo turned by {upright} degrees. "
        f"Use --rotate {upright}, or --rotate auto."
    )


def framing_of(photo: Photo, degrees: int, crop: list[int] | None) -> Framing:
    """Turn and crop of a photo by `degrees` clockwise and by `--crop`, which is of the turned one.

    Raises: PhotoError where too little of the crop is in the photo.
    """
    turned = Framing(photo.size_hw, degrees)
    if crop is None:
        return turned
    left, top, right, bottom = pixel_box(turned.turned_hw, (crop[0], crop[1], crop[2], crop[3]))
    if min(right - left, bottom - top) < MIN_SIDE:
        height, width = turned.turned_hw
        raise PhotoError(
            f"--crop leaves less than {MIN_SIDE} pixels of this photo, which has {width} x {height}. "
            "Choose a larger part."
        )
    return Framing(photo.size_hw, degrees, (left, top, right, bottom))
