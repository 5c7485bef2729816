"""A file written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from face3d.errors import ExportError


def save(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in the same folder, then move it: no file is ever half written.

    Raises: ExportError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror}. Choose another folder, or make room."
        ) from error
