"""What a batch prints while it runs: a line that counts on a terminal, else a line for each photo."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable

from face3d.batch.inputs import shown
from face3d.batch.manifest import Outcome, Task
from face3d.geometry.completed import HEAD_MODEL
from face3d.geometry.report import MeshReport
from face3d.geometry.scale import Scale
from face3d.geometry.settings import ModelSettings
from face3d.structures import Completion

BAR = 20
"""Characters of the bar."""


class Progress:
    """Prints what becomes of `total` photos.

    Results go to stdout, a line each, unless both streams are a terminal and there are several photos: then
    one line on stderr counts them. Sentences about photos go to stderr.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: gives seconds."""
        self._total, self._clock, self._start = total, clock, clock()
        self._counts = total > 1 and sys.stderr.isatty()
        self._lists = not (self._counts and sys.stdout.isatty())
        self._converted = self._failed = self._known = 0

    def show(self) -> None:
        """Print the line that counts, on a terminal."""
        if self._counts:
            self._wipe()
            columns = shutil.get_terminal_size().columns - 1  # what wraps could not be wiped
            sys.stderr.write(self.line()[:columns])
            sys.stderr.flush()

    def about(self, task: Task, sentence: str) -> None:
        """Print a sentence about a photo; it may quote names."""
        self.say(f"{shown(task.path)}: {shown(sentence)}")

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        self._wipe()
        print(sentence, file=sys.stderr)
        self.show()

    def result(self, line: str) -> None:
        """Print a line of the output."""
        self._wipe()
        print(line, flush=True)
        self.show()

    def finished(self, task: Task, outcome: Outcome) -> None:
        """Count one photo, and print what became of it."""
        if outcome.error:
            self._failed += 1
            self.about(task, f"failed. {outcome.error}")
            return
        self._converted += 1
        if self._lists:
            self.result(f"{shown(task.path)}: {outcome.said}")
        else:
            self.show()

    def say_known(self) -> None:
        """Print how many photos earlier runs have converted."""
        if self._known:
            self.say(f"{self._known} of {self._total} photos were done already.")

    def known(self) -> None:
        """Count one photo that an earlier run has converted."""
        self._known += 1
        self.show()

    def end(self) -> None:
        """Leave the line that counts."""
        if self._counts:
            self.show()
            sys.stderr.write("\n")
            self._counts = False

    def line(self) -> str:
        """The line that counts: a bar, photos, rate and time left, as far as they are known."""
        done = self._converted + self._failed
        filled = BAR * (done + self._known) // self._total
        parts = [f"[{'#' * filled:-<{BAR}}] {done + self._known} of {self._total} photos"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        seconds = self._clock() - self._start
        if done and seconds > 0:
            parts.append(f"{60 * done / seconds:.3g} a minute")
            left = self._total - done - self._known
            parts.append(f"{duration(seconds / done * left)} left" if left else f"in {duration(seconds)}")
        return ", ".join(parts)

    def _wipe(self) -> None:
        if self._counts:
            sys.stderr.write("\r\x1b[K")


def said_of(
    kind: str, report: MeshReport, scale: Scale, has_faces: bool, completion: Completion | None = None
) -> str:
    """A model for people: its kind, size and verdict, why there is no whole head where one was asked for, and
    where it has fewer triangles than were asked for, or nothing of the engine that was named.

    has_faces: whether there is a face that a whole head could be of. completion: that it was made with.
    """
    size = ""
    if report.size_mm is not None:
        width, height, deep = report.size_mm
        size = f" {width:.0f} x {scale.describe(height)} x {deep:.0f} mm ({scale.source}),"
    refused = report.head_refused if has_faces else None
    why = f"; front and back are joined, without a whole head: {refused.rstrip('.')}" if refused else ""
    said = f"{kind},{size} {report.verdict}{why}"
    if report.triangles_asked != ModelSettings().face_budget and (fewer := report.fewer_triangles):
        said += f"; {fewer}"
    if completion and completion.named and report.completion is None:
        why_not = f"a {kind} has no hidden side"
        if report.unseen_colours == HEAD_MODEL:
            why_not = "the head model gives the colours of what the photo does not show"
        said += f"; {why_not}, and {completion.engine} adds nothing"
    return said


def duration(seconds: float) -> str:
    """Seconds for people: '40 s', '12 min', '3 h 5 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
