"""Options of the command line about what the photo does not show."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from face3d.batch import inputs
from face3d.completion.table import COMPLETIONS, DEFAULT_COMPLETION
from face3d.crop import pixel_box
from face3d.errors import CompletionError
from face3d.framing import Framing
from face3d.geometry.kinds import KINDS
from face3d.structures import Array, Completion, DepthMap, Photo

NO_COMPLETION = "none"


def add_complete_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    engines = "; ".join(f"{row.name}: {row.summary}" for row in COMPLETIONS.values())
    parser.add_argument(
        "--complete",
        choices=[*COMPLETIONS, NO_COMPLETION],
        metavar="NAME",
        help="what completes the sides of the person that the photo does not show. A whole head has the head "
        "model's colours unless an engine is named here; shoulders and two-sided busts have those of "
        f"{DEFAULT_COMPLETION} by default. {engines}; {NO_COMPLETION}: those of the outline",
    )
    parser.add_argument(
        "--complete-pipeline",
        metavar="PATH",
        help="folder or hub id of the pipeline for --complete diffusers",
    )
    parser.add_argument(
        "--hidden",
        type=Path,
        metavar="FILE",
        help="a picture of the photo's size, white where something covers the person, as a hand, a "
        "microphone or sunglasses: colour and depth there are completed too",
    )
    parser.add_argument(
        "--hidden-box",
        type=int,
        nargs=4,
        metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="the same for a box, in pixels of the photo as the depth map has them, turned and cropped",
    )


def chosen_engine(options: argparse.Namespace) -> str:
    """The row of COMPLETIONS that the options name, or `none`."""
    return options.complete or DEFAULT_COMPLETION


def check_engine(options: argparse.Namespace) -> None:
    """Raises CompletionError, before any work, for a pipeline without its engine, and where the engine lacks
    its pipeline or its package.
    """
    engine = COMPLETIONS.get(chosen_engine(options))
    if engine and engine.needs_checkpoint:
        from face3d.completion.pipelines import require_pipeline

        require_pipeline(options.complete_pipeline)
    elif options.complete_pipeline:
        raise CompletionError(
            "--complete-pipeline is for --complete diffusers. Leave it out, or choose that engine."
        )


def chosen_hidden(options: argparse.Namespace, photos: Sequence[Path]) -> Photo | None:
    """The mask of what is hidden that the options name, or None.

    Raises: CompletionError for options that do not fit each other or the photos; PhotoError for a mask that
    cannot be read.
    """
    if options.hidden is None and options.hidden_box is None:
        return None
    if options.hidden is not None and options.hidden_box is not None:
        raise CompletionError("--hidden and --hidden-box say the same. Leave out one of them.")
    option = "--hidden-box" if options.hidden is None else f"--hidden {inputs.shown(options.hidden)}"
    if chosen_engine(options) == NO_COMPLETION:
        name = option.split()[0]
        raise CompletionError(f"{name} says what to complete. Leave out --complete none, or {name}.")
    if len(photos) > 1:
        raise CompletionError(f"{option} belongs to one photo, and {len(photos)} are named. Name one photo.")
    return None if options.hidden is None else inputs.read(options.hidden, inputs.MASK)


def hidden_pixels(size_hw: tuple[int, int], box: Sequence[int]) -> Array:
    """(h, w) bool: what a box of `--hidden-box` marks in a photo. Raises: CompletionError for nothing."""
    left, top, right, bottom = pixel_box(size_hw, (box[0], box[1], box[2], box[3]))
    if left >= right or top >= bottom:
        raise CompletionError(
            f"--hidden-box marks nothing of this photo, which has {size_hw[1]} x {size_hw[0]} pixels. "
            "Choose another box."
        )
    hidden_hw = np.zeros(size_hw, bool)
    hidden_hw[top:bottom, left:right] = True
    return hidden_hw


def framed_hidden(hidden: Photo | None, framing: Framing) -> Photo | None:
    """The mask of what is hidden, turned and cropped as the photo is. Raises: CompletionError."""
    return hidden and framing.mask(hidden, "The mask of what is hidden", CompletionError)


def completed(
    depth: DepthMap,
    photo: Photo,
    options: argparse.Namespace,
    hidden: Photo | None,
    face: int,
    warn: Callable[[str], None],
    progress: Callable[[int, int | None], None] | None = None,
) -> tuple[DepthMap, Photo, Completion | None]:
    """Depth map and photo with what the options ask for completed, and how; as they are where they ask for
    nothing. `warn` is told what was asked for and could not be done.

    Of a plate, which is the photo's rectangle, the photo grows only where a completion was asked for.
    hidden: the mask of what is hidden, turned as the photo. progress: of a download.
    Raises: CompletionError, WeightsError and GeometryError as `face3d.completion.stage.complete`.
    """
    if chosen_engine(options) == NO_COMPLETION:
        return depth, photo, None
    from face3d.completion.marked import as_marked
    from face3d.completion.stage import complete  # scipy.optimize takes a tenth of a second

    hidden_hw = None if hidden is None else as_marked(hidden, photo.size_hw)
    if options.hidden_box is not None:
        hidden_hw = hidden_pixels(photo.size_hw, options.hidden_box)
    found = complete(
        depth,
        photo,
        chosen_engine(options),
        face=face,
        hidden_hw=hidden_hw,
        beyond_edge=options.complete is not None or not KINDS[options.model].plate,
        hidden_side=KINDS[options.model].closed and not KINDS[options.model].plate,
        named=options.complete is not None,
        checkpoint=options.complete_pipeline,
        progress=progress,
    )
    continued = found.photo.size_hw != photo.size_hw
    if found.completion.note and (options.complete or hidden_hw is not None or continued):
        warn(found.completion.note)
    return found.depth, found.photo, found.completion
