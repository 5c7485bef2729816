"""One file over HTTP into a folder: resumed, checked, moved atomically, and fetched by one process only.

The file grows beside its target as `NAME.part`; a file under `NAME` is always complete and checked.
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
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from face3d.depth.spec import RemoteFile
from face3d.errors import WeightsError

if TYPE_CHECKING:
    import requests  # imported where it is used: few runs download anything

Progress = Callable[[int, int | None], None]
"""Called as progress(done_bytes, total_bytes or None). An exception that it raises stops the download, and
the next call resumes it."""

BLOCK = 1 << 16
"""Bytes written at a time; a broken connection loses fewer."""
SIZE_TOLERANCE = 0.02
"""Relative tolerance of sizes that are computed, not published."""
POLL_SECONDS = 0.5
"""Interval at which a process that waits for another's download reports its progress."""
SIGNATURES: dict[str, tuple[int, tuple[bytes, ...]]] = {
    ".pt": (0, (b"PK\x03\x04", b"\x80")),
    ".safetensors": (8, (b"{",)),
    ".json": (0, (b"{",)),
    ".onnx": (0, (b"\x08",)),
}
"""By suffix: an offset, and the bytes that may begin there. They distinguish a checkpoint from a web page
where no hash is published."""


@dataclass(frozen=True)
class RetryPolicy:
    """Timeouts and retries of a download.

    connect_seconds, read_seconds: timeouts of the connection and between two packets.
    tries: without progress, before the download fails; a server that was never reached has one.
    pause_seconds: before the second try, then doubled.
    """

    connect_seconds: float = 5
    read_seconds: float = 30
    tries: int = 4
    pause_seconds: float = 1


class _TransientError(Exception):
    """A failure that another try may not have."""


class _UnreachableError(_TransientError):
    """There is no connection to the server: its name or address leads nowhere."""


def download(
    file: RemoteFile, target: Path, progress: Progress | None = None, retry_policy: RetryPolicy | None = None
) -> None:
    """Downloads `file` to `target`, unless it exists.

    Raises WeightsError, in one or two sentences, where that fails. The bytes received so far are kept for the
    next call, unless they are wrong or fill the disk.
    """
    retry_policy = retry_policy or RetryPolicy()
    progress = progress or (lambda done, total: None)
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _process_lock(target, partial, file, progress):
            if not target.exists():
                _receive(file, partial, progress, retry_policy)
                digest = _check(file, partial)
                target.with_name(target.name + ".sha256").write_text(f"{digest}  {target.name}\n")
                os.replace(partial, target)
    except OSError as error:
        raise WeightsError(_disk_message(error, file, target, partial)) from error


@contextmanager
def _process_lock(target: Path, partial: Path, file: RemoteFile, progress: Progress) -> Iterator[None]:
    """Holds the lock file of a target; while another process holds it, its progress is reported."""
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
    """Tries until the whole file is in `partial`; only tries without progress count as failures.

    A server that was never reached is not tried again: without a network that only takes time.
    """
    failures, furthest, was_reached = 0, _size(partial), False
    while True:
        try:
            _try_once(file, partial, progress, retry_policy)
            return
        except _TransientError as reason:
            size = _size(partial)
            failures = 0 if size > furthest else failures + 1
            furthest = max(furthest, size)
            was_reached |= not isinstance(reason, _UnreachableError)
            if failures >= retry_policy.tries or not was_reached:
                raise WeightsError(f"{_describe(file)} could not be downloaded: {reason}.") from reason
            time.sleep(retry_policy.pause_seconds * 2 ** max(0, failures - 1))


def _try_once(file: RemoteFile, partial: Path, progress: Progress, retry_policy: RetryPolicy) -> None:
    """One request, which continues `partial` where the server allows and still has the same version."""
    import requests

    version_file = _version_file(partial)
    start = _size(partial) if version_file.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": version_file.read_text()}
    try:
        with requests.get(
            str(file.url),
            headers=headers,
            stream=True,
            timeout=(retry_policy.connect_seconds, retry_policy.read_seconds),
        ) as response:
            _check_status(file, response.status_code)
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                _discard(partial)
                raise _TransientError("the server's file is shorter than the part received before")
            if response.status_code == HTTPStatus.PARTIAL_CONTENT and not _starts_at(response, start):
                _discard(partial)
                raise _TransientError("the server sent another part than the requested one")
            start = start if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
            length = response.headers.get("Content-Length")
            total = start + int(length) if length else None
            _check_free_space(partial, file, start, total)
            if version := response.headers.get("ETag") or response.headers.get("Last-Modified"):
                version_file.write_text(version)
            else:
                version_file.unlink(missing_ok=True)
            _write(response, partial, start, total or file.size_bytes, progress)
    except requests.RequestException as error:
        failure = _UnreachableError if _is_unreachable(error) else _TransientError
        raise failure(_reason(error)) from error
    if total is not None and _size(partial) != total:
        raise _TransientError(f"the connection broke off after {_size(partial)} of {total} bytes")
    version_file.unlink(missing_ok=True)


