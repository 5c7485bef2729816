"""Options of the command line about a picture from words, which takes the place of a photo."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from face3d.batch import inputs
from face3d.batch.video_options import frame_of
from face3d.errors import ImagineError
from face3d.export.files import save_all
from face3d.imagine import hub, image_server
from face3d.imagine.draw import MODEL_VARIABLE, default_model, draw, find_model
from face3d.imagine.picture import PHOTO, Stage, is_of_words
from face3d.imagine.table import DEFAULT_IMAGE_MODEL, IMAGE_MODELS, ImageModel
from face3d.imagine.words import PREAMBLE, Words
from face3d.structures import Photo
from face3d.video.names import is_video

ABOUT_PROMPT = {
    "preamble": "--preamble",
    "negative_prompt": "--negative-prompt",
    "seed": "--seed",
    "steps": "--steps",
    "image_size": "--image-size",
    "image_model": "--image-model",
}
"""Options that say something about a prompt, by their name in the namespace."""


def add_imagine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    parser.add_argument(
        "--prompt",
        metavar="TEXT",
        help="a description of a face in place of a photo; the picture made of it is written too, as "
        f"NAME{PHOTO}",
    )
    parser.add_argument("--preamble", metavar="TEXT", help=f"put before it; default: {PREAMBLE}")
    parser.add_argument("--negative-prompt", metavar="TEXT", help="what the picture is not to show")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="the same seed gives the same picture; default: 0"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="of the denoiser; default: the model's own")
    parser.add_argument(
        "--image-size", type=int, metavar="PX", help="side of the picture; default: the model's own"
    )
    rows = "; ".join(f"{row.name}: {row.title}, {row.licence}" for row in IMAGE_MODELS.values())
    parser.add_argument(
        "--image-model",
        metavar="NAME",
        help=f"what makes the picture, default: {DEFAULT_IMAGE_MODEL}, or what {MODEL_VARIABLE} names; or a "
        f"folder that diffusers has written. {rows}; named by OPENAI_BASE_URL, {image_server.VARIABLE} and "
        "OPENAI_API_KEY",
    )
    parser.add_argument(
        "--image-host-sees-prompt",
        action="store_true",
        help="let a server on another computer get the description; without this only one on this computer "
        "does",
    )


def described(options: argparse.Namespace) -> inputs.Found | None:
    """In place of the photos the picture that is to be made, under the name that its words give; None
    without a description.

    Raises ImagineError and AssistantError, before any work, for options that do not fit or lack consent.
    """
    if options.prompt is None:
        for name, option in ABOUT_PROMPT.items():
            if getattr(options, name) is not None:
                raise ImagineError(f"{option} is about a description. Add --prompt TEXT.")
        return None
    if options.photos != [Path("input")]:
        raise ImagineError("A description takes the place of a photo. Name photos, or --prompt, not both.")
    if options.depth_map is not None:
        raise ImagineError("--depth-map is of a photo that there is. Leave out --prompt, or --depth-map.")
    words, model = _words(options), _model(options)
    if model.is_server:
        image_server.check(words, image_server.of_environment(), options.image_host_sees_prompt)
        if options.seed is not None:
            raise ImagineError("A server takes no seed. Leave out --seed.")
    return inputs.Found([Path(f"{words.name}.png")], [], [])


def photo_of(
    path: Path, begin: Path, options: argparse.Namespace, warn: Callable[[str], None]
) -> tuple[Photo, str, dict[str, Any] | None]:
    """The photo of a file, or the chosen frame of a video, and the SHA-256 of the file; or the picture of a
    description, written beside what its name begins with, its own, and the facts about it for the report.

    `warn` is told what the model needs before it is fetched. Raises FaceModelError.
    """
    if options.prompt is None:
        if is_video(path):
            return *frame_of(path, options.frame), None
        photo = inputs.read(path)
        return photo, photo.sha256, None
    words, model = _words(options), _model(options)
    if not model.is_server:
        needs = [f"{model.title} makes the picture, licence: {model.licence}", model.needs]
        if not hub.is_here(model):
            needs.append(model.download)
        warn("; ".join(filter(None, needs)) + ".")
    picture = draw(words, model, _print_stage, host_sees_words=options.image_host_sees_prompt)
    if picture.note:
        warn(picture.note)
    file, number = begin.with_name(begin.name + PHOTO), 1
    while file.exists() and not is_of_words(file):
        number += 1
        file = begin.with_name(f"{begin.name}_{number}{PHOTO}")
    save_all({file: picture.png})
    photo = picture.photo(file.name)
    return photo, photo.sha256, picture.facts


def _words(options: argparse.Namespace) -> Words:
    return Words(
        options.prompt,
        PREAMBLE if options.preamble is None else options.preamble,
        options.negative_prompt or "",
        options.seed or 0,
        options.steps,
        options.image_size,
    )


def _model(options: argparse.Namespace) -> ImageModel:
    return find_model(options.image_model) if options.image_model else default_model()


def _print_stage(stage: Stage) -> None:
    """Prints the progress in one line of the terminal; nothing where stderr is no terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{stage.text:<70}" + ("\n" if stage.share >= 0.95 else ""))
        sys.stderr.flush()
