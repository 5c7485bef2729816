"""One file over HTTP into a folder: resumed, checked, moved into place at once, and fetched by one process
only.

The file grows beside its target as `NAME.part`; what stands under `NAME` is always whole and checked.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from filelock import FileLock, Timeout

from face3d.depth.spec import RemoteFile
from face3d.errors import WeightsError

Progress = Callable[[int, int | None], None]
"""Called as progress(done_bytes, total_bytes or None); an exception that it raises stops the download, which
can be resumed."""

BLOCK = 1 << 16
"""Bytes written at a time; what a broken connection loses is less than this."""
SIZE_TOLERANCE = 0.02
"""Of sizes that are computed, not published."""
POLL_SECONDS = 0.5
SIGNATURES: dict[str, tuple[int, tuple[bytes, ...]]] = {
    ".pt": (0, (b"PK\x03\x04", b"\x80")),
    ".safetensors": (8, (b"{",)),
    ".json": (0, (b"{",)),
}
"""By suffix: what stands at which byte of a file of this kind. Tells a checkpoint from a web page where no
hash is published."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait (to connect, between two packets), how often to try without progress, and the first
    pause, doubled after each.
    """

    connect_seconds: float = 10
    read_seconds: float = 30
    tries: int = 4
    pause_seconds: float = 1


class _Unfinished(Exception):
    """This try failed in a way that another may not."""


def download(
    file: RemoteFile, target: Path, progress: Progress | None = None, retry_policy: RetryPolicy | None = None
) -> None:
    """Brings `file` to `target`; returns at once where it is there already.

    Raises WeightsError, in one or two sentences, where that cannot be done. What was received so far is kept
    for the next call, unless it proved wrong or filled the disk.
    """
    retry_policy = retry_policy or RetryPolicy()
    progress = progress or (lambda done, total: None)
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _one_process(target, partial, file, progress):
            if not target.exists():
                _receive(file, partial, progress, retry_policy)
                digest = _checked(file, partial)
                target.with_name(target.name + ".sha256").write_text(f"{digest}  {target.name}\n")
                os.replace(partial, target)
    except OSError as error:
        raise WeightsError(_disk_message(error, file, target, partial)) from error


@contextmanager
def _one_process(target: Path, partial: Path, file: RemoteFile, progress: Progress) -> Iterator[None]:
    """Holds the lock file of a target; while another process holds it, `progress` hears how far that one is."""
    lock = FileLock(target.with_name(target.name + ".lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=POLL_SECONDS)
        except Timeout:
            progress(_size(partial), file.size_bytes)
    try:
        yield
    finally:
        lock.release()


def _receive(file: RemoteFile, partial: Path, progress: Progress, retry_policy: RetryPolicy) -> None:
    """Tries until the whole file is in `partial`; tries that brought more than any before do not count."""
    failures, furthest = 0, _size(partial)
    while True:
        try:
            _one_try(file, partial, progress, retry_policy)
            return
        except _Unfinished as reason:
            size = _size(partial)
            failures = 0 if size > furthest else failures + 1
            furthest = max(furthest, size)
            if failures >= retry_policy.tries:
                raise WeightsError(f"{_source(file)} could not be downloaded: {reason}.") from reason
            time.sleep(retry_policy.pause_seconds * 2 ** max(0, failures - 1))


def _one_try(file: RemoteFile, partial: Path, progress: Progress, retry_policy: RetryPolicy) -> None:
    """One request, continuing `partial` where the server allows and still has the same file."""
    note = _note(partial)
    start = _size(partial) if note.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": note.read_text()}
    try:
        with requests.get(
            str(file.url),
            headers=headers,
            stream=True,
            timeout=(retry_policy.connect_seconds, retry_policy.read_seconds),
        ) as response:
            _refuse(file, response.status_code)
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                _forget(partial)
                raise _Unfinished("the server has less of it than was received before")
            if response.status_code == requests.codes.partial_content and not _begins_at(response, start):
                _forget(partial)
                raise _Unfinished("the server sent another part than was asked for")
            start = start if response.status_code == requests.codes.partial_content else 0
            length = response.headers.get("Content-Length")
            total = start + int(length) if length else None
            _need_room(partial, file, start, total)
            if version := response.headers.get("ETag") or response.headers.get("Last-Modified"):
                note.write_text(version)
            else:
                note.unlink(missing_ok=True)
            _write(response, partial, start, total or file.size_bytes, progress)
    except requests.RequestException as error:
        raise _Unfinished(_reason(error)) from error
    if total is not None and _size(partial) != total:
        raise _Unfinished(f"the connection broke off after {_size(partial)} of {total} bytes")
    note.unlink(missing_ok=True)


def _write(
    response: requests.Response, partial: Path, start: int, total: int | None, progress: Progress
) -> None:
    """Appends from byte `start` on."""
    with partial.open("r+b" if start else "wb") as sink:
        sink.seek(start)
        sink.truncate()
        done = start
        progress(done, total)
        for block in response.iter_content(BLOCK):
            sink.write(block)
            done += len(block)
            progress(done, total)


def _refuse(file: RemoteFile, status: int) -> None:
    """Raises WeightsError for an answer that stays the same however often one asks, _Unfinished for one that
    may change.
    """
    if status in (
        requests.codes.ok,
        requests.codes.partial_content,
        requests.codes.requested_range_not_satisfiable,
    ):
        return
    if status == requests.codes.too_many_requests or status >= 500:
        raise _Unfinished(f"the server answered {status}")
    raise WeightsError(f"{_source(file)} could not be downloaded: the server answered {status}.")


def _begins_at(response: requests.Response, start: int) -> bool:
    """Whether an answer with a part of the file says that the part begins at byte `start`."""
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _need_room(partial: Path, file: RemoteFile, start: int, total: int | None) -> None:
    """Raises OSError (no space) before the first byte where the disk cannot hold the rest."""
    missing = (total or file.size_bytes or 0) - start
    if shutil.disk_usage(partial.parent).free < missing:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _checked(file: RemoteFile, partial: Path) -> str:
    """The SHA-256 of a whole download; raises WeightsError and removes it where it is not the published file."""
    digest = sha256_of(partial)
    if problem := mismatch(file, partial, digest):
        _forget(partial)
        raise WeightsError(
            f"{_source(file)} was downloaded but is not the published file: {problem}. "
            "Often a proxy or a sign-in page answers in its place; it was removed."
        )
    return digest


def mismatch(file: RemoteFile, path: Path, digest: str) -> str:
    """What tells the file at `path`, with SHA-256 `digest`, from the published one: expected and got; empty
    where nothing does.
    """
    if file.sha256:
        got = digest[: len(file.sha256)]
        return "" if got == file.sha256 else f"SHA-256 {got} instead of {file.sha256}"
    size = _size(path)
    if file.size_bytes is not None and abs(size - file.size_bytes) > SIZE_TOLERANCE * file.size_bytes:
        return f"{size / 1e6:.1f} MB instead of {file.size_bytes / 1e6:.1f} MB"
    offset, starts = SIGNATURES[Path(file.name).suffix]
    with path.open("rb") as source:
        source.seek(offset)
        begin = source.read(4)
    return (
        ""
        if begin.startswith(starts)
        else f"it begins with {begin!r}, as no {Path(file.name).suffix} file does"
    )


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _note(partial: Path) -> Path:
    """Where the server's version of a partial download is written down."""
    return partial.with_name(partial.name + ".version")