def _write(
    response: requests.Response, partial: Path, start: int, total: int | None, progress: Progress
) -> None:
    """Writes the response from byte `start` on."""
    with partial.open("r+b" if start else "wb") as sink:
        sink.seek(start)
        sink.truncate()
        done = start
        progress(done, total)
        for block in response.iter_content(BLOCK):
            sink.write(block)
            done += len(block)
            progress(done, total)


def _check_status(file: RemoteFile, status: int) -> None:
    """Raises WeightsError for a permanent failure, _TransientError for one that may pass."""
    if status in (
        HTTPStatus.OK,
        HTTPStatus.PARTIAL_CONTENT,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    ):
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        raise _TransientError(f"the server answered {status}")
    raise WeightsError(f"{_describe(file)} could not be downloaded: the server answered {status}.")


def _starts_at(response: requests.Response, start: int) -> bool:
    """Whether a partial response begins at byte `start`."""
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _check_free_space(partial: Path, file: RemoteFile, start: int, total: int | None) -> None:
    """Raises OSError (no space) where the disk cannot hold the rest."""
    missing = (total or file.size_bytes or 0) - start
    if shutil.disk_usage(partial.parent).free < missing:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _check(file: RemoteFile, partial: Path) -> str:
    """The SHA-256 of a complete download; removes it and raises WeightsError where it is another file."""
    digest = sha256_of(partial)
    if problem := mismatch(file, partial, digest):
        _discard(partial)
        raise WeightsError(
            f"{_describe(file)} was downloaded but is not the published file: {problem}. It was removed. "
            "Often a proxy or a sign-in page answers in its place."
        )
    return digest


def mismatch(file: RemoteFile, path: Path, digest: str) -> str:
    """The difference of the file at `path`, with SHA-256 `digest`, from the published one: got and expected.

    Empty where there is none.
    """
    if file.sha256:
        got = digest[: len(file.sha256)]
        return "" if got == file.sha256 else f"SHA-256 {got} instead of {file.sha256}"
    if file.md5:
        with path.open("rb") as source:
            got = hashlib.file_digest(source, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
        return "" if got == file.md5 else f"MD5 {got} instead of {file.md5}"
    size = _size(path)
    if file.size_bytes is not None and abs(size - file.size_bytes) > SIZE_TOLERANCE * file.size_bytes:
        return f"{size / 1e6:.1f} MB instead of {file.size_bytes / 1e6:.1f} MB"
    offset, starts = SIGNATURES[Path(file.name).suffix]
    with path.open("rb") as source:
        source.seek(offset)
        begin = source.read(4)
    if begin.startswith(starts):
        return ""
    return f"it begins with {begin!r}, as no {Path(file.name).suffix} file does"


def sha256_of(path: Path) -> str:
    """Hexadecimal digest of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _version_file(partial: Path) -> Path:
    """Holds the server's version (ETag or date) of a partial download."""
    return partial.with_name(partial.name + ".version")


def _discard(partial: Path) -> None:
    """Removes a partial download and its version."""
    partial.unlink(missing_ok=True)
    _version_file(partial).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def size_suffix(file: RemoteFile) -> str:
    """' (86 MB)', to follow a file's name; '' where its size is unknown."""
    return f" ({file.size_bytes / 1e6:.0f} MB)" if file.size_bytes else ""


def _describe(file: RemoteFile) -> str:
    return f"{Path(file.name).name}{size_suffix(file)} from {file.url}"


def _is_unreachable(error: requests.RequestException) -> bool:
    """Whether no connection was made: no such name, refused, no answer, or no way through the proxy."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


def _reason(error: requests.RequestException) -> str:
    """The reason of a failed request in words, without the HTTP library's own text."""
    import requests

    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ReadTimeout):
        return "the server does not answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.ConnectionError):
        timed_out = "timed out" in str(error)
        return "the server does not answer" if timed_out else "there is no connection to the server"
    return f"the request failed ({type(error).__name__})"


def _disk_message(error: OSError, file: RemoteFile, target: Path, partial: Path) -> str:
    """The message for a full or read-only disk. On a full one the partial download is removed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        _discard(partial)
        size = f"{file.size_bytes / 1e6:.0f} MB" if file.size_bytes else "more room"
        return (
            f"The disk is full: {target.name} needs {size} in {target.parent}. "
            "Make room there, or choose another folder."
        )
    return (
        f"{target} cannot be written ({error.strerror}). Make its folder writable, or choose another folder."
    )
