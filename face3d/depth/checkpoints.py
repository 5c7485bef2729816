"""Where checkpoints come from, in this order: a path that the user gives, the cache folder, the bundled
assets, a download.

On the command line: `python -m face3d.depth list`, `fetch NAME`, `verify [NAME ...]`, `path [NAME]`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import platformdirs

from face3d import bundled
from face3d.depth import download
from face3d.depth.download import Progress, RetryPolicy
from face3d.depth.spec import NetworkSpec, RemoteFile
from face3d.errors import WeightsError

__all__ = [
    "Place",
    "Progress",
    "Status",
    "accuracy_text",
    "cache_folder",
    "fetch",
    "find",
    "find_or_fetch",
    "print_progress",
    "read_state_dict",
    "status",
    "verify",
]

FOLDER_VARIABLE = "PHOTO_TO_3D_FACE_WEIGHTS"
"""Environment variable that names the cache folder."""
MIRROR_VARIABLE = "PHOTO_TO_3D_FACE_MIRROR"
"""Environment variable with an address, under which the files of the table are fetched by name in place of
their published addresses."""
BUNDLED_FOLDER = bundled.FOLDER
SHOWN_FIGURES = {
    "face relief %": "the face's relief off by {:.1f} % of the head's width",
    "face normals": "its normals by {:.0f}°",
}
"""Of the figures in the bundled file's metadata (docs/face-network.md explains them): those that a line has
room for, in words."""


class Place(Enum):
    """Where a network's checkpoint is."""

    BUNDLED = "comes with this project"
    CACHED = "here"
    ABSENT = "will be downloaded"
    YOURS = "you name a folder or a hub id"
    LOST = "missing from this installation"


@dataclass(frozen=True)
class Status:
    """What the page and the command line show of a network's checkpoint.

    path: of its file or folder, None where it is not here. size_text: '86 MB', 'about 172 MB', or '' where
    nobody knows.
    """

    place: Place
    path: Path | None
    size_text: str

    @property
    def here(self) -> bool:
        """Whether the network can be loaded without a download."""
        return self.path is not None

    @property
    def text(self) -> str:
        """'here, 86 MB'."""
        return ", ".join(part for part in (self.place.value, self.size_text) if part)


