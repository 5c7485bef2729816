"""`ASSISTANTS`, and the one call that asks them."""

from __future__ import annotations

from dataclasses import replace

from face3d.assistant import rules
from face3d.assistant.advice import Advice
from face3d.assistant.chat import ask
from face3d.assistant.server import Cancelled, Server, never
from face3d.errors import AssistantError
from face3d.structures import DepthMap, Photo

ASSISTANTS = {
    "rules": "rules on measured figures; built in, offline",
    "openai": "a server that speaks the OpenAI chat API, such as GPT-4 or a model of Ollama",
}


def advise(
    photo: Photo,
    depth: DepthMap,
    assistant: str = "rules",
    *,
    face: int = 1,
    server: Server | None = None,
    host_sees_photo: bool = False,
    cancelled: Cancelled = never,
) -> Advice:
    """Advice on a photo and its depth map by one of ASSISTANTS.

    Where `openai` fails, the rules answer, and `Advice.note` says why. A face that the depth map does not
    have is not advised.
    face: the number of the one that is to be modelled. server: default that of the environment.
    host_sees_photo, cancelled: see `chat.ask`.
    Raises AssistantError for an unknown assistant, and without the user's consent.
    """
    if assistant not in ASSISTANTS:
        raise AssistantError(f"There is no assistant '{assistant}'; choose one of {', '.join(ASSISTANTS)}.")
    advice = rules.advise(photo, depth, face)
    if assistant == "rules":
        return advice
    server = server or Server.of_environment()
    server.require_consent(host_sees_photo)  # outside the try: the rules are no answer to a lack of consent
    try:
        figures = " ".join([advice.contents, *advice.problems])
        return _possible(
            ask(photo, figures, server, host_sees_photo=host_sees_photo, cancelled=cancelled), depth
        )
    except AssistantError as error:
        return replace(advice, note=str(error))


def _possible(advice: Advice, depth: DepthMap) -> Advice:
    """The advice without a face that is not there."""
    count = len(depth.faces)
    kept = [one for one in advice.settings if one.name != "face" or one.value <= count]
    return replace(advice, settings=tuple(kept))
