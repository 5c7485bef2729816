"""The command line with a formula in place of the network, so that a photo takes a quarter of a second."""

from __future__ import annotations

import argparse
import os
import signal
from typing import Any

import convert
import depth_estimation
from face3d.batch import inputs
from face3d.batch.run import Convert
from face3d.structures import DepthMap, Photo
from face3d.synthetic import head

DEADLY_SIZE_HW = (97, 61)
"""A photo of this size ends its process, as the system does where memory is short."""
FAULTY_SIZE_HW = (95, 61)
"""A photo of this size meets an error in the program."""
PIPE_SECONDS = 1.0
"""How long the command waits for somebody to write into a pipe."""
_convert_opened = convert.opened


def predict(network: Any, photo: Photo) -> DepthMap:
    """The same head for any photo of a size."""
    if photo.size_hw == DEADLY_SIZE_HW:
        os.kill(os.getpid(), signal.SIGKILL)
    if photo.size_hw == FAULTY_SIZE_HW:
        raise KeyError("nose")
    return head(photo.size_hw)


def load_network(name: str = "face", **_: Any) -> Any:
    """Nothing to load."""
    return name


def cut_out(depth: DepthMap, *_: Any, **__: Any) -> DepthMap:
    """Nothing is cut out of the head."""
    return depth


def opened(options: argparse.Namespace) -> Convert:
    """`convert.opened` in any process, with these in place of the networks."""
    for function in (predict, load_network, cut_out):
        setattr(depth_estimation, function.__name__, function)
    return _convert_opened(options)


def install() -> None:
    """Put these in place for the runs of this process."""
    setattr(convert, "opened", opened)  # noqa: B010 - mypy refuses the assignment
    inputs.PIPE_SECONDS = PIPE_SECONDS
