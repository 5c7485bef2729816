"""Files where every computer of a cluster finds them: a folder they share, or a store of objects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from face3d.batch.inputs import shown
from face3d.errors import BatchError, ExportError, PhotoError
from face3d.export.files import save_all

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

REMEDY = "Check the address, and that this computer may reach it."


@dataclass(frozen=True)
class Storage:
    """A place in a file system of pyarrow or fsspec. name: for messages. path: as the file system has it."""

    name: str
    filesystem: FileSystem
    path: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this computer, or one that computers share."""
        return bool(self.filesystem.type_name == "local")

    def at(self, inside: str) -> Storage:
        """The place of a path inside this one."""
        inside = inside.lstrip("/")
        return Storage(
            f"{self.name.rstrip('/')}/{inside}", self.filesystem, f"{self.path.rstrip('/')}/{inside}"
        )

    def files(self) -> Iterator[tuple[PurePosixPath, int, float]]:
        """Each file in it, at any depth: its path there, size in bytes, and seconds since 1970, or 0.

        Hidden folders are left out. Raises: BatchError.
        """
        from pyarrow.fs import FileSelector, FileType

        try:
            listed = self.filesystem.get_file_info(FileSelector(self.path, recursive=True))
        except OSError as error:
            raise unreachable(self.name, error) from error
        for info in listed:
            path = PurePosixPath(os.path.relpath(info.path, self.path))
            if info.type == FileType.File and not any(part.startswith(".") for part in path.parts[:-1]):
                yield path, info.size or 0, info.mtime.timestamp() if info.mtime else 0.0

    def read(self, most: int) -> bytes:
        """The bytes of the file here, one more than `most` where there are more. Raises: PhotoError."""
        try:
            with self.filesystem.open_input_stream(self.path, compression=None) as file:
                return bytes(file.read(most + 1))
        except FileNotFoundError:
            raise PhotoError(f"{shown(self.name)} is not there. Check the list of photos.") from None
        except Exception as error:  # each client of a store has errors of its own
            raise PhotoError(f"{shown(self.name)} cannot be read: {error}. {REMEDY}") from error

    def save_all(self, files: Mapping[str, bytes]) -> None:
        """Write files by their path in it, each whole or not at all: a folder gets all of them or none, a
        store of objects shows an object when it is complete. Raises: ExportError.
        """
        if self.is_local:
            save_all({Path(self.path, name): data for name, data in files.items()})
            return
        for name, data in files.items():
            place = self.at(name)
            try:
                with place.filesystem.open_output_stream(place.path) as file:
                    file.write(data)
            except Exception as error:
                raise ExportError(f"{shown(place.name)} cannot be written: {error}. {REMEDY}") from error

    def remove(self, inside: str) -> None:
        """Remove a folder in it, if there is one. Raises: ExportError."""
        from pyarrow.fs import FileType

        place = self.at(inside)
        try:
            if self.filesystem.get_file_info(place.path).type == FileType.Directory:
                self.filesystem.delete_dir(place.path)
        except OSError as error:
            raise ExportError(f"{shown(place.name)} cannot be removed: {error}. {REMEDY}") from error


def storage_at(where: str) -> Storage:
    """The place of a path or an address. Raises: BatchError."""
    import fsspec
    import pyarrow
    from pyarrow.fs import FileSystem, FSSpecHandler, LocalFileSystem, PyFileSystem

    if "://" not in where:
        return Storage(where, LocalFileSystem(), os.path.abspath(where))
    name = where.split("?")[0]
    try:
        try:
            filesystem, path = FileSystem.from_uri(where)
        except pyarrow.ArrowInvalid:  # not one of pyarrow's own
            found, path = fsspec.core.url_to_fs(where)
            filesystem = PyFileSystem(FSSpecHandler(found))
    except (ImportError, ValueError, OSError) as error:
        raise unreachable(name, error) from error
    return Storage(name, filesystem, path)


def unreachable(name: str, error: Exception) -> BatchError:
    """The error for a place that cannot be read."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return BatchError(f"{shown(name)} is not there. Name a folder of photos, or a .txt file with a list.")
    return BatchError(f"{shown(name)} cannot be read: {error}. {REMEDY}")
