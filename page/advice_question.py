"""One question to a chat server, answered on a thread of its own, so that it can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from face3d.assistant import rules
from face3d.assistant.advice import Advice
from face3d.assistant.server import Server
from face3d.assistant.table import advise
from face3d.errors import FaceModelError
from page.failures import explained_errors
from page.inference_queue import POLL_SECONDS
from page.session import DepthResult


class Question:
    """What a server is asked about one depth map. `advice` is None until there is an answer.

    host_sees_photo: whether the visitor has agreed to it, for this question.
    """

    def __init__(self, result: DepthResult, face: int, server: Server, *, host_sees_photo: bool) -> None:
        """Asks. Raises: AssistantError, with nothing sent, without the consent that the server needs."""
        server.require_consent(host_sees_photo)
        self.about, self.server = (result.key, face), server
        self.advice: Advice | None = None
        self._begin = monotonic()
        self._taken_back, self._answered = threading.Event(), threading.Event()
        arguments = result, face, host_sees_photo
        threading.Thread(target=self._ask, args=arguments, name="ask", daemon=True).start()

    @property
    def pending(self) -> bool:
        """Whether an answer is still waited for."""
        return not (self._answered.is_set() or self._taken_back.is_set())

    @property
    def taken_back(self) -> bool:
        """Whether it was taken back before there was an answer."""
        return self._taken_back.is_set()

    def take_back(self) -> None:
        """Wait no longer. Nothing more is sent; the photo may have been."""
        if not self._answered.is_set():
            self._taken_back.set()

    def wait(self, report: Callable[[float], object]) -> None:
        """Wait for the answer; `report` is told the seconds since the question, and may raise."""
        while self.pending:
            report(monotonic() - self._begin)
            self._answered.wait(POLL_SECONDS)

    def _ask(self, result: DepthResult, face: int, host_sees_photo: bool) -> None:
        try:
            with explained_errors():
                self.advice = advise(
                    result.photo,
                    result.depth_map,
                    "openai",
                    face=face,
                    server=self.server,
                    host_sees_photo=host_sees_photo,
                    cancelled=self._taken_back.is_set,
                )
        except FaceModelError as error:
            self.advice = replace(rules.advise(result.photo, result.depth_map, face), note=str(error))
        self._answered.set()
