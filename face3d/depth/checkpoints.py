"""Where checkpoints come from.

In this order: a path that the user gives, the cache folder, the bundled assets, a download. The command line
is in __main__.py.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import platformdirs

from face3d import bundled
from face3d.depth import download
from face3d.depth.download import Progress, RetryPolicy, size_suffix
from face3d.depth.spec import Downloadable, NetworkSpec, RemoteFile
from face3d.errors import WeightsError

__all__ = [
    "CheckpointLocation",
    "CheckpointStatus",
    "accuracy_text",
    "cache_folder",
    "fetch",
    "find",
    "find_or_fetch",
    "print_progress",
    "published_digest",
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
"""The figures of the bundled file's metadata that are shown, in words; docs/face-network.md defines them."""


class CheckpointLocation(Enum):
    """Where a network's checkpoint is."""

    BUNDLED = "comes with this project"
    CACHED = "here"
    REMOTE = "will be downloaded"
    USER = "you name a folder or a hub id"
    MISSING = "missing from this installation"


@dataclass(frozen=True)
class CheckpointStatus:
    """State of a network's checkpoint, for the page and the command line.

    path: of its file or folder, None where it is not on this machine.
    size_text: '86 MB', 'about 172 MB', or '' where it is unknown.
    """

    location: CheckpointLocation
    path: Path | None
    size_text: str

    @property
    def available(self) -> bool:
        """Whether the network can be loaded without a download."""
        return self.path is not None

    @property
    def text(self) -> str:
        """'here, 86 MB'."""
        return ", ".join(part for part in (self.location.value, self.size_text) if part)


def cache_folder() -> Path:
    """The folder for downloads: $PHOTO_TO_3D_FACE_WEIGHTS, else the user's cache folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return (
        Path(named).expanduser()
        if named
        else Path(platformdirs.user_cache_dir("photo-to-3d-face")) / "weights"
    )


def find(spec: Downloadable) -> Path | None:
    """The checkpoint in the cache or the bundled assets, or None.

    Its file, or its folder where it has several. A file under its final name is complete, see download.py.
    """
    for folder in (cache_folder(), BUNDLED_FOLDER):
        if spec.files and all((folder / file.name).is_file() for file in spec.files):
            return _checkpoint_path(spec, folder)
    return None


def status(spec: Downloadable) -> CheckpointStatus:
    """Location and size of the checkpoint of `spec`; fast enough for every run of the page."""
    path = find(spec)
    if path is not None:
        bundled = path.is_relative_to(BUNDLED_FOLDER)
        location = CheckpointLocation.BUNDLED if bundled else CheckpointLocation.CACHED
        files = [path if path.is_file() else path / Path(file.name).name for file in spec.files]
        size = sum(file.stat().st_size for file in files)
        return CheckpointStatus(location, path, f"{size / 1e6:.0f} MB")
    if spec.bundled:
        location = CheckpointLocation.MISSING
    elif spec.needs_checkpoint:
        location = CheckpointLocation.USER
    else:
        location = CheckpointLocation.REMOTE
    return CheckpointStatus(location, None, spec.size_text)


def accuracy_text(spec: NetworkSpec) -> str:
    """One line on a network's accuracy: the figures in its checkpoint's metadata, else those of the table."""
    path = find(spec)
    if path is not None and path.suffix == ".safetensors":
        figures = _held_out_figures(path)
        shown = [words.format(figures[name]) for name, words in SHOWN_FIGURES.items() if name in figures]
        if shown:
            return f"on held-out synthetic faces: {', '.join(shown)}"
    return spec.accuracy_text


def _held_out_figures(path: Path) -> Mapping[str, float]:
    """The figures of training/evaluation in a weights' file, by name; empty where there are none."""
    import safetensors

    try:
        with safetensors.safe_open(path, "numpy") as file:
            return json.loads((file.metadata() or {}).get("held_out_figures", "{}"))
    except (OSError, ValueError, safetensors.SafetensorError):
        return {}  # loading a damaged file raises


