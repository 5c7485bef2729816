"""One actor of a batch on a cluster: it converts photos as the command line does, in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from face3d.batch.manifest import Outcome, Recipe, Task, entry
from face3d.batch.run import converted
from face3d.batch.workers import THREAD_VARIABLES
from face3d.cluster.photos import Row, file_name, opened_photo
from face3d.cluster.storage import Storage
from face3d.errors import sentence_of
from face3d.photo import MAX_BYTES
from face3d.video.names import is_video

if TYPE_CHECKING:
    import pyarrow

IS_VIDEO = "A video is converted by itself: photo-to-3d-face VIDEO. Leave it out of the list."


@dataclass(frozen=True)
class Job:
    """What every actor of a run gets.

    opened: `MODULE:FUNCTION` of what makes the converter of one photo, see `face3d.batch.run.Opened`.
    options: of the command line. source: of the photos. output: of their files.
    """

    opened: str
    options: argparse.Namespace
    recipe: Recipe
    source: Storage
    output: Storage


class Converter:
    """Converts batches of photos. The network is loaded once, in a process that ends with this one: a photo
    that ends it costs no actor, and has failed when it has done so twice.
    """

    def __init__(self, job: Job) -> None:
        """Nothing is loaded before the first photo."""
        self._job = job
        self._scratch = tempfile.TemporaryDirectory(prefix="photo-to-3d-face-", ignore_cleanup_errors=True)
        self._folder = Path(self._scratch.name)
        self._next = Task(Path(), "")
        for variable in THREAD_VARIABLES:  # Ray gives an actor one core, and sets the first
            os.environ.setdefault(variable, os.environ.get("OMP_NUM_THREADS", "1"))
        options = argparse.Namespace(**vars(job.options) | {"output": self._folder / "out"})
        self._outcomes = converted(self._tasks(), pkgutil.resolve_name(job.opened), options, jobs=1)

    def __call__(self, rows: pyarrow.Table) -> pyarrow.Table:
        """For each row of a batch: its id, where the photo is, what became of it as a line of a manifest, and
        why it failed, '' where it did not. Of a photo that failed the id is another, and so it is not taken
        for done.

        Raises: FaceModelError where a setting or the network is of no use.
        """
        import pyarrow

        done = []
        for row in (Row(**columns) for columns in rows.to_pylist()):
            outcome = self._converted(row)
            about = {"photo": row.photo, "line": self._line(row, outcome), "error": outcome.error}
            done.append({"id": f"failed {row.id}" if outcome.error else row.id} | about)
        return pyarrow.Table.from_pylist(done)

    def close(self) -> None:
        """End the process, and remove its files."""
        self._outcomes.close()
        self._scratch.cleanup()

    def __del__(self) -> None:
        """Ray deletes the object when the actor ends in order."""
        with suppress(AttributeError):  # it was never made
            self.close()

    def _tasks(self) -> Iterator[Task]:
        """The photo of each call: the process is free then, and takes it at once."""
        while True:
            yield self._next

    def _converted(self, row: Row) -> Outcome:
        photo, made = self._folder / "in" / file_name(row.photo), self._folder / "out"
        if is_video(photo):
            return Outcome(error=IS_VIDEO)
        try:
            photo.parent.mkdir(exist_ok=True)
            photo.write_bytes(opened_photo(row.photo, self._job.source).read(MAX_BYTES))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other photos go on
            return Outcome(error=sentence_of(error))
        self._next = Task(photo, row.name)
        _, outcome = next(self._outcomes)
        try:
            self._job.output.save_all({name: (made / name).read_bytes() for name in outcome.files})
        except Exception as error:  # noqa: BLE001 - here too
            outcome = replace(outcome, error=sentence_of(error))
        photo.unlink(missing_ok=True)
        shutil.rmtree(made, ignore_errors=True)
        return outcome

    def _line(self, row: Row, outcome: Outcome) -> str:
        line = entry(Task(Path(row.photo), row.name), outcome, self._job.recipe) | {"photo": row.photo}
        if outcome.warnings:
            line["warnings"] = outcome.warnings
        return json.dumps(line, separators=(",", ":"))
