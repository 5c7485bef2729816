"""Options of the command line about the assistant, and what its advice does there."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from face3d.assistant.advice import Advice
from face3d.assistant.server import Server
from face3d.assistant.table import ASSISTANTS, advise
from face3d.batch.matte_options import chosen_matte
from face3d.completion.table import COMPLETIONS
from face3d.geometry.kinds import KINDS
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, Photo

FACE = "face"
"""The setting that says whose model it is."""


def add_assist_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command line's."""
    kinds = "; ".join(f"{name}: {summary}" for name, summary in ASSISTANTS.items())
    parser.add_argument(
        "--assist",
        choices=list(ASSISTANTS),
        help=f"settings that suit the photo, for all that are left at their defaults. {kinds}, named by "
        "OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY",
    )
    parser.add_argument(
        "--assistant-host-sees-photo",
        action="store_true",
        help="let a server on another computer get the photo; without this only one on this computer does",
    )


def check_consent(options: argparse.Namespace) -> None:
    """Raises AssistantError, before any work, where the photo would leave this computer without consent."""
    if options.assist == "openai":
        Server.of_environment().require_consent(options.assistant_host_sees_photo)


def advised(
    photo: Photo,
    depth: DepthMap,
    options: argparse.Namespace,
    settings: ModelSettings,
    warn: Callable[[str], None],
) -> tuple[argparse.Namespace, ModelSettings, Advice | None]:
    """Options and settings with what was advised, and that of the advice which was applied; as they are
    without `--assist`.

    A value that the user gave is kept. Only said, not applied, are: another face, for the names of the files
    say whose they are; a matte, for the depth map is made; an engine that would be downloaded.
    `warn` is told problems, changes and what was not applied.
    """
    if options.assist is None:
        return options, settings, None
    consent = options.assistant_host_sees_photo
    advice = advise(photo, depth, options.assist, face=settings.face, host_sees_photo=consent)
    usual = ModelSettings()
    free = [one.name for one in advice.settings if getattr(settings, one.name) == getattr(usual, one.name)]
    for sentence in (advice.note, advice.contents, *advice.problems, advice.texture):
        if sentence:
            warn(sentence)
    for setting in advice.settings:
        if setting.name == FACE and FACE in free and setting.value != settings.face:
            warn(
                f"face {setting.value:g} is advised by {advice.by}: {setting.reason} "
                f"The model is of face {settings.face}; use --face {setting.value:g}."
            )
    advice = advice.only(name for name in free if name != FACE)
    for setting in advice.settings:
        warn(f"{setting.name} {setting.value:g}, advised by {advice.by}: {setting.reason}")
    if advice.matte not in (None, chosen_matte(options)):
        warn(
            f"The matte {advice.matte} is advised by {advice.by}: {advice.matte_reason} "
            f"Use --matte {advice.matte}."
        )
    options = _completing(options, advice, warn)
    if advice.alternative_text:
        warn(f"Text for screen readers: {advice.alternative_text}")
    return options, advice.applied(settings), advice.in_use(depth.matte, options.complete)


def _completing(
    options: argparse.Namespace, advice: Advice, warn: Callable[[str], None]
) -> argparse.Namespace:
    """The options with the engine that is advised, where none is named and it can be used at once."""
    name = advice.completion
    if name is None or options.complete is not None or KINDS[options.model].plate:
        return options
    if COMPLETIONS[name].files:
        warn(
            f"The completion {name} is advised by {advice.by}: {advice.completion_reason} It takes a "
            f"download, {COMPLETIONS[name].size_text}. Use --complete {name}."
        )
        return options
    warn(f"completion {name}, advised by {advice.by}: {advice.completion_reason}")
    return argparse.Namespace(**vars(options) | {"complete": name})