def find_or_fetch(
    spec: Downloadable, *, checkpoint: Path | str | None = None, progress: Progress | None = None
) -> Path:
    """The path of the checkpoint: `checkpoint`, else the cached or bundled one, else a download.

    Raises WeightsError with the remedy.
    """
    if checkpoint is not None:
        path = Path(checkpoint).expanduser()
        if not path.is_file() and not path.is_dir():  # a pipe would be waited for without end
            raise WeightsError(
                f"There is no checkpoint at {path}. "
                "Name a file or folder that exists, or leave it out to use the published one."
            )
        return path
    return find(spec) or fetch(spec, progress)


def fetch(
    spec: Downloadable, progress: Progress | None = None, retry_policy: RetryPolicy | None = None
) -> Path:
    """The checkpoint of `spec` in the cache folder; files that are missing there are downloaded.

    progress: called with the bytes of all files together.
    Raises WeightsError that names the file, its size, its address, its folder, and what works meanwhile.
    """
    if spec.needs_checkpoint:
        raise WeightsError(
            f"'{spec.name}' has no checkpoint of its own: name a local folder or a hub id "
            "(convert.py --checkpoint)."
        )
    if spec.bundled:
        raise WeightsError(
            f"{BUNDLED_FOLDER / spec.files[0].name} is missing. Restore it from the repository."
        )
    folder = cache_folder()
    before, after = 0, sum(file.size_bytes or 0 for file in spec.files)
    for file in spec.files:
        after -= file.size_bytes or 0

        def total_progress(done: int, total: int | None, before: int = before, after: int = after) -> None:
            if progress is not None:
                progress(before + done, None if total is None else before + total + after)

        try:
            download.download(_mirrored(file), folder / file.name, total_progress, retry_policy)
        except WeightsError as error:
            raise WeightsError(f"{error} {_manual_download(spec, folder, str(error))}") from error
        before += (folder / file.name).stat().st_size
    return _checkpoint_path(spec, folder)


def verify(spec: Downloadable) -> str:
    """The faults of the files of `spec` in the cache folder; '' where they are the published ones.

    Where no hash is published, files are compared with their hash at the time of the download.
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


def published_digest(spec: Downloadable) -> str:
    """SHA-256 of the weights that are loaded without a checkpoint of the user's; '' where none is published.

    Of the bundled file it is computed; downloads are checked against the published one, whole or its first
    digits.
    """
    if spec.bundled:
        path = find(spec)
        return download.sha256_of(path) if path else ""
    return " ".join(file.sha256 for file in spec.files)


def _checkpoint_path(spec: Downloadable, folder: Path) -> Path:
    """The file of a checkpoint, or the folder of its files."""
    first = folder / spec.files[0].name
    return first if len(spec.files) == 1 else first.parent


def _mirrored(file: RemoteFile) -> RemoteFile:
    """`file` with its address at the mirror, where one is named; size and hash stay the published ones."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return replace(file, url=f"{mirror.rstrip('/')}/{file.name}") if mirror else file


def _manual_download(spec: Downloadable, folder: Path, said: str) -> str:
    """Instructions for a download by hand: every file that is still missing, and the path for it.

    said: the message before this one; an address that it has is not repeated.
    """
    missing = [file for file in spec.files if not (folder / file.name).is_file()]
    files = ", ".join(
        f"{'it' if str(file.url) in said else f'{file.url}{size_suffix(file)}'} as "
        f"{_from_home(folder / file.name)}"
        for file in missing
    )
    return (
        f"To fetch it by hand, save {files} ({FOLDER_VARIABLE} names another folder). "
        "The bundled face network works without it."
    )


def _from_home(path: Path) -> Path:
    """The path as the user types it: `~/...` in the home folder of Linux and macOS."""
    home = os.path.expanduser("~")
    return "~" / path.relative_to(home) if os.name == "posix" and path.is_relative_to(home) else path


def print_progress(done: int, total: int | None) -> None:
    """Prints the progress of a download in one line of the terminal; nothing where stderr is no terminal."""
    if sys.stderr.isatty():
        of_total = f" of {total / 1e6:.1f}" if total else ""
        end = "\n" if done == total else "\r"
        sys.stderr.write(f"Downloading:{done / 1e6:8.1f}{of_total} MB{end}")
        sys.stderr.flush()
