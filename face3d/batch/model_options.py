"""Options of the command line about the model, and its settings."""

from __future__ import annotations

import argparse

from face3d.batch.matte_options import chosen_matte
from face3d.batch.print_options import print_settings
from face3d.geometry.settings import ModelSettings


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    defaults = ModelSettings()
    parser.add_argument(
        "--faces",
        type=int,
        default=defaults.face_budget,
        metavar="N",
        help=f"largest number of triangles, default: {defaults.face_budget}; 500000 take half a minute",
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        default=defaults.smoothing_px,
        metavar="PX",
        help=f"Gaussian sigma in pixels, default: {defaults.smoothing_px:g}",
    )
    parser.add_argument(
        "--fov",
        type=float,
        default=None,
        metavar="DEGREES",
        help="horizontal field of view; default: the photo's own, else 30",
    )
    parser.add_argument(
        "--near-far",
        type=float,
        default=defaults.near_far_ratio,
        metavar="RATIO",
        help="farthest over nearest distance, for MiDaS and Depth Anything: more is deeper; "
        f"default: {defaults.near_far_ratio:g}",
    )
    parser.add_argument(
        "--face",
        type=int,
        default=1,
        metavar="N",
        help="which person of several to model; default: 1, who covers most of the picture",
    )


def model_settings(options: argparse.Namespace) -> ModelSettings:
    """The settings of the model. Raises: GeometryError for a value out of its range."""
    return ModelSettings(
        **print_settings(options),
        face_budget=options.faces,
        smoothing_px=options.smoothing,
        fov_degrees=options.fov,
        near_far_ratio=options.near_far,
        foreground_only=chosen_matte(options) != "none",
        face=options.face,
    )
