"""From a photo to a depth map, whatever the network: `load_network(name)`, then `predict(network, photo)`.

The table is `networks.NETWORKS`; the code that loads and runs a row is found by its family, in `_FAMILIES`.
Both functions are safe to call from several threads; a page that wants to bound memory puts one semaphore
around `predict`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from face3d.depth import device as compute
from face3d.depth import download
from face3d.depth.estimator import Network
from face3d.depth.face.estimator import _find_faces, _load_face, _predict_face
from face3d.depth.huggingface import _load_transformers, _predict_transformers
from face3d.depth.midas.estimator import _load_midas, _predict_midas
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import Family, NetworkSpec
from face3d.errors import DepthError
from face3d.structures import DepthMap, Face, Photo

__all__ = ["NETWORKS", "Network", "find_faces", "load_network", "predict"]


def load_network(
    name: str = "face",
    *,
    checkpoint: Path | str | None = None,
    device: str | None = None,
    precision: str | None = None,
    progress: download.Progress | None = None,
) -> Network:
    """The network `name`, ready to predict; its checkpoint is downloaded where it is not here yet.

    checkpoint: a file or folder to load in place of the published one; for the transformers family also a hub
    id.
    device: "cpu", "cuda" or "mps", and precision: "float32", "bfloat16" or "float16"; left out, the fastest
    device and its usual precision. The bundled face network runs on the CPU in float32 whatever they say.
    progress: called as progress(done_bytes, total_bytes or None).
    Raises DepthError for a name, device or precision that does not exist, WeightsError where the checkpoint
    cannot be had or does not fit.
    """
    if name not in NETWORKS:
        raise DepthError(f"There is no network '{name}'; choose one of {', '.join(NETWORKS)}.")
    spec = NETWORKS[name]
    chosen = compute.choose(device, precision)
    return Network(spec, _FAMILIES[spec.family].load(spec, chosen, checkpoint, progress), chosen)


def predict(network: Network, photo: Photo) -> DepthMap:
    """The depth map of `photo`, at the photo's own size, in the representation of the network's row.

    Raises DepthError where the network gives no finite depth.
    """
    return _FAMILIES[network.spec.family].predict(network, photo)


def find_faces(network: Network, photo: Photo) -> tuple[Face, ...]:
    """The heads in `photo`, largest first, faster than `predict` says them; empty for a network that does not
    look for faces.
    """
    find = _FAMILIES[network.spec.family].find_faces
    return () if find is None else find(network, photo)


@dataclass(frozen=True)
class _FamilyCode:
    """How a family's networks are loaded and run; find_faces only where they look for faces.

    Their modules are imported when first used: torch and timm take seconds.
    """

    load: Callable[[NetworkSpec, compute.Compute, Path | str | None, download.Progress | None], Any]
    predict: Callable[[Network, Photo], DepthMap]
    find_faces: Callable[[Network, Photo], tuple[Face, ...]] | None = None


_FAMILIES = {
    Family.FACE: _FamilyCode(_load_face, _predict_face, _find_faces),
    Family.MIDAS: _FamilyCode(_load_midas, _predict_midas),
    Family.TRANSFORMERS: _FamilyCode(_load_transformers, _predict_transformers),
}
