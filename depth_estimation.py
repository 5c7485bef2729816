"""From a photo to a depth map: `network = load_network(name)`, then `predict(network, photo)`.

Each row of `NETWORKS` is one network. Its family's module loads it as a `DepthEstimator`, whose `predict`
does the work. All functions are safe to call from several threads; to bound memory, run one prediction at a
time.
"""

from __future__ import annotations

from pathlib import Path

from face3d.depth.download import Progress
from face3d.depth.estimator import DepthEstimator
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily
from face3d.errors import DepthError, memory_errors_explained
from face3d.structures import DepthMap, Face, Photo

__all__ = ["NETWORKS", "DepthEstimator", "find_faces", "find_turn", "load_network", "predict"]


@memory_errors_explained()
def load_network(
    name: str = "face",
    *,
    checkpoint: Path | str | None = None,
    device: str | None = None,
    precision: str | None = None,
    progress: Progress | None = None,
) -> DepthEstimator:
    """The network `name`, ready to predict. A checkpoint that is not on this machine is downloaded.

    checkpoint: a file or folder in place of the published one; for the transformers family also a hub id.
    device: "cpu", "cuda" or "mps"; default: the fastest.
    precision: "float32", "bfloat16" or "float16"; default: the device's usual one.
    The bundled face network runs on the CPU in float32, whatever the two are.
    progress: called as progress(done_bytes, total_bytes or None).
    Raises DepthError for an unknown name, device or precision, WeightsError where the checkpoint is not
    available or does not fit the network, OutOfMemoryError.
    """
    if name not in NETWORKS:
        raise DepthError(f"There is no network '{name}'; choose one of {', '.join(NETWORKS)}.")
    spec = NETWORKS[name]

    # Imported here because torch, timm and transformers take seconds.
    from face3d.depth.device import choose_device

    match spec.family:
        case NetworkFamily.FACE:
            from face3d.depth.face.estimator import load
        case NetworkFamily.MIDAS:
            from face3d.depth.midas.estimator import load
        case NetworkFamily.TRANSFORMERS:
            from face3d.depth.huggingface import load
    return load(spec, choose_device(device, precision), checkpoint, progress)


@memory_errors_explained()
def predict(network: DepthEstimator, photo: Photo) -> DepthMap:
    """The depth map of `photo`, at the photo's size, in the representation of the network's row.

    Raises DepthError where the network gives no finite depth, OutOfMemoryError.
    """
    return network.predict(photo)


@memory_errors_explained()
def find_faces(network: DepthEstimator, photo: Photo) -> tuple[Face, ...]:
    """The faces of `predict`, largest person first, in less time.

    Empty for a network without face detection.
    """
    return network.find_faces(photo)


@memory_errors_explained()
def find_turn(network: DepthEstimator, photo: Photo) -> int:
    """Degrees clockwise by which a photo without an upright face is to be turned to show one; 0 for none."""
    return network.find_turn(photo)
