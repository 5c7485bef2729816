"""The photos that are named on a command line, and what was passed over among them."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from face3d.batch.outputs import ENDINGS, MARKS, place_of
from face3d.depth.download import sha256_of
from face3d.errors import PhotoError
from face3d.imagine.picture import PHOTO, is_of_words
from face3d.photo import MAX_BYTES, accepted_suffixes, listed_formats, read_photo
from face3d.structures import Photo
from face3d.video.names import is_video

NAMES_SHOWN = 3
"""Of the files that were passed over for one reason."""
PIPE_SECONDS = 30.0
"""How long nothing may come out of a pipe until it is given up."""
APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""First bytes of the file `._NAME` that macOS puts beside NAME on foreign file systems (RFC 1740)."""


class Reason(NamedTuple):
    """Why files are passed over. remedy: a sentence with {formats} for those of photos; '' for none."""

    files: str
    remedy: str


OWN_OUTPUT = Reason("Outputs of an earlier run", "")
SIDECAR = Reason("Files that macOS puts beside photos", "")
HEIC = Reason("HEIC photos", "Install the package pillow-heif, or save them as JPEG.")
OTHER_PICTURE = Reason("Pictures of other kinds", "Save them as {formats}.")
VIDEO = Reason("Videos in folders", "Name a video by itself to convert it.")
OTHER = Reason("Other files", "A photo is a {formats} file.")
HIDDEN = Reason("Hidden files", "Name one by itself to convert it.")
"""Photos in the trash of Android, and those that a program is copying, among others."""
SILENT = Reason("", "")
"""Of folders, and of hidden files that are no photos."""
UNSUPPORTED = {
    HEIC: "heic heif hif",
    OTHER_PICTURE: "gif bmp tif tiff avif jxl jp2 ico svg psd xcf pdf raw dng cr2 cr3 nef arw orf rw2 raf",
    VIDEO: "mov mp4 m4v avi mkv webm mpg mpeg 3gp",
}
"""File name endings of known kinds that `read_photo` may not accept on this machine."""
PHOTOS = "a photo or a folder of photos; the default is the folder input/"
MASK = "a picture of the photo's size"
"""What is to be named, for messages."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that break a line, command a terminal, or turn the text after them around."""


@dataclass(frozen=True)
class Found:
    """What the named paths hold.

    failures: a sentence for each path that is of no use. passed_over: a sentence for each reason.
    places: of photos in folders inside a named one, the path of their folder in that one.
    """

    photos: list[Path]
    failures: list[str]
    passed_over: list[str]
    places: Mapping[Path, Path] = field(default_factory=dict)


def find_photos(
    named: Iterable[Path],
    recursive: bool = False,
    but: Path | None = None,
    overviews: Iterable[Path] = (),
) -> Found:
    """The files that are named, and the photos in the folders that are named, in order.

    recursive: also those in folders inside them, at any depth; hidden folders and links to folders are not
    entered, nor is the folder `but`, that of the output. overviews: files about a run as a whole, which are
    outputs whatever their names.
    Pictures that were written here are passed over in folders and by name: shell patterns name them too. A
    picture that was made of words is passed over in folders only: by name it is a photo to begin with.
    """
    photos: dict[Path, Path] = {}
    failures: list[str] = []
    passed_over: defaultdict[Reason, dict[str, None]] = defaultdict(dict)
    own = {place_of(path) for path in overviews}
    for path in dict.fromkeys(named):
        found: dict[Path, Reason | None] = {}
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
            if not is_folder:
                found[path] = _reason(path)
        except OSError as error:
            failures.append(str(_unreadable(path, error)))
            continue
        unreadable: list[OSError] = []
        for folder in _folders(path, but, unreadable) if is_folder and recursive else [path] * is_folder:
            try:
                files = sorted(folder.iterdir())
            except OSError as error:
                unreadable.append(error)
            else:
                found |= {file: _reason_in_folder(file) for file in files}
        failures += [str(_unreadable(Path(error.filename or path), error)) for error in unreadable]
        for file, reason in found.items():
            if reason is None:
                photos.setdefault(file, file.parent.relative_to(path) if is_folder else Path())
            else:
                reason = OWN_OUTPUT if reason is OTHER and place_of(file) in own else reason
                passed_over[reason][shown(file.name)] = None
        if is_folder and not unreadable and not {None, OWN_OUTPUT} & set(found.values()):
            inside = "" if recursive else "; folders inside it are searched with --recursive"
            failures.append(
                f"{shown(path)}/ holds no photo ({', '.join(accepted_suffixes())}). "
                f"Put some there, or name another folder{inside}."
            )
    return Found(list(photos), failures, sentences(passed_over), photos)


def _folders(root: Path, but: Path | None, unreadable: list[OSError]) -> Iterator[Path]:
    """A folder and those inside it, in order; the errors of those that cannot be read are appended."""
    for folder, inside, _ in os.walk(root, onerror=unreadable.append):
        yield Path(folder)
        inside[:] = sorted(
            name for name in inside if not name.startswith(".") and not _is_same(Path(folder, name), but)
        )


