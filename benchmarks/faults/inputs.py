"""Inputs that are no good: many of them, odd names, loops, pipes, devices, bombs, broken videos."""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import tempfile
import zipfile
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np

import face3d.video.frames  # noqa: F401 - it tells FFmpeg to print nothing, before its first use here
from benchmarks.faults.row import Row
from benchmarks.faults.runs import (
    QUICK,
    SkippedError,
    digests,
    expect,
    expect_same,
    lines,
    picture,
    run,
)
from benchmarks.faults.stand_in import PIPE_SECONDS as FEWER_SECONDS
from face3d.batch.inputs import PIPE_SECONDS

MANY = 10_000
GOOD_OF_MANY = 10
NAMES = (
    "Ångström portrait",
    "Ελληνικά",
    "Русский портрет",
    "עברית",
    "العربية",
    "हिन्दी",
    "ไทย",
    "中文肖像",
    "日本語 ポートレート",
    "한국어",
    "አማርኛ",
    "👩🏽‍🦰🙂",
    "u\u0308 composed, and not",
    "line\nbreak\ttab",
    "\u202ereversed\u202c",
    "'quotes' \"and\" `ticks` $HOME * ? [a] ; & | < >",
    "-begins with a dash",
    "CON",
    "%s {0} \\n",
    "x" * 251,
    "面" * 83 + "ab",
)
"""Beside these there is one that is not UTF-8."""
FRAMES = 8
NOT_UTF8 = b"not utf-8 \xff\xfe.jpg"


def many(folder: Path) -> str:
    photos = folder / "photos"
    photos.mkdir()
    bad = cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes()
    others = MANY // 2
    for number in range(MANY - GOOD_OF_MANY):
        name = f"{number}.txt" if number < others else f"{number}.png"
        (photos / name).write_bytes(b"text" if number < others else bad)
    for number in range(GOOD_OF_MANY):
        picture(photos / f"good {number}.jpg", number)
    noted = folder / "run.jsonl"
    ended = run(folder, photos, "-o", folder / "out", "--manifest", noted, *QUICK)
    refused = MANY - others - GOOD_OF_MANY
    ended.expect(
        1, "Other files were passed over", "and 4997 more", f"{refused} of {MANY - others} photos failed"
    )
    found = lines(noted)
    good = sum("files" in line for line in found)
    expect((len(found), good) == (MANY - others, GOOD_OF_MANY), f"{len(found)} lines, {good} converted")
    again = run(folder, photos, "-o", folder / "out", "--manifest", noted, "--resume", "--dry-run", *QUICK)
    again.expect(0, f"{GOOD_OF_MANY} are done already")
    return (
        f"{others} passed over in one sentence, {refused} refused, {good} made in {ended.seconds:.0f} s; "
        f"--resume knows them after {again.seconds:.0f} s"
    )


def names(folder: Path) -> str:
    photos = folder / "photos"
    for number, name in enumerate(NAMES):
        picture(photos / f"{name}.jpg", number)
    try:
        odd = Path(os.fsdecode(os.fsencode(photos) + b"/" + NOT_UTF8))
        odd.write_bytes(picture(folder / "odd.jpg", 50).read_bytes())
    except OSError as error:
        raise SkippedError(f"this file system does not take them: {error.strerror}") from None
    noted, output = folder / "run.jsonl", folder / "out"
    overviews = ("--sheet", folder / "sheet.html", "--csv", folder / "table.csv")
    command = (photos, "-o", output, "--manifest", noted, "--formats", "glb,obj,3mf,html", *overviews, *QUICK)
    run(folder, *command).expect(0)
    count = len(NAMES) + 1
    found = lines(noted)
    expect(len({str(line["name"]) for line in found}) == count, f"{len(found)} lines")
    files = digests(output)
    expect(len(files) % count == 0, f"{len(files)} files of {count} photos")
    longest = max(len(os.fsencode(name)) for name in files)
    expect(longest <= 255 and not any("\n" in name for name in files), f"a name of {longest} bytes")
    ended = run(folder, *command, "--resume", "--dry-run").expect(0, f"{count} are done already")
    expect(len(ended.said.splitlines()) == 1, ended.said)
    return f"{count} photos, {len(files)} files, names of up to {longest} bytes; --resume knows all"


