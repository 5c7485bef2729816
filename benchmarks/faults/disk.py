"""Faults of the disk: full, read-only, and files that others remove or change meanwhile."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.row import Row
from benchmarks.faults.runs import (
    QUICK,
    SkippedError,
    digests,
    expect,
    expect_same,
    expect_whole,
    lines,
    on_event,
    picture,
    run,
    sha256,
    unfinished,
)
from face3d.batch.outputs import MARKS

READ = 1 + len(set(MARKS.values()))
"""Which time a named photo is opened to be converted: before, it is looked at for the marks of outputs."""


@contextmanager
def _tmpfs(folder: Path, options: str) -> Iterator[Path]:
    """A small file system of its own. Raises: SkippedError where mounting is not allowed."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True)
    if done.returncode:
        raise SkippedError("no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder that nothing can be written to. Raises: SkippedError for root who may not mount."""
    if not os.geteuid():
        with _tmpfs(folder, "size=1m,ro") as closed:
            yield closed
    else:
        folder.mkdir(0o555)
        yield folder


def _whole(folder: Path, *photos: Path) -> dict[str, str]:
    """The files of photos, as an undisturbed run makes them."""
    output = folder / "undisturbed"
    run(folder, *photos, "-o", output, *QUICK).expect(0)
    return digests(output)


def full(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abcdef")]
    whole = _whole(folder, *photos)
    noted = folder / "run.jsonl"
    with _tmpfs(folder / "small", "size=1m") as small:
        ended = run(folder, *photos, "-o", small, "--manifest", noted, *QUICK)
        ended.expect(1, "No space left on device. Make room on the disk")
        there, left = expect_whole(small, whole), unfinished(small)
        good = sum("files" in line for line in lines(noted))
    expect(0 < good < len(photos) and len(lines(noted)) == len(photos), f"{good} photos were made")
    expect(not left, f"left over: {left}")
    expect(there == good * len(whole) / len(photos), f"{there} files of {good} photos")
    return f"{good} of {len(photos)} photos are there, {there} files, all whole; the others failed by name"


def full_for_manifest(folder: Path) -> str:
    photos = [folder / f"{'long name ' * 15}{number}.jpg" for number in range(9)]
    for photo in photos:  # each fails, and its line is all that is written
        photo.write_bytes(b"no photo")
    noted, limit = folder / "run.jsonl", 2000
    ended = run(
        folder,
        *(*photos, "-o", folder / "out", "--manifest", noted, *QUICK),
        first=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    ended.expect(1, "run.jsonl cannot be written: File too large")
    count = len(lines(noted))
    expect(count and noted.read_bytes().endswith(b"\n"), "half a line is in the manifest")
    return f"stopped with one sentence; {count} whole lines, {noted.stat().st_size} of {limit} bytes"


def limited_size(folder: Path) -> str:
    small, large = picture(folder / "small.jpg"), picture(folder / "large.jpg", 1, (480, 400))
    last = picture(folder / "last.jpg", 2)
    whole = _whole(folder, small, large, last)
    limit = 2 * max(
        path.stat().st_size for path in (folder / "undisturbed").iterdir() if path.name.startswith("small")
    )
    ended = run(
        folder,
        *(small, large, last),
        *("-o", folder / "out", *QUICK),
        first=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    ended.expect(1, "large.jpg: failed.", "cannot be written: File too large", "1 of 3 photos failed")
    there = expect_whole(folder / "out", whole)
    expect(not [name for name in digests(folder / "out") if name.startswith("large")], "a part of large")
    expect(not unfinished(folder / "out"), "unfinished files")
    return f"no file of the large photo; {there} files of the two others, all whole"


def output_read_only(folder: Path) -> str:
    photo = picture(folder / "a.jpg")
    with read_only(folder / "closed") as closed:
        ended = run(folder, photo, "-o", closed / "out", *QUICK)
        ended.expect(1, "cannot be written: Read-only file system. Choose another folder")
    expect(len(ended.said.splitlines()) == 1, ended.said)
    return f"{ended.said.strip().replace(str(folder), '…')} After {ended.seconds:.1f} s"


def output_removed(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abcd")]
    whole = _whole(folder, *photos)
    output = folder / "out"
    noted = output / "run.jsonl"
    command = (*photos, "-o", output, "--manifest", noted, *QUICK)
    gone = on_event(lambda: shutil.rmtree(output), "open", lambda path: path.endswith("/c.jpg"), READ)
    run(folder, *command, first=gone).expect(0)
    expect(not unfinished(output), "unfinished files")
    after = expect_whole(output, whole)
    names = [line["name"] for line in lines(noted)]
    expect(names == ["c", "d"], f"the manifest has {names}")
    run(folder, *command, "--resume").expect(0)
    expect_same(output, whole)
    expect(len(lines(noted)) == len(photos), "not four lines")
    return f"made anew with the {after} files of the two photos after that; --resume made the other two again"


def folder_removed_while_written(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abc")]
    output = folder / "out"
    gone = on_event(
        lambda: shutil.rmtree(output), "open", lambda path: path.endswith(".tmp") and str(output) in path, 10
    )
    ended = run(folder, *photos, "-o", output, *QUICK, first=gone).expect(1, "b.jpg: failed.")
    names = {name[0] for name in digests(output)}
    expect(names == {"c"} and not unfinished(output), f"there are files of {names}")
    reason = ended.said.partition("b.jpg: failed. ")[2].splitlines()[0].replace(str(output), "…")
    return f"that photo failed ({reason}), the next is whole"


def photo_removed(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("abc")]
    whole = _whole(folder, photos[0], photos[2])
    gone = on_event(photos[1].unlink, "open", lambda path: path == str(photos[1]), READ)
    noted = folder / "run.jsonl"
    run(folder, *photos, "-o", folder / "out", "--manifest", noted, *QUICK, first=gone).expect(
        1, "b.jpg is not there", "1 of 3 photos failed"
    )
    expect_same(folder / "out", whole)
    expect("error" in lines(noted)[1], "the manifest does not say it")
    return "b failed by name; a and c are whole"


def photo_changed(folder: Path) -> str:
    photo, other = picture(folder / "a.jpg"), picture(folder / "other.jpg", 9)
    noted, output = folder / "run.jsonl", folder / "out"
    before = photo.read_bytes()
    command = (photo, "-o", output, "--manifest", noted, *QUICK)
    change = on_event(
        lambda: photo.write_bytes(other.read_bytes()), "open", lambda path: path.endswith(".tmp")
    )
    run(folder, *command, first=change).expect(0)
    (line,) = lines(noted)
    photo.write_bytes(before)
    expect(line["sha256"] == sha256(photo), "the digest is not that of the bytes that were read")
    photo.write_bytes(other.read_bytes())
    run(folder, *command, "--resume").expect(0)
    expect(lines(noted)[-1]["sha256"] == sha256(other), "the changed photo was not converted again")
    return "digest of the bytes that were read; --resume converted the changed photo again"


def photo_copied_in(folder: Path) -> str:
    photos = [picture(folder / f"{name}.jpg", seed) for seed, name in enumerate("ab")]
    noted, output = folder / "run.jsonl", folder / "out"
    data = photos[0].read_bytes()
    photos[0].write_bytes(data[: len(data) // 2])
    command = (*photos, "-o", output, "--manifest", noted, *QUICK)
    run(folder, *command).expect(1, "a.jpg is damaged and cannot be read to its end")
    photos[0].write_bytes(data)
    run(folder, *command, "--resume").expect(0)
    expect([line["name"] for line in lines(noted)] == ["a", "b", "a"], "not made again, or b too")
    return "failed by name; --resume converted it when it was whole, and only it"


ROWS = [
    Row(
        "Disk full: a file system of 1 MB for six photos",
        "photos that find no room fail by name, all their files or none; what is there is whole",
        full,
    ),
    Row(
        "Largest file limited (RLIMIT_FSIZE)", "the photo whose files are too large fails alone", limited_size
    ),
    Row(
        "No room for a line of the manifest",
        "the run stops with one sentence; no half line",
        full_for_manifest,
    ),
    Row("Output folder read-only", "one sentence before any work", output_read_only),
    Row(
        "Output folder removed between two photos, the manifest in it",
        "it is made anew; the manifest has what is in it; --resume makes the rest",
        output_removed,
    ),
    Row(
        "Output folder removed while a photo's files are written",
        "that photo fails by name, the next ones go on",
        folder_removed_while_written,
    ),
    Row("Photo removed after it was listed", "it fails by name, the others go on", photo_removed),
    Row(
        "Photo replaced after it was read",
        "the manifest has the digest of what was read; --resume sees the change",
        photo_changed,
    ),
    Row("Photo half copied into the folder", "it fails by name; --resume converts it later", photo_copied_in),
]
