"""How a command ends: with an exit code and one sentence, never with a traceback for what a user can do."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from face3d.errors import ExportError, FaceModelError

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141
"""Exit codes; the last two are those of a shell for a program that SIGINT or SIGPIPE ends."""


NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)
UNPRINTED = "What this program prints cannot be written: {}. Make room there, or send it elsewhere."
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
    ends it without a message; a full disk, with a sentence. What goes to a stream that was closed from the
    start goes nowhere.
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
            _flush_output()
    except BrokenPipeError:
        _send_nowhere(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        begin = "\n" if sys.stderr.isatty() else ""  # after a line of progress, or the ^C of a terminal
        message, code = f"{begin}Stopped. {interrupt}".rstrip(), INTERRUPTED
    except (FaceModelError, OSError) as error:
        message, code = str(error), FAILED
        if isinstance(error, OSError) and error.filename is None and error.errno in NO_ROOM:
            message = UNPRINTED.format(error.strerror)  # where nothing is kept back, and of no file
    except MemoryError:
        message, code = "There is not enough memory. Close other programs.", FAILED
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        _send_nowhere(sys.stderr)
    return code


def _flush_output() -> None:
    """Write what is kept back. Raises ExportError, also in place of what a command met that wrote to a full
    disk: what it could not write is still kept back.
    """
    if not sys.stdout:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _send_nowhere(sys.stdout)
        raise ExportError(UNPRINTED.format(error.strerror)) from None


def _send_nowhere(stream: TextIO) -> None:
    """Python flushes once more when it ends, and would fail once more."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_closed_streams() -> None:
    """Streams that are closed, as by the shell's `2>&-`, are opened to nowhere: Python has None for them.

    Else the next file that is opened takes the number of one, and a library that writes to it writes there.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the program
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
