"""A picture by a server that speaks the OpenAI image API: OpenAI's own, LocalAI, and others.

The words go to that server, and nowhere else. Only a picture inside the answer is taken: an address in it
would be another place to ask.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

from face3d.assistant.server import Server, answer
from face3d.errors import AssistantError, ImagineError, PhotoError
from face3d.imagine.picture import Picture, Report, Stage
from face3d.imagine.table import ImageModel
from face3d.imagine.words import Words
from face3d.photo import MAX_BYTES, read_photo

VARIABLE = "OPENAI_IMAGE_MODEL"
DEFAULT_MODEL = "gpt-image-1"
SECONDS = 180.0
SIDE = 1024
"""Of the picture, pixels: the one square that all of these servers know."""
LARGEST_ANSWER = MAX_BYTES * 4 // 3 + 100_000
"""Bytes of an answer that are read: the largest photo, in base64."""
REFUSED = "content_policy_violation", "moderation_blocked"
"""Codes of the answer 400 that are about the words."""


def of_environment() -> Server:
    """The server by OPENAI_BASE_URL, OPENAI_IMAGE_MODEL and OPENAI_API_KEY; default OpenAI's own."""
    return Server.of_environment(VARIABLE, DEFAULT_MODEL, SECONDS)


def check(words: Words, server: Server, host_sees_words: bool) -> None:
    """Raises AssistantError without the user's consent, ImagineError for what this API has no place for."""
    server.require_consent(host_sees_words, "the description", "--image-host-sees-prompt")
    if words.negative or words.steps or words.side:
        raise ImagineError("A server takes the description alone. Leave out negative words, steps and size.")


def draw(
    words: Words, model: ImageModel, server: Server, report: Report, *, host_sees_words: bool
) -> Picture:
    """The server's picture of `words`; their seed is not sent, since this API has none.

    host_sees_words: whether the user has agreed that this host gets them; not needed for a server on this
    computer.
    Raises ImagineError and AssistantError, with the remedy.
    """
    check(words, server, host_sees_words)
    client = server.client()
    try:
        report(Stage(f"Waiting for {server.host}", 0.1))
        body = _body(client, server, words.text)
    finally:
        client.close()
    return _picture(server, body, words, replace(model, source=server.host, title=server.model))


def _body(client: Any, server: Server, text: str) -> bytes:
    """The answer. Some servers must be asked for a picture inside it, and others refuse that question."""
    import openai

    end = time.monotonic() + server.seconds
    generate = client.images.with_streaming_response.generate
    question = partial(generate, model=server.model, prompt=text, n=1, size=f"{SIDE}x{SIDE}")
    for last, ask in ((False, partial(question, response_format="b64_json")), (True, question)):

        def send(seconds: float, ask: Any = ask) -> Any:
            return ask(timeout=seconds)

        try:
            return answer(server, send, end, LARGEST_ANSWER)
        except AssistantError as error:
            cause = error.__cause__
            if not isinstance(cause, openai.BadRequestError):
                raise
            if cause.code in REFUSED:
                raise ImagineError(f"{server.host} refuses this description. Change it.") from error
            if last:
                raise
    raise AssertionError("the loop returns or raises")


def _picture(server: Server, body: bytes, words: Words, model: ImageModel) -> Picture:
    """The picture of an answer. Raises ImagineError where there is none in it."""
    fault = "no answer of the image API"
    try:
        found = json.loads(body)["data"][0]
        text = found.get("b64_json")
        if not text and found.get("url"):
            fault = "an address in place of a picture"
        data = base64.b64decode(text, validate=True)
        fault = "no picture"
        photo = read_photo(data, "The answer")
    except (ValueError, LookupError, TypeError, AttributeError, binascii.Error, PhotoError) as error:
        raise ImagineError(
            f"{server.host} answers with {fault}. Choose another model ({VARIABLE})."
        ) from error
    made = Picture.of(photo.rgb_hwc, replace(words, side=photo.size_hw[1]), model)
    return replace(made, facts=made.facts | {"seed": None})
