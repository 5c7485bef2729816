"""What processes of `face3d.batch.workers` do in its tests."""

import os
import signal
import time
from functools import partial
from pathlib import Path

from face3d.errors import DepthError


def squares(folder):
    """Squares of numbers; 13 kills its process, 14 does so once, 15 waits until it is told to end."""
    if folder is None:
        raise DepthError("There is no such network. Choose another.")
    (Path(folder) / f"process {os.getpid()}").touch()
    return partial(_square, Path(folder))


def dies(_):
    """Does not live to work."""
    os._exit(9)


def threads(_):
    """What the libraries of a process are told about threads."""
    return lambda name: os.environ.get(name)


def _square(folder, number):
    first = folder / "14"
    if number == 13 or (number == 14 and not first.exists()):
        first.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 15:
        try:
            (folder / "begun").touch()
            time.sleep(100)
        finally:
            (folder / "tidied up").touch()
    return number**2