def loops(folder: Path) -> str:
    photos = folder / "photos"
    picture(photos / "inside" / "a.jpg")
    (photos / "self.jpg").symlink_to("self.jpg")
    (photos / "there.jpg").symlink_to("back.jpg")
    (photos / "back.jpg").symlink_to("there.jpg")
    (photos / "nowhere.jpg").symlink_to("missing.jpg")
    (photos / "inside" / "up").symlink_to("..")
    (photos / "link.jpg").symlink_to("inside/a.jpg")
    (photos / "folder.jpg").symlink_to("inside")
    ended = run(folder, photos, "-r", "-o", folder / "out", *QUICK)
    ended.expect(1, "Too many levels of symbolic links", "nowhere.jpg is not there", "4 of 6 photos failed")
    named = run(folder, photos / "self.jpg", photos / "link.jpg", "-o", folder / "named", *QUICK)
    named.expect(1, "self.jpg cannot be read: Too many levels", "1 of 2 photos failed")
    expect({"inside/a", "link"} == {name.partition("_")[0] for name in digests(folder / "out")}, "others")
    return "no folder twice; each loop fails by name, the two photos are converted"


def pipes_and_devices(folder: Path) -> str:
    photos = folder / "photos"
    good = picture(photos / "good.jpg")
    whole_run = run(folder, good, "-o", folder / "undisturbed", *QUICK).expect(0)
    os.mkfifo(photos / "pipe.jpg")
    os.mkfifo(photos / "film.mp4")
    for name, device in (("zero.jpg", (1, 5)), ("null.jpg", (1, 3))):
        try:
            os.mknod(photos / name, 0o644 | 0o020000, os.makedev(*device))
        except PermissionError:
            (photos / name).symlink_to(f"/dev/{name[:4]}")
    ended = run(folder, photos, "-r", "-o", folder / "folder", *QUICK)
    ended.expect(0, "Other files were passed over: film.mp4, null.jpg, pipe.jpg and 1 more")
    expect_same(folder / "folder", digests(folder / "undisturbed"))
    odd = ("pipe.jpg", "film.mp4", "zero.jpg", "null.jpg")
    named = run(folder, *(photos / name for name in odd), good, "-o", folder / "named", *QUICK)
    named.expect(1, *(f"{name}" for name in odd), "4 of 5 photos failed")
    expect_same(folder / "named", digests(folder / "undisturbed"))
    waiting = run(folder, good, "-o", folder / "noted", "--manifest", photos / "pipe.jpg", *QUICK)
    waiting.expect(1, "is no manifest")
    return (
        f"passed over in a folder, refused by name, {named.seconds:.1f} s for 4 of them and a photo "
        f"({whole_run.seconds:.1f} s for the photo alone)"
    )


def pipe_in_output(folder: Path) -> str:
    photo, output = picture(folder / "a.jpg"), folder / "out"
    output.mkdir()
    os.mkfifo(output / "a_depth.png")
    os.mkfifo(output / "a_shell.glb")
    ended = run(folder, photo, "-o", output, *QUICK).expect(0)
    expect(
        (output / "a_depth.png").is_fifo() and (output / "a_2_depth.png").is_file(), "the pipe was replaced"
    )
    return f"the files are called a_2; after {ended.seconds:.1f} s"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, data: bytes, *before: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def bombs(folder: Path) -> str:
    good = picture(folder / "good.jpg")
    run(folder, good, "-o", folder / "undisturbed", *QUICK).expect(0)
    nothing = zlib.compress(bytes(2**28), 9)
    text = _chunk(b"zTXt", b"Comment\0\0" + nothing)
    profile = _chunk(b"iCCP", b"profile\0\0" + nothing)
    made = {
        "pixels": _png(30_000, 30_000, nothing),
        "more data than pixels": _png(64, 64, nothing),
        "text": _png(64, 64, zlib.compress(bytes(64 * 193)), text),
        "profile": _png(64, 64, zlib.compress(bytes(64 * 193)), profile),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("photo.png", bytes(2**28))
    made["an archive"] = archive.getvalue()
    for name, data in made.items():
        (folder / f"bomb of {name}.png").write_bytes(data)
    bad = sorted(folder.glob("bomb*.png"))
    ended = run(folder, *bad, good, "-o", folder / "out", *QUICK)
    expect("Traceback" not in ended.said and ended.code in (0, 1), ended.said[-300:])
    expect("bomb of pixels.png: failed" in ended.said, "30,000 x 30,000 pixels were not refused")
    refused = ended.said.count(": failed.")
    whole = digests(folder / "undisturbed")
    found = {name: digest for name, digest in digests(folder / "out").items() if name.startswith("good")}
    expect(found == whole, "the good photo has other files")
    size = max(len(data) for data in made.values())
    return (
        f"{refused} of {len(bad)} refused (files of {size // 1024} kB at most), the good photo is whole; "
        f"{ended.seconds:.1f} s"
    )


def _video(path: Path, frames: int) -> bytes:
    fourcc = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, 10.0, (80, 96))
    rng = np.random.default_rng(0)
    for _ in range(frames):
        writer.write(cv2.resize(rng.integers(0, 255, (12, 10, 3), np.uint8), (80, 96)))
    writer.release()
    if not path.exists():
        raise SkippedError("this OpenCV writes no video")
    return path.read_bytes()


