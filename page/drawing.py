"""A picture from words that is being made in a thread of its own: clicks elsewhere on the page go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from face3d.errors import FaceModelError
from face3d.imagine.picture import Picture, Report, Stage
from page.failures import explained_errors
from page.inference_queue import FifoLock

UNWATCHED_SECONDS = 180.0
"""After so long without a page that looks at it a picture is given up. Browsers let a page in the background
run once a minute."""


class Cancelled(FaceModelError):
    """The picture is no longer wanted."""


class Drawing:
    """One picture on its way. stage: how far it is. picture, error: the result, None and '' until then.

    make: makes the picture; it is told to stop by what its report raises. queue: one picture at a time.
    """

    def __init__(self, make: Callable[[Report], Picture], queue: FifoLock) -> None:
        """Starts at once."""
        self.stage = Stage("Starting", 0.0)
        self.picture: Picture | None = None
        self.error = ""
        self._make, self._queue = make, queue
        self._cancelled = False
        self._seen = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="picture from words", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether there is a result, or there will be none."""
        return not self._thread.is_alive()

    def watch(self) -> Stage:
        """How far it is; notes that somebody looks."""
        self._seen = time.monotonic()
        return self.stage

    def cancel(self) -> None:
        """Ends the work at the next step."""
        self._cancelled = True

    def wait(self) -> None:
        """Returns when it is done."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with explained_errors(), self._queue.hold(lambda text: self._report(Stage(text, 0.0))):
                picture = self._make(self._report)
                self._report(Stage("Done", 1.0))
                self.picture = picture
        except Cancelled:
            return
        except FaceModelError as error:
            self.error = str(error)

    def _report(self, stage: Stage) -> None:
        if self._cancelled or time.monotonic() - self._seen > UNWATCHED_SECONDS:
            raise Cancelled
        self.stage = stage
