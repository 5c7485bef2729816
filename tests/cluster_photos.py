"""What actors convert with in tests of a cluster: no network, and a photo that ends its process."""

import os
import signal
import time
from functools import partial

import stand_in

from face3d.errors import DepthError

QUICK = ["--faces", "500", "--model", "shell", "--height-mm", "100"]
"""Options of a small model."""
SECONDS = 0.3
"""Of each photo: long enough that a test can end an actor in the middle of one."""


def opened(options):
    """The command line's converter, slower; a photo named `deadly` kills its process."""
    return partial(_slowly, stand_in.opened(options))


def without_network(options):
    """There is no network."""
    raise DepthError("There is no such network. Choose another.")


def _slowly(convert, task, warn):
    if task.path.stem == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(SECONDS)
    return convert(task, warn)
