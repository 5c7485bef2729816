"""Ctrl-C during a batch: the first finishes what is under way, the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

FINISHING = "Finishing what is under way; Ctrl-C again stops at once."


class Interrupts:
    """A context in which the first Ctrl-C sets `asked` and the second raises KeyboardInterrupt.

    In another thread than the main one, which alone gets signals, it changes nothing; nor where the program
    was started to ignore Ctrl-C, as shells start programs in the background.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """say: is told what the first Ctrl-C does."""
        self.asked = False
        self._say = say

    def __enter__(self) -> Interrupts:
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        self._catches = threading.current_thread() is threading.main_thread() and not ignored
        if self._catches:
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._catches:
            signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with suppress(RuntimeError):  # the stream is in the middle of another sentence
            self._say(FINISHING)
