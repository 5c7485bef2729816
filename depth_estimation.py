"""From a photo to a depth map: `network = load_network(name)`, then `predict(network, photo)`.

Each row of `NETWORKS` is one network. Its family's module loads it as a `DepthEstimator`, whose `predict`
does the work. All functions are safe to call from several threads; to bound memory, run one prediction at a
time.
"""

from __future__ import annotations

from pathlib import Path

from face3d.depth.download import Progress
from face3d.depth.estimator import FAST, QUALITIES, DepthEstimator
from face3d.depth.registry import NETWORKS
from face3d.depth.spec import NetworkFamily
from face3d.errors import DepthError, memory_errors_explained
from face3d.matte.table import DEFAULT_MATTE, MATTES
from face3d.structures import DepthMap, Face, Photo

__all__ = [
    "MATTES",
    "NETWORKS",
    "QUALITIES",
    "DepthEstimator",
    "cut_out",
    "find_faces",
    "find_turn",
    "load_network",
    "predict",
]


@memory_errors_explained()
def load_network(
    name: str = "face",
    *,
    checkpoint: Path | str | None = None,
    device: str | None = None,
    precision: str | None = None,
    quality: str = FAST,
    progress: Progress | None = None,
) -> DepthEstimator:
    """The network `name`, ready to predict. A checkpoint that is not on this machine is downloaded.

    checkpoint: a file or folder in place of the published one; for the transformers family also a hub id.
    device: "cpu", "cuda" or "mps"; default: the fastest.
    precision: "float32", "bfloat16" or "float16"; default: the device's usual one.
    The bundled face network runs on the CPU in float32, whatever the two are.
    quality: one of QUALITIES, see `at_quality`.
    progress: called as progress(done_bytes, total_bytes or None).
    Raises DepthError for an unknown name, device, precision or quality, WeightsError where the checkpoint is
    not available or does not fit the network, OutOfMemoryError.
    """
    if name not in NETWORKS:
        raise DepthError(f"There is no network '{name}'; choose one of {', '.join(NETWORKS)}.")
    spec = NETWORKS[name]

    # Imported here because torch, timm and transformers take seconds.
    from face3d.depth.device import choose_device
    from face3d.depth.face.estimator import at_quality

    match spec.family:
        case NetworkFamily.FACE:
            from face3d.depth.face.estimator import load

            device = device or "cpu"  # to find a GPU would import torch
        case NetworkFamily.MIDAS:
            from face3d.depth.midas.estimator import load
        case NetworkFamily.TRANSFORMERS:
            from face3d.depth.huggingface import load
    return at_quality(load(spec, choose_device(device, precision), checkpoint, progress), quality)


@memory_errors_explained()
def predict(network: DepthEstimator, photo: Photo) -> DepthMap:
    """The depth map of `photo`, at the photo's size, in the representation of the network's row.

    Raises DepthError where the network gives no finite depth, OutOfMemoryError.
    """
    return network.predict(photo)


@memory_errors_explained()
def cut_out(
    depth: DepthMap,
    photo: Photo,
    matte: str = DEFAULT_MATTE,
    *,
    mask: Photo | None = None,
    face_network: DepthEstimator | None = None,
    progress: Progress | None = None,
    refine: bool = False,
) -> DepthMap:
    """The depth map of `photo` with one of `MATTES` as its foreground, and the faces of the bundled network.

    Without a face, the matte `face` leaves a map of another network as it is, faces sought and none found.
    By `none` the whole picture is foreground, also of a map that has a matte of its own.
    mask: the picture for the matte `file`. face_network: the bundled network where it is loaded already.
    progress: of a download. refine: whether the matte's edge is computed anew from the photo's colours.
    Raises MatteError for an unknown matte, or one that does not fit the photo, or where the package for
    `refine` is missing; WeightsError; OutOfMemoryError.
    """
    from face3d.matte.stage import cut_out_by  # rembg and pymatting are extras, and scipy takes a while

    return cut_out_by(
        depth,
        photo,
        matte,
        lambda: face_network or load_network(),
        mask=mask,
        progress=progress,
        refine=refine,
    )


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
