"""The photos of a batch on a cluster: what is in a folder or a list, and the names of their files."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from face3d.batch.inputs import Found, Reason, find_photos, reason_by_name, sentences, shown
from face3d.batch.manifest import kept_names
from face3d.batch.outputs import output_names
from face3d.cluster.storage import Storage, storage_at
from face3d.errors import BatchError
from face3d.photo import accepted_suffixes

LIST = ".txt"
MANIFEST = "manifest"
"""Folder of the output: the lines about what is done."""
MOST_OF_LIST = 2**30
LINES = ".jsonl"
"""What the files of a manifest end with."""
READS = 32
"""Files of a manifest that are read at the same time."""


class Row(NamedTuple):
    """A photo to convert. id: of the photo and how it is converted. photo: where it is. name: what its files
    begin with.
    """

    id: str
    photo: str
    name: str


class Listed(NamedTuple):
    """Photos by the path that gives their names, and where each is, with its size and time."""

    found: Found
    places: Mapping[Path, tuple[str, int, float]]


def listed(source: Storage, output: Storage) -> Listed:
    """The photos of a folder, or of a list. Raises: BatchError for a place that cannot be read."""
    if source.path.lower().endswith(LIST):
        return _of_list(source)
    if source.is_local:
        found = find_photos([Path(source.path)], recursive=True, but=Path(output.path))
        return Listed(found, {path: (str(path), *_size_and_time(path)) for path in found.photos})
    photos, places = {}, {}
    passed_over: defaultdict[Reason, dict[str, None]] = defaultdict(dict)
    for path, size, seconds in sorted(source.files()):
        place = source.at(str(path))
        if place.path.startswith(output.path.rstrip("/") + "/"):
            continue
        # By its name, for reading each file of a store to see would take as long as converting some.
        if (reason := reason_by_name(path)) is not None:
            passed_over[reason][shown(path.name)] = None
        else:
            photos[Path(path)] = Path(path.parent)
            places[Path(path)] = (place.name, size, seconds)
    failures = [] if photos else [f"{source.name} holds no photo ({', '.join(accepted_suffixes())})."]
    return Listed(Found(list(photos), failures, sentences(passed_over), photos), places)


def _size_and_time(path: Path) -> tuple[int, float]:
    """Of a file, bytes and seconds since 1970; 0 where it cannot be seen: reading the photo will say it."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0.0
    return found.st_size, found.st_mtime


def _of_list(source: Storage) -> Listed:
    """The photos that a list names, a line each; lines that are empty or begin with # are passed over."""
    try:
        text = source.read(MOST_OF_LIST).decode()
    except UnicodeDecodeError as error:
        raise BatchError(f"{source.name} is no text in UTF-8. Save the list as such.") from error
    lines = [line.strip() for line in text.splitlines()]
    named = list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    places = {}
    for number, line in enumerate(named):  # a folder for each, so that equal names stay apart
        where = line if "://" in line else os.path.abspath(line)
        places[Path(str(number), file_name(line))] = (where, 0, 0.0)
    failures = [] if places else [f"{source.name} names no photo. Write a path or an address on each line."]
    return Listed(Found(list(places), failures, []), places)


def rows_of(
    photos: Listed,
    output: Storage,
    face: int,
    recipe: Mapping[str, Any],
    earlier: Iterable[Mapping[str, Any]] = (),
) -> Sequence[Row]:
    """A row for each photo. face: as of `output_names`. recipe: what their files are made with.

    earlier: lines of the manifest of runs that are gone on from; a photo keeps the name that it has there.
    """
    found = photos.found
    names_by_place = kept_names(earlier, recipe.get("settings", {}))
    known = {
        path: names_by_place[where] for path, (where, *_) in photos.places.items() if where in names_by_place
    }
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = Path(output.path if output.is_local else elsewhere)
        names = output_names(found.photos, folder, face, (), found.places, known=known)
    rows = []
    for path, name in zip(found.photos, names, strict=True):
        where, size, seconds = photos.places[path]
        made_of = json.dumps([where, size, seconds, name, recipe], sort_keys=True)
        rows.append(Row(hashlib.sha256(made_of.encode()).hexdigest(), where, name))
    return rows


def earlier_lines(manifest: Storage) -> Iterator[Mapping[str, Any]]:
    """The lines of a manifest's folder, in the order of runs; none where there is no folder.

    Raises: BatchError and PhotoError for a place that cannot be read.
    """
    from pyarrow.fs import FileType

    if manifest.filesystem.get_file_info(manifest.path).type != FileType.Directory:
        return
    files = [manifest.at(str(path)) for path, _, _ in sorted(manifest.files()) if path.suffix == LINES]
    with ThreadPoolExecutor(READS) as readers:  # of a store, each takes a while to answer
        for place, data in zip(
            files, readers.map(lambda place: place.read(MOST_OF_LIST), files), strict=True
        ):
            try:
                yield from map(json.loads, data.splitlines())
            except ValueError as error:
                remedy = "Remove it, or leave out --resume."
                raise BatchError(f"{shown(place.name)} is no manifest of this program. {remedy}") from error


def opened_photo(photo: str, source: Storage) -> Storage:
    """Where a photo of the batch is, with the file system of its folder."""
    inside = photo.removeprefix(source.name.rstrip("/") + "/")
    if inside != photo:
        return source.at(inside)
    return storage_at(photo)


def file_name(photo: str) -> str:
    """The last part of a path or an address."""
    return PurePosixPath(unquote(urlsplit(photo).path) if "://" in photo else photo).name or "photo"
