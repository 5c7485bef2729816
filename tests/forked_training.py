"""`python -m training.train` with a tiny network, twice on end; for the tests.

    python -m tests.forked_training FIRST FURTHER --run FOLDER ...

FIRST and FURTHER: --samples of the two. Between them the checkpoint is copied to FIRST.pt. Processes that
train together are forked: one that is spawned imports PyTorch anew. Like a spawned one's, their function and
arguments come out of a pickle.
"""

import pickle
import shutil
import sys
from pathlib import Path

from torch.multiprocessing import start_processes

from face3d.depth.face.interface import Configuration
from face3d.depth.face.network import FaceNetwork
from training import train

TINY = Configuration(backbone="test_resnet", widths=(8, 8, 8, 8, 8))


def tiny_network(configuration):
    """In place of `FaceNetwork` where no configuration but the default one is asked for."""
    return FaceNetwork(TINY if configuration in (None, Configuration()) else configuration)


def fork(function, arguments, nprocs):
    """In place of `spawn`."""
    start_processes(*pickle.loads(pickle.dumps((function, arguments))), nprocs, start_method="fork")


if __name__ == "__main__":
    train.FaceNetwork, train.spawn = tiny_network, fork
    first, further, *others = sys.argv[1:]
    folder = Path(others[others.index("--run") + 1])
    for samples in (first, further):
        sys.argv = ["training.train", "--samples", samples, *others]
        train.main()
        if samples == first:
            shutil.copy(folder / "checkpoint.pt", folder / f"{first}.pt")
