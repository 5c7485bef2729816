"""A model that is built and measured in a thread of its own: the page shows its figure meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from face3d.errors import FaceModelError
from face3d.geometry.settings import ModelSettings
from generate_3d_model import Model
from page.depth_request import DepthKey
from page.failures import explained_errors
from page.inference_queue import POLL_SECONDS, ReportStatus

UNWATCHED_SECONDS = 10.0
"""After so long without a page that waits for it, a model that has not been begun is given up."""


class ModelInputs(NamedTuple):
    """What a model and its files are made of."""

    depth_key: DepthKey
    kind: str
    settings: ModelSettings


class GivenUp(FaceModelError):
    """Nobody waits for the model any more."""


class ModelWork:
    """One model on its way. inputs: what it is made of.

    make: makes the model. It reports its status while it waits for others, and is told to give up by what
    that raises; once begun it goes on to its end.
    """

    def __init__(self, inputs: ModelInputs, make: Callable[[ReportStatus], Model]) -> None:
        """Starts at once."""
        self.inputs = inputs
        self._make = make
        self._model: Model | None = None
        self._error: FaceModelError | None = None
        self._status, self._wanted, self._watched = "", True, monotonic()
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="model", daemon=True).start()

    @property
    def failed(self) -> bool:
        """Whether it has ended without a model."""
        return self._ended.is_set() and self._model is None

    def give_up(self) -> None:
        """It is no longer wanted."""
        self._wanted = False

    def wait(self, report_status: ReportStatus) -> Model:
        """The model when it is there; until then the status is reported, which may raise.

        Raises: FaceModelError where there is none.
        """
        while not self._ended.wait(POLL_SECONDS):
            self._watched = monotonic()
            report_status(self._status)
        if self._error is not None:
            raise self._error
        assert self._model is not None  # one of the two is there at the end
        return self._model

    def _run(self) -> None:
        try:
            with explained_errors():
                self._model = self._make(self._report)
        except FaceModelError as error:
            self._error = error
        finally:
            self._ended.set()

    def _report(self, status: str) -> None:
        if not self._wanted or monotonic() - self._watched > UNWATCHED_SECONDS:
            raise GivenUp("The model was given up. Generate it again.")
        self._status = status
