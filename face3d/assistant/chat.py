"""Advice from a server that speaks the OpenAI chat API with images.

OpenAI, Ollama, llama.cpp, vLLM and LM Studio do. The photo goes to that server, and nowhere else: redirects
are not followed.
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from face3d.assistant.advice import Advice
from face3d.errors import AssistantError
from face3d.export.images import data_uri, thumbnail
from face3d.structures import Photo

if TYPE_CHECKING:
    from openai import OpenAI

SIDE = 768
"""Longest side of the picture that is sent, pixels."""
LARGEST_ANSWER = 1_000_000
"""Bytes of an answer that are read."""
LONGEST_WAIT = 20.0
"""Seconds for which a server may ask to be left alone."""
OPENAI = "https://api.openai.com/v1"
Cancelled = Callable[[], bool]
"""Whether the question was taken back."""


@dataclass(frozen=True)
class Server:
    """Where the photo is sent. base_url: with its path, such as http://127.0.0.1:11434/v1. seconds: for an
    answer in all. The key is in no message and no representation.
    """

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = 60.0

    @classmethod
    def of_environment(cls) -> Server:
        """By OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY; default OpenAI's own, gpt-4o."""
        return cls(
            os.environ.get("OPENAI_BASE_URL") or OPENAI,
            os.environ.get("OPENAI_MODEL") or "gpt-4o",
            os.environ.get("OPENAI_API_KEY", ""),
        )

    @property
    def host(self) -> str:
        """Its name, for people. Raises AssistantError for an address that is none."""
        try:
            parts = urlsplit(self.base_url)
            name = parts.hostname if parts.scheme in ("http", "https") else None
        except ValueError:
            name = None
        if not name:
            raise AssistantError(
                f"{self.base_url} is no address of a server. Give one such as http://127.0.0.1:11434/v1."
            )
        return name

    @property
    def is_here(self) -> bool:
        """Whether it runs on this computer. A name that is looked up elsewhere does not count."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def require_consent(self, host_sees_photo: bool) -> None:
        """Raises AssistantError where the photo would leave this computer without the user's consent."""
        if not (self.is_here or host_sees_photo):
            raise AssistantError(
                f"{self.host} would get the photo. Agree to it first (--assistant-host-sees-photo), or name "
                "a server on this computer (OPENAI_BASE_URL)."
            )


def never() -> bool:
    """For a question that is not taken back."""
    return False


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
    if find_spec("openai") is None:
        raise AssistantError(
            "The assistant openai needs the package openai. "
            "Install it with `pip install -r requirements-extra.txt`."
        )
    from face3d.assistant.answer import instructions, read_advice  # needs pydantic, which openai brings

    end = time.monotonic() + server.seconds
    messages = _messages(photo, figures, instructions())
    client = _client(server)
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


def _client(server: Server) -> OpenAI:
    from openai import DefaultHttpxClient, OpenAI

    # A proxy of the environment would get the photo of a server that runs here.
    http_client = DefaultHttpxClient(trust_env=not server.is_here, follow_redirects=False)
    return OpenAI(
        base_url=server.base_url, api_key=server.key or "none", max_retries=0, http_client=http_client
    )


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
    import openai

    for attempt in (0, 1):
        try:
            return _read(client, server, messages, end, cancelled)
        except openai.RateLimitError as error:
            wait = _seconds_asked(error)
            if attempt or wait is None or time.monotonic() + wait > end:
                raise AssistantError(
                    f"{server.host} takes no more questions for now. Try again later."
                ) from error
            time.sleep(wait)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise AssistantError(f"{server.host} refuses the key. Set OPENAI_API_KEY.") from error
        except openai.NotFoundError as error:
            raise AssistantError(
                f"{server.host} has no model {server.model} at this address. "
                "Set OPENAI_MODEL and OPENAI_BASE_URL."
            ) from error
        except (openai.APITimeoutError, TimeoutError) as error:
            raise AssistantError(
                f"{server.host} gave no answer within {server.seconds:g} seconds. "
                "Try again, or choose a smaller model."
            ) from error
        except openai.APIConnectionError as error:
            raise AssistantError(
                f"{server.host} cannot be reached. Start the server, or check its address."
            ) from error
        except openai.APIStatusError as error:
            raise AssistantError(
                f"{server.host} answers with status {error.status_code}. Try again, or choose another model."
            ) from error
    raise AssertionError("the loop returns or raises")


def _check_wanted(server: Server, cancelled: Cancelled) -> None:
    if cancelled():
        raise AssistantError(f"The question to {server.host} was taken back. Ask again when you like.")


def _read(
    client: OpenAI, server: Server, messages: list[dict[str, Any]], end: float, cancelled: Cancelled
) -> str:
    """Reads the answer piece by piece, so that neither its size nor its slowness is without limit."""
    from face3d.assistant.answer import Answer

    _check_wanted(server, cancelled)
    left = max(0.1, end - time.monotonic())
    body = bytearray()
    asked: Any = client.chat.completions.with_streaming_response
    with asked.create(
        model=server.model,
        messages=messages,
        temperature=0,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "advice", "schema": Answer.model_json_schema()},
        },
        timeout=left,
    ) as response:
        try:
            for piece in response.iter_bytes():
                body += piece
                _check_wanted(server, cancelled)
                if len(body) > LARGEST_ANSWER:
                    raise AssistantError(
                        f"{server.host} answers with more than {LARGEST_ANSWER // 1000} kB. "
                        "Choose another model."
                    )
                if time.monotonic() > end:
                    raise TimeoutError
        except (AssistantError, TimeoutError):
            raise
        except Exception as error:  # of the HTTP library, which the client does not wrap while it streams
            if "timeout" in type(error).__name__.lower():
                raise TimeoutError from error
            raise AssistantError(f"The connection to {server.host} broke off. Try again.") from error
    try:
        message = json.loads(body)["choices"][0]["message"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError("it is no answer of the chat API") from error
    if message.get("refusal"):
        raise AssistantError(f"{server.host} refuses to look at this photo. Choose another model.")
    if not isinstance(message.get("content"), str) or not message["content"].strip():
        raise ValueError("it is empty")
    return str(message["content"])


def _seconds_asked(error: Any) -> float | None:
    """Of the header Retry-After, None where it is no number or too long."""
    try:
        seconds = float(error.response.headers.get("retry-after", 1))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LONGEST_WAIT else None
