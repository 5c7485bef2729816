"""The manifest of a run: one JSON line per photo, readable to its last whole line however the run ends."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from face3d import VERSION
from face3d.batch.inputs import digest, shown
from face3d.depth.download import sha256_of
from face3d.errors import BatchError
from face3d.export.files import unwritable

COMMON = ("photo", "name", "sha256", "version")
"""Keys of every line."""
IN_NAMES = ("face", "frame")
"""Settings that the names of files tell."""
BEGIN = b'{"photo":'
"""What every line begins with, so that what is left of one can be told from another file's text."""


@dataclass(frozen=True)
class Task:
    """One photo to convert. name: what its files in the output folder begin with."""

    path: Path
    name: str


@dataclass(frozen=True)
class Outcome:
    """What became of one photo.

    said: about it, for people. error: why it failed, '' where it did not. sha256: of the photo, '' where it
    could not be read. report: the mesh report. files: SHA-256 by name in the output folder.
    warnings: what was said about the photo meanwhile.
    """

    said: str = ""
    error: str = ""
    sha256: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """What the files of all photos of a run are made with, beside each photo itself.

    settings: that are no defaults. reads: SHA-256 of other files, by what names them. network: its name and
    the SHA-256 of its weights, where they are known.
    """

    settings: Mapping[str, Any]
    reads: Mapping[str, str]
    network: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """As in the lines of a manifest, with the version."""
        made_with = {"settings": self.settings, "reads": self.reads, "network": self.network}
        return {"version": VERSION, **made_with}


def entry(task: Task, outcome: Outcome, recipe: Recipe) -> dict[str, Any]:
    """The line of one photo."""
    about = {"photo": str(task.path), "name": task.name, "sha256": outcome.sha256}
    if outcome.error:
        became: dict[str, Any] = {"error": outcome.error}
    else:
        became = {"report": outcome.report, "files": outcome.files}
    return about | recipe.as_json() | became | {"seconds": round(outcome.seconds, 3)}


class Manifest:
    """A manifest that lines are added to. Each is written whole, with one call, and is in the file then."""

    def __init__(self, path: Path) -> None:
        """Opens the file; a last line that a killed run left unfinished is taken off.

        Raises: BatchError for a file that is no manifest; ExportError where it cannot be written.
        """
        self.path = path
        self._file = self._opened()

    def _opened(self) -> io.FileIO:
        whole = sum(len(line) for line, _ in _lines(self.path))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("ab", buffering=0)
            file.truncate(whole)
        except OSError as error:
            raise unwritable(self.path, error) from error
        return file

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line; to a new file where somebody has removed it. Where the disk is full, nothing of it
        stays. Raises: ExportError.
        """
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        if not self._is_in_place():
            self._file.close()
            self._file = self._opened()
        before = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(data)
            if written != len(data):
                self._file.write(data[written:])
        except OSError as error:
            self._file.truncate(before)
            raise unwritable(self.path, error) from error

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self.path.stat())
        except OSError:
            return False

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a manifest, in order; none where there is no file. Raises: BatchError."""
    return (found for _, found in _lines(path))


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The whole lines of a manifest and what they say. Raises: BatchError."""
    remedy = "Name another file with --manifest."
    try:
        if path.exists() and not path.is_file():  # of a pipe, reading would not end
            raise ValueError
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):  # a run was killed meanwhile
                    if not (line.startswith(BEGIN) or BEGIN.startswith(line)):
                        raise ValueError
                    return
                found = json.loads(line)
                if not isinstance(found, dict) or not set(COMMON) <= set(found):
                    raise ValueError
                yield line, found
    except FileNotFoundError:
        return
    except ValueError as error:
        raise BatchError(f"{shown(path)} is no manifest of this program. {remedy}") from error
    except OSError as error:
        raise BatchError(f"{shown(path)} cannot be read: {error.strerror}. {remedy}") from error


def kept_names(lines: Iterable[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, str]:
    """By photo the name that its files have since it was converted last, where no other photo has taken it.

    lines: of a manifest. settings: of the run that is to come; names for another face or frame are no use.
    """
    names: dict[str, str] = {}
    photos: dict[str, str] = {}
    for line in lines:
        made_with = line.get("settings", {})
        if "error" not in line and all(made_with.get(key) == settings.get(key) for key in IN_NAMES):
            names[line["photo"]], photos[line["name"]] = line["name"], line["photo"]
    return {photo: name for photo, name in names.items() if photos[name] == photo}


class Done:
    """What earlier runs have converted, of their manifest."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        """Reads the lines of the recipe; of several about one name the last counts. Raises: BatchError."""
        wanted = json.loads(json.dumps(recipe.as_json()))
        self._by_name: dict[str, dict[str, Any]] = {}
        for line in read(path):
            if {key: line.get(key) for key in wanted} == wanted:
                self._by_name[line["name"]] = line

    def of(self, task: Task, folder: Path) -> dict[str, Any] | None:
        """The line of a photo that is done: the photo and its files are still as the line has them."""
        line = self._by_name.get(task.name)
        if line is None or "error" in line or not line.get("files"):
            return None
        if digest(task.path) != line["sha256"]:
            return None
        try:
            same = all(sha256_of(folder / name) == sha256 for name, sha256 in line["files"].items())
        except OSError:
            return None
        return line if same else None
