"""Options of the command line about the depth: a network, or a depth map of the user's own in its place."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from face3d.batch.inputs import bytes_of, shown
from face3d.depth.estimator import FAST, QUALITIES
from face3d.depth.registry import NETWORKS
from face3d.errors import DepthError
from face3d.own_depth.embedded import read_embedded
from face3d.own_depth.files import FORMATS, MAX_BYTES, MEANINGS, read_depth_file
from face3d.own_depth.values import OwnDepth

DEFAULT_NETWORK = "face"
EMBEDDED = "embedded"


def add_depth_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    parser.add_argument(
        "--network",
        default=DEFAULT_NETWORK,
        choices=list(NETWORKS),
        metavar="NAME",
        help=f"default: {DEFAULT_NETWORK}; one of {', '.join(NETWORKS)}",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="file in place of the network's published one; for transformers networks a folder or hub id",
    )
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="cpu, cuda or mps; default: the fastest one here; not for face: it runs on the CPU",
    )
    parser.add_argument(
        "--precision",
        metavar="NAME",
        help="float32, bfloat16 or float16; default: the device's usual one; not for face",
    )
    parser.add_argument(
        "--quality",
        default=FAST,
        choices=QUALITIES,
        help="of the bundled network: one scale, or the mean over two, which takes about twice as long; "
        f"default: {FAST}",
    )
    parser.add_argument(
        "--depth-map",
        metavar="FILE",
        help=f"the photo's depth map ({FORMATS}) in place of a network; {EMBEDDED}: the one that a phone has "
        "put into the photo",
    )
    parser.add_argument(
        "--depth-meaning",
        choices=list(MEANINGS),
        help="of the values in that file. inverse: larger is nearer, as of MiDaS; relief: image widths "
        "towards the camera; metric: metres from the camera. An EXR file written here states it",
    )
    parser.add_argument(
        "--depth-range",
        type=float,
        nargs=2,
        metavar=("BLACK", "WHITE"),
        help="what black and white of a PNG depth map stand for: metres, or image widths for relief; "
        "0 65.535 for millimetres in 16 bits",
    )


def check_depth_options(options: argparse.Namespace, photos: Sequence[Path]) -> None:
    """Raises DepthError, before any work, for options that exclude each other or do not fit the photos."""
    about_file = options.depth_meaning is not None or options.depth_range is not None
    if options.quality != FAST and (options.network != DEFAULT_NETWORK or options.depth_map):
        raise DepthError(f"--quality {options.quality} is of the bundled network. Leave it out.")
    if options.depth_map is None:
        if about_file:
            raise DepthError("--depth-meaning and --depth-range are about a depth map. Add --depth-map FILE.")
        return
    if options.network != DEFAULT_NETWORK or options.checkpoint:
        raise DepthError("--depth-map takes the place of a network. Leave out --network and --checkpoint.")
    if options.depth_map == EMBEDDED:
        if about_file:
            raise DepthError(
                "A photo states what its own depth map means. Leave out --depth-meaning and --depth-range."
            )
    elif len(photos) > 1:
        raise DepthError(
            f"--depth-map {shown(options.depth_map)} belongs to one photo, and {len(photos)} are named. "
            "Name one photo."
        )


def kept_files(options: argparse.Namespace) -> list[Path]:
    """The user's depth map and weights, which no output may replace."""
    depth_map = None if options.depth_map == EMBEDDED else options.depth_map
    return [Path(path) for path in (depth_map, options.checkpoint) if path is not None]


def own_depth(photo: Path, sha256: str, options: argparse.Namespace) -> OwnDepth | None:
    """The depth that takes the place of a network's for a photo; None for a network.

    sha256: of the photo, as it was read. Raises: DepthError.
    """
    if options.depth_map is None:
        return None
    if options.depth_map == EMBEDDED:
        data = _bytes_of(photo)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DepthError(f"{shown(photo)} changed while it was read. Convert it again.")
        return read_embedded(data, photo.name)
    path = Path(options.depth_map)
    return read_depth_file(
        _bytes_of(path), path.name, MEANINGS.get(options.depth_meaning), options.depth_range
    )


def _bytes_of(path: Path) -> bytes:
    """A file's bytes, of a file that is too large one more than may be."""
    try:
        return bytes_of(path, MAX_BYTES)
    except OSError as error:
        raise DepthError(
            f"{shown(path)} cannot be read: {error.strerror}. Name the file of the photo's depth map, or "
            f"`{EMBEDDED}`."
        ) from error
