"""Options of the command line about the matte: what is cut out of the photo."""

from __future__ import annotations

import argparse
from pathlib import Path

from face3d.batch import inputs
from face3d.errors import MatteError
from face3d.matte.refine import check_available
from face3d.matte.table import DEFAULT_MATTE, MATTES
from face3d.structures import Photo


def add_matte_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    mattes = "; ".join(f"{row.name}: {row.summary}" for row in MATTES.values() if not row.of_rembg)
    of_rembg = ", ".join(row.name for row in MATTES.values() if row.of_rembg)
    parser.add_argument(
        "--matte",
        choices=list(MATTES),
        metavar="NAME",
        help=f"what is cut out, for every network; default: {DEFAULT_MATTE}, with --mask file. {mattes}; "
        f"by the package rembg, which is extra: {of_rembg}",
    )
    parser.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="a picture of one photo's size, the person white: of the whole photo, turned and cropped with "
        "it, or of the part that is left of it",
    )
    parser.add_argument(
        "--refine-matte",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="compute the matte's edge anew from the photo's colours, for hair; by the package pymatting, "
        "which is extra",
    )


def chosen_matte(options: argparse.Namespace) -> str:
    """The row of MATTES that the options name."""
    return options.matte or ("file" if options.mask else DEFAULT_MATTE)


def check_matte(options: argparse.Namespace) -> None:
    """Raises MatteError, before any work, where the package of a matte is missing, or an edge is to be
    refined and cannot be.
    """
    if (spec := MATTES[chosen_matte(options)]).of_rembg:
        from face3d.matte.rembg import require_rembg  # what loads checkpoints takes long

        require_rembg(spec)
    if options.refine_matte:
        check_available()
        if chosen_matte(options) == "none":
            raise MatteError("--matte none has no edge to refine. Leave out --refine-matte.")


def chosen_mask(options: argparse.Namespace, photos: int = 1) -> Photo | None:
    """The mask that the options name, or None. photos: how many there are.

    Raises: MatteError for a mask without its matte or the other way round, one for several photos, or a mask
    that cannot be read.
    """
    if options.mask is None and options.matte != "file":
        return None
    if options.mask is None:
        raise MatteError("--matte file needs --mask FILE, a picture of the photo's size.")
    if chosen_matte(options) != "file":
        raise MatteError(f"--mask is not read with --matte {options.matte}. Leave one of them out.")
    if photos > 1:
        raise MatteError(
            f"--mask {inputs.shown(options.mask)} belongs to one photo, and {photos} are named. "
            "Name one photo."
        )
    return inputs.read(options.mask, inputs.MASK)
