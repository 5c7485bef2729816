"""A batch: each photo in its turn, printed and noted, until all are done or it is stopped."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from face3d import console
from face3d.batch import manifest
from face3d.batch.inputs import shown
from face3d.batch.interrupts import Interrupts
from face3d.batch.manifest import Done, Manifest, Outcome, Recipe, Task
from face3d.batch.progress import Progress

Warn = Callable[[str], None]
Convert = Callable[[Task, Warn], Outcome]
"""Converts one photo. The function that it gets prints a sentence about the photo."""


def plan(tasks: Sequence[Task], options: argparse.Namespace, recipe: Recipe) -> int:
    """Print what would be converted and what is done already; returns the exit code.

    Raises: BatchError for a file that is no manifest.
    """
    done, progress = _done(options, recipe), Progress(1)
    missing = [task for task in tasks if not (done and done.of(task, options.output))]
    for task in missing:
        progress.result(f"{shown(task.path)} -> {shown(options.output / task.name)}_*")
    known = len(tasks) - len(missing)
    also = f", {known} are done already" if known else ""
    progress.result(f"{len(missing)} of {len(tasks)} photos would be converted{also}.")
    return 0


def run(
    tasks: Sequence[Task],
    failures: int,
    options: argparse.Namespace,
    recipe: Recipe,
    convert: Convert,
) -> int:
    """Convert the photos; returns the exit code.

    failures: the number of named paths that are of no use.
    Raises: BatchError and ExportError for a manifest that cannot be read or written; KeyboardInterrupt, with
    how far it came.
    """
    count = len(tasks) + failures
    progress = Progress(count)
    interrupts = Interrupts(progress.say)
    done = _done(options, recipe)
    good, failed = 0, failures

    def open_tasks() -> Iterator[Task]:
        nonlocal good
        for task in tasks:
            if interrupts.asked or (failed and options.fail_fast):
                return
            if done and done.of(task, options.output):
                good += 1
                progress.known()
            else:
                yield task

    with ExitStack() as stack:
        stack.callback(progress.end)
        noted = stack.enter_context(Manifest(options.manifest)) if options.manifest else None
        if len(tasks) > 1:  # of one photo nothing else is left
            stack.enter_context(interrupts)
        try:
            for task, outcome in _one_by_one(open_tasks(), convert, progress):
                if noted:
                    noted.append(manifest.entry(task, outcome, recipe))
                progress.finished(task, outcome)
                good, failed = good + (not outcome.error), failed + bool(outcome.error)
        except KeyboardInterrupt:
            interrupts.asked = True
    if good + failed < count and interrupts.asked:
        again = " The same command with --resume goes on." if options.manifest else ""
        raise KeyboardInterrupt(f"{good} of {count} photos are done.{again}")
    if good + failed < count:
        progress.say(f"Stopped at a photo that failed: {good} of {count} photos are done.")
    elif failed:
        progress.say(f"{failed} of {count} photos failed.")
    return console.FAILED if failed else 0


def _one_by_one(
    tasks: Iterable[Task], convert: Convert, progress: Progress
) -> Iterator[tuple[Task, Outcome]]:
    """Each task and what became of it, in this process."""
    for task in tasks:
        yield task, convert(task, partial(progress.about, task))


def _done(options: argparse.Namespace, recipe: Recipe) -> Done | None:
    """What earlier runs have converted; None where it is done again."""
    return Done(options.manifest, recipe) if options.resume else None
