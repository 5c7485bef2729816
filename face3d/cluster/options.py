"""Options of the command `batch`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from face3d.batch.depth_options import EMBEDDED
from face3d.batch.options import EXIT_CODES, add_settings
from face3d.batch.options import arguments as settings_arguments
from face3d.batch.run_options import GB_PER_JOB, add_settings_file
from face3d.batch.settings_file import merged
from face3d.errors import BatchError

COMMAND = "batch"
LOCAL = "local"
OF_ONE_PHOTO = ("prompt", "mask", "hidden", "hidden_box")
"""Of the namespace: what belongs to one photo, or names a file of this computer, which others do not have."""


def batch_arguments() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(
        prog=f"photo-to-3d-face {COMMAND}",
        description="A folder of photos to depth maps, points and 3D models, on a cluster by Ray Data. The "
        "options about the output of a photo are those of the command without `batch`.",
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "photos",
        metavar="INPUT",
        help="a folder of photos, those in folders inside it too, or a .txt file with the path or address "
        "of a photo on each line; a path, or an address such as s3://BUCKET/FOLDER, gs://BUCKET/FOLDER",
    )
    parser.add_argument(
        "output",
        metavar="OUTPUT",
        help="the folder that the files come into, and manifest/ with a JSON line for each photo; a path "
        "that all computers of the cluster have, or an address as of INPUT",
    )
    parser.add_argument(
        "--ray",
        required=True,
        metavar="ADDRESS",
        help=f"of the cluster's head, as HOST:6379; auto: the cluster that this computer is one of; {LOCAL}: "
        "this computer alone",
    )
    parser.add_argument(
        "--actors",
        type=int,
        metavar="N",
        help="processes that convert at the same time, at most; default: as many as the cluster has cores",
    )
    parser.add_argument(
        "--actor-gb",
        type=float,
        default=GB_PER_JOB,
        metavar="GB",
        help=f"memory that Ray sets aside for each of them, beside one core; default: {GB_PER_JOB:g}",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="pass over what an earlier run has converted with the same settings: same path, size and time "
        "of the photo's file. What failed is tried again",
    )
    add_settings_file(parser)
    add_settings(parser)
    return parser


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, and those of its file of settings.

    Raises: BatchError for a file of settings, or an option, that is of no use here.
    """
    options = merged(batch_arguments(), words, settings_arguments())
    for name in OF_ONE_PHOTO:
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise BatchError(
                f"{option} is of one photo, and {COMMAND} converts many. Leave out {option}, or {COMMAND}."
            )
    if options.depth_map not in (None, EMBEDDED):
        raise BatchError(
            f"--depth-map FILE is of one photo, and {COMMAND} converts many. Leave out --depth-map, or say "
            f"--depth-map {EMBEDDED}."
        )
    if options.actors is not None and options.actors < 1:
        raise BatchError(f"--actors must be 1 or more, not {options.actors}.")
    if not options.actor_gb > 0:
        raise BatchError(f"--actor-gb must be above 0, not {options.actor_gb:g}.")
    return options
