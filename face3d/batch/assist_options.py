"""Options of the command line about the assistant, and what its advice does there."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from face3d.assistant.advice import Advice
from face3d.assistant.server import Server
from face3d.assistant.table import ASSISTANTS, advise
from face3d.geometry.settings import ModelSettings
from face3d.structures import DepthMap, Photo


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
) -> tuple[ModelSettings, Advice | None]:
    """The settings with what was advised, and that advice; as they are without `--assist`.

    A value that the user gave is kept. `warn` is told problems and changes.
    """
    if options.assist is None:
        return settings, None
    consent = options.assistant_host_sees_photo
    advice = advise(photo, depth, options.assist, face=settings.face, host_sees_photo=consent)
    usual = ModelSettings()
    free = [one.name for one in advice.settings if getattr(settings, one.name) == getattr(usual, one.name)]
    advice = advice.only(free)
    for sentence in (advice.note, advice.contents, *advice.problems, advice.texture):
        if sentence:
            warn(sentence)
    for setting in advice.settings:
        warn(f"{setting.name} {setting.value:g}, advised by {advice.by}: {setting.reason}")
    return advice.applied(settings), advice
