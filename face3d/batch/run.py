"""A batch: each photo in its turn, printed and noted, until all are done or it is stopped."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from face3d import console
from face3d.batch import manifest
from face3d.batch.inputs import digest, shown
from face3d.batch.interrupts import Interrupts
from face3d.batch.manifest import Done, Manifest, Outcome, Recipe, Task
from face3d.batch.progress import Progress
from face3d.batch.run_options import chosen_jobs
from face3d.batch.sheet import contact_sheet, table
from face3d.batch.workers import Died, spread
from face3d.export.files import remove_unfinished, save

Warn = Callable[[str], None]
Convert = Callable[[Task, Warn], Outcome]
"""Converts one photo. The function that it gets is told sentences about the photo."""
Opened = Callable[[argparse.Namespace], Convert]
"""Loads what the options name, once in each process."""

REMEDY = "Convert fewer photos at a time, or a smaller one."


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
    opened: Opened,
) -> int:
    """Convert the photos; returns the exit code.

    failures: the number of named paths that are of no use. opened: of a module, for other processes.
    Raises: FaceModelError of `opened`; BatchError and ExportError for a manifest that cannot be read or
    written; KeyboardInterrupt, with how far it came.
    """
    count = len(tasks) + failures
    progress = Progress(count)
    interrupts = Interrupts(progress.say)
    jobs = chosen_jobs(options, len(tasks))
    done, lines = _done(options, recipe), dict[Task, dict[str, Any]]()
    good, failed, overviews = 0, failures, options.sheet or options.csv

    def open_tasks() -> Iterator[Task]:
        nonlocal good
        for task in tasks:
            if interrupts.asked or (failed and options.fail_fast):
                return
            if done and (line := done.of(task, options.output)):
                if overviews:
                    lines[task] = line
                good += 1
                progress.known()
            else:
                yield task

    for folder in {(options.output / task.name).parent for task in tasks}:
        remove_unfinished(folder)
    with ExitStack() as stack:
        progress.show()
        stack.callback(progress.end)
        noted = stack.enter_context(Manifest(options.manifest)) if options.manifest else None
        to_do = open_tasks()
        outcomes: Iterable[tuple[Task, Outcome]] = ()
        if first := next(to_do, None):  # else nothing has to be loaded
            here = opened(options) if jobs == 1 else None  # Ctrl-C stops that, and a single photo, at once
            if len(tasks) > 1:
                stack.enter_context(interrupts)
            to_do = chain([first], to_do)
            if here:
                outcomes = _one_by_one(to_do, here, progress)
            else:
                outcomes = stack.enter_context(closing(converted(to_do, opened, options, jobs)))
        try:
            for task, outcome in outcomes:
                for sentence in outcome.warnings:
                    progress.about(task, sentence)
                line = manifest.entry(task, outcome, recipe)
                if overviews:
                    lines[task] = line
                if noted:
                    noted.append(line)
                progress.finished(task, outcome)
                good, failed = good + (not outcome.error), failed + bool(outcome.error)
        except KeyboardInterrupt:
            interrupts.asked = True
        progress.say_known()
    _write_overviews([lines[task] for task in tasks if task in lines], options)
    if good + failed < count and interrupts.asked:
        again = " The same command with --resume goes on." if options.manifest else ""
        raise KeyboardInterrupt(f"{good} of {count} photos are done.{again}")
    if good + failed < count:
        progress.say(f"Stopped at a photo that failed: {good} of {count} photos are done.")
    elif failed:
        progress.say(f"{failed} of {count} photos failed.")
    return console.FAILED if failed else 0


def _write_overviews(lines: Sequence[Mapping[str, Any]], options: argparse.Namespace) -> None:
    """The contact sheet and the table that were asked for, of what is done. Raises: ExportError."""
    if options.sheet:
        save(options.sheet, contact_sheet(lines, options.output, options.sheet))
    if options.csv:
        save(options.csv, table(lines))


def _one_by_one(
    tasks: Iterable[Task], convert: Convert, progress: Progress
) -> Iterator[tuple[Task, Outcome]]:
    """Each task and what became of it, in this process."""
    for task in tasks:
        yield task, convert(task, partial(progress.about, task))


def converted(
    tasks: Iterable[Task], opened: Opened, options: argparse.Namespace, jobs: int
) -> Generator[tuple[Task, Outcome], None, None]:
    """Each task and what became of it, in `jobs` processes that end with this; see `spread`. Where one dies
    twice of a photo, that photo has failed. Raises: FaceModelError of `opened`; BatchError.
    """
    for task, outcome in spread(tasks, _opened_collecting, (opened, options), jobs):
        if isinstance(outcome, Died):
            said = f"Its process died twice ({outcome}), as where memory is short. {REMEDY}"
            outcome = Outcome(error=said, sha256=digest(task.path))
        yield task, outcome


def _opened_collecting(argument: tuple[Opened, argparse.Namespace]) -> Callable[[Task], Outcome]:
    opened, options = argument
    return partial(_convert_collecting, opened(options))


def _convert_collecting(convert: Convert, task: Task) -> Outcome:
    warnings: list[str] = []
    outcome = convert(task, warnings.append)
    return replace(outcome, warnings=tuple(warnings))


def _done(options: argparse.Namespace, recipe: Recipe) -> Done | None:
    """What earlier runs have converted; None where it is done again."""
    return Done(options.manifest, recipe) if options.resume else None
