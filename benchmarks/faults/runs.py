"""Runs of the command line in processes of their own, in which something can be made to go wrong."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np

import convert
from benchmarks.faults.stand_in import install
from face3d.batch import manifest
from face3d.batch.lock import NAME as LOCK
from face3d.export.files import TEMPORARY

LONGEST_SECONDS = 60.0
QUICK = ("--model", "shell", "--faces", "2000", "--complete", "none", "--jobs", "1")
"""Options of runs that are about anything else."""


class NotOkError(Exception):
    """Something else came out than was expected. The message is what."""


class SkippedError(Exception):
    """This machine cannot bring the fault about. The message says why."""


@dataclass(frozen=True)
class Ended:
    """How a run ended. code: its exit code; below 0 the signal that ended it. said: on both streams."""

    code: int
    said: str
    seconds: float

    def expect(self, code: int, *parts: str) -> Ended:
        """Raises NotOkError for another exit code, a traceback, or a part that was not said."""
        missing = [part for part in parts if part not in self.said]
        if self.code != code or "Traceback" in self.said or missing:
            lacks = f", without {missing}" if missing else ""
            raise NotOkError(f"exit code {self.code}{lacks}: …{self.said.strip()[-600:]}")
        return self


class Run:
    """A run of the command line in a process that is forked off, so that it needs no second to import."""

    def __init__(self, folder: Path, *arguments: object, first: Callable[[], object] | None = None) -> None:
        """folder: for what it says. first: is called in the process before the command."""
        self._log = folder / f"said-{time.monotonic_ns()}.txt"
        self._started = time.perf_counter()
        self.pid = os.fork()
        if not self.pid:
            self._be([str(argument) for argument in arguments], first)

    def _be(self, arguments: list[str], first: Callable[[], object] | None) -> NoReturn:
        code = 1
        try:
            os.setsid()
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream, opened in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
                os.dup2(opened, stream)
            install()
            if first:
                first()
            code = convert.main(arguments)
        except SystemExit as ended:
            code = 2 if ended.code else 0
        except BaseException:  # noqa: BLE001 - it must not go on as the program that it was forked off
            traceback.print_exc()
        finally:
            with suppress(OSError):
                sys.stdout.flush()
            os._exit(code)

    def kill(self) -> None:
        """SIGKILL, to this process alone."""
        os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> Ended:
        """Waits for the end of all its processes. Raises: NotOkError where one takes too long."""
        status = None
        while status is None or _has_processes(self.pid):
            if status is None:
                done, found = os.waitpid(self.pid, os.WNOHANG)
                status = found if done else None
            if time.perf_counter() - self._started > LONGEST_SECONDS:
                with suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
                if status is None:
                    os.waitpid(self.pid, 0)
                raise NotOkError(f"no end after {LONGEST_SECONDS:.0f} s: …{self._said()[-200:]}")
            time.sleep(0.02)
        return Ended(os.waitstatus_to_exitcode(status), self._said(), time.perf_counter() - self._started)

    def _said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""


def _has_processes(session: int) -> bool:
    """Whether a process of a session is left, of those that have not ended."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                state, _, _, of_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(of_session) == session and state != "Z":
                    return True
    return False


def run(folder: Path, *arguments: object, first: Callable[[], object] | None = None) -> Ended:
    """A run from its begin to its end."""
    return Run(folder, *arguments, first=first).ended()


def on_event(
    do: Callable[[], object], event: str, wanted: Callable[[str], bool] = bool, number: int = 1
) -> Callable[[], None]:
    """For `first`: does something just before Python's audit event that is the `number`th of its name.

    wanted: tells of the event's first argument, mostly a path, whether it counts.
    """
    count = 0

    def hook(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if name == event and wanted(
            os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
        ):
            count += 1
            if count == number:
                do()

    return lambda: sys.addaudithook(hook)


def picture(path: Path, seed: int = 0, size_hw: tuple[int, int] = (96, 80)) -> Path:
    """A JPEG or PNG file of noise, other for each seed, under any name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse_hwc = np.random.default_rng(seed).integers(0, 255, (12, 10, 3), np.uint8)
    ending = path.suffix if path.suffix in (".jpg", ".png") else ".jpg"
    path.write_bytes(cv2.imencode(ending, cv2.resize(coarse_hwc, size_hw[::-1]))[1].tobytes())
    return path


def digests(output: Path) -> dict[str, str]:
    """SHA-256 of the files of photos in an output folder, by path in it: not of lock and manifests, nor of
    what is under a temporary name.
    """
    return {path.relative_to(output).as_posix(): sha256(path) for path in _files(output)}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(output: Path) -> Iterator[Path]:
    for path in sorted(output.rglob("*")):
        is_other = path.name == LOCK or path.suffix == ".jsonl" or TEMPORARY.fullmatch(path.name)
        if path.is_file() and not is_other:
            yield path


def unfinished(output: Path) -> list[str]:
    """Names of files that are not complete."""
    return [path.name for path in output.rglob("*") if TEMPORARY.fullmatch(path.name)]


def expect_whole(output: Path, whole: dict[str, str]) -> int:
    """How many of the files `whole` are there. Raises: NotOkError where one is otherwise than in it."""
    found = digests(output)
    other = [name for name, digest in found.items() if whole.get(name) != digest]
    if other:
        raise NotOkError(f"not whole: {', '.join(other)}")
    return len(found)


def expect_same(output: Path, whole: dict[str, str]) -> None:
    """Raises NotOkError unless exactly the files of `whole` are there."""
    expect_whole(output, whole)
    missing = sorted(set(whole) - set(digests(output)))
    if missing or unfinished(output):
        raise NotOkError(f"missing: {missing}; left over: {unfinished(output)}")


def lines(path: Path) -> list[dict[str, object]]:
    """What a manifest says. Raises: BatchError where it cannot be read."""
    return list(manifest.read(path))


def expect(true: object, otherwise: str) -> None:
    """Raises NotOkError, with what is so otherwise."""
    if not true:
        raise NotOkError(otherwise)


def copied(source: Path, target: Path) -> Path:
    """A copy of a folder."""
    shutil.copytree(source, target)
    return target
