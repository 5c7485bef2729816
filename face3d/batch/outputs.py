"""Names of output files, chosen and checked before anything is computed."""

from __future__ import annotations

import argparse
import errno
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from face3d.batch.video_options import DEPTH_8BIT, DEPTH_16BIT, named_as
from face3d.export.depth_maps import DEPTH_COLOUR, DEPTH_WRITERS, ON_REQUEST
from face3d.export.files import unwritable
from face3d.export.images import has_software_text
from face3d.export.models import WRITERS
from face3d.export.own_films import MATROSKA, MP4, is_marked
from face3d.export.renderings import PICTURES
from face3d.geometry.kinds import KINDS

STRIP_FORMAT = "strip"
"""Photo, depth map and model in one picture, which a contact sheet is made of."""
POINTS, REPORT = "_points.ply", "_report.json"
FORMATS = {name: writer.suffix for name, writer in WRITERS.items()} | {"html": ".html"}
FORMATS |= {picture.format: picture.suffix for picture in PICTURES} | {STRIP_FORMAT: "_strip.png"}
"""Formats of a model, its offline viewer and its pictures, with the endings of their files."""
ENDINGS = (
    *DEPTH_WRITERS,
    DEPTH_COLOUR,
    DEPTH_8BIT,
    *DEPTH_16BIT,
    *(f"_{kind}{end}" for kind in KINDS for end in (*FORMATS.values(), POINTS, REPORT)),
)
"""What follows the name in every file of a photo. None ends with another, so different names never give the
same file."""

MARKS = {".png": has_software_text, MP4: is_marked, MATROSKA: is_marked}
"""By suffix how a file that was written here is told from one of the user, a photo or a video."""
LONGEST_ENDING = max(ENDINGS, key=len)
USUAL_NAME_BYTES = 255
"""Longest file name of most file systems."""
_NOT_ON_WINDOWS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *\.", re.IGNORECASE)
"""Devices, whatever follows the dot (Microsoft, "Naming files, paths, and namespaces")."""


def formats(text: str) -> list[str]:
    """`--formats` as a list of known names, each once. Raises argparse.ArgumentTypeError."""
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    known = [*FORMATS, *ON_REQUEST]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'an empty list'}: not among {', '.join(known)}"
        )
    return names


def name_of(stem: str, face: int = 1) -> str:
    """What the files of one photo begin with where they do not come into a folder that is known: as
    `output_names` has it for a single photo, for downloads and archives.

    stem: the photo's name without its ending, any text. face: the number of the one that is modelled.
    """
    mark = _mark(face)
    text = _portable(stem.encode("utf-8", "replace").decode())
    return _cut(text, USUAL_NAME_BYTES - len(LONGEST_ENDING) - len(mark)) + mark


def check_folder(folder: Path) -> None:
    """Raises ExportError where no file can be written to the folder, which need not exist yet."""
    try:
        _existing(folder)
    except OSError as error:
        raise unwritable(folder, error) from error