def _is_same(folder: Path, other: Path | None) -> bool:
    try:
        return other is not None and folder.samefile(other)
    except OSError:
        return False


def read(path: Path, wanted: str = PHOTOS) -> Photo:
    """The photo of a file. wanted: what is to be named where it is not there. Raises: PhotoError."""
    try:
        data = bytes_of(path, MAX_BYTES)
    except OSError as error:
        raise _unreadable(path, error, wanted) from error
    return read_photo(data, path.name)


def bytes_of(path: Path, most: int) -> bytes:
    """The bytes of a file or a pipe; one more than `most` where there are more.

    Raises: OSError, also for a device, which may have no end, and for a pipe out of which nothing comes.
    """
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return _bytes_of_pipe(path, most)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a device, not a file")
    with path.open("rb") as file:
        return file.read(most + 1)


def _bytes_of_pipe(path: Path, most: int) -> bytes:
    data = b""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        arrivals = select.poll()
        arrivals.register(pipe, select.POLLIN)
        while len(data) <= most:
            if not arrivals.poll(1000 * PIPE_SECONDS):
                raise TimeoutError(errno.ETIMEDOUT, f"nothing came out of this pipe for {PIPE_SECONDS:.0f} s")
            part = pipe.read(most + 1 - len(data))
            if not part:
                break
            data += part
    return data


def digest(path: Path) -> str:
    """SHA-256 of a file, '' where it cannot be read, or only once."""
    try:
        return sha256_of(path) if path.is_file() else ""
    except (OSError, MemoryError):
        return ""


def shown(path: PurePath | str) -> str:
    """A path for a message, on one line, read from left to right: control characters as `\\x0a`."""

    def escaped(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"

    return _CONTROL.sub(escaped, str(path))


def _unreadable(path: Path, error: OSError, wanted: str = PHOTOS) -> PhotoError:
    """The error for a path that cannot be read, with the remedy."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return PhotoError(f"{shown(path)} is not there. Name {wanted}.")
    remedy = "Change its permissions" if isinstance(error, PermissionError) else "Check the path"
    return PhotoError(f"{shown(path)} cannot be read: {error.strerror}. {remedy}, or name another.")


def _reason(file: Path) -> Reason | None:
    """Why a named file is passed over; None where it is to be read."""
    if not file.is_file():  # a pipe can be read once
        return None
    if file.name.startswith("._") and _is_apple_double(file):
        return SIDECAR
    by_name = file.name.lower().endswith(ENDINGS) and not (_has_suffix_of_photo(file) or is_video(file))
    return OWN_OUTPUT if by_name or any(marked(file) for marked in set(MARKS.values())) else None


def _reason_in_folder(file: Path) -> Reason | None:
    """Why a file or folder inside a folder is passed over; None for a photo."""
    try:
        if file.is_dir():
            return SILENT
        if file.exists() and not file.is_file():
            return OTHER
        if file.name.lower().endswith(PHOTO) and is_of_words(file):
            return OWN_OUTPUT
        return _reason(file) or _reason_of_suffix(file) or _reason_of_dot(file)
    except OSError:  # a link to where nothing can be seen; reading the photo will say it
        return _reason_of_suffix(file) or _reason_of_dot(file)


def reason_by_name(file: PurePath) -> Reason | None:
    """Why a file of a folder is passed over, by its name alone; None for a photo."""
    if file.name.startswith("."):
        return SIDECAR if file.name.startswith("._") else _reason_of_suffix(file) or HIDDEN
    return OWN_OUTPUT if file.name.lower().endswith(ENDINGS) else _reason_of_suffix(file)


def _reason_of_suffix(file: PurePath) -> Reason | None:
    if _has_suffix_of_photo(file):
        return None
    if file.name.startswith("."):
        return SILENT
    suffix = file.suffix.lower().lstrip(".")
    return next((reason for reason, suffixes in UNSUPPORTED.items() if suffix in suffixes.split()), OTHER)


def _reason_of_dot(file: PurePath) -> Reason | None:
    """HIDDEN for a photo that is; a name that begins like a sidecar of macOS is told by its content."""
    return HIDDEN if file.name.startswith(".") and not file.name.startswith("._") else None


def _has_suffix_of_photo(file: PurePath) -> bool:
    return file.suffix.lower().lstrip(".") in accepted_suffixes()


def _is_apple_double(file: Path) -> bool:
    try:
        with file.open("rb") as source:
            return source.read(len(APPLE_DOUBLE)) == APPLE_DOUBLE
    except OSError:  # reading the photo will say it
        return False


def sentences(passed_over: Mapping[Reason, Collection[str]]) -> list[str]:
    """One about each reason for which files were passed over, by their names."""
    return [_sentence(reason, names) for reason, names in passed_over.items() if reason is not SILENT]


def _sentence(reason: Reason, names: Collection[str]) -> str:
    """The sentence about the files that were passed over for a reason, with the first of their names."""
    first, more = list(names)[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    listed = ", ".join(first) + (f" and {more} more" if more > 0 else "")
    remedy = reason.remedy.format(formats=listed_formats())
    return f"{reason.files} were passed over: {listed}. {remedy}".rstrip()
