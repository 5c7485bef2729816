"""From a photo to a depth map, whatever the network: `load_network(name)`, then `predict(network, photo)`.

The table is `networks.NETWORKS`; the code that loads and runs a row is found by its family, in `_FAMILIES`. Both functions are safe to
call from several threads; a page that wants to bound memory puts one semaphore around `predict`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import weights
from errors import DepthError
from networks import NETWORKS, Family, NetworkSpec
from stages import DepthMap, Photo

__all__ = ["NETWORKS", "Network", "load_network", "predict"]


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network: its row of the table and the module that computes."""

    spec: NetworkSpec
    module: Any


def load_network(name: str = "face", *, checkpoint: Path | str | None = None, progress: weights.Progress | None = None) -> Network:
    """The network `name`, ready to predict; its checkpoint is downloaded where it is not here yet.

    checkpoint: a file or folder to load instead of the published one. progress: called as progress(done_bytes, total_bytes or None).
    Raises DepthError for a name that is not in the table, WeightsError where the checkpoint cannot be had or does not fit.
    """
    if name not in NETWORKS:
        raise DepthError(f"There is no network '{name}'; choose one of {', '.join(NETWORKS)}.")
    spec = NETWORKS[name]
    path = weights.find_or_fetch(spec, checkpoint=checkpoint, progress=progress)
    return Network(spec, _FAMILIES[spec.family].load(spec, path))


def predict(network: Network, photo: Photo) -> DepthMap:
    """The depth map of `photo`, at the photo's own size, in the sense of the network's row."""
    return _FAMILIES[network.spec.family].predict(network, photo)


@dataclass(frozen=True)
class _FamilyCode:
    """How a family's networks are loaded and run."""

    load: Callable[[NetworkSpec, Path], Any]
    predict: Callable[[Network, Photo], DepthMap]


def _load_face(spec: NetworkSpec, path: Path) -> Any:
    import face_network

    return face_network.load(path)


def _predict_face(network: Network, photo: Photo) -> DepthMap:
    import face_depth

    return face_depth.predict(network.module, photo)


_FAMILIES = {Family.FACE: _FamilyCode(_load_face, _predict_face)}
