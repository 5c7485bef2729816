"""Files written whole or not at all, and names that every reader of a file can follow."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from face3d.errors import ExportError

LONGEST_NAME = 80
TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""Names of files that are not complete."""
REMEDIES = {
    errno.ENOSPC: "Make room on the disk, or choose another folder.",
    errno.EDQUOT: "Make room in your quota, or choose another folder.",
    errno.ENAMETOOLONG: "Choose a shorter name, or a folder with a shorter path.",
}
"""By error number. The remedy of all others is another folder."""


def save(path: Path, data: bytes) -> None:
    """Write one file. Raises: ExportError."""
    save_all({path: data})


def save_all(files: Mapping[Path, bytes]) -> None:
    """Write all files or none; folders that are missing are made.

    Each is written under a temporary name in its folder. When all are complete, they are moved to their
    places. Where one cannot be moved, all places are left as they were before. A temporary name is 21
    characters, whatever the length of the file's own. A new file has the mode that the umask leaves, as
    from any other program; a file that is overwritten keeps its own.
    Raises: ExportError.
    """
    written: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path] = _temporary_in(path.parent)
            with written[path].open("xb") as file:  # not mkstemp, whose files only their owner can read
                file.write(data)
            if path.exists():
                os.chmod(written[path], stat.S_IMODE(path.stat().st_mode))
        _move(written)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        for temporary in written.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _temporary_in(folder: Path) -> Path:
    return folder / f".{secrets.token_hex(8)}.tmp"


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that a killed run has left in a folder.

    Nobody else may be writing there meanwhile. Where a file cannot be removed, it stays.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if TEMPORARY.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()


def unwritable(path: Path, error: OSError) -> ExportError:
    """The error for a path that cannot be written, with the reason and the remedy."""
    remedy = REMEDIES.get(error.errno or 0, "Choose another folder.")
    return ExportError(f"{path} cannot be written: {error.strerror or error}. {remedy}")


def _move(written: Mapping[Path, Path]) -> None:
    """Move complete files to their places; `written` holds their temporary names by place.

    Files that are at these places are kept aside, and come back where one cannot be moved, or on an
    interrupt. Where the file system allows, no place is ever empty meanwhile.
    Raises: ExportError.
    """
    aside = {path: _temporary_in(path.parent) for path in written}
    try:
        for path, temporary in written.items():
            with suppress(FileNotFoundError):
                _keep(path, aside[path])
            os.replace(temporary, path)
    except BaseException as error:
        for place, temporary in written.items():
            with suppress(OSError):
                if os.path.lexists(aside[place]):
                    os.replace(aside[place], place)
                    aside[place].unlink(missing_ok=True)  # two names of one file both stay
                elif not temporary.exists():  # it has been moved
                    place.unlink()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    for earlier in aside.values():
        with suppress(OSError):
            earlier.unlink(missing_ok=True)


def _keep(path: Path, aside: Path) -> None:
    """Give a file another name: beside its own, or in its place where the file system has no such links.

    Raises: FileNotFoundError.
    """
    try:
        os.link(path, aside)
    except FileNotFoundError:
        raise
    except (OSError, NotImplementedError):
        os.replace(path, aside)


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
