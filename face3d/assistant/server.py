"""A server with an OpenAI API: its address, consent, and requests within limits of time and size.

What is sent goes to that server, and nowhere else: redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from face3d.errors import AssistantError

if TYPE_CHECKING:
    from openai import OpenAI

LONGEST_WAIT = 20.0
"""Seconds for which a server may ask to be left alone."""
OPENAI = "https://api.openai.com/v1"
Cancelled = Callable[[], bool]
"""Whether the question was taken back."""


def never() -> bool:
    """For a question that is not taken back."""
    return False


@dataclass(frozen=True)
class Server:
    """Where something is sent. base_url: with its path, such as http://127.0.0.1:11434/v1. seconds: for an
    answer in all. variable: of the environment, in which people name the model. The key is in no message and
    no representation.
    """

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = 60.0
    variable: str = "OPENAI_MODEL"

    @classmethod
    def of_environment(
        cls, variable: str = "OPENAI_MODEL", default: str = "gpt-4o", seconds: float = 60.0
    ) -> Server:
        """By OPENAI_BASE_URL, `variable` and OPENAI_API_KEY; default OpenAI's own server and `default`."""
        return cls(
            os.environ.get("OPENAI_BASE_URL") or OPENAI,
            os.environ.get(variable) or default,
            os.environ.get("OPENAI_API_KEY", ""),
            seconds,
            variable,
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

    def require_consent(
        self, agreed: bool, what: str = "the photo", option: str = "--assistant-host-sees-photo"
    ) -> None:
        """Raises AssistantError where `what` would leave this computer without the user's consent."""
        if not (self.is_here or agreed):
            raise AssistantError(
                f"{self.host} would get {what}. Agree to it first ({option}), or name "
                "a server on this computer (OPENAI_BASE_URL)."
            )

    def client(self) -> OpenAI:
        """The official client, which is to be closed. Raises AssistantError where it is not installed."""
        if find_spec("openai") is None:
            raise AssistantError(
                "A server with the OpenAI API needs the package openai. "
                "Install it with `pip install -r requirements-extra.txt`."
            )
        from openai import DefaultHttpxClient, OpenAI

        # A proxy of the environment would get what is meant for a server that runs here.
        http_client = DefaultHttpxClient(trust_env=not self.is_here, follow_redirects=False)
        return OpenAI(
            base_url=self.base_url, api_key=self.key or "none", max_retries=0, http_client=http_client
        )


def answer(
    server: Server,
    ask: Callable[[float], AbstractContextManager[Any]],
    end: float,
    most_bytes: int,
    cancelled: Cancelled = never,
) -> bytes:
    """The body of one answer. A server that asks for a short wait gets it, once.

    ask: sends the request with a time limit in seconds and streams the response, as the client's
    `with_streaming_response` does. end: of all waiting, by `time.monotonic`. most_bytes: that are read.
    cancelled: asked before anything is sent, and while the answer comes in.
    Raises AssistantError, with the remedy.
    """
    import openai

    for attempt in (0, 1):
        try:
            return _read(server, ask, end, most_bytes, cancelled)
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
                f"Set {server.variable} and OPENAI_BASE_URL."
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
    server: Server,
    ask: Callable[[float], AbstractContextManager[Any]],
    end: float,
    most_bytes: int,
    cancelled: Cancelled,
) -> bytes:
    """Reads the answer piece by piece, so that neither its size nor its slowness is without limit."""
    _check_wanted(server, cancelled)
    body = bytearray()
    with ask(max(0.1, end - time.monotonic())) as response:
        try:
            for piece in response.iter_bytes():
                body += piece
                _check_wanted(server, cancelled)
                if len(body) > most_bytes:
                    raise AssistantError(
                        f"{server.host} answers with more than {most_bytes // 1000} kB. Choose another model."
                    )
                if time.monotonic() > end:
                    raise TimeoutError
        except (AssistantError, TimeoutError):
            raise
        except Exception as error:  # of the HTTP library, which the client does not wrap while it streams
            if "timeout" in type(error).__name__.lower():
                raise TimeoutError from error
            raise AssistantError(f"The connection to {server.host} broke off. Try again.") from error
    return bytes(body)


def _seconds_asked(error: Any) -> float | None:
    """Of the header Retry-After, None where it is no number or too long."""
    try:
        seconds = float(error.response.headers.get("retry-after", 1))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LONGEST_WAIT else None