def videos(folder: Path) -> str:
    photos = [picture(folder / "a.jpg"), picture(folder / "b.jpg", 1)]
    run(folder, *photos, "-o", folder / "undisturbed", *QUICK).expect(0)
    whole = digests(folder / "undisturbed")
    data = _video(folder / "whole.mp4", FRAMES)
    noted = folder / "run.jsonl"
    cut, film, empty = folder / "cut.mp4", folder / "cut.avi", folder / "empty.mp4"
    cut.write_bytes(data[: len(data) // 2])
    _video(film, FRAMES)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    empty.write_bytes(b"")
    output = folder / "out"
    command = (photos[0], cut, film, empty, photos[1], "-o", output, "--manifest", noted, *QUICK)
    ended = run(folder, *command)
    ended.expect(1, "cut.mp4: failed.", "empty.mp4: failed.", "2 of 5 photos failed")
    ended.expect(1, "cut.avi breaks off after frame")
    found = {name: digest for name, digest in digests(output).items() if name[:2] in ("a_", "b_")}
    expect(found == whole, "the photos have other files")
    (name,) = [line["name"] for line in lines(noted) if str(line["photo"]).endswith(".avi")]
    report = json.loads(next(output.glob(f"{name}_*_report.json")).read_text())
    count = report["video"]["frames"]
    expect(0 < count < FRAMES and (output / f"{name}_depth.mp4").is_file(), f"a film of {count} frames")
    return (
        f"without its index: refused by name; broken off: a film of {count} of {FRAMES} frames, "
        "which it says; the photos are whole"
    )


def _tight(temporary: Path) -> None:
    """Frames go to a folder with files of 1 kB at most."""
    temporary.mkdir()
    tempfile.tempdir = str(temporary)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def no_room_for_frames(folder: Path) -> str:
    _video(folder / "film.mp4", FRAMES)
    temporary, output = folder / "temporary", folder / "out"
    ended = run(folder, folder / "film.mp4", "-o", output, *QUICK, first=partial(_tight, temporary))
    ended.expect(1, f"no room for a video's frames in {temporary}: File too large. Make room there")
    expect(not digests(output) and not list(temporary.iterdir()), "something is left over")
    return "one sentence that names that folder; nothing is left in it, nor in the output folder"


ROWS = [
    Row(
        f"{MANY:,} files in a folder: half no photos, half of 1 x 1 pixel, {GOOD_OF_MANY} photos",
        "one sentence about those passed over, a line for each other; all photos converted",
        many,
    ),
    Row(
        f"{len(NAMES) + 1} names: in many scripts, of 255 bytes, not UTF-8",
        "each photo has files of its own with names of at most 255 bytes",
        names,
    ),
    Row("Links that loop, lead nowhere or to the folder above", "no endless search; others go on", loops),
    Row(
        "Pipes and devices named as photos and videos",
        f"passed over; named, refused after {PIPE_SECONDS:.0f} s at most (here {FEWER_SECONDS:.0f})",
        pipes_and_devices,
    ),
    Row("A pipe where an output file would come", "it stays; the files get another name", pipe_in_output),
    Row("Decompression bombs among photos, 256 MB each", "refused or read without them; others go on", bombs),
    Row("No room in the temporary folder for a video's frames", "one sentence", no_room_for_frames),
    Row("Truncated videos among photos", "one sentence, or the frames before the break", videos),
]
