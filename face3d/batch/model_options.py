"""Options of the command line about the model, and its settings."""

from __future__ import annotations

import argparse
from typing import Any

from face3d.batch.matte_options import chosen_matte
from face3d.batch.print_options import PLATES, print_settings
from face3d.geometry.scale import PRINT_SIZES
from face3d.geometry.settings import ModelSettings

FIELDS = {
    "faces": "face_budget",
    "points": "point_budget",
    "smoothing": "smoothing_px",
    "edge-tolerance": "edge_tolerance",
    "fov": "fov_degrees",
    "near-far": "near_far_ratio",
    "perspective": "perspective",
    "face": "face",
    "base": "base",
    "hollow": "wall_mm",
    "drain": "drain_mm",
    "lithophane-shape": "lithophane_shape",
    "lithophane-frame": "lithophane_frame_mm",
}
"""Options that are a field of `ModelSettings` as it is, beside the measures of `PLATES`."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    defaults = ModelSettings()
    parser.add_argument(
        "--faces",
        type=int,
        default=defaults.face_budget,
        metavar="N",
        help=f"largest number of triangles, default: {defaults.face_budget}; 500000 take half a minute; a "
        "bust with a whole head takes at least 4000, a head has those of the head model",
    )
    parser.add_argument(
        "--points",
        type=int,
        default=defaults.point_budget,
        metavar="N",
        help=f"largest number of points in the file of points, default: {defaults.point_budget}",
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        default=defaults.smoothing_px,
        metavar="PX",
        help=f"Gaussian sigma in pixels, default: {defaults.smoothing_px:g}",
    )
    parser.add_argument(
        "--edge-tolerance",
        type=float,
        default=defaults.edge_tolerance,
        metavar="SHARE",
        help="jump in distance, as a share of it, at which the surface is cut; 0: never; "
        f"default: {defaults.edge_tolerance:g}",
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
    yes_or_no = argparse.BooleanOptionalAction
    parser.add_argument(
        "--perspective",
        action=yes_or_no,
        default=defaults.perspective,
        help="rays that meet in the camera, the default; without: parallel ones, as from far away",
    )
    parser.add_argument(
        "--stray-points",
        action=yes_or_no,
        default=not defaults.remove_outliers,
        help="keep points far from their neighbours; default: they are removed",
    )
    parser.add_argument(
        "--background",
        action=yes_or_no,
        default=not defaults.foreground_only,
        help="keep the background in the model although a person was found; --matte none looks for none",
    )
    parser.add_argument(
        "--face",
        type=int,
        default=1,
        metavar="N",
        help="which person of several to model; default: 1, who covers most of the picture. In a video "
        "people keep the numbers of its first frame, and who comes later has the next one",
    )


def model_settings(options: argparse.Namespace) -> ModelSettings:
    """The settings of the model. Raises: GeometryError for a value out of its range."""
    return ModelSettings(
        **print_settings(options),
        face_budget=options.faces,
        point_budget=options.points,
        smoothing_px=options.smoothing,
        edge_tolerance=options.edge_tolerance,
        fov_degrees=options.fov,
        near_far_ratio=options.near_far,
        perspective=options.perspective,
        remove_outliers=not options.stray_points,
        foreground_only=chosen_matte(options) != "none" and not options.background,
        face=options.face,
    )


def options_of(settings: ModelSettings, matte: str) -> dict[str, Any]:
    """What `model_settings` reads these settings from: by the option's name the values that are no defaults.

    matte: the row of MATTES that is named beside them.
    """
    usual = ModelSettings()
    sizes = {"height_mm": settings.height_mm, "longest_mm": settings.longest_mm}
    size = {name: value for name, value in sizes.items() if value is not None}
    named = next((name for name, row in PRINT_SIZES.items() if row == size), None)
    found: dict[str, Any] = {}
    if named is None:
        found["height-mm"] = settings.height_mm
    elif named != "life":
        found["size"] = named
    for option, field in (*FIELDS.items(), *((plate[0][2:], plate[1]) for plate in PLATES)):
        if (value := getattr(settings, field)) != getattr(usual, field):
            found[option] = value
    if settings.remove_outliers != usual.remove_outliers:
        found["stray-points"] = not settings.remove_outliers
    if not settings.foreground_only and matte != "none":
        found["background"] = True
    return found
