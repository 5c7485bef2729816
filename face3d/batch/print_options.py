"""Options of the command line about printing: the size of a model, and the millimetres of plates."""

from __future__ import annotations

import argparse
from typing import Any

from face3d.geometry.bend import BENDS
from face3d.geometry.scale import PRINT_SIZES
from face3d.geometry.settings import BASES, ModelSettings

PLATES = (
    ("--plaque-depth", "plaque_depth_mm", "MM", "height of a plaque's relief above its plate"),
    ("--plaque-base", "plaque_base_mm", "MM", "thickness of that plate"),
    ("--plaque-frame", "plaque_frame_mm", "MM", "height of its frame above the plate; 0: none"),
    ("--lithophane-thin", "lithophane_thin_mm", "MM", "thickness of a lithophane where the photo is white"),
    ("--lithophane-thick", "lithophane_thick_mm", "MM", "its thickness where the photo is black"),
    ("--lithophane-gamma", "lithophane_gamma", "GAMMA", "above 1: middle tones thicker, so darker"),
)
"""Option, field of `ModelSettings`, unit, meaning."""


def add_print_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--height-mm", type=float, metavar="MM", help="height of the model; default: measured by the eyes"
    )
    size.add_argument(
        "--size",
        default="life",
        choices=list(PRINT_SIZES),
        help="keychain: 40 mm high; figure: 100 mm high; bed-220, bed-256: the longest side fits a bed of "
        "220 or 256 mm; default: life, measured by the eyes",
    )
    parser.add_argument(
        "--base",
        default=ModelSettings().base,
        choices=BASES,
        help="block under a bust; default: auto, a square one where it would not stand without",
    )
    parser.add_argument(
        "--hollow",
        type=float,
        dest="wall_mm",
        metavar="MM",
        help="make a bust hollow, with walls of at least MM millimetres; default: solid",
    )
    parser.add_argument(
        "--drain",
        type=float,
        default=ModelSettings().drain_mm,
        dest="drain_mm",
        metavar="MM",
        help="diameter of the hole in a hollow bust's floor; default: 4",
    )
    parser.add_argument(
        "--lithophane-shape",
        default=ModelSettings().lithophane_shape,
        choices=list(BENDS),
        help="default: flat; curved: a third of a circle; cylinder: all around a lamp, without a block",
    )
    parser.add_argument(
        "--lithophane-frame",
        type=float,
        dest="lithophane_frame_mm",
        metavar="MM",
        help="width of its frame; 0: none; default: "
        f"{100 * ModelSettings().plaque_border:g} %% of the photo's width",
    )
    for option, field, unit, meaning in PLATES:
        default = getattr(ModelSettings(), field)
        parser.add_argument(
            option,
            type=float,
            default=default,
            dest=field,
            metavar=unit,
            help=f"{meaning}; default: {default:g}",
        )


def print_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say, as fields of `ModelSettings`."""
    hollow = {"wall_mm": options.wall_mm, "drain_mm": options.drain_mm}
    plates = {field: getattr(options, field) for _, field, _, _ in PLATES}
    plates["lithophane_shape"] = options.lithophane_shape
    plates["lithophane_frame_mm"] = options.lithophane_frame_mm
    return (
        {"height_mm": options.height_mm, "base": options.base} | PRINT_SIZES[options.size] | hollow | plates
    )
