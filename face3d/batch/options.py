"""All options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from face3d.batch import outputs
from face3d.batch.assist_options import add_assist_options, check_consent
from face3d.batch.complete_options import add_complete_options, check_engine
from face3d.batch.depth_options import add_depth_options
from face3d.batch.imagine_options import add_imagine_options
from face3d.batch.matte_options import add_matte_options, check_matte
from face3d.batch.model_options import add_model_options, model_settings
from face3d.batch.photo_options import add_photo_options, check_photo_options
from face3d.batch.print_options import add_print_options
from face3d.batch.run_options import add_run_options
from face3d.batch.settings_file import merged
from face3d.batch.video_options import add_video_options
from face3d.export.colour_maps import COLOUR_MAPS
from face3d.export.depth_maps import ON_REQUEST
from face3d.geometry.kinds import KINDS

EXIT_CODES = """exit codes: 0, all photos are converted; 1, a photo failed or there was none; 2, wrong
arguments; 130, interrupted; 141, the reader of the output has gone."""


def arguments() -> argparse.ArgumentParser:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        description="Photos of faces to depth maps, points and 3D models.", epilog=EXIT_CODES
    )
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        default=[Path("input")],
        metavar="PHOTO",
        help="photos, videos or folders of photos; default: input/",
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("output"), metavar="DIR", help="default: output/"
    )
    add_run_options(parser)
    add_settings(parser)
    return parser


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options about the output of a photo."""
    add_depth_options(parser)
    kinds = "; ".join(f"{name}: {kind.summary}" for name, kind in KINDS.items())
    parser.add_argument("--model", default="bust", choices=list(KINDS), help=f"default: bust. {kinds}")
    parser.add_argument(
        "--formats",
        default="glb",
        type=outputs.formats,
        metavar="LIST",
        help=f"comma-separated, default: glb; of {', '.join(outputs.FORMATS)}; of the depth map: "
        f"{', '.join(ON_REQUEST)}",
    )
    parser.add_argument(
        "--colours",
        choices=[name.lower() for name in COLOUR_MAPS],
        metavar="NAME",
        help=f"the depth map as PNG in colours too; one of {', '.join(COLOUR_MAPS).lower()}",
    )
    add_print_options(parser)
    add_model_options(parser)
    add_photo_options(parser)
    add_video_options(parser)
    add_matte_options(parser)
    add_complete_options(parser)
    add_assist_options(parser)
    add_imagine_options(parser)


def check_settings(options: argparse.Namespace) -> None:
    """Raises FaceModelError, once and before any work, where an option about the output of a photo is out of
    its range, needs a package or a file that is not there, or does not fit another.
    """
    model_settings(options)
    check_consent(options)
    check_matte(options)
    check_engine(options)
    check_photo_options(options)


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a command line, default: this program's, with those of its file of settings.

    Raises: BatchError for a file of settings that is of no use.
    """
    return merged(arguments(), words)