def cache_folder() -> Path:
    """The folder for downloads: $PHOTO_TO_3D_FACE_WEIGHTS, else the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return (
        Path(named).expanduser()
        if named
        else Path(platformdirs.user_cache_dir("photo-to-3d-face")) / "weights"
    )


def find(spec: NetworkSpec) -> Path | None:
    """The checkpoint's file (its folder, where it has several) in the cache or the bundled assets, or None.
    What is there is whole.
    """
    for folder in (cache_folder(), BUNDLED_FOLDER):
        if spec.files and all((folder / file.name).is_file() for file in spec.files):
            return _whole(spec, folder)
    return None


def status(spec: NetworkSpec) -> Status:
    """Where the checkpoint of `spec` is, and how large; cheap enough to ask at every drawing of a page."""
    path = find(spec)
    if path is None:
        absent = Place.LOST if spec.bundled else Place.YOURS if spec.needs_checkpoint else Place.ABSENT
        return Status(absent, None, spec.size_text)
    size = sum(
        (path if path.is_file() else path / Path(file.name).name).stat().st_size for file in spec.files
    )
    return Status(
        Place.BUNDLED if path.is_relative_to(BUNDLED_FOLDER) else Place.CACHED, path, f"{size / 1e6:.0f} MB"
    )


def accuracy_text(spec: NetworkSpec) -> str:
    """One line on how good a network is: the figures that its checkpoint states in its metadata, else those
    of the table.
    """
    path = find(spec)
    if path is not None and path.suffix == ".safetensors":
        stated = _held_out_figures(path)
        figures = [words.format(stated[name]) for name, words in SHOWN_FIGURES.items() if name in stated]
        if figures:
            return f"on held-out synthetic faces: {', '.join(figures)}"
    return spec.accuracy_text


def _held_out_figures(path: Path) -> Mapping[str, float]:
    """What training/evaluate.py found, as training/pack.py put it into the file; empty where the file states
    nothing.
    """
    import safetensors

    try:
        with safetensors.safe_open(path, "numpy") as file:
            return json.loads((file.metadata() or {}).get("held_out_figures", "{}"))
    except (OSError, ValueError, safetensors.SafetensorError):
        return {}  # a damaged file is told when it is loaded


def find_or_fetch(
    spec: NetworkSpec, *, checkpoint: Path | str | None = None, progress: Progress | None = None
) -> Path:
    """The checkpoint of `spec` on this machine: `checkpoint`, else the cached or bundled one, else a
    download.

    Raises WeightsError that says what to do.
    """
    if checkpoint is not None:
        path = Path(checkpoint).expanduser()
        if not path.exists():
            raise WeightsError(
                f"There is no checkpoint at {path}. Name a file or folder that exists, or leave it out to use the published one."
            )
        return path
    return find(spec) or fetch(spec, progress)


def fetch(
    spec: NetworkSpec, progress: Progress | None = None, retry_policy: RetryPolicy | None = None
) -> Path:
    """The checkpoint of `spec` in the cache folder, downloaded where it is not there. `progress` hears of all
    its files together.

    Raises WeightsError that names the file, its size, where to get it, the folder to put it in, and what
    works meanwhile.
    """
    if spec.needs_checkpoint:
        raise WeightsError(
            f"'{spec.name}' has no checkpoint of its own: name a local folder or a hub id (convert.py --checkpoint)."
        )
    if spec.bundled:
        raise WeightsError(
            f"{BUNDLED_FOLDER / spec.files[0].name} is missing. Restore it from the repository."
        )
    folder = cache_folder()
    before, after = 0, sum(file.size_bytes or 0 for file in spec.files)
    for file in spec.files:
        after -= file.size_bytes or 0

        def heard(done: int, total: int | None, before: int = before, after: int = after) -> None:
            if progress is not None:
                progress(before + done, None if total is None else before + total + after)

        try:
            download.download(_mirrored(file), folder / file.name, heard, retry_policy)
        except WeightsError as error:
            raise WeightsError(f"{error} {_by_hand(spec, folder)}") from error
        before += (folder / file.name).stat().st_size
    return _whole(spec, folder)


def verify(spec: NetworkSpec) -> str:
    """What is wrong with the files of `spec` in the cache folder; '' where they are the published ones.

    Where no hash is published, they are compared with the hash they had when they were downloaded.
    """
    problems = []
    for file in spec.files:
        path = cache_folder() / file.name
        if not path.is_file():
            continue
        digest = download.sha256_of(path)
        record = path.with_name(path.name + ".sha256")
        recorded = record.read_text().split()[0] if record.is_file() else digest
        if problem := download.mismatch(file, path, digest):
            problems.append(f"{path}: {problem}")
        elif recorded != digest:
            problems.append(
                f"{path}: SHA-256 {digest} instead of {recorded}, which it had when it was downloaded"
            )
    return "; ".join(problems)


def read_state_dict(path: Path) -> Mapping[str, Any]:
    """The tensors of a .safetensors or PyTorch file; nothing but tensors is ever unpickled.

    Checkpoints that hold an optimiser beside the model give the model.
    Raises WeightsError where the file is damaged or holds something else.
    """
    import pickle

    import safetensors
    import safetensors.torch
    import torch

    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        KeyError,
        pickle.UnpicklingError,
        safetensors.SafetensorError,
    ) as error:
        raise WeightsError(
            f"{path} is damaged or no checkpoint. Name another, or remove it so that the published one is fetched again."
        ) from error
    if isinstance(content, dict) and "optimizer" in content:
        content = content.get("model")
    if not isinstance(content, dict) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise WeightsError(f"{path} holds no state dictionary. Choose a checkpoint of this network.")
    return content


def _whole(spec: NetworkSpec, folder: Path) -> Path:
    """The one file of a checkpoint, or the folder that holds its files."""
    first = folder / spec.files[0].name
    return first if len(spec.files) == 1 else first.parent


def _mirrored(file: RemoteFile) -> RemoteFile:
    """`file` at the mirror, where one is named; what it must be stays the same."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return replace(file, url=f"{mirror.rstrip('/')}/{file.name}") if mirror else file


def _by_hand(spec: NetworkSpec, folder: Path) -> str:
    """How to do without the download: every file that is still missing, and the place for it."""
    missing = [file for file in spec.files if not (folder / file.name).is_file()]
    wanted = ", ".join(
        f"{file.url}{download.size_in_brackets(file)} as {folder / file.name}" for file in missing
    )
    return f"You can fetch by hand {wanted} ({FOLDER_VARIABLE} names another folder). The bundled face network works without it."


def print_progress(done: int, total: int | None) -> None:
    """Progress of a download in one line of the terminal, written over and over; nothing where stderr is no
    terminal.
    """
    if sys.stderr.isatty():
        whole = f" of {total / 1e6:.1f}" if total else ""
        end = "\n" if done == total else "\r"
        print(f"Downloading:{done / 1e6:8.1f}{whole} MB", end=end, file=sys.stderr, flush=True)