def _forget(partial: Path) -> None:
    """Removes what was received, and its version."""
    partial.unlink(missing_ok=True)
    _note(partial).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def size_in_brackets(file: RemoteFile) -> str:
    """' (86 MB)' to stand behind a file's name, '' where its size is unknown."""
    return f" ({file.size_bytes / 1e6:.0f} MB)" if file.size_bytes else ""


def _source(file: RemoteFile) -> str:
    return f"{Path(file.name).name}{size_in_brackets(file)} from {file.url}"


def _reason(error: requests.RequestException) -> str:
    """Why a request failed, without the innards of the HTTP library."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ReadTimeout):
        return "the server does not answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.ConnectionError):
        return (
            "the server does not answer"
            if "timed out" in str(error)
            else "there is no connection to the server"
        )
    return f"the request failed ({type(error).__name__})"


def _disk_message(error: OSError, file: RemoteFile, target: Path, partial: Path) -> str:
    """A disk that is full or may not be written, in words. What a full disk holds of the download is removed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        _forget(partial)
        size = f"{file.size_bytes / 1e6:.0f} MB" if file.size_bytes else "more room"
        return f"The disk is full: {target.name} needs {size} in {target.parent}. Make room there, or choose another folder."
    return (
        f"{target} cannot be written ({error.strerror}). Make its folder writable, or choose another folder."
    )
