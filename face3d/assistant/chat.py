"""Advice from a server that speaks the OpenAI chat API with images.

OpenAI, Ollama, llama.cpp, vLLM and LM Studio do. The photo goes to that server, and nowhere else.
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from face3d.assistant.advice import Advice
from face3d.assistant.server import Cancelled, Server, answer, never
from face3d.errors import AssistantError
from face3d.export.images import data_uri, thumbnail
from face3d.structures import Photo

if TYPE_CHECKING:
    from openai import OpenAI

SIDE = 768
"""Longest side of the picture that is sent, pixels."""
LARGEST_ANSWER = 1_000_000
"""Bytes of an answer that are read."""


def ask(
    photo: Photo, figures: str, server: Server, *, host_sees_photo: bool, cancelled: Cancelled = never
) -> Advice:
    """The server's advice. An answer that does not fit is asked for once more, with its fault named.

    figures: what was measured, in words. host_sees_photo: whether the user has agreed that this host gets the
    photo; not needed for a server on this computer. cancelled: asked before anything is sent, and while an
    answer comes in; after a yes nothing more is sent.
    Raises AssistantError, with the remedy.
    """
    server.require_consent(host_sees_photo)
    client = server.client()
    from face3d.assistant.answer import instructions, read_advice  # needs pydantic, which openai brings

    end = time.monotonic() + server.seconds
    messages = _messages(photo, figures, instructions())
    try:
        for last in (False, True):
            text = ""
            try:
                text = _answer(client, server, messages, end, cancelled)
                return read_advice(text)
            except ValueError as fault:
                if last:
                    raise AssistantError(
                        f"{server.host} gave no advice that can be read ({fault}). Choose another model."
                    ) from fault
                if text:
                    messages.append({"role": "assistant", "content": text[: LARGEST_ANSWER // 100]})
                again = f"That does not fit: {fault}. Answer with the object alone."
                messages.append({"role": "user", "content": again})
        raise AssertionError("the loop returns or raises")
    finally:
        client.close()


def _messages(photo: Photo, figures: str, instructions: str) -> list[dict[str, Any]]:
    picture = data_uri(thumbnail(photo.rgb_hwc, SIDE), "JPEG")  # of pixels alone: no EXIF
    return [
        {"role": "system", "content": instructions},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": f"Measured: {figures}"},
                {"type": "image_url", "image_url": {"url": picture}},
            ],
        },
    ]


def _answer(
    client: OpenAI, server: Server, messages: list[dict[str, Any]], end: float, cancelled: Cancelled
) -> str:
    """The text of one answer. Raises AssistantError; ValueError where it is empty or refused."""
    from face3d.assistant.answer import Answer

    chat: Any = client.chat.completions.with_streaming_response
    question = partial(
        chat.create,
        model=server.model,
        messages=messages,
        temperature=0,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "advice", "schema": Answer.model_json_schema()},
        },
    )
    body = answer(server, lambda seconds: question(timeout=seconds), end, LARGEST_ANSWER, cancelled)
    try:
        message = json.loads(body)["choices"][0]["message"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError("it is no answer of the chat API") from error
    if message.get("refusal"):
        raise AssistantError(f"{server.host} refuses to look at this photo. Choose another model.")
    if not isinstance(message.get("content"), str) or not message["content"].strip():
        raise ValueError("it is empty")
    return str(message["content"])
