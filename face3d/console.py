"""How a command ends: with an exit code and one sentence, never with a traceback for what a user can do."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from face3d.errors import FaceModelError

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141
"""Exit codes; the last two are those of a shell for a program that SIGINT or SIGPIPE ends."""


def run(command: Callable[[], int]) -> int:
    """The exit code of `command`, or of the exception that ended it. A message goes to stderr.

    FaceModelError and OSError: its text. KeyboardInterrupt: its text too, which says how far the command
    came. A reader that has closed the pipe of the output, as `head` does, ends it without a message.
    """
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
    print(message, file=sys.stderr)
    return code
