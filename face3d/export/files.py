"""A file written whole or not at all, and names that every reader of a file can follow."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from pathlib import Path

from face3d.errors import ExportError

LONGEST_NAME = 80


def save(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in the same folder, then move it: no file is ever half written.

    A new file has the mode that the process's umask leaves, as any other program would give it. A file that
    is overwritten keeps its own.
    Raises: ExportError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with temporary.open("xb") as file:  # not mkstemp, whose files are readable for their owner only
                file.write(data)
            if path.exists():
                os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror}. Choose another folder, or make room."
        ) from error


def safe_name(name: str) -> str:
    """`name` for use inside files that are read elsewhere: ASCII letters, digits, `_` and `-`, 1 to 87 long.

    Many readers of OBJ and MTL end a file name at a space and read it in the code page of their machine; an
    archive must hold no path; and `-` at the start begins an option of MTL. Every other character becomes
    `_`. A name that had to be changed then ends in six digits of its digest, so that two different names stay
    different.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name, flags=re.ASCII)[:LONGEST_NAME]
    plain = re.sub(r"^-", "_", plain)
    if plain and plain == name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain or 'model'}_{digest[:6]}"