def output_names(
    photos: Sequence[Path],
    folder: Path,
    face: int = 1,
    kept: Sequence[Path] = (),
    places: Mapping[Path, Path] | None = None,
    frame: int | None = None,
    known: Mapping[Path, str] | None = None,
) -> list[str]:
    """For each photo what its files in `folder` begin with, before one of the `ENDINGS`.

    places: by photo the folder inside `folder` that its files come into; without one, `folder` itself.
    frame: that is chosen of videos. known: names of photos that earlier runs have converted; they are kept.

    It is the photo's name without its ending, or with it where two photos of the batch differ in nothing
    else, and `_faceN` for another face than the first. Characters that Windows does not allow become `_`. A
    name that is too long for the file system is cut. A number is added where the name belongs to another
    photo of the batch (small and capital letters count as equal, as some file systems have it), and where a
    file would overwrite a photo of the batch, one of the files `kept`, a folder or a pipe, or a PNG file or a
    film that was not written here.
    Raises: ExportError where the path of a file would be too long.
    """
    try:
        most = _name_bytes(folder) - len(LONGEST_ENDING)
        inputs = {found for path in (*photos, *kept) if (found := _file_id(path))}
    except OSError as error:
        raise unwritable(folder, error) from error
    folder_of = {path: (places or {}).get(path, Path()) for path in photos}
    called = {path: named_as(path, frame) for path in photos}
    photos_of = Counter((_key(str(place)), _key(called[path].stem)) for path, place in folder_of.items())
    mark = _mark(face)
    there = {place: _names_in(folder / place) for place in set(folder_of.values())}
    taken: set[tuple[str, str]] = set()
    kept_names = {}
    for path, name in (known or {}).items():
        place, free = Path(name).parent, Path(name).name
        key = _key(str(place)), _key(free)
        if place != folder_of.get(path) or key in taken:
            continue
        if not _would_overwrite(folder / place, free, inputs, there[place]):
            kept_names[path] = name
            taken.add(key)
    names = []
    for path in photos:
        if path in kept_names:
            names.append(kept_names[path])
            continue
        place = folder_of[path]
        inside = _key(str(place))
        alone = photos_of[inside, _key(called[path].stem)] == 1
        name = _portable(called[path].stem if alone else called[path].name.replace(".", "_"))
        number, free = 1, _cut(name, most - len(mark)) + mark
        while (inside, _key(free)) in taken or _would_overwrite(folder / place, free, inputs, there[place]):
            number += 1
            end = f"_{number}{mark}"
            free = _cut(name, most - len(end)) + end
        taken.add((inside, _key(free)))
        names.append((place / free).as_posix())
    return names


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists. Raises: OSError where no file can be written."""
    for place in (folder, *folder.parents):
        try:
            mode = place.stat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(place, os.W_OK | os.X_OK):
            number = errno.EROFS if _is_read_only(place) else errno.EACCES
            raise OSError(number, os.strerror(number))
        return place
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _is_read_only(folder: Path) -> bool:
    """Whether the file system takes no change from anybody."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (AttributeError, OSError):  # not on Windows
        return False


def _name_bytes(folder: Path) -> int:
    """Longest file name in the folder, bytes."""
    try:
        return os.pathconf(_existing(folder), "PC_NAME_MAX")
    except (AttributeError, ValueError):  # not on Windows
        return USUAL_NAME_BYTES


def _mark(face: int) -> str:
    """What the names of the files of another face than the first end with."""
    return "" if face == 1 else f"_face{face}"


def _portable(name: str) -> str:
    """A name that every file system takes, with one of the `ENDINGS`."""
    name = _NOT_ON_WINDOWS.sub("_", name)
    if not name.strip("."):  # of `..jpg`: a path would take it for a folder
        return "_" * len(name)
    return name.replace(".", "_", 1) if _RESERVED_ON_WINDOWS.match(name) else name


def _cut(name: str, most: int) -> str:
    """The longest beginning of a name with at most `most` bytes; no character is divided."""
    while len(os.fsencode(name)) > most:
        name = name[:-1]
    return name


def _key(name: str) -> str:
    """Equal for names that are one file on a file system that ignores case and composition of letters."""
    return unicodedata.normalize("NFC", name).casefold()


def place_of(path: Path) -> str:
    """The path of a file without links, equal for what is one file as `_key` has it."""
    return _key(os.path.realpath(path))


def _file_id(path: Path) -> tuple[int, int] | None:
    """Device and number of a file, equal for all of its names; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _names_in(folder: Path) -> set[str] | None:
    """Keys of the names in a folder; none where there is no folder, None where they cannot be listed."""
    try:
        return {_key(name) for name in os.listdir(folder)}
    except FileNotFoundError:
        return set()
    except OSError:
        return None


def _would_overwrite(folder: Path, name: str, inputs: set[tuple[int, int]], there: set[str] | None) -> bool:
    """Whether a file of this name would take the place of something that is to be kept.

    there: of `_names_in`; with it a file is looked for in the folder only where there may be one.
    Raises: ExportError where the path would be too long.
    """
    key = _key(name)
    for ending in ENDINGS:
        if there is not None and key + ending.casefold() not in there and ending != LONGEST_ENDING:
            continue
        path = folder / f"{name}{ending}"
        try:
            found = path.stat()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise unwritable(path, error) from error
            continue
        if (found.st_dev, found.st_ino) in inputs or not stat.S_ISREG(found.st_mode):
            return True
        if path.suffix in MARKS and not MARKS[path.suffix](path):
            return True
    return False
