"""How a command ends: with an exit code and one sentence, never with a traceback for what a user can do."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from face3d.errors import FaceModelError

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141
"""Exit codes; the last two are those of a shell for a program that SIGINT or SIGPIPE ends."""


INSTALLED_COMMAND = "photo-to-3d-face"


def is_installed_command() -> bool:
    """Whether this program was started by the name that `pip install` gives it."""
    return Path(sys.argv[0]).stem.removesuffix("-script") == INSTALLED_COMMAND


def answer_early_interrupt() -> None:
    """Until `run` begins, Ctrl-C ends the program with one sentence: imports take a second, and
    KeyboardInterrupt in one of them would be a traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored
        signal.signal(signal.SIGINT, _stop_early)


def _stop_early(*_: object) -> None:
    os.write(2, b"Stopped.\n")
    os._exit(INTERRUPTED)


def run(command: Callable[[], int]) -> int:
    """The exit code of `command`, or of the exception that ended it. A message goes to stderr.

    FaceModelError and OSError: its text. MemoryError: that there is too little. KeyboardInterrupt: its text
    too, which says how far the command came. A reader that has closed the pipe of the output, as `head` does,
    ends it without a message. What goes to a stream that was closed from the start goes nowhere.
    """
    if signal.getsignal(signal.SIGINT) is _stop_early:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for names that the console cannot write
    try:
        try:
            return command()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError):  # Python flushes once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        begin = "\n" if sys.stderr.isatty() else ""  # after a line of progress, or the ^C of a terminal
        message, code = f"{begin}Stopped. {interrupt}".rstrip(), INTERRUPTED
    except (FaceModelError, OSError) as error:
        message, code = str(error), FAILED
    except MemoryError:
        message, code = "There is not enough memory. Close other programs.", FAILED
    print(message, file=sys.stderr)
    return code


def _open_closed_streams() -> None:
    """Streams that are closed, as by the shell's `2>&-`, are opened to nowhere: Python has None for them.

    Else the next file that is opened takes the number of one, and a library that writes to it writes there.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the program
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
