"""One run at a time into an output folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from face3d.batch.inputs import shown
from face3d.errors import BatchError
from face3d.export.files import unwritable

NAME = ".photo-to-3d-face.lock"


@contextmanager
def only_run_into(folder: Path) -> Iterator[None]:
    """Holds the lock of an output folder, which is made where it is missing.

    The system gives the lock back when the process ends, however that is; a lock file that is left over then
    holds nothing.
    Raises: BatchError where another run holds it; ExportError where the folder cannot be written.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=0)
    except Timeout:
        raise BatchError(
            f"Another run is writing into {shown(folder)}/. Wait until it has ended, or choose another "
            "folder for the output."
        ) from None
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    finally:
        if sys.platform != "win32":  # there an open file cannot be removed, and filelock does it
            with suppress(OSError):
                path.unlink()
        lock.release()
